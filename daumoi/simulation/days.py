"""What people do on a day, and what the systems write of it: for one seed always the same."""

from __future__ import annotations

import datetime
from random import Random
from statistics import NormalDist
from typing import NamedTuple

from daumoi.areas.unit import BEFORE
from daumoi.simulation.mistakes import FAULTY, as_scanned, as_typed, plain, spoiled
from daumoi.simulation.names import Roll
from daumoi.simulation.people import Household, Person, centre_of
from daumoi.simulation.places import Place, System, place_near, usual_place

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
_MODES = ("coach", "motorbike", "motorbike", "car", "train")
_PURPOSES = ("Đi làm", "Khám bệnh", "Thăm người thân")
_METHODS = ("personal_qr", "paper", "manual")
_LATE_S = (0, 0, 0, 3, 5, 90, -3600)
"""How much later than the officer a device's clock is; one an hour slow is among them."""
_DAY_S = 86_400
_MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_SECONDS = tuple(f":{second:02d}+07:00" for second in range(60))
_TEMPERATURES = tuple(f"{NormalDist(36.6, 0.3).inv_cdf((step + 0.5) / 1000):.1f}" for step in range(1000))
"""Degrees Celsius at a post, each as likely as the other."""


class Event(NamedTuple):
    """One row that a system sends, and the truth about it. Events sort by time and ref."""

    at: str
    """The instant in Viet Nam's time."""
    ref: str
    system: System
    kind: str
    line: str
    """The row as JSON."""
    person: int | None
    place: Place | None
    held: str | None
    """The code that intake will hold it under."""
    copies: int
    """How often its device sends it."""


class Day:
    """A day of a country, and what is the same for everybody on it."""

    def __init__(self, seed: int, on: datetime.date, activity: float = 1.0) -> None:
        """Prepare a day; `activity` is how often people go out and declare, as a multiple of the usual."""
        self.seed, self.on, self.activity = seed, on, activity
        self.is_tet = on in TET
        self.born_until_for_16 = _years_before(on, 16)
        """The last birthday with which somebody is 16."""
        self.born_until_for_65 = _years_before(on, 65)
        self._dates = tuple((on + datetime.timedelta(days=number)).isoformat() for number in range(4))
        # A busier day of the same people is another statement, so its refs are others.
        self._country = f"{seed}" if activity == 1 else f"{seed}x{activity:g}"
        self._ymd = f"{on:%y%m%d}"

    def instant(self, second: int) -> str:
        """Return the instant so many seconds after the day began."""
        days, second = divmod(second, _DAY_S)
        return f"{self._dates[days]}{_MINUTES[second // 60]}{_SECONDS[second % 60]}"

    def ref(self, what: str, person: int, number: int = 0) -> str:
        """Return the ref of a row about a person."""
        return f"{self._country}-{what}-{self._ymd}-{person}-{number}"

    def times(self, roll: Roll, usual: float) -> int:
        """Draw how often something happens that happens so often on a usual day."""
        wanted = usual * self.activity
        whole = int(wanted)
        return whole + (roll() < wanted - whole)


def _years_before(day: datetime.date, years: int) -> datetime.date:
    leap = (day.month, day.day) == (2, 29)
    return datetime.date(day.year - years, day.month, 28 if leap else day.day)


def events(chance: Random, day: Day, household: Household) -> list[Event]:
    """Return all that a household's day gives, in no order of time."""
    roll = chance.random
    found: list[Event] = []
    on_the_way = 3.0 if day.is_tet else 1.0
    travelling = roll() < 0.02 * on_the_way * day.activity
    for person in household.people:
        adult = person.guardian is None and person.born_on <= day.born_until_for_16
        for number in range(day.times(roll, 0.08)):
            found.append(_declaration(roll, day, person, number))
        if adult and person.born_on > day.born_until_for_65:
            for number in range(day.times(roll, 0.35)):
                found += _work(roll, day, household, person, number)
        if adult:
            for number in range(day.times(roll, 0.2)):
                place = usual_place(day.seed, person, household.ward, "market")
                came = _second(roll, (6, 9, 16, 17)[int(roll() * 4)])
                found.append(_passage(roll, day, person, place, came, "in", 100 + number))
        crossings = day.times(roll, 0.1) if adult else 0
        for number in range(max(1, crossings) if travelling else crossings):
            found += _crossing(roll, day, household, person, number)
    if travelling and household.people[0].phone:
        found.append(_movement(roll, day, household))
    if roll() < 0.012 * day.activity:
        found.append(_report(roll, day, household))
    return found


def _second(roll: Roll, hour: int) -> int:
    """Return a second of an hour, counted from the beginning of the day."""
    return hour * 3600 + int(roll() * 3600)


def _finished(
    roll: Roll, at: str, ref: str, system: System, kind: str, line: str, person: int | None, place: Place | None = None
) -> Event:
    held = None
    if roll() < FAULTY:
        line, held = spoiled(roll, line)
    # Devices without a network send late, and some of them send twice.
    return Event(at, ref, system, kind, line, person, place, held, 2 if roll() < 0.01 else 1)


def _declaration(roll: Roll, day: Day, person: Person, number: int) -> Event:
    at = day.instant(_second(roll, (6, 7, 8, 12, 19, 20, 21, 22)[int(roll() * 8)]))
    ref = day.ref("kb", person.number, number)
    ill = roll() < 0.03
    symptoms = ",".join(f'"{code}":{"true" if ill and roll() < 0.4 else "false"}' for code in _SYMPTOMS if roll() < 0.8)
    declarant = f',"declarant":{as_typed(roll, person.guardian)}' if person.guardian is not None else ""
    line = (
        f'{{"ref":"{ref}","occurred_at":"{at}","subject":{as_typed(roll, person)}{declarant}'
        f',"area":{{"scheme":"{BEFORE}","code":"{person.area.code}"}},"data":{{'
        f'"form":"{"daily" if roll() < 0.33 else "domestic"}","symptoms":{{{symptoms}}}'
        f',"exposures":{{"confirmed_case":{"true" if roll() < 0.01 else "false"}}},"lookback_days":14}}}}'
    )
    return _finished(roll, at, ref, "sim-khai-bao", "health_declaration", line, person.number)


def _movement(roll: Roll, day: Day, household: Household) -> Event:
    head, *others = household.people
    second = _second(roll, 18 + int(roll() * 4))
    at, leaves = day.instant(second), day.instant(second + (8 + int(roll() * 23)) * 3600)
    ref = day.ref("dc", head.number)
    target = place_near(roll, day.seed, household.ward, "road").area.code
    purpose = "Về quê" if day.is_tet else _PURPOSES[int(roll() * 3)]
    home = f'{{"scheme":"{BEFORE}","code":"{head.area.code}"}}'
    line = (
        f'{{"ref":"{ref}","occurred_at":"{at}","subject":{as_typed(roll, head)},"area":{home},"data":{{"legs":[{{'
        f'"from":{{"area":{home}}},"to":{{"area":{{"scheme":"{BEFORE}","code":"{target}"}}}},"departs_at":"{leaves}"'
        f',"transport":{{"mode":"{_MODES[int(roll() * 5)]}"}}}}],"purpose":"{purpose}"'
        f',"companions":[{",".join(as_typed(roll, person) for person in others)}]}}}}'
    )
    return _finished(roll, at, ref, "sim-khai-bao", "movement_declaration", line, head.number)


def _report(roll: Roll, day: Day, household: Household) -> Event:
    head = household.people[0]
    at, ref = day.instant(_second(roll, 7 + int(roll() * 16))), day.ref("pa", head.number)
    category, text = _REPORTS[int(roll() * 4)]
    known = head.phone is not None and roll() < 0.6
    subject = f',"subject":{{"full_name":"{plain(head.full_name)}","phone":"{head.phone}"}}' if known else ""
    where = centre_of(head.area)
    location = f',"location":{{"lat":{where[0]},"lon":{where[1]},"accuracy_m":2000}}' if where is not None else ""
    line = (
        f'{{"ref":"{ref}","occurred_at":"{at}","area":{{"scheme":"{BEFORE}","code":"{head.area.code}"}}'
        f'{subject}{location},"data":{{"category":"{category}","text":"{text}"}}}}'
    )
    return _finished(roll, at, ref, "sim-phan-anh", "citizen_report", line, head.number if known else None)


def _work(roll: Roll, day: Day, household: Household, person: Person, number: int) -> list[Event]:
    """Come to work in the morning and go at the end; who comes again the same day stays for an hour."""
    place = usual_place(day.seed, person, household.ward, "workplace")
    came = _second(roll, 12 + int(roll() * 7) if number else 8 + int(roll() * 4))
    found = [_passage(roll, day, person, place, came, "in", 2 * number)]
    if roll() < 0.7:
        gone = came + (1 if number else 7) * 3600 + int(roll() * 41) * 60
        found.append(_passage(roll, day, person, place, gone, "out", 2 * number + 1))
    return found


def _crossing(roll: Roll, day: Day, household: Household, person: Person, number: int) -> list[Event]:
    """Pass a post on the road, sometimes in the night, sometimes turned back."""
    place = place_near(roll, day.seed, household.ward, "road")
    second = _second(roll, (5, 6, 7, 8, 14, 15, 17, 18, 21, 23)[int(roll() * 10)])
    found = [_passage(roll, day, person, place, second, "in", 200 + 2 * number)]
    if roll() < 0.3:
        found.append(_passage(roll, day, person, place, second + 1200, "out", 201 + 2 * number))
    return found


def _passage(roll: Roll, day: Day, person: Person, place: Place, second: int, direction: str, number: int) -> Event:
    at = day.instant(second)
    device_at = day.instant(second + (_LATE_S[int(roll() * 7)] if roll() < 0.3 else 1))
    ref = day.ref("vr", person.number, number)
    # A workplace knows its people by a number of its own.
    own = f',"system_person_id":"NV-{day.seed}-{person.number}"' if place.type == "workplace" else ""
    scanned = roll() < 0.55
    if scanned and person.national_id:
        method, subject = "national_id_qr", as_scanned(person, own)
    else:
        method, subject = _METHODS[int(roll() * 3)], as_typed(roll, person, own)
    temperature = _TEMPERATURES[int(roll() * 1000)] if scanned else "36.5"
    decision = '"allowed"' if roll() >= 0.015 else '"denied","reason":"Không đủ giấy tờ"'
    line = (
        f'{{"ref":"{ref}","occurred_at":"{at}","subject":{subject},"data":{{"checkpoint":"{place.code}"'
        f',"direction":"{direction}","method":"{method}","decision":{decision}'
        f',"device_id":"{place.code}-{person.number % 3}","device_time":"{device_at}","temperature_c":{temperature}}}}}'
    )
    return _finished(roll, at, ref, place.system, "checkpoint_passage", line, person.number, place)
