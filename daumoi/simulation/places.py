"""Road posts, markets and workplaces in real areas: the same ones for a seed and a country."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Literal

import msgspec

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, Unit
from daumoi.simulation.names import Roll
from daumoi.simulation.people import Person, Ward, centre_of, province_of

System = Literal["sim-khai-bao", "sim-phan-anh", "sim-chot-bac", "sim-chot-nam", "sim-noi-cong-cong"]
SYSTEMS: dict[System, str] = {
    "sim-khai-bao": "Khai báo y tế (mô phỏng)",
    "sim-phan-anh": "Phản ánh của người dân (mô phỏng)",
    "sim-chot-bac": "Chốt kiểm dịch phía Bắc (mô phỏng)",
    "sim-chot-nam": "Chốt kiểm dịch phía Nam (mô phỏng)",
    "sim-noi-cong-cong": "Chợ, nơi làm việc (mô phỏng)",
}
_SOUTH_FROM = 48
"""Old provinces from this number on (Đà Nẵng) belong to the southern system of road posts."""
OPENED_AT = "2020-02-01T00:00:00+07:00"
"""What is said of the places holds from then on: the same record whatever days are played."""
_TITLES = {"road": "Chốt kiểm soát", "market": "Chợ", "workplace": "Công ty"}
_A_DISTRICT = {"road": 2, "market": 3, "workplace": 6}
"""How many of each a district has."""


@dataclass(frozen=True)
class Place:
    """A checkpoint of one of the systems."""

    code: str
    name: str
    type: str
    area: Unit
    system: System


@cache
def _districts() -> dict[str, list[Unit]]:
    """Return the wards of each old district; districts without wards stand for themselves."""
    found: dict[str, list[Unit]] = {}
    for code in areas.codes_of(BEFORE):
        unit = areas.find(BEFORE, code)
        if unit is not None and unit.level == "ward" and unit.parent is not None:
            found.setdefault(unit.parent, []).append(unit)
    return found


@cache
def _places_of(seed: int, district: str, kind: str) -> tuple[Place, ...]:
    chance = Random(f"{seed}/places/{kind}/{district}")
    wards = _districts()[district]
    made = []
    for number in range(_A_DISTRICT[kind]):
        ward = chance.choice(wards)
        system: System = "sim-noi-cong-cong"
        if kind == "road":
            system = "sim-chot-nam" if int(province_of(ward)) >= _SOUTH_FROM else "sim-chot-bac"
        name = f"{_TITLES[kind]} {ward.name.split(' ', 1)[-1]} {number + 1} (mô phỏng)"
        made.append(Place(f"{seed}-{kind[0].upper()}{district}-{number}", name, kind, ward, system))
    return tuple(made)


def place_near(roll: Roll, seed: int, home: Ward, kind: str) -> Place:
    """Draw a place of a kind in the district of a home."""
    found = _places_of(seed, home.district, kind)
    return found[int(roll() * len(found))]


def usual_place(seed: int, person: Person, home: Ward, kind: str) -> Place:
    """Return the one place of a kind in their district that a person goes to, always the same."""
    found = _places_of(seed, home.district, kind)
    return found[(person.number * 7919 + seed >> 3) % len(found)]


def line_of(place: Place) -> str:
    """Write a place as its system sends it, as JSON."""
    row: dict[str, Any] = {
        "ref": place.code,
        "occurred_at": OPENED_AT,
        "area": {"scheme": BEFORE, "code": place.area.code},
        "data": {"code": place.code, "name": place.name, "type": place.type},
    }
    where = centre_of(place.area)
    if where is not None:
        row["location"] = {"lat": where[0], "lon": where[1], "accuracy_m": 2000}
    return msgspec.json.encode(row).decode()
