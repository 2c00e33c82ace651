"""Official figures (area_count) for the board: by area and day, by province of either scheme, with what stands out.

A begun hour is not read from the log: official figures are told as known at the full hour before the moment.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.situation.moments import Known
from daumoi.situation.reach import Reach, reach
from daumoi.situation.spikes import Flag, flags

_SQL = statements("daumoi.situation", "board")
LATE_DAYS = 3
"""A figure reported more than so many days after its day was entered late."""


class OfficialFigure(NamedTuple):
    """One figure in its current state."""

    day: date
    system_id: int
    scheme: str
    code: str
    province: str
    """Path of the province of today: VN.01; VN for a figure of the whole country."""
    before: str
    """Code of the province of before 1 July 2025, or empty where that is not certain."""
    reported_at: datetime
    value: int
    is_corrected: bool
    """It was another value in an earlier hour of receipt."""

    @property
    def is_late(self) -> bool:
        """Whether it was reported more than LATE_DAYS days after its day."""
        return (self.reported_at.astimezone(VIET_NAM_TIME).date() - self.day).days > LATE_DAYS


class Source(NamedTuple):
    """Who gives which figures, of which days."""

    indicator: str
    span: str
    system_id: int
    first: date
    last: date


class Series(NamedTuple):
    """Figures by province over some days."""

    days: list[date]
    """Every day of the calendar from the first to the last."""
    values: dict[str, list[int | None]]
    """By code of a province: a value for each day, None where nothing was reported."""
    flags: dict[str, list[Flag]]
    """By code: days that stand out, by their place in `days`. Of span `day` only."""
    late: dict[str, list[int]]
    """By code: places of days of which a figure was reported late."""

    @property
    def total(self) -> int:
        """Sum of all that was reported."""
        return sum(value or 0 for values in self.values.values() for value in values)

    def by_day(self) -> list[int | None]:
        """Return the sum of the provinces for each day; None where none reported."""
        columns = list(zip(*self.values.values(), strict=True)) if self.values else [()] * len(self.days)
        return [
            sum(value for value in column if value is not None) if any(value is not None for value in column) else None
            for column in columns
        ]


def sources(connection: Connection) -> list[Source]:
    """Return which systems give which figures."""
    return [Source(*row) for row in connection.execute(_SQL["official_sources"])]


def official(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    indicator: str,
    first: date,
    last: date,
    span: str = "day",
    system_id: int | None = None,
) -> list[OfficialFigure]:
    """Return the figures of some days; of an area, day and system the one reported last."""
    sees = reach(scope)
    values = {
        "indicator": indicator,
        "span": span,
        "first": first,
        "last": last,
        "system": system_id,
        "before_hour": known.before_hour,
    }
    found = (OfficialFigure(*row) for row in connection.execute(_SQL["official"], values))
    return [figure for figure in found if _is_seen(sees, figure)]


def _is_seen(sees: Reach, figure: OfficialFigure) -> bool:
    unit = areas.find(figure.scheme, figure.code)
    return sees.sees_path(unit.path if unit is not None else None)


def by_province(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    scheme: str,
    indicator: str,
    system_id: int,
    first: date,
    last: date,
    span: str = "day",
) -> Series:
    """Return one system's figures of provinces, by the 34 of today or the 63 of before, as a value for each day.

    A province of today has the sum of the old ones that went into it; it has none on days of which none of them
    reported. Figures of wards, districts and the country are not added: they would count twice. A figure given for one
    of today's provinces that was merged is not given to any old one.
    """
    if scheme not in (TODAY, BEFORE):
        raise ValueError(f"provinces are drawn in {TODAY} or {BEFORE}")
    figures = official(
        connection, scope, known, indicator=indicator, span=span, first=first, last=last, system_id=system_id
    )
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    values: dict[str, list[int | None]] = defaultdict(lambda: [None] * len(days))
    late: dict[str, list[int]] = defaultdict(list)
    for figure in figures:
        unit = areas.find(figure.scheme, figure.code)
        code = figure.province[3:] if scheme == TODAY else figure.before
        if unit is None or unit.level not in ("province", "subdivision") or not code:
            continue
        place = (figure.day - first).days
        values[code][place] = (values[code][place] or 0) + figure.value
        if figure.is_late and place not in late[code]:
            late[code].append(place)
    ordered = dict(sorted(values.items()))
    standing_out = {code: flags(series) for code, series in ordered.items()} if span == "day" else {}
    return Series(
        days,
        ordered,
        {code: found for code, found in standing_out.items() if found},
        {code: places for code, places in sorted(late.items()) if places},
    )


def history(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    indicator: str,
    day: date,
    system_id: int,
    scheme: str,
    code: str,
    span: str = "day",
) -> list[tuple[datetime, int | None]]:
    """Return what one figure was at the end of each hour of receipt that changed it; None when it was withdrawn."""
    unit = areas.find(scheme, code)
    if not reach(scope).sees_path(unit.path if unit is not None else None):
        return []
    values = {
        "indicator": indicator,
        "span": span,
        "day": day,
        "system": system_id,
        "scheme": scheme,
        "code": code,
        "before_hour": known.before_hour,
    }
    standing: dict[datetime, tuple[int, int]] = {}
    told: dict[datetime, int | None] = {}
    for hour, reported_at, value, figures in connection.execute(_SQL["official_history"], values):
        before = standing.get(reported_at, (0, 0))
        standing[reported_at] = (before[0] + value, before[1] + figures)
        kept = [at for at, (_, many) in standing.items() if many > 0]
        told[hour + timedelta(hours=1)] = standing[max(kept)][0] if kept else None
    return list(told.items())
