"""Which stored paths of today an area of any scheme covers: for memberships and filters that are given an area."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from daumoi.areas.catalogue import Catalogue, catalogue
from daumoi.areas.unit import BEFORE, TODAY, Unit


def paths_within(scheme: str, code: str) -> tuple[str, ...]:
    """The fewest paths of today whose units lie wholly within this area; empty when there is none, or no such area.

    A unit of today, and a place abroad, is its own path. An old unit covers each ward of today that was made of nothing
    but parts of it; when these are all wards of a province of today, that province. A ward of today that was made of
    this unit and of another is left out: nobody is shown what is not certainly theirs.
    """
    return _within(catalogue(), _of_today() if scheme == BEFORE else None, scheme, code)


def within(loaded: Catalogue, scheme: str, code: str) -> tuple[str, ...]:
    """The same for any catalogue."""
    return _within(loaded, _covered(loaded) if scheme == BEFORE else None, scheme, code)


_Covered = Mapping[str, tuple[str, ...]]


def _within(loaded: Catalogue, covered: _Covered | None, scheme: str, code: str) -> tuple[str, ...]:
    unit = loaded.units.get((scheme, code))
    if unit is None:
        return ()
    return (unit.path,) if covered is None else covered.get(code, ())


@cache
def _of_today() -> _Covered:
    return _covered(catalogue())


def _covered(loaded: Catalogue) -> _Covered:
    """Work out for every old unit, by its code, which paths it covers: one pass over the wards of today."""
    wards: dict[str, int] = defaultdict(int)
    inside: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (scheme, _), ward in loaded.units.items():
        if scheme != TODAY or ward.level != "ward" or ward.parent is None:
            continue
        wards[ward.parent] += 1
        for code in _made_of(loaded, ward):
            inside[code][ward.parent].append(ward.path)
    return {
        code: tuple(
            sorted(
                path
                for province, paths in of_provinces.items()
                for path in ([loaded.units[TODAY, province].path] if len(paths) == wards[province] else paths)
            )
        )
        for code, of_provinces in inside.items()
    }


def _made_of(loaded: Catalogue, ward: Unit) -> set[str]:
    """Name the old units that a ward of today was made of parts of, and of nothing else; none where it is not known."""
    origins = loaded.origins.get(ward.code, ())
    above = [{each.code for each in _self_and_above(loaded, loaded.units[BEFORE, origin.code])} for origin in origins]
    return set.intersection(*above) if above else set()


def _self_and_above(loaded: Catalogue, unit: Unit) -> list[Unit]:
    found = [unit]
    while found[-1].parent is not None:
        found.append(loaded.units[BEFORE, found[-1].parent])
    return found
