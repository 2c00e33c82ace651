"""Reconciled days as the nights have kept them: of one way out, of one day, and of all ways what is not well.

Nothing here passes over the log, except for the day that is not over, and then only while it has few records. What was
kept is what stood when the day was counted last: a day is counted again for seven nights (`recounting.py`).
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import reconciliation
from daumoi.exchange.reading import Head
from daumoi.exchange.reconciliation import DayGone, Destination, Figures
from daumoi.exchange.recounting import BACK_DAYS
from daumoi.exchange.tenures import puts

_SQL = statements("daumoi.exchange", "reconciled")
_PROVING = statements("daumoi.exchange", "proving")
DAYS = 30
"""Days of one page."""
PAGE = 50
"""Lines of one page of what is not well."""
LIVE_RECORDS = 10_000
"""Of a day that is not over: with more records than these in one of its kinds, it is not worked out for a page."""
_LAST = 2**31 - 1
Verdict = Literal["equal", "differs", "summed", "nothing", "open", "awaited", "gone", "uncounted"]
"""What the recount says of a day: equal; differs; only changes of people, which are not counted again; nothing was in
scope; not over; not counted yet; records no longer kept; not counted, and no night will."""


class Day(NamedTuple):
    """One day of a way out. Without figures nothing was kept of it."""

    day: date
    figures: Figures | None
    difference: int | None
    """Records by which the recount differs; None where none was made."""
    at: datetime | None
    """When it was counted last."""
    verdict: Verdict
    is_signed: bool
    """Whether a statement of the day is kept for the receiver."""


class KindDay(NamedTuple):
    """One kind on one day of a way out, as it was kept."""

    kind: str
    figures: Figures
    difference: int | None
    at: datetime


class Under(NamedTuple):
    """One kind under one version of an agreement."""

    kind: str
    agreement: int
    version: int
    figures: Figures


class Trouble(NamedTuple):
    """A day of a way out on which something is not well."""

    day: date
    destination: int
    receiver: int
    way: str
    name: str
    waiting: int
    """Records that waited still a day after the day's end."""
    failed: int
    difference: int
    at: datetime


def days(
    connection: Connection, destination: Destination, *, today: date, last: date, most: int = DAYS
) -> tuple[list[Day], bool]:
    """Return the days up to `last`, newest first, and whether there are earlier ones. Four statements."""
    span = {"destination": destination.id, "receiver": destination.receiver}
    span |= {"first": last - timedelta(days=most - 1), "last": last}  # type: ignore[dict-item]
    kept = {row[0]: row[1:] for row in connection.execute(_SQL["days"], span)}
    signed = {row[0] for row in connection.execute(_SQL["signed"], span)}
    oldest = _oldest(connection, destination)
    row = connection.execute(_SQL["has_earlier"], span).fetchone()
    found: list[Day] = []
    for back in range(most):
        on = last - timedelta(days=back)
        figures, difference, at = None, None, None
        if on in kept:
            *numbers, difference, at = kept[on]
            figures = Figures(*numbers)
        verdict = _verdict(on, today, figures, difference, is_signed=on in signed, oldest=oldest)
        found.append(Day(on, figures, difference, at, verdict, on in signed))
    return found, bool(row and row[0])


def kinds_of(connection: Connection, *, destination: int, day: date) -> list[KindDay]:
    """Return what was kept of one day of a way out, kind by kind."""
    rows = connection.execute(_SQL["kinds"], (destination, day))
    return [KindDay(kind, Figures(*numbers), difference, at) for kind, *numbers, difference, at in rows]


def open_day(hub: Hub, connection: Connection, destination: Destination, *, today: date) -> list[Under] | None:
    """Work out the day that is not over, as it stands; None when it has too many records for a page to wait for it."""
    kinds = [(name, Head(*rest)) for name, *rest in connection.execute(_PROVING["kinds"]).fetchall()]
    taken = [
        reconciliation.day_of(connection, kind=kind, kind_name=name, day=today)
        for name, kind in kinds
        if destination.takes(name)
    ]
    if any(each.last - each.first >= LIVE_RECORDS for each in taken):
        return None
    held = puts(connection, receiver=destination.receiver)
    found: list[Under] = []
    for each in taken:
        if each.last < each.first:
            continue
        try:
            by = reconciliation.reckon(hub, connection, destination, each, held=held).by
        except DayGone:
            continue
        found += [Under(each.kind_name, *key, figures) for key, figures in sorted(by.items()) if figures.in_scope]
    return found


def troubles(
    connection: Connection, *, today: date, behind: tuple[date, int] | None = None, most: int = PAGE
) -> tuple[list[Trouble], tuple[date, int] | None]:
    """Return the days of the last thirty on which a recount differs, records failed or still waited a day later.

    Of all ways out, newest first, behind a day and way out; with where the next page begins, None at the end.
    """
    last, before = behind or (today, _LAST)
    values = {"first": today - timedelta(days=DAYS), "last": last, "before": before, "most": most + 1}
    found = [Trouble(*row) for row in connection.execute(_SQL["troubled"], values)]
    more = len(found) > most
    found = found[:most]
    return found, (found[-1].day, found[-1].destination) if more else None


def _oldest(connection: Connection, destination: Destination) -> list[date | None]:
    """Return, of its kinds of which records were dropped, the day of the oldest that is kept; None: all were."""
    rows: Iterable[tuple[str, datetime | None]] = connection.execute(_SQL["oldest"])
    return [
        at.astimezone(VIET_NAM_TIME).date() if at is not None else None for kind, at in rows if destination.takes(kind)
    ]


def _verdict(
    day: date,
    today: date,
    figures: Figures | None,
    difference: int | None,
    *,
    is_signed: bool,
    oldest: list[date | None],
) -> Verdict:
    if figures is not None:
        if difference is None:
            return "summed"
        return "differs" if difference else "equal"
    if day >= today:
        return "open"
    if is_signed:
        return "nothing"  # the night that signed it has counted before
    if any(kept_from is None or day <= kept_from for kept_from in oldest):
        return "gone"
    return "awaited" if day >= today - timedelta(days=BACK_DAYS) else "uncounted"
