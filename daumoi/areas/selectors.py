"""Reads of the areas room: a code of any scheme, what it became, what it was made from. No personal data, no database.

Everything lies in memory after the first call. A code is a string with its zeros; codes are compared exactly.
"""

from __future__ import annotations

from daumoi.areas.catalogue import catalogue, centres
from daumoi.areas.unit import ABROAD, BEFORE, TODAY, Unit


def find(scheme: str, code: str) -> Unit | None:
    """The unit a sender means, or None when the scheme or the code is not known. One dict lookup; never raises."""
    return catalogue().units.get((scheme, code))


def country(alpha2: str) -> Unit | None:
    """The country of an ISO 3166-1 alpha-2 code in capitals, or None (a subdivision's code is none)."""
    unit = find(ABROAD, alpha2)
    return unit if unit is not None and unit.level == "country" else None


def successors(scheme: str, code: str) -> tuple[Unit, ...]:
    """What an old unit is today, by code: one unit when that is certain, all candidates (none preferred) when not.

    An old district gives the wards of today that its wards went to; an old province, and an ISO subdivision of Viet
    Nam, the province of today. Empty for a unit of today, a place abroad and an unknown code.
    """
    loaded = catalogue()
    return tuple(loaded.units[TODAY, new] for new in loaded.successors.get((scheme, code), ()))


def predecessors(code: str) -> tuple[Unit, ...]:
    """The old units that went, whole or in part, into a ward or province of today; empty for an unknown code."""
    loaded = catalogue()
    return tuple(loaded.units[BEFORE, origin.code] for origin in loaded.origins.get(code, ()))


def centre(code: str) -> tuple[float, float] | None:
    """Latitude and longitude of a ward of today in degrees (WGS 84), or None: for a few the source's is doubtful.

    A point for a map or a rough distance, accurate to some kilometres; never a legal place.
    """
    return centres().get(code)


def codes_of(scheme: str) -> tuple[str, ...]:
    """All codes of a scheme, by level and then by code; empty for an unknown scheme."""
    return tuple(code for each, code in catalogue().units if each == scheme)


def full_name(unit: Unit) -> str:
    """The unit and what it lies in, narrowest first: "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội"."""
    names = [unit.name]
    while unit.parent is not None and (parent := find(unit.scheme, unit.parent)) is not None:
        names.append(parent.name)
        unit = parent
    return ", ".join(names)
