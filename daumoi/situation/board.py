"""The figures of the situation board: by hour, day, province, ward and checkpoint, as known at a moment."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.catalogue import VIET_NAM
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.kinds.registry import BY_NUMBER, KINDS
from daumoi.situation.moments import Known, Measures, Part
from daumoi.situation.reach import Reach, reach
from daumoi.situation.units import provinces_before

_SQL = statements("daumoi.situation", "board")
_REPORT = KINDS["citizen_report"]
_PASSAGE = KINDS["checkpoint_passage"]
OVERDUE_DAYS = 3
"""Days after which a report without `closed_at` is overdue, unless the caller says otherwise."""
_FIRST_DAY = date(1900, 1, 1)
Key = TypeVar("Key")


class Received(NamedTuple):
    """Rows of the log received in a stretch of whole hours, three ways."""

    by_hour: dict[tuple[datetime, str], int]
    """By beginning of the hour and kind."""
    by_system: dict[tuple[int, str], int]
    """By number of the system and kind; empty for a reader who does not see the whole country."""
    by_province: dict[str, int]
    """By the first two steps of the path; empty without an area."""


class AreaFigure(NamedTuple):
    """Records of one unit and kind."""

    code: str
    """Of a province or ward; empty for records of which the unit is not certain or that name none."""
    kind: str
    measures: Measures


class Provinces(NamedTuple):
    """Figures for a map of one scheme."""

    figures: list[AreaFigure]
    uncertain: list[AreaFigure]
    """Of scheme vn-2024: records of wards that were made from several old provinces, by province of today."""
    elsewhere: dict[str, Measures]
    """By kind: records in Viet Nam without a certain province, abroad, or without an area."""


class PlaceFigure(NamedTuple):
    """Passages at one checkpoint, by its number in the room `places`."""

    place: int
    passages: int
    denied: int
    referred: int


class Reports(NamedTuple):
    """Citizens' reports in their current state."""

    open: int
    overdue: int
    closed: int


class _Row(NamedTuple):
    """What is counted under one day, kind and place on the map."""

    day: date
    kind: int
    province: str
    ward: str
    before: str
    measures: Measures


def received_on(connection: Connection, day: date) -> dict[str, int]:
    """Return how many rows of each kind were received on a day (UTC+7): figures without an area, for anybody."""
    begins = datetime.combine(day, datetime.min.time(), VIET_NAM_TIME)
    totals: dict[str, int] = defaultdict(int)
    for _, kind, rows in connection.execute(_SQL["received_by_hour"], _between(begins, begins + timedelta(days=1))):
        totals[kind] += rows
    return dict(totals)


def received(
    connection: Connection, scope: Scope, *, since: datetime, until: datetime, before: str | None = None
) -> Received:
    """Return the rows received from `since` up to the hour of `until`; both are beginnings of hours.

    `before` tells only what is certain to be of one of the 63 provinces of before; then nothing is told by system.
    """
    sees = reach(scope)
    found = Received(defaultdict(int), defaultdict(int), defaultdict(int))
    between = _between(since, until)
    for hour, kind, province, rows in connection.execute(_SQL["received_by_province"], between | {"before": before}):
        if sees.sees(province):
            found.by_hour[hour, kind] += rows
            found.by_province[province] += rows
    if sees.everything and before is None:
        for system, kind, rows in connection.execute(_SQL["received_by_system"], between):
            found.by_system[system, kind] += rows
    return found


def newest_day(connection: Connection) -> date | None:
    """Return the last day of event (UTC+7) that any record is of; one look into an index a kind."""
    row = connection.execute(_SQL["newest_day"]).fetchone()
    return row[0] if row is not None else None


def _between(since: datetime, until: datetime) -> dict[str, Any]:
    return {"since": since, "until": until}


def by_day(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    first: date,
    last: date,
    kinds: Collection[str] = KINDS,
    before: str | None = None,
) -> dict[tuple[date, str], Measures]:
    """Return the records of each day of event (UTC+7) and kind. A day without a row has none that is known.

    `before` tells only what is certain to be of one of the 63 provinces of before.
    """
    columns = ("event_day", "kind") if before is None else ("event_day", "kind", "before")
    return _summed(
        ((row.day, BY_NUMBER[row.kind].name), row.measures)
        for row in _rows(connection, reach(scope), known, first, last, kinds, columns)
        if before is None or row.before == before
    )


def provinces(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    scheme: str,
    first: date,
    last: date,
    kinds: Collection[str] = KINDS,
) -> Provinces:
    """Return the records of some days by the 34 provinces of today or the 63 of before (scheme vn-2025, vn-2024).

    Old provinces: a record sent with an old code has its own; one of a ward of today made from one old province has
    that; the rest is not given to any, and told as uncertain.
    """
    if scheme not in (TODAY, BEFORE):
        raise ValueError(f"provinces are drawn in {TODAY} or {BEFORE}")
    certain: list[tuple[tuple[str, str], Measures]] = []
    uncertain: list[tuple[tuple[str, str], Measures]] = []
    elsewhere: list[tuple[str, Measures]] = []
    columns = ("kind", "province", "before")
    for row in _rows(connection, reach(scope), known, first, last, kinds, columns):
        kind = BY_NUMBER[row.kind].name
        country, _, today = row.province.partition(".")
        if country != VIET_NAM or not today:
            if scheme == BEFORE and row.before:
                certain.append(((row.before, kind), row.measures))
            else:
                elsewhere.append((kind, row.measures))
        elif scheme == TODAY:
            certain.append(((today, kind), row.measures))
        elif row.before:
            certain.append(((row.before, kind), row.measures))
        else:
            uncertain.append(((today, kind), row.measures))
    return Provinces(_area_figures(certain), _area_figures(uncertain), _summed(elsewhere))


def wards(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    province: str,
    first: date,
    last: date,
    kinds: Collection[str] = KINDS,
) -> list[AreaFigure]:
    """Return the records of one province of today by ward; the empty code holds what is of no certain ward."""
    sees = reach(scope)
    path = f"{VIET_NAM}.{province}"
    whole = sees.sees(path)
    some = sees.wards.get(path, frozenset())
    if not whole and not some:
        return []
    numbers = [KINDS[name].number for name in kinds]
    stored = _wards_stored(
        connection, known, [path], None if whole else sorted(some), first, last, numbers, by_day=False
    )
    rows = [((row.ward, BY_NUMBER[row.kind].name), row.measures) for row in stored]
    rows += [
        ((part.ward, BY_NUMBER[part.kind].name), part.measures)
        for part in _begun(known, first, last, numbers)
        if part.province == path and (whole or part.ward in some)
    ]
    return _area_figures(rows)


def checkpoints(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    first: date,
    last: date,
    paths: dict[int, str | None],
    most: int,
) -> list[PlaceFigure]:
    """Return passages and refusals of some days by checkpoint, of the `most` that are the busiest, these first.

    `paths` are those of the places (`daumoi.places.checkpoints.paths`): a place that is not in it is not shown.
    """
    sees = reach(scope)
    begun = [
        (part.place, part.measures)
        for part in known.parts
        if part.kind == _PASSAGE.number and part.place is not None and first <= part.event_day <= last
    ]
    figures = connection.execute(_SQL["places"], _bounds(known, first, last)).fetchall()
    if begun:
        sums = _summed([*((place, Measures(*measures)) for place, *measures in figures), *begun])
        figures = [(place, each.records, each.denied, each.referred) for place, each in sums.items()]
        figures.sort(key=lambda figure: (-figure[1], figure[0]))
    busiest = (PlaceFigure(*figure) for figure in figures if figure[0] in paths and sees.sees_path(paths[figure[0]]))
    return list(islice(busiest, most))


def reports(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    overdue_days: int = OVERDUE_DAYS,
    before: str | None = None,
) -> tuple[Reports, dict[str, Reports]]:
    """Return citizens' reports of all days, together and by province of today (VN.01; empty without an area).

    Overdue: open, and of a day more than `overdue_days` days before the day of the moment (UTC+7).
    """
    today = known.at.astimezone(VIET_NAM_TIME).date()
    found: dict[str, Reports] = defaultdict(lambda: Reports(0, 0, 0))
    last = today + timedelta(days=2)
    columns = ("event_day", "province", "before")
    for row in _rows(connection, reach(scope), known, _FIRST_DAY, last, [_REPORT.name], columns):
        if before is not None and row.before != before:
            continue
        is_open = row.measures.records - row.measures.closed
        overdue = is_open if (today - row.day).days > overdue_days else 0
        so_far = found[row.province]
        found[row.province] = Reports(
            so_far.open + is_open, so_far.overdue + overdue, so_far.closed + row.measures.closed
        )
    together = Reports(*(sum(column) for column in zip(*found.values(), strict=True))) if found else Reports(0, 0, 0)
    return together, dict(found)


def _rows(
    connection: Connection,
    sees: Reach,
    known: Known,
    first: date,
    last: date,
    kinds: Collection[str],
    columns: Sequence[str],
) -> Iterator[_Row]:
    """Yield all a reader sees of some days: provinces from one table, single wards from another, and the begun hour.

    Rows of provinces are summed by some columns of the figures; the other fields of a row are empty then.
    """
    numbers = [KINDS[name].number for name in kinds]
    values = _bounds(known, first, last) | {
        "kinds": numbers,
        "everything": sees.everything,
        "provinces": sorted(sees.provinces),
    }
    if sees.everything or sees.provinces:
        is_near = known.is_now or (known.present - known.at).days <= (last - first).days
        statement = _SQL["days" if is_near else "days_long_ago"].format(columns=", ".join(columns))
        for row in connection.execute(statement, values):
            told = dict(zip(columns, row, strict=False))
            yield _Row(
                told.get("event_day", first),
                told.get("kind", numbers[0]),
                told.get("province", ""),
                "",
                told.get("before", ""),
                Measures(*row[len(columns) :]),
            )
    if sees.wards:
        single = sorted(code for codes in sees.wards.values() for code in codes)
        yield from _wards_stored(connection, known, sorted(sees.wards), single, first, last, numbers)
    for part in _begun(known, first, last, numbers):
        if sees.sees(part.province, part.ward):
            yield _Row(part.event_day, part.kind, part.province, part.ward, part.before, part.measures)


def _wards_stored(
    connection: Connection,
    known: Known,
    provinces: list[str],
    codes: list[str] | None,
    first: date,
    last: date,
    numbers: list[int],
    *,
    by_day: bool = True,
) -> Iterator[_Row]:
    """Yield what is stored of wards; summed over the days, under the first of them, unless told by day."""
    values = _bounds(known, first, last) | {"provinces": provinces, "wards": codes, "kinds": numbers}
    columns = "kind, province, ward, event_day" if by_day else "kind, province, ward"
    for row in connection.execute(_SQL["wards"].format(columns=columns), values):
        kind, province, ward = row[:3]
        day = row[3] if by_day else first
        yield _Row(day, kind, province, ward, province_before(ward), Measures(*row[-len(Measures._fields) :]))


def province_before(ward: str) -> str:
    """Return the old province of a ward of today, or nothing when it was made from several."""
    unit = areas.find(TODAY, ward) if ward else None
    found = provinces_before(unit) if unit is not None else frozenset()
    return next(iter(found)) if len(found) == 1 else ""


def _begun(known: Known, first: date, last: date, numbers: list[int]) -> Iterator[Part]:
    return (part for part in known.parts if part.kind in numbers and first <= part.event_day <= last)


def _bounds(known: Known, first: date, last: date) -> dict[str, Any]:
    return {"first": first, "last": last, "before_hour": known.before_hour}


def _summed(rows: Iterable[tuple[Key, Measures]]) -> dict[Key, Measures]:
    found: dict[Key, Measures] = {}
    for key, measures in rows:
        found[key] = found[key].plus(measures) if key in found else measures
    return found


def _area_figures(rows: Iterable[tuple[tuple[str, str], Measures]]) -> list[AreaFigure]:
    return [AreaFigure(code, kind, measures) for (code, kind), measures in sorted(_summed(rows).items())]
