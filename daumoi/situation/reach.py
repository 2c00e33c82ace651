"""How far a reader may see, put in the terms of the figures: all, whole provinces, single wards."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, Protocol

from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY

VIET_NAM = "VN"


class Scope(Protocol):
    """What the board needs of a reader's scope: whether all records under a path of today may be seen.

    A scope that covers `VN` is nationwide and sees all, records without an area and from abroad too.
    """

    def covers(self, path: str) -> bool:
        """Tell whether everything at and below a path ("VN.01", "VN.01.00004") may be seen."""


class Everywhere:
    """The scope of who sees the whole country."""

    def covers(self, path: str) -> bool:
        """Yes."""
        return True


class Reach(NamedTuple):
    """What a scope covers. `provinces` (VN.01) are covered whole; `wards` by province where only some are."""

    everything: bool
    provinces: frozenset[str]
    wards: Mapping[str, frozenset[str]]

    def sees(self, province: str, ward: str = "") -> bool:
        """Tell whether what is counted under a province (VN.01) and a ward (00004, or empty: not certain) is seen."""
        return self.everything or province in self.provinces or (ward != "" and ward in self.wards.get(province, ()))

    def sees_path(self, path: str | None) -> bool:
        """Tell whether a record with this path is seen."""
        country, _, rest = (path or "").partition(".")
        province, _, ward = rest.partition(".")
        return self.sees(f"{country}.{province}" if country == VIET_NAM and province else country, ward)


class Within:
    """A scope narrowed to some paths; what it reaches is worked out once, for a page that asks many selectors."""

    def __init__(self, scope: Scope, paths: Iterable[str] | None = None) -> None:
        """Take the reader's scope and the paths to stay within; None narrows nothing."""
        self._scope = scope
        self._paths = None if paths is None else frozenset(paths)

    def covers(self, path: str) -> bool:
        """Tell whether the reader may see a path and it lies within."""
        if self._paths is None:
            return self._scope.covers(path)
        return any(path[:end] in self._paths for end in _steps(path)) and self._scope.covers(path)

    @cached_property
    def reach(self) -> Reach:
        """What it reaches."""
        return _asked(self, self._paths)


def _steps(path: str) -> tuple[int, ...]:
    return (*(at for at, sign in enumerate(path) if sign == "."), len(path))


def reach(scope: Scope) -> Reach:
    """Ask a scope for each province, and for the wards of those it does not cover whole: 3,355 questions at most."""
    return scope.reach if isinstance(scope, Within) else _asked(scope, None)


def _asked(scope: Scope, within: frozenset[str] | None) -> Reach:
    if scope.covers(VIET_NAM):
        return Reach(True, frozenset(), {})
    if within is not None and all(len(path) == len("VN.01") and scope.covers(path) for path in within):
        return Reach(False, within, {})
    provinces: set[str] = set()
    wards: dict[str, set[str]] = {}
    for code in areas.codes_of(TODAY):
        unit = areas.find(TODAY, code)
        assert unit is not None
        if unit.level == "province":
            if scope.covers(unit.path):
                provinces.add(unit.path)
        elif (province := unit.path[:5]) not in provinces and scope.covers(unit.path):
            wards.setdefault(province, set()).add(code)
    return Reach(False, frozenset(provinces), {province: frozenset(found) for province, found in wards.items()})
