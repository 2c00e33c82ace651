"""All units of all schemes, read once from the data files and kept in memory."""

from __future__ import annotations

import datetime
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import NamedTuple, TypeVar

import msgspec

from daumoi.areas.unit import ABROAD, BEFORE, TODAY, Unit

VIET_NAM = "VN"
T = TypeVar("T")


class TodayFile(msgspec.Struct, gc=False):
    """data/vn-2025.json: provinces (code, name), wards (code, name, province)."""

    valid_from: datetime.date
    provinces: list[tuple[str, str]]
    wards: list[tuple[str, str, str]]


class BeforeFile(msgspec.Struct, gc=False):
    """data/vn-2024.json: provinces (code, name), districts (code, name, province), wards (code, name, district)."""

    valid_to: datetime.date
    provinces: list[tuple[str, str]]
    districts: list[tuple[str, str, str]]
    wards: list[tuple[str, str, str]]


class SuccessionsFile(msgspec.Struct, gc=False):
    """data/vn-successions.json: old code → new code; a divided ward → its candidates, sorted, none preferred."""

    provinces: list[tuple[str, str]]
    island_districts: list[tuple[str, str]]
    whole: list[tuple[str, str]]
    divided: list[tuple[str, list[str]]]


class AbroadFile(msgspec.Struct, gc=False):
    """data/iso-3166.json: countries (alpha-2, name), subdivisions (code, name, parent), VN's as old provinces."""

    countries: list[tuple[str, str]]
    subdivisions: list[tuple[str, str, str]]
    viet_nam: list[tuple[str, str]]


class CentresFile(msgspec.Struct, gc=False):
    """data/vn-2025-centres.json: ward, latitude, longitude in degrees (WGS 84)."""

    wards: list[tuple[str, float, float]]


class Origin(NamedTuple):
    """One old unit a unit of today came from; `whole` is False when only a part of it did, or may have."""

    code: str
    whole: bool


class Catalogue(NamedTuple):
    """Every unit by (scheme, code), what became of the old ones, and what today's were made from."""

    units: Mapping[tuple[str, str], Unit]
    successors: Mapping[tuple[str, str], tuple[str, ...]]
    origins: Mapping[str, tuple[Origin, ...]]


_lock = threading.Lock()
_loaded: Catalogue | None = None
_centres: Mapping[str, tuple[float, float]] | None = None


def catalogue() -> Catalogue:
    """The catalogue, loaded at the first call (about 70 ms); threads that come at once wait for one load."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = load()
    return _loaded


def centres() -> Mapping[str, tuple[float, float]]:
    """Centre of today's wards by code (degrees, WGS 84), in a file of its own because intake never needs it."""
    global _centres
    if _centres is None:
        with _lock:
            if _centres is None:
                _centres = {code: (lat, lon) for code, lat, lon in _read("vn-2025-centres.json", CentresFile).wards}
    return _centres


def load() -> Catalogue:
    """Read the files and work out the paths; keeps no state."""
    return build(
        _read("vn-2025.json", TodayFile),
        _read("vn-2024.json", BeforeFile),
        _read("vn-successions.json", SuccessionsFile),
        _read("iso-3166.json", AbroadFile),
    )


def build(today: TodayFile, before: BeforeFile, went: SuccessionsFile, abroad: AbroadFile) -> Catalogue:
    """Work out the paths and both directions of succession."""
    successors = _successors(before, went, abroad)
    units: dict[tuple[str, str], Unit] = {}
    for unit in _units_of_today(today):
        units[TODAY, unit.code] = unit
    for unit in _units_of_before(before, successors, units):
        units[BEFORE, unit.code] = unit
    for unit in _units_abroad(abroad, successors):
        units[ABROAD, unit.code] = unit
    return Catalogue(units, successors, _origins(went))


def _read(name: str, model: type[T]) -> T:
    return msgspec.json.decode((resources.files("daumoi.areas") / "data" / name).read_bytes(), type=model)


def _successors(
    before: BeforeFile, went: SuccessionsFile, abroad: AbroadFile
) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for old, new in went.provinces:
        found[BEFORE, old] = (new,)
    for old, new in went.whole:
        found[BEFORE, old] = (new,)
    for old, candidates in went.divided:
        found[BEFORE, old] = tuple(candidates)
    of_district: dict[str, set[str]] = defaultdict(set)
    for ward, _, district in before.wards:
        of_district[district].update(found.get((BEFORE, ward), ()))
    for district, new in went.island_districts:
        of_district[district].add(new)
    for district, wards in of_district.items():
        found[BEFORE, district] = tuple(sorted(wards))
    # ISO still lists the 63 provinces; each went whole into one province of today, so the answer is certain.
    for iso, old_province in abroad.viet_nam:
        found[ABROAD, iso] = found[BEFORE, old_province]
    return found


def _units_of_today(today: TodayFile) -> Iterator[Unit]:
    since = today.valid_from
    for code, name in today.provinces:
        yield Unit(TODAY, code, name, None, "province", None, since, None, f"{VIET_NAM}.{code}")
    for code, name, province in today.wards:
        yield Unit(TODAY, code, name, None, "ward", province, since, None, f"{VIET_NAM}.{province}.{code}")


def _units_of_before(
    before: BeforeFile,
    successors: Mapping[tuple[str, str], tuple[str, ...]],
    units: Mapping[tuple[str, str], Unit],
) -> Iterator[Unit]:
    until = before.valid_to
    lost = {district for ward, _, district in before.wards if (BEFORE, ward) not in successors}
    province_path = {code: units[TODAY, successors[BEFORE, code][0]].path for code, _ in before.provinces}
    province_of = {code: province for code, _, province in before.districts}

    def path(code: str, otherwise: str, *, certain: bool) -> str:
        new = successors.get((BEFORE, code), ())
        if len(new) == 1 and certain:
            return units[TODAY, new[0]].path
        # A path may only say what holds for every candidate; a unit that left no trace is still in its province.
        provinces = {units[TODAY, each].parent for each in new}
        if not provinces:
            return otherwise
        return f"{VIET_NAM}.{provinces.pop()}" if len(provinces) == 1 else VIET_NAM

    for code, name in before.provinces:
        yield Unit(BEFORE, code, name, None, "province", None, None, until, province_path[code])
    for code, name, province in before.districts:
        where = path(code, province_path[province], certain=code not in lost)
        yield Unit(BEFORE, code, name, None, "district", province, None, until, where)
    for code, name, district in before.wards:
        where = path(code, province_path[province_of[district]], certain=True)
        yield Unit(BEFORE, code, name, None, "ward", district, None, until, where)


def _units_abroad(abroad: AbroadFile, successors: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[Unit]:
    for code, name in abroad.countries:
        yield Unit(ABROAD, code, "Việt Nam" if code == VIET_NAM else name, name, "country", None, None, None, code)
    for code, name, parent in abroad.subdivisions:
        country = code.partition("-")[0]
        if country == VIET_NAM:
            provinces = successors.get((ABROAD, code), ())
            path = f"{VIET_NAM}.{provinces[0]}" if provinces else VIET_NAM
        else:
            path = f"{country}.{code}"
        yield Unit(ABROAD, code, name, None, "subdivision", parent, None, None, path)


def _origins(went: SuccessionsFile) -> dict[str, tuple[Origin, ...]]:
    found: dict[str, list[Origin]] = defaultdict(list)
    for old, new in (*went.provinces, *went.island_districts, *went.whole):
        found[new].append(Origin(old, True))
    for old, candidates in went.divided:
        for new in candidates:
            found[new].append(Origin(old, False))
    return {new: tuple(sorted(origins)) for new, origins in found.items()}
