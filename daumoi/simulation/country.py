"""The rows of all systems in the order they are sent, and the truth beside them: one pass over people and days."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from daumoi.simulation.days import Day, Event, events
from daumoi.simulation.people import Household, Person, groups, source_of_chance
from daumoi.simulation.places import OPENED_AT, Place, System, line_of

_GROUPS_AT_ONCE = 80
"""So many groups' events (about 5,000 households') are put in the order of time together."""


@dataclass(frozen=True)
class Country:
    """What is simulated: a size, a time, how busy it is, and the seed that decides everything."""

    seed: int
    people: int
    first_on: datetime.date
    days: int
    activity: float = 1.0

    def dates(self) -> list[datetime.date]:
        """Return the days."""
        return [self.first_on + datetime.timedelta(days=number) for number in range(self.days)]

    def groups(self) -> Iterator[list[Household]]:
        """Make the households in groups, always the same ones."""
        return groups(self.seed, self.people)


@dataclass
class Body:
    """What one system sends of one kind in one call: new rows, and rows that its devices send once more."""

    system: System
    kind: str
    events: list[Event]
    again: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.events) + len(self.again)

    def content(self) -> bytes:
        """Return it as NDJSON."""
        return "\n".join([*self.again, *(event.line for event in self.events), ""]).encode()


def bodies(country: Country, rows: int) -> Iterator[Body]:
    """Yield all that is sent, bodies of at most `rows` rows; a checkpoint comes before the first who pass it."""
    known: set[str] = set()
    for body in _days(country, rows):
        new = {place.code: place for event in body.events if (place := event.place) and place.code not in known}
        known.update(new)
        for part in _parts([_opened(place) for place in new.values()], rows):
            yield Body(body.system, "checkpoint", part)
        yield body


def _opened(place: Place) -> Event:
    return Event(OPENED_AT, place.code, place.system, "checkpoint", line_of(place), None, place, held=None, copies=1)


def _days(country: Country, rows: int) -> Iterator[Body]:
    again: dict[tuple[System, str], list[str]] = {}
    for on in country.dates():
        day = Day(country.seed, on, country.activity)
        made = enumerate(country.groups())
        while block := list(islice(made, _GROUPS_AT_ONCE)):
            found: list[tuple[str, Body]] = []
            for (system, kind), several in _sorted(country, day, block):
                parts = [Body(system, kind, part) for part in _parts(several, rows)]
                # What devices send twice comes again with a later body, or after it.
                late = again.pop((system, kind), [])
                room = rows - parts[-1].rows
                parts[-1].again = late[:room]
                found += [(body.events[0].at, body) for body in parts]
                found += [(several[-1].at, Body(system, kind, [], part)) for part in _parts(late[room:], rows)]
                again[system, kind] = [event.line for event in several if event.copies > 1]
            for _, body in sorted(found, key=itemgetter(0)):
                yield body
    for (system, kind), lines in again.items():
        for late in _parts(lines, rows):
            yield Body(system, kind, [], late)


Row = TypeVar("Row")


def _parts(several: list[Row], rows: int) -> list[list[Row]]:
    return [several[first : first + rows] for first in range(0, len(several), rows)]


def _sorted(
    country: Country, day: Day, block: list[tuple[int, list[Household]]]
) -> list[tuple[tuple[System, str], list[Event]]]:
    found: dict[tuple[System, str], list[Event]] = {}
    for number, group in block:
        chance = source_of_chance(country.seed, 2, day.on.toordinal(), number)
        for household in group:
            for event in events(chance, day, household):
                key = event.system, event.kind
                if key in found:
                    found[key].append(event)
                else:
                    found[key] = [event]
    for several in found.values():
        several.sort()
    return sorted(found.items())


class Truth:
    """The truth file of one system, written body by body, and what is to become of its rows."""

    def __init__(self, folder: Path, system: System) -> None:
        """Begin the file anew."""
        self._file = (folder / f"{system}.ndjson").open("w", encoding="utf-8")
        self.counts: dict[str, Counter[str]] = {}
        """By kind and outcome: a good row is stored once, a bad one is held as often as it comes."""

    def __enter__(self) -> Truth:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    def note(self, body: Body) -> None:
        """Write what is true of a body's new rows, at once; copies are counted with the row they are of."""
        self._file.writelines(_truth_of(event) for event in body.events)
        self._file.flush()
        found = self.counts.setdefault(body.kind, Counter())
        copies = sum(event.copies for event in body.events)
        held = [event.copies for event in body.events if event.held is not None]
        found["received"] += copies
        found["held"] += sum(held)
        found["accepted"] += len(body.events) - len(held)
        found["repeated"] += copies - sum(held) - (len(body.events) - len(held))


def _truth_of(event: Event) -> str:
    person = "null" if event.person is None else event.person
    place = "null" if event.place is None else f'"{event.place.code}"'
    held = "null" if event.held is None else f'"{event.held}"'
    return (
        f'{{"kind":"{event.kind}","ref":"{event.ref}","person":{person},"place":{place},"at":"{event.at}"'
        f',"held":{held},"copies":{event.copies}}}\n'
    )


_ENCODE = msgspec.json.Encoder().encode


def write_people(country: Country, truth: Path) -> Iterator[int]:
    """Write who is who to a file, some thousands at a time; yields how many are written so far."""
    made, written = country.groups(), 0
    with (truth / "people.ndjson").open("wb") as file:
        while block := list(islice(made, _GROUPS_AT_ONCE)):
            everybody = [person for group in block for home in group for person in home.people]
            file.write(b"".join(_ENCODE(_shown(person)) + b"\n" for person in everybody))
            written += len(everybody)
            yield written


def _shown(person: Person) -> dict[str, object]:
    return {
        "person": person.number,
        "household": person.household,
        "full_name": person.full_name,
        "sex": person.sex,
        "born_on": person.born_on,
        "area": person.area.code,
        "national_id": person.national_id,
        "old_national_id": person.old_national_id,
        "passport": person.passport,
        "phone": person.phone,
        "guardian": person.guardian.number if person.guardian else None,
    }
