"""Reckoning with what is not known: true, false, or None for what nobody has asked or measured (Kleene's logic)."""

from collections.abc import Iterable


def all_of(values: Iterable[bool | None]) -> bool | None:
    """Tell whether all hold: false when one does not, not known when none is false and one is not known."""
    seen = list(values)
    if any(value is False for value in seen):
        return False
    return None if any(value is None for value in seen) else True


def any_of(values: Iterable[bool | None]) -> bool | None:
    """Tell whether any holds: true when one does, not known when none is true and one is not known."""
    seen = list(values)
    if any(value is True for value in seen):
        return True
    return None if any(value is None for value in seen) else False


def opposite(value: bool | None) -> bool | None:
    """Negate; what is not known stays so."""
    return None if value is None else not value
