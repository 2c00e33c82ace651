"""Which stored paths of today an area of any scheme covers: for memberships and filters that are given an area."""

from __future__ import annotations

from collections import defaultdict

from daumoi.areas.catalogue import Catalogue, catalogue
from daumoi.areas.unit import BEFORE, TODAY, Unit


def paths_within(scheme: str, code: str) -> tuple[str, ...]:
    """The fewest paths of today whose units lie wholly within this area; empty when there is none, or no such area.

    A unit of today, and a place abroad, is its own path. An old unit covers each ward of today that was made of nothing
    but parts of it; when these are all wards of a province of today, that province. A ward of today that was made of
    this unit and of another is left out: nobody is shown what is not certainly theirs.
    """
    return within(catalogue(), scheme, code)


def within(loaded: Catalogue, scheme: str, code: str) -> tuple[str, ...]:
    """The same for any catalogue."""
    unit = loaded.units.get((scheme, code))
    if unit is None:
        return ()
    return _covered(loaded, unit) if scheme == BEFORE else (unit.path,)


def _covered(loaded: Catalogue, old: Unit) -> tuple[str, ...]:
    wards: dict[str, list[Unit]] = defaultdict(list)
    for (scheme, _), unit in loaded.units.items():
        if scheme == TODAY and unit.level == "ward" and unit.parent is not None:
            wards[unit.parent].append(unit)
    found: list[str] = []
    for province, of_province in wards.items():
        inside = [ward.path for ward in of_province if _lies_within(loaded, ward, old)]
        whole = len(inside) == len(of_province)
        found += [loaded.units[TODAY, province].path] if whole else inside
    return tuple(sorted(found))


def _lies_within(loaded: Catalogue, ward: Unit, old: Unit) -> bool:
    """Tell whether a ward of today was made of parts of an old unit alone; one without known origins was not."""
    origins = loaded.origins.get(ward.code, ())
    units = [loaded.units[BEFORE, origin.code] for origin in origins]
    return bool(units) and all(old in _self_and_above(loaded, unit) for unit in units)


def _self_and_above(loaded: Catalogue, unit: Unit) -> list[Unit]:
    found = [unit]
    while found[-1].parent is not None:
        found.append(loaded.units[BEFORE, found[-1].parent])
    return found
