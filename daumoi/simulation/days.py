"""What a household does on a day, and what the systems write of it: for one seed always the same."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from daumoi.areas.unit import BEFORE, Unit
from daumoi.simulation.mistakes import as_typed, plain, spoil
from daumoi.simulation.people import Household, Person, centre_of
from daumoi.simulation.places import Place, System, place_near

VIET_NAM = datetime.timezone(datetime.timedelta(hours=7))
TET = frozenset(
    datetime.date(year, month, day) + datetime.timedelta(days=offset)
    for year, month, day in ((2020, 1, 25), (2021, 2, 12), (2022, 2, 1), (2026, 2, 17), (2027, 2, 6))
    for offset in range(-7, 7)
)
"""The days around the lunar new year on which much of the country is on its way."""

_SYMPTOMS = ("fever", "cough", "shortness_of_breath", "sore_throat", "fatigue")
_REPORTS = (
    ("crowd", "Tụ tập đông người, không đeo khẩu trang."),
    ("illegal_entry", "Có người lạ về địa phương, chưa khai báo."),
    ("suspected_case", "Người nhà sốt, ho hai ngày nay, cần tư vấn."),
    ("help_needed", "Gia đình trong khu phong tỏa, hết lương thực."),
)


@dataclass(frozen=True)
class Event:
    """One row that a system sends, and the truth about it."""

    at: datetime.datetime
    system: System
    kind: str
    row: dict[str, Any]
    person: int | None
    place: str | None = None
    held: str | None = None
    """The code that intake will hold it under."""
    copies: int = 1
    """How often its device sends it."""


def events(seed: int, household: Household, day: datetime.date) -> Iterator[Event]:
    """Return all that a household's day gives, in no order of time."""
    chance = Random(f"{seed}/day/{day.isoformat()}/{household.number}")
    on_the_way = 3.0 if day in TET else 1.0
    travelling = chance.random() < 0.02 * on_the_way
    for person in household.people:
        adult = person.guardian is None and person.age_on(day) >= 16
        if chance.random() < 0.08:
            yield _declaration(chance, seed, person, day)
        if adult and person.age_on(day) < 65 and chance.random() < 0.35:
            yield from _visit(chance, seed, person, day, "workplace", 7, chance.randint(8, 11))
        if adult and chance.random() < 0.2:
            yield from _visit(chance, seed, person, day, "market", chance.choice((6, 9, 16, 17)), 1)
        if travelling or (adult and chance.random() < 0.1):
            yield from _crossing(chance, seed, person, day)
    if travelling and household.people[0].phone:
        yield _movement(chance, seed, household, day)
    if chance.random() < 0.012:
        yield _report(chance, seed, household, day)


def _at(chance: Random, day: datetime.date, hour: int) -> datetime.datetime:
    moment = datetime.time(hour % 24, chance.randrange(60), chance.randrange(60))
    return datetime.datetime.combine(day + datetime.timedelta(days=hour // 24), moment, VIET_NAM)


def _ref(seed: int, what: str, person: int, day: datetime.date, number: int = 0) -> str:
    return f"{seed}-{what}-{day:%y%m%d}-{person}-{number}"


def _area(unit: Unit) -> dict[str, str]:
    return {"scheme": BEFORE, "code": unit.code}


def _finished(
    chance: Random,
    at: datetime.datetime,
    system: System,
    kind: str,
    row: dict[str, Any],
    person: int | None,
    place: str | None = None,
) -> Event:
    held = spoil(chance, row)
    # Devices without a network send late, and some of them send twice.
    return Event(at, system, kind, row, person, place, held, copies=2 if chance.random() < 0.01 else 1)


def _declaration(chance: Random, seed: int, person: Person, day: datetime.date) -> Event:
    at = _at(chance, day, chance.choice((6, 7, 8, 12, 19, 20, 21, 22)))
    ill = chance.random() < 0.03
    row = {
        "ref": _ref(seed, "kb", person.number, day),
        "occurred_at": at.isoformat(),
        "subject": as_typed(chance, person, scanned=False),
        "area": _area(person.area),
        "data": {
            "form": chance.choice(("domestic", "domestic", "daily")),
            "symptoms": {code: ill and chance.random() < 0.4 for code in _SYMPTOMS if chance.random() < 0.8},
            "exposures": {"confirmed_case": chance.random() < 0.01},
            "lookback_days": 14,
        },
    }
    if person.guardian is not None:
        row["declarant"] = as_typed(chance, person.guardian, scanned=False)
    return _finished(chance, at, "sim-khai-bao", "health_declaration", row, person.number)


def _movement(chance: Random, seed: int, household: Household, day: datetime.date) -> Event:
    head, *others = household.people
    at = _at(chance, day, chance.choice((18, 19, 20, 21)))
    leaves = at + datetime.timedelta(hours=chance.randint(8, 30))
    target = place_near(chance, seed, household.area, "road").area
    row = {
        "ref": _ref(seed, "dc", head.number, day),
        "occurred_at": at.isoformat(),
        "subject": as_typed(chance, head, scanned=False),
        "area": _area(household.area),
        "data": {
            "legs": [
                {
                    "from": {"area": _area(household.area)},
                    "to": {"area": _area(target)},
                    "departs_at": leaves.isoformat(),
                    "transport": {"mode": chance.choice(("coach", "motorbike", "motorbike", "car", "train"))},
                }
            ],
            "purpose": "Về quê" if day in TET else chance.choice(("Đi làm", "Khám bệnh", "Thăm người thân")),
            "companions": [as_typed(chance, person, scanned=False) for person in others],
        },
    }
    return _finished(chance, at, "sim-khai-bao", "movement_declaration", row, head.number)


def _report(chance: Random, seed: int, household: Household, day: datetime.date) -> Event:
    head = household.people[0]
    at = _at(chance, day, chance.randint(7, 22))
    category, text = chance.choice(_REPORTS)
    row: dict[str, Any] = {
        "ref": _ref(seed, "pa", head.number, day),
        "occurred_at": at.isoformat(),
        "area": _area(household.area),
        "data": {"category": category, "text": text},
    }
    known = head.phone is not None and chance.random() < 0.6
    if known:
        row["subject"] = {"full_name": plain(head.full_name), "phone": head.phone}
    where = centre_of(household.area)
    if where is not None:
        row["location"] = {"lat": where[0], "lon": where[1], "accuracy_m": 2000}
    return _finished(chance, at, "sim-phan-anh", "citizen_report", row, head.number if known else None)


def _visit(
    chance: Random, seed: int, person: Person, day: datetime.date, kind: str, hour: int, stays_hours: int
) -> Iterator[Event]:
    place = place_near(Random(f"{seed}/{kind}/{person.number}"), seed, person.area, kind)
    came = _at(chance, day, hour)
    yield _passage(chance, seed, person, day, place, came, "in", 10 if kind == "market" else 0)
    if kind == "workplace" and chance.random() < 0.7:
        gone = came + datetime.timedelta(hours=stays_hours, minutes=chance.randint(0, 40))
        yield _passage(chance, seed, person, day, place, gone, "out", 1)


def _crossing(chance: Random, seed: int, person: Person, day: datetime.date) -> Iterator[Event]:
    """Pass a post on the road, sometimes in the night, sometimes turned back."""
    place = place_near(chance, seed, person.area, "road")
    at = _at(chance, day, chance.choice((5, 6, 7, 8, 14, 15, 17, 18, 21, 23)))
    yield _passage(chance, seed, person, day, place, at, "in", 20)
    if chance.random() < 0.3:
        yield _passage(chance, seed, person, day, place, at + datetime.timedelta(minutes=20), "out", 21)


def _passage(
    chance: Random,
    seed: int,
    person: Person,
    day: datetime.date,
    place: Place,
    at: datetime.datetime,
    direction: str,
    number: int,
) -> Event:
    scanned = chance.random() < 0.55
    late_s = chance.choice((0, 0, 0, 3, 5, 90, -3600)) if chance.random() < 0.3 else 1
    method = "national_id_qr" if scanned and person.national_id else chance.choice(("personal_qr", "paper", "manual"))
    refused = chance.random() < 0.015
    subject = as_typed(chance, person, scanned=method == "national_id_qr")
    if place.system == "sim-noi-cong-cong" and place.type == "workplace":
        # A workplace knows its people by a number of its own.
        subject["system_person_id"] = f"NV-{person.number}"
    row: dict[str, Any] = {
        "ref": _ref(seed, "vr", person.number, day, number),
        "occurred_at": at.isoformat(),
        "subject": subject,
        "data": {
            "checkpoint": place.code,
            "direction": direction,
            "method": method,
            "decision": "denied" if refused else "allowed",
            "device_id": f"{place.code}-{person.number % 3}",
            "device_time": (at + datetime.timedelta(seconds=late_s)).isoformat(),
            "temperature_c": round(chance.gauss(36.6, 0.3), 1) if scanned else 36.5,
        },
    }
    if refused:
        row["data"]["reason"] = "Không đủ giấy tờ"
    return _finished(chance, at, place.system, "checkpoint_passage", row, person.number, place.code)
