"""Whether an area lies within another, worked out the slow way: by the trees of both schemes and the wards of today."""

from __future__ import annotations

from functools import cache
from typing import Any

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY

Area = tuple[str, str]


def in_tree(area: Area, within: Area) -> bool:
    """Whether an area is another of its scheme, or lies below it."""
    code: str | None = area[1]
    while area[0] == within[0] and code is not None:
        if code == within[1]:
            return True
        code = unit_of((area[0], code)).parent
    return False


@cache
def lies_in(area: Area, within: Area) -> bool:
    """Whether an area certainly lies within another: by its own scheme's tree, or by the wards of today it is."""
    wards = wards_of_today(unit_of(area).path)
    return in_tree(area, within) or (bool(wards) and wards <= certain_wards(within))


def unit_of(area: Area) -> Any:
    found = areas.find(*area)
    assert found is not None
    return found


@cache
def wards_of_today(path: str) -> frozenset[str]:
    return frozenset(
        code
        for code in areas.codes_of(TODAY)
        if (unit := unit_of((TODAY, code))).level == "ward" and (unit.path + ".").startswith(path + ".")
    )


@cache
def certain_wards(area: Area) -> frozenset[str]:
    if area[0] == TODAY:
        return wards_of_today(unit_of(area).path)
    found = set()
    for code in areas.codes_of(TODAY):
        origins = areas.predecessors(code) if unit_of((TODAY, code)).level == "ward" else ()
        if origins and all(in_tree((BEFORE, origin.code), area) for origin in origins):
            found.add(code)
    return frozenset(found)
