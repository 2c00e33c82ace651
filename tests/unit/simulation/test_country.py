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
from daumoi.simulation.country import Body, Country, Truth, bodies, write_people
from daumoi.simulation.days import TET, Event
from daumoi.simulation.mistakes import as_typed
from daumoi.simulation.people import PEOPLE_MAX, Household, Person, households, national_id, source_of_chance, wards
from daumoi.simulation.places import SYSTEMS, line_of

DAY = datetime.date(2021, 8, 1)
JOINING = ("national_id", "old_national_id", "passport", "system_person_id")


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person for household in households(1, 20_000) for person in household.people]


def of_a_day(seed: int, on: datetime.date, activity: float = 1.0) -> list[Event]:
    sent = bodies(Country(seed, 20_000, on, 1, activity), 5000)
    return [event for body in sent if body.kind != "checkpoint" for event in body.events]


@pytest.fixture(scope="module")
def day() -> list[Event]:
    return of_a_day(1, DAY)


def played(country: Country, folder: Path, rows: int) -> list[Body]:
    """All that the systems send; the truth is written beside it."""
    folder.mkdir()
    assert list(write_people(country, folder))[-1] == country.people
    found = list(bodies(country, rows))
    for system in SYSTEMS:
        with Truth(folder, system) as truth:
            for body in found:
                if body.system == system:
                    truth.note(body)
    return found


def sent(folder: Path, seed: int) -> dict[str, bytes]:
    """All that each system sends and all that is written of the truth."""
    found = played(Country(seed, 2000, DAY, 2), folder, 500)
    by_system = {system: [body for body in found if body.system == system] for system in SYSTEMS}
    lines = {f"sent {system}": b"".join(body.content() for body in several) for system, several in by_system.items()}
    return lines | {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(tmp_path: Path) -> None:
    one = sent(tmp_path / "one", 1)
    assert one == sent(tmp_path / "again", 1)
    other = sent(tmp_path / "other", 2)
    assert all(one[name] != other[name] for name in one)


def test_one_seed_gives_the_same_people_and_places_whatever_days_are_played(tmp_path: Path) -> None:
    played(Country(5, 2000, DAY, 1), tmp_path / "one", 500)
    busier = Country(5, 2000, datetime.date(2022, 2, 1), 2, activity=3.0)
    found = played(busier, tmp_path / "other", 500)
    assert (tmp_path / "one" / "people.ndjson").read_bytes() == (tmp_path / "other" / "people.ndjson").read_bytes()
    usual = {event.ref: event.line for body in bodies(Country(5, 2000, DAY, 1), 500) for event in body.events}
    places = {event.ref: event.line for body in found for event in body.events if event.kind == "checkpoint"}
    both = usual.keys() & places.keys()
    assert len(both) > 300
    assert all(usual[ref] == places[ref] for ref in both)


def test_a_larger_country_of_a_seed_begins_with_the_people_of_a_smaller_one(people: list[Person]) -> None:
    fewer = [person for household in households(1, 3000) for person in household.people]
    assert fewer[:2990] == people[:2990]


def test_bodies_keep_to_their_length_and_a_checkpoint_comes_before_who_passes_it(tmp_path: Path) -> None:
    found = played(Country(1, 2000, DAY, 2), tmp_path / "truth", 300)
    assert max(body.rows for body in found) == 300
    opened: Counter[tuple[str, str]] = Counter()
    for body in found:
        assert body.content().count(b"\n") == body.rows
        assert [event.at for event in body.events] == sorted(event.at for event in body.events)
        for event in body.events:
            if event.kind == "checkpoint":
                opened[body.system, event.ref] += 1
            elif event.kind == "checkpoint_passage":
                assert opened[body.system, json.loads(event.line)["data"].get("checkpoint")] == 1
    assert set(opened.values()) == {1}


def test_all_systems_send_from_the_beginning() -> None:
    begun = [body.system for _, body in zip(range(40), bodies(Country(1, 600, DAY, 1), 4), strict=False)]
    assert len(set(begun)) >= 4


def test_what_is_sent_twice_comes_later_a_second_time_and_is_counted(tmp_path: Path) -> None:
    found = played(Country(1, 2000, DAY, 2), tmp_path / "truth", 300)
    copies: Counter[str] = Counter()
    for body in found:
        for line in body.again:
            assert copies[line] == 1
            copies[line] += 1
        copies.update({event.line: 1 for event in body.events})
    truth = [
        json.loads(line)
        for path in (tmp_path / "truth").glob("sim-*.ndjson")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert len(truth) == len(copies)
    assert sum(row["copies"] for row in truth) == copies.total() == sum(body.rows for body in found)
    assert copies.total() > len(copies)


def test_a_busy_day_has_so_many_times_the_records_and_no_ref_twice(day: list[Event]) -> None:
    busy = of_a_day(1, DAY, activity=4.0)
    assert 0.7 < len(day) / 20_000 < 1.0
    assert 3.7 < len(busy) / len(day) < 4.3
    assert len({event.ref for event in busy} | {event.ref for event in day}) == len(busy) + len(day)


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


def test_up_to_the_largest_country_no_number_of_identity_is_given_twice() -> None:
    most_households = PEOPLE_MAX // 3  # 3.4 people on average
    largest = max(wards(), key=lambda ward: ward.of)
    homes = [ward for ward in wards() if ward.province == largest.province]
    assert [ward.number for ward in homes] == list(range(largest.of))
    numbers = [
        national_id(Household(1, turn * len(wards()), ward), place, "male", 1990)
        for turn in range(most_households // len(wards()) + 1)
        for ward in homes
        for place in range(1, 6)
    ]
    assert len(set(numbers)) == len(numbers)


def test_people_of_two_seeds_share_no_number_that_joins(day: list[Event]) -> None:
    def numbers(events: list[Event]) -> set[str]:
        subjects = [json.loads(event.line).get("subject", {}) for event in events if event.held is None]
        found = {str(subject[name]) for subject in subjects for name in JOINING if name in subject}
        return {number for number in found if len(set(number)) > 1}

    ours, others = numbers(day), numbers(of_a_day(2, DAY))
    assert min(len(ours), len(others)) > 10_000
    assert not ours & others


def test_households_come_to_every_ward_in_turn() -> None:
    count = len(wards())
    homes = [home.ward for home, _ in zip(households(3, PEOPLE_MAX), range(2 * count), strict=False)]
    assert len({ward.unit.code for ward in homes[:count]}) == len({ward.unit.code for ward in homes[count:]}) == count


def test_a_number_with_a_typing_error_is_nobodys(people: list[Person]) -> None:
    roll = source_of_chance(1, 9).random
    right = {person.national_id for person in people}
    wrong: dict[str, set[int]] = {}
    for person in people:
        for _ in range(10):
            number = json.loads(as_typed(roll, person)).get("national_id")
            if number is not None and number not in right and len(set(number)) > 1:
                wrong.setdefault(number, set()).add(person.number)
    assert len(wrong) > 1000
    assert all(len(several) == 1 for several in wrong.values())


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
        decoded = decode(KINDS[event.kind], event.line.encode())
        faults = [fault.code for fault in decoded.faults]
        if decoded.record is not None and not faults:
            faults = [fault.code for fault in examine(KINDS[event.kind], decoded.record, now).faults]
        assert faults[:1] == ([event.held] if event.held else []), event


def test_a_day_has_all_that_a_day_has(day: list[Event]) -> None:
    kinds = Counter(event.kind for event in day)
    assert set(kinds) == {"health_declaration", "movement_declaration", "citizen_report", "checkpoint_passage"}
    assert {event.system for event in day} == set(SYSTEMS)
    assert {event.at[:10] for event in day} >= {DAY.isoformat()}
    assert any(event.at[11:13] >= "22" for event in day)
    assert any(json.loads(event.line)["data"].get("decision") == "denied" for event in day)
    assert any(event.copies == 2 for event in day)
    assert 0.002 < sum(event.held is not None for event in day) / len(day) < 0.008
    assert any('"declarant"' in event.line for event in day)


def test_before_tet_more_people_are_on_their_way() -> None:
    tet = max(TET & {datetime.date(2021, 2, number) for number in range(8, 12)})

    def on_the_way(date: datetime.date) -> int:
        return sum(event.kind == "movement_declaration" for event in of_a_day(3, date))

    assert on_the_way(tet) > 2 * on_the_way(DAY)


def test_every_place_is_a_good_checkpoint_with_a_code_of_its_own(day: list[Event]) -> None:
    places = {event.place for event in day if event.place is not None}
    assert len({place.code for place in places}) == len(places) > 1000
    assert {place.type for place in places} == {"road", "market", "workplace"}
    for place in places:
        decoded = decode(KINDS["checkpoint"], line_of(place).encode())
        assert decoded.record is not None
        assert not decoded.faults
        assert not examine(KINDS["checkpoint"], decoded.record, SystemClock().now()).faults
