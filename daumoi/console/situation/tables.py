"""The tables of the board: one form for the page and for the file that it is exported to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.console.exporting import as_file
from daumoi.console.presentation import kind_title
from daumoi.console.situation.question import Area, Question, bare, provinces_of
from daumoi.console.situation.reading import HOURS, Situation
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.kinds.registry import KINDS
from daumoi.situation.moments import Measures
from daumoi.situation.reach import reach

OWN_KINDS = tuple(name for name in KINDS if name != "area_count")
"""Kinds of records of our own systems; official figures stand beside them."""
FLAGGED_SHOWN = 24


class Cell(NamedTuple):
    """One figure or word; without a value it is no data, never zero."""

    value: int | str | None
    address: str = ""
    """Where one clicks down to."""
    mark: str = ""
    """What stands out, in words."""

    @property
    def is_number(self) -> bool:
        """Whether it stands to the right."""
        return isinstance(self.value, int)


@dataclass(frozen=True)
class Table:
    """A table with its words."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    note: str = ""
    total: list[Cell] | None = None


@cache
def _records() -> str:
    return reverse("records")


def records_address(question: Question, *, kind: str, **asked: str) -> str:
    """Return the address of the records behind a figure."""
    told = {"kind": kind} | {name: value for name, value in asked.items() if value}
    return f"{_records()}?{urlencode(told)}&{_within(question)}"


@lru_cache(maxsize=64)
def _within(question: Question) -> str:
    """What all addresses of records of one row have in common: a table of wards holds a thousand of them."""
    told = {"from": question.first.isoformat(), "to": question.last.isoformat()}
    return urlencode(told | {name: value for name, value in question.fields().items() if name in ("area", "known")})


def of_kinds(situation: Situation) -> Table:
    """Records, events and people of each kind."""
    events: dict[str, int] = defaultdict(int)
    persons: dict[str, int] = {}
    for figure in situation.people:
        events[figure.kind] += figure.events
        persons[figure.kind] = figure.people
    rows = []
    for kind in OWN_KINDS:
        records = situation.kinds.get(kind, Measures()).records
        rows.append(
            [
                Cell(kind_title(kind)),
                Cell(records, records_address(situation.question, kind=kind) if records else ""),
                Cell(events.get(kind)),
                Cell(persons.get(kind) if situation.question.days == 1 else None),
            ]
        )
    return Table(
        "kinds",
        gettext("Records, events and people"),
        [gettext("Kind"), gettext("Records"), gettext("Events"), gettext("People")],
        rows,
        _people_note(situation),
    )


def _people_note(situation: Situation) -> str:
    if not situation.known.is_now:
        return gettext("Events and people are counted for the present alone.")
    if situation.question.days > 1:
        return gettext("People of several days do not add up; choose one day to see them.")
    return ""


def of_hours(situation: Situation) -> Table:
    """Rows received in each of the last hours."""
    rows = []
    for number in range(HOURS):
        hour = situation.since + timedelta(hours=number)
        until = hour + timedelta(hours=1)
        counts = [situation.received.by_hour.get((hour, kind), 0) for kind in KINDS]
        span = {"by": "received", "from": _local(hour), "to": _local(until)}
        rows.append(
            [
                Cell(hour.astimezone(VIET_NAM_TIME).strftime("%d/%m %H:%M")),
                *(
                    Cell(count, records_address(situation.question, kind=kind, **span) if count else "")
                    for kind, count in zip(KINDS, counts, strict=True)
                ),
                Cell(sum(counts)),
            ]
        )
    columns = [gettext("Hour of receipt"), *(kind_title(kind) for kind in KINDS), gettext("Together")]
    return Table("hours", gettext("Rows received by hour"), columns, rows)


def _local(at: datetime) -> str:
    return at.astimezone(VIET_NAM_TIME).strftime("%Y-%m-%dT%H:%M")


def of_days(situation: Situation) -> Table:
    """Records of each day of event, official figures beside."""
    question = situation.question
    official = situation.official
    reported = dict(zip(official.series.days, official.series.by_day(), strict=True)) if official else {}
    rows = []
    for number in range(question.days):
        day = question.last - timedelta(days=number)
        span = {"from": day.isoformat(), "to": day.isoformat()}
        cells = []
        for kind in OWN_KINDS:
            measures = situation.days.get((day, kind))
            cells.append(
                Cell(measures.records, records_address(question, kind=kind, **span)) if measures else Cell(None)
            )
        rows.append(
            [
                Cell(f"{day:%d/%m/%Y}", question.address(reverse("console_home"), first=day, last=day)),
                *cells,
                Cell(reported.get(day)),
            ]
        )
    columns = [gettext("Day of event"), *(kind_title(kind) for kind in OWN_KINDS), gettext("Official figure")]
    return Table("days", gettext("Records by day"), columns, rows)


def of_provinces(situation: Situation) -> Table:
    """Records of each province in the scheme of the map; provinces beyond the reader's scope are left out."""
    question = situation.question
    by_code: dict[str, dict[str, Measures]] = defaultdict(dict)
    for figure in situation.provinces.figures:
        by_code[figure.code][figure.kind] = figure.measures
    official = situation.official
    rows = []
    for unit in provinces_of(question.scheme):
        if not is_seen(situation, unit.scheme, unit.code):
            continue
        asked = replace(question, area=Area(unit))
        marks = ""
        reported = None
        if official and unit.code in official.series.values:
            reported, marks = _official_of(situation, unit.code)
        name = Cell(bare(unit.name), asked.address(reverse("console_home")))
        rows.append([name, *_measures(asked, by_code.get(unit.code, {})), Cell(reported, "", marks)])
    rows.sort(key=lambda row: (-_number(row[1]), -_number(row[-1]), str(row[0].value)))
    unsure = sum(each.measures.records for each in situation.provinces.uncertain if each.kind != "area_count")
    elsewhere = sum(each.records for kind, each in situation.provinces.elsewhere.items() if kind != "area_count")
    notes = []
    if unsure:
        notes.append(gettext("%(records)s records lie in wards made of several old provinces.") % {"records": unsure})
    if elsewhere:
        notes.append(gettext("%(records)s records name no certain province.") % {"records": elsewhere})
    title = gettext("63 provinces of before 1 July 2025") if question.scheme == BEFORE else gettext("34 provinces")
    total = [Cell(gettext("Together")), *(Cell(sum(_number(row[at]) for row in rows)) for at in range(1, 8))]
    total.append(Cell(sum(_number(row[-1]) for row in rows) if official else None))
    return Table("provinces", title, _columns(gettext("Province")), rows, " ".join(notes), total)


def of_wards(situation: Situation) -> Table:
    """Records of each ward of today of the province asked for."""
    rows = []
    for code, kinds in situation.wards.items():
        unit = areas.find(TODAY, code) if code else None
        if unit is None:
            rows.append([Cell(gettext("ward not certain")), *_measures(None, kinds), Cell(None)])
            continue
        asked = replace(situation.question, area=Area(unit))
        name = Cell(unit.name, asked.address(reverse("console_home")))
        rows.append([name, *_measures(asked, kinds), Cell(None)])
    rows.sort(key=lambda row: (-_number(row[1]), str(row[0].value)))
    return Table("wards", gettext("Wards and communes"), _columns(gettext("Ward"))[:-1], [row[:-1] for row in rows])


def of_checkpoints(situation: Situation) -> Table:
    """Passages and refusals of the busiest checkpoints."""
    unnamed = gettext("checkpoint without a name")
    rows = [
        [
            Cell(situation.places.get(gate.place) or unnamed),
            Cell(gate.passages),
            Cell(gate.denied),
            Cell(gate.referred),
        ]
        for gate in situation.checkpoints
    ]
    columns = [gettext("Checkpoint"), gettext("Passages"), gettext("Refused"), gettext("Referred")]
    return Table("checkpoints", gettext("Busiest checkpoints"), columns, rows)


def _columns(first: str) -> list[str]:
    return [
        first,
        gettext("All records"),
        gettext("Passages"),
        gettext("Refused"),
        gettext("Health declarations"),
        gettext("With symptoms"),
        gettext("Movements"),
        gettext("Reports"),
        gettext("Official figure"),
    ]


def _measures(asked: Question | None, kinds: dict[str, Measures]) -> list[Cell]:
    """The cells of one area; it has none where nothing is known."""

    def cell(value: int, kind: str, only: str = "") -> Cell:
        return Cell(value, records_address(asked, kind=kind, only=only) if asked and value else "")

    if not any(measures.records for kind, measures in kinds.items() if kind != "area_count"):
        return [Cell(None)] * 7
    of = {kind: kinds.get(kind, Measures()) for kind in OWN_KINDS}
    passages, declared = of["checkpoint_passage"], of["health_declaration"]
    return [
        Cell(sum(measures.records for measures in of.values())),
        cell(passages.records, "checkpoint_passage"),
        cell(passages.denied, "checkpoint_passage", "denied"),
        cell(declared.records, "health_declaration"),
        cell(declared.symptomatic, "health_declaration", "symptomatic"),
        cell(of["movement_declaration"].records, "movement_declaration"),
        cell(of["citizen_report"].records, "citizen_report"),
    ]


def _number(cell: Cell) -> int:
    return cell.value if isinstance(cell.value, int) else 0


def _official_of(situation: Situation, code: str) -> tuple[int | None, str]:
    """The sum of one province over the days asked for, and what stands out in it."""
    official = situation.official
    assert official is not None
    skipped = (official.first - official.series.days[0]).days
    values = [value for value in official.series.values[code][skipped:] if value is not None]
    spikes = sum(flag.mark == "spike" and flag.day >= skipped for flag in official.series.flags.get(code, ()))
    late = sum(day >= skipped for day in official.series.late.get(code, ()))
    marks = []
    if spikes:
        marks.append(gettext("spikes: %(days)s") % {"days": spikes})
    if late:
        marks.append(gettext("late: %(days)s") % {"days": late})
    return (sum(values) if values else None), ", ".join(marks)


def of_flags(situation: Situation) -> Table:
    """Days of official figures that stand out, or were entered late; the largest first."""
    official = situation.official
    rows: list[tuple[int, list[Cell]]] = []
    if official:
        names = {unit.code: bare(unit.name) for unit in provinces_of(situation.question.scheme)}
        skipped = (official.first - official.series.days[0]).days
        for code, flags in official.series.flags.items():
            for flag in flags:
                if flag.day >= skipped:
                    word = gettext("entry spike") if flag.mark == "spike" else gettext("nothing entered")
                    usual = round(flag.usual)
                    day = official.series.days[flag.day]
                    row = [
                        Cell(names.get(code, code)),
                        Cell(f"{day:%d/%m/%Y}"),
                        Cell(flag.value),
                        Cell(usual),
                        Cell(word),
                    ]
                    rows.append((flag.value, row))
        for code, late in official.series.late.items():
            for at in late:
                if at >= skipped:
                    day, value = official.series.days[at], official.series.values[code][at]
                    word = gettext("entered late")
                    row = [Cell(names.get(code, code)), Cell(f"{day:%d/%m/%Y}"), Cell(value), Cell(None), Cell(word)]
                    rows.append((value or 0, row))
    rows.sort(key=lambda row: -row[0])
    columns = [gettext("Province"), gettext("Day"), gettext("Value"), gettext("Usual"), gettext("What stands out")]
    note = gettext("Figures are marked by a robust rule and never changed.")
    return Table("official", gettext("Official figures that stand out"), columns, [row for _, row in rows], note)


def is_seen(situation: Situation, scheme: str, code: str) -> bool:
    """Tell whether some of a province is within the reader's scope."""
    sees = reach(situation.scope)
    if sees.everything:
        return True
    unit = areas.find(scheme, code)
    return unit is not None and (unit.path in sees.provinces or unit.path in sees.wards)


def as_csv(table: Table, name: str) -> HttpResponse:
    """Answer with a table as a file; a cell without data is empty."""
    return as_file(name, table.columns, [[cell.value for cell in row] for row in table.rows])


TABLES = {
    "kinds": of_kinds,
    "hours": of_hours,
    "days": of_days,
    "provinces": of_provinces,
    "wards": of_wards,
    "checkpoints": of_checkpoints,
    "official": of_flags,
}


def days_between(first: date, last: date) -> Iterable[date]:
    """Yield every day from the first to the last."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
