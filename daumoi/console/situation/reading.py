"""Reads the figures of the board: one connection, some twenty short queries, nothing counted live."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from daumoi.accounts.scope import Scope
from daumoi.console.situation.question import Question, wards_within
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log.selectors import stated
from daumoi.organisations import registry
from daumoi.places import checkpoints as places
from daumoi.rulepacks import selectors as rulepacks
from daumoi.rulepacks.pack import NoRule, Pack
from daumoi.rulepacks.vocabulary.operations import ReportHandling, Reporting
from daumoi.situation import board
from daumoi.situation.counting import COUNTERS
from daumoi.situation.flows import Flow, flows, waiting
from daumoi.situation.likeness import PeopleFigure, people
from daumoi.situation.moments import Known, Measures, known_at, known_now
from daumoi.situation.official import Series, Source, by_province, sources
from daumoi.situation.reach import reach

CURVE_DAYS = 14
OFFICIAL_DAYS = 60
"""The curves go so far back when fewer days are asked for."""
HOURS = 24
CHECKPOINTS = 12
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class CutOff:
    """A moment at which a body cuts the figures of a day."""

    track: str
    at: datetime
    text: str
    """Hours and minutes."""


@dataclass(frozen=True)
class OfficialFigures:
    """Official figures of one source over the days asked for, and some before for the curve."""

    source: Source
    series: Series
    first: date
    """The first day asked for; the series may begin earlier."""


@dataclass(frozen=True)
class Situation:
    """All that one page shows."""

    question: Question
    now: datetime
    known: Known
    scope: Scope
    """Of the reader, not narrowed to the area."""
    days: dict[tuple[date, str], Measures]
    """By day of event and kind, at least CURVE_DAYS days."""
    kinds: dict[str, Measures]
    """By kind, of the days asked for."""
    people: list[PeopleFigure]
    received: board.Received
    since: datetime
    """Beginning of the first of the HOURS hours."""
    provinces: board.Provinces
    wards: dict[str, dict[str, Measures]]
    checkpoints: list[board.PlaceFigure]
    """The busiest CHECKPOINTS."""
    places: dict[int, str]
    """Their names; one of which the record was dropped has none."""
    reports: board.Reports
    overdue_days: int
    flows: list[Flow]
    systems: dict[int, str]
    """Names of the systems; a reader who does not see the whole country is told none."""
    held: int
    lag: int
    """Records that the counters have still to count."""
    sources: list[Source]
    official: OfficialFigures | None
    cut_offs: list[CutOff]
    newest_day: date | None
    """Where nothing is known of the days asked for: the last day of which there is something."""

    @property
    def total(self) -> Measures:
        """All kinds together, official figures apart: they are no event of anybody."""
        total = Measures()
        for kind, measures in self.kinds.items():
            if kind != "area_count":
                total = total.plus(measures)
        return total

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show of these days."""
        return not any(measures.records for measures in self.kinds.values())


def read(hub: Hub, scope: Scope, question: Question) -> Situation:
    """Read it all; raises psycopg.Error when the database does not answer."""
    now = hub.clock.now()
    area = question.area
    before = area.before if area else None
    sees = scope.within(area.paths) if area and area.paths else scope
    first, last = question.first, question.last
    with hub.pool.connection() as connection:
        known = known_at(connection, question.known, now=now) if question.known else known_now(connection, now=now)
        first_shown = min(question.first, question.last - timedelta(days=CURVE_DAYS - 1))
        days = board.by_day(connection, sees, known, first=first_shown, last=question.last, before=before)
        begun = known.at.replace(minute=0, second=0, microsecond=0)
        until = begun + _HOUR if known.is_now else begun
        pack = rulepacks.leading(connection)
        overdue_days = _overdue_days(pack, question.last)
        stands = waiting(connection)
        everything = scope.nationwide
        offers = sources(connection)
        kinds = _of_days(days, question.first)
        gates = _checkpoints(connection, sees, known, question)
        return Situation(
            question=question,
            now=now,
            known=known,
            scope=scope,
            days=days,
            kinds=kinds,
            people=_people(connection, scope, question) if known.is_now else [],
            received=board.received(connection, sees, since=until - HOURS * _HOUR, until=until, before=before),
            since=until - HOURS * _HOUR,
            provinces=board.provinces(connection, scope, known, scheme=question.scheme, first=first, last=last),
            wards=_wards(connection, sees, known, question),
            checkpoints=gates,
            places=_names_of(connection, [gate.place for gate in gates]),
            reports=board.reports(connection, sees, known, overdue_days=overdue_days, before=before)[0],
            overdue_days=overdue_days,
            flows=flows(connection, scope, now=now),
            systems=_names(connection) if everything or offers else {},
            held=sum(stands.held.values()),
            lag=sum(lag.lag for lag in stands.lags if lag.name == COUNTERS),
            sources=offers,
            official=_official(hub, connection, sees, known, question, offers, _counted(stands.lags)),
            cut_offs=_cut_offs(pack, question.last, now),
            newest_day=None if kinds else board.newest_day(connection),
        )


def _of_days(days: dict[tuple[date, str], Measures], first: date) -> dict[str, Measures]:
    found: dict[str, Measures] = {}
    for (day, kind), measures in days.items():
        if day >= first:
            found[kind] = found.get(kind, Measures()).plus(measures)
    return found


def _people(connection: Connection, scope: Scope, question: Question) -> list[PeopleFigure]:
    """Events and people of the area asked for; none where only part of the area is seen: people do not add up."""
    area = question.area
    first, last = question.first, question.last
    if area is None:
        sees = reach(scope)
        if sees.everything:
            return people(connection, scope, level="country", first=first, last=last)
        return (
            people(connection, scope, level="province", first=first, last=last)
            if len(sees.provinces) == 1 and not sees.wards
            else []
        )
    level = "ward" if area.is_ward else "province_before" if area.before else "province"
    return [
        figure
        for figure in people(connection, scope, level=level, first=first, last=last)
        if figure.area == area.unit.code
    ]


def _wards(connection: Connection, sees: Scope, known: Known, question: Question) -> dict[str, dict[str, Measures]]:
    area = question.area
    if area is None or area.is_ward:
        return {}
    figures = board.wards(connection, sees, known, province=area.province, first=question.first, last=question.last)
    kept = wards_within(area.before) if area.before else None
    found: dict[str, dict[str, Measures]] = defaultdict(dict)
    for figure in figures:
        if kept is None or figure.code in kept:
            found[figure.code][figure.kind] = figure.measures
    return dict(found)


def _checkpoints(connection: Connection, sees: Scope, known: Known, question: Question) -> list[board.PlaceFigure]:
    paths = places.paths(connection)
    if not paths:
        return []
    if question.area and question.area.before:
        kept = wards_within(question.area.before)
        paths = {place: path for place, path in paths.items() if path and path.rpartition(".")[2] in kept}
    return board.checkpoints(
        connection, sees, known, first=question.first, last=question.last, paths=paths, most=CHECKPOINTS
    )


def _names_of(connection: Connection, found: list[int]) -> dict[int, str]:
    """Names of checkpoints, as their newest records say."""
    receipts = places.receipts(connection, found) if found else {}
    keys = [(key, revision) for _, key, revision in receipts.values()]
    facts = stated(connection, kind=KINDS["checkpoint"].number, receipts=keys)
    return {place: str(facts[key].body.get("name", "")) for place, (_, key, _) in receipts.items() if key in facts}


def _names(connection: Connection) -> dict[int, str]:
    return {system.id: system.name for system in registry.load(connection).systems.values()}


def _counted(lags: Iterable[object]) -> int:
    """Up to which official figure the counters have come: what is kept of them is good up to then."""
    return next(
        (lag.position for lag in lags if lag.name == COUNTERS and lag.kind == "area_count"),  # type: ignore[attr-defined]
        0,
    )


def _official(
    hub: Hub,
    connection: Connection,
    sees: Scope,
    known: Known,
    question: Question,
    offers: list[Source],
    counted: int,
) -> OfficialFigures | None:
    source = next((each for each in offers if source_key(each) == question.official), offers[0] if offers else None)
    if source is None:
        return None
    area = question.area
    first = min(question.first, question.last - timedelta(days=OFFICIAL_DAYS - 1))
    key = (hub.dsn, reach(sees), question.scheme, source[:3], first, question.last, known.before_hour, counted)
    series = _kept.get(key)
    if series is None:
        series = by_province(
            connection,
            sees,
            known,
            scheme=question.scheme,
            indicator=source.indicator,
            system_id=source.system_id,
            span=source.span,
            first=first,
            last=question.last,
        )
        _kept.put(key, series)
    if area is not None and area.unit.scheme == question.scheme:
        code = area.unit.code
        series = Series(
            series.days,
            {each: values for each, values in series.values.items() if each == code},
            {each: found for each, found in series.flags.items() if each == code},
            {each: found for each, found in series.late.items() if each == code},
        )
    return OfficialFigures(source, series, question.first)


def source_key(source: Source) -> str:
    """Name a source as it stands in an address."""
    return f"{source.indicator}/{source.span}/{source.system_id}"


class _Kept:
    """The last series that were read: to mark the spikes of 63 provinces costs more than all queries together."""

    def __init__(self, most: int) -> None:
        self._most, self._guard = most, Lock()
        self._series: OrderedDict[object, Series] = OrderedDict()

    def get(self, key: object) -> Series | None:
        with self._guard:
            found = self._series.get(repr(key))
            if found is not None:
                self._series.move_to_end(repr(key))
            return found

    def put(self, key: object, series: Series) -> None:
        with self._guard:
            self._series[repr(key)] = series
            while len(self._series) > self._most:
                self._series.popitem(last=False)


_kept = _Kept(16)


def _overdue_days(pack: Pack | None, on: date) -> int:
    found = rulepacks.at(pack, on).rule(ReportHandling) if pack else None
    return found.value.overdue_days if found and not isinstance(found, NoRule) else board.OVERDUE_DAYS


def _cut_offs(pack: Pack | None, on: date, now: datetime) -> list[CutOff]:
    """Return the cut-offs of a day that have passed, the earliest first."""
    found = []
    for group, track in pack.tracks() if pack else ():
        rule = rulepacks.at(pack, on).rule(Reporting, track) if pack and group == Reporting.GROUP else None
        if rule is None or isinstance(rule, NoRule):
            continue
        text = rule.value.cut_off_local_time
        at = datetime.fromisoformat(f"{on}T{text}").replace(tzinfo=VIET_NAM_TIME)
        if at < now:
            found.append(CutOff(track, at, text))
    return sorted(found, key=lambda cut_off: cut_off.at)
