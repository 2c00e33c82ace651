"""A made-up country: the same for a seed, of the right form, and wrong where people are wrong."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path

import pytest

from daumoi.core.clock import SystemClock
from daumoi.intake.validation import examine
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import KINDS
from daumoi.people import folding
from daumoi.simulation.country import Country, Sender, write_people
from daumoi.simulation.days import TET, Event, events
from daumoi.simulation.people import Person, households
from daumoi.simulation.places import SYSTEMS, places_of, row_of

DAY = datetime.date(2021, 8, 1)


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person for household in households(1, 20_000) for person in household.people]


@pytest.fixture(scope="module")
def day() -> list[Event]:
    return [event for household in households(1, 20_000) for event in events(1, household, DAY)]


def sent(folder: Path, seed: int) -> dict[str, bytes]:
    """All that the systems send and all that is written of the truth."""
    folder.mkdir()
    country = Country(seed, 2000, DAY, 2)
    found = {}
    write_people(country, folder)
    for system in SYSTEMS:
        batches = list(Sender(country, system, folder).batches(500))
        found[f"sent {system}"] = b"\n".join(kind.encode() + b"\n".join(lines) for kind, lines in batches)
    return found | {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(tmp_path: Path) -> None:
    one = sent(tmp_path / "one", 1)
    assert one == sent(tmp_path / "again", 1)
    other = sent(tmp_path / "other", 2)
    assert all(one[name] != other[name] for name in one)


def test_there_are_as_many_people_as_asked_for(people: list[Person]) -> None:
    assert len(people) == 20_000
    assert len({person.number for person in people}) == 20_000


def test_numbers_of_identity_are_of_the_right_form_and_one_persons_alone(people: list[Person]) -> None:
    numbers = [person.national_id for person in people if person.national_id]
    assert all(folding.national_id_key(number) == number for number in numbers)
    assert len(set(numbers)) == len(numbers)
    for person in people:
        if person.national_id:
            assert int(person.national_id[3]) % 2 == (person.sex == "female")
            assert person.national_id[4:6] == f"{person.born_on.year % 100:02d}"


def test_phones_are_valid_and_some_are_shared(people: list[Person]) -> None:
    phones = Counter(person.phone for person in people if person.phone)
    assert all(folding.phone_key(phone) for phone in phones)
    assert sum(count > 1 for count in phones.values()) > 100


def test_people_are_as_people_are(people: list[Person]) -> None:
    total = len(people)
    surnames = Counter(person.full_name.split()[0] for person in people)
    assert 0.34 < surnames["Nguyễn"] / total < 0.43
    assert 0.02 < sum(not (p.national_id or p.old_national_id or p.passport) for p in people) / total < 0.25
    assert any(person.passport for person in people)
    assert any("'" in person.full_name or "’" in person.full_name for person in people)
    twins = Counter((person.household, person.born_on) for person in people)
    assert sum(count == 2 for count in twins.values()) > 20
    assert any(person.age_on(DAY) >= 90 for person in people)


def test_every_row_is_taken_or_held_as_the_truth_says(day: list[Event]) -> None:
    now = SystemClock().now()
    for event in day:
        decoded = decode(KINDS[event.kind], json.dumps(event.row).encode())
        faults = [fault.code for fault in decoded.faults]
        if decoded.record is not None and not faults:
            faults = [fault.code for fault in examine(KINDS[event.kind], decoded.record, now).faults]
        assert faults[:1] == ([event.held] if event.held else []), event


def test_a_day_has_all_that_a_day_has(day: list[Event]) -> None:
    kinds = Counter(event.kind for event in day)
    assert set(kinds) == {"health_declaration", "movement_declaration", "citizen_report", "checkpoint_passage"}
    assert {event.system for event in day} == set(SYSTEMS)
    assert {event.at.date() for event in day} >= {DAY}
    assert any(event.at.hour >= 22 for event in day)
    assert any(event.row["data"].get("decision") == "denied" for event in day)
    assert any(event.copies == 2 for event in day)
    assert 0.002 < sum(event.held is not None for event in day) / len(day) < 0.008
    assert any("declarant" in event.row for event in day)


def test_before_tet_more_people_are_on_their_way() -> None:
    tet = max(TET & {datetime.date(2021, 2, number) for number in range(8, 12)})

    def on_the_way(date: datetime.date) -> int:
        found = (event for household in households(3, 20_000) for event in events(3, household, date))
        return sum(event.kind == "movement_declaration" for event in found)

    assert on_the_way(tet) > 2 * on_the_way(DAY)


def test_every_place_is_a_good_checkpoint_with_a_code_of_its_own() -> None:
    places = list(places_of(1, ["001", "760", "769"]))
    assert len({place.code for place in places}) == len(places) == 33
    for place in places:
        decoded = decode(KINDS["checkpoint"], json.dumps(row_of(place)).encode())
        assert decoded.record is not None
        assert not decoded.faults
        assert not examine(KINDS["checkpoint"], decoded.record, SystemClock().now()).faults
