"""Why personal data may be looked at: a known list with days of validity. Who looks names one of them."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec


class UnknownPurpose(Exception):
    """A read of personal data needs a purpose of the list that is valid today."""

    def __init__(self, on: date) -> None:
        """Name those that are valid on a day; what was given is not repeated."""
        super().__init__(f"{self.__doc__} Purposes: {', '.join(one.code for one in purposes(on))}.")


class ReasonMissing(Exception):
    """This purpose needs a reason in words, 1 to 1,000 characters, without personal data."""


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One purpose; `needs_reason`: it tells too little by itself. Days are of validity, both ends included."""

    code: str
    en: str
    vi: str
    needs_reason: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        """Tell whether it may be named on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class _List(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    purposes: list[Purpose]


@cache
def _all() -> dict[str, Purpose]:
    found = msgspec.json.decode((files("daumoi.audit") / "purposes.json").read_bytes(), type=_List)
    return {one.code: one for one in found.purposes}


def purposes(on: date) -> Sequence[Purpose]:
    """Return the purposes that are valid on a day, in the order in which they are offered."""
    return [one for one in _all().values() if one.is_valid(on)]


def title(code: str) -> Purpose | None:
    """Return a purpose by its code whether it is still valid or not, to show old lines; None for none of the list."""
    return _all().get(code)


def purpose(code: str, *, on: date) -> Purpose:
    """Return a purpose that is valid on a day (UTC+7); raises UnknownPurpose."""
    found = _all().get(code)
    if found is None or not found.is_valid(on):
        raise UnknownPurpose(on)
    return found
