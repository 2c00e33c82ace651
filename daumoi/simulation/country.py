"""The rows of one system, in the order it sends them, and the truth beside them."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import msgspec

from daumoi.simulation.days import Event, events
from daumoi.simulation.people import Household, Person, households
from daumoi.simulation.places import System, places_of, row_of

_ENCODE = msgspec.json.Encoder().encode
_HOUSEHOLDS_AT_ONCE = 2000
"""So many households' events are put in the order of time together."""


@dataclass(frozen=True)
class Country:
    """What is simulated: a size, a time, and the seed that decides everything."""

    seed: int
    people: int
    first_on: datetime.date
    days: int

    def dates(self) -> list[datetime.date]:
        """Return the days."""
        return [self.first_on + datetime.timedelta(days=number) for number in range(self.days)]

    def households(self) -> Iterator[Household]:
        """Make the households, always the same ones."""
        return households(self.seed, self.people)


@dataclass
class Expected:
    """What is to become of the rows of one system, by kind and outcome."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, kind: str, *, held: bool, copies: int) -> None:
        """Count one row and its copies: a good one is stored once, a bad one is held as often as it comes."""
        found = self.counts.setdefault(kind, Counter())
        if held:
            found["held"] += copies
        else:
            found["accepted"] += 1
            found["repeated"] += copies - 1
        found["received"] += copies


class Sender:
    """Gives one system's rows in batches, and writes what is true of each beside them."""

    def __init__(self, country: Country, system: System, truth: Path) -> None:
        """Open the truth file of the system."""
        self._country, self._system = country, system
        self._truth: TextIO = (truth / f"{system}.ndjson").open("w", encoding="utf-8")
        self.expected = Expected()

    def batches(self, rows: int) -> Iterator[tuple[str, list[bytes]]]:
        """Yield (kind, rows) in the order they are sent; places first, then the days."""
        yield from self._places(rows)
        late: dict[str, list[bytes]] = {}
        for kind, found in self._days():
            at_once = late.pop(kind, []) + [line for event in found for line in self._line(event)]
            late[kind] = [_ENCODE(event.row) for event in found for _ in range(event.copies - 1)]
            waiting = iter(at_once)
            while batch := list(islice(waiting, rows)):
                yield kind, batch
        for kind, lines in late.items():
            if lines:
                yield kind, lines
        self._truth.close()

    def _places(self, rows: int) -> Iterator[tuple[str, list[bytes]]]:
        districts = sorted({home.area.parent for home in self._country.households() if home.area.parent is not None})
        mine = (place for place in places_of(self._country.seed, districts) if place.system == self._system)
        while batch := list(islice(mine, rows)):
            lines = []
            for place in batch:
                row = row_of(place)
                self._note("checkpoint", row["ref"], place=place.code)
                self.expected.add("checkpoint", held=False, copies=1)
                lines.append(_ENCODE(row))
            yield "checkpoint", lines

    def _days(self) -> Iterator[tuple[str, list[Event]]]:
        for day in self._country.dates():
            homes = self._country.households()
            while block := list(islice(homes, _HOUSEHOLDS_AT_ONCE)):
                found: dict[str, list[Event]] = {}
                for home in block:
                    for event in events(self._country.seed, home, day):
                        if event.system == self._system:
                            found.setdefault(event.kind, []).append(event)
                for kind, several in sorted(found.items()):
                    yield kind, sorted(several, key=lambda event: (event.at, str(event.row["ref"])))

    def _line(self, event: Event) -> Iterator[bytes]:
        self._note(
            event.kind,
            event.row["ref"],
            person=event.person,
            place=event.place,
            at=event.at.isoformat(),
            held=event.held,
            copies=event.copies,
        )
        self.expected.add(event.kind, held=event.held is not None, copies=event.copies)
        yield _ENCODE(event.row)

    def _note(self, kind: str, ref: str, **more: Any) -> None:
        self._truth.write(_ENCODE({"kind": kind, "ref": ref, **more}).decode() + "\n")


def write_people(country: Country, truth: Path) -> int:
    """Write who is who; returns how many."""
    count = 0
    with (truth / "people.ndjson").open("w", encoding="utf-8") as file:
        for household in country.households():
            for person in household.people:
                file.write(_ENCODE(_shown(person)).decode() + "\n")
                count += 1
    return count


def _shown(person: Person) -> dict[str, Any]:
    return {
        "person": person.number,
        "household": person.household,
        "full_name": person.full_name,
        "sex": person.sex,
        "born_on": person.born_on.isoformat(),
        "area": person.area.code,
        "national_id": person.national_id,
        "old_national_id": person.old_national_id,
        "passport": person.passport,
        "phone": person.phone,
        "guardian": person.guardian.number if person.guardian else None,
    }
