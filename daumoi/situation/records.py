"""The records behind a figure: page by page by their number, newest first, in the scope of the reader. Facts alone.

There is no index of records by area or day, and none is kept for this: records of a day are looked for in the ranges
of numbers of which the counters noted that some lie there, records received in some hours by halving. So a page reads
at most RANGES ranges; when that did not fill it, it says where to go on.
"""

from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from daumoi.accounts.scope import Scope
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.kinds.registry import KINDS
from daumoi.log.selectors import numbers_at
from daumoi.situation.counting import BLOCK
from daumoi.situation.moments import Known
from daumoi.situation.reach import reach

_SQL = statements("daumoi.situation", "records")
RANGES = 3
"""Ranges of 20,000 numbers that one page reads at most: some 60 ms."""
_INSTANT = timedelta(microseconds=1)
_LAST_NUMBER = 2**62

Only: TypeAlias = Literal["", "denied", "referred", "symptomatic", "open", "closed"]
"""Records of one state: of passages, declarations, reports. Empty: all."""
ONLY: tuple[Only, ...] = ("", "denied", "referred", "symptomatic", "open", "closed")


class Listed(NamedTuple):
    """One record, without anybody's name, number or words."""

    seq: int
    system_id: int
    op: int
    """1 assert, 2 correct, 3 withdraw."""
    occurred_at: datetime | None
    received_at: datetime
    path: str | None
    area_scheme: str | None
    area_code: str | None
    place: int | None
    facts: dict[str, Any]
    """Some coded fields of its body: decision, direction, category, whether a symptom was named, …"""


class Listing(NamedTuple):
    """One page."""

    records: list[Listed]
    next: int | None
    """Records below this number come on the next page; None when there is none."""
    is_full: bool
    """Whether the page has as many as asked for; a page that is not and has a next one only read as far as it may."""


def of_days(
    connection: Connection,
    scope: Scope,
    known: Known,
    *,
    kind: str,
    first: date,
    last: date,
    before: str | None = None,
    only: Only = "",
    below: int | None = None,
    limit: int = 50,
) -> Listing:
    """Return the records that the figures of some days of event (UTC+7) count, as known at a moment.

    `before`: only what is certain to be of one of the 63 provinces of before. Raises KeyError for an unknown kind.
    Three queries at most, and one more for each range.
    """
    number = KINDS[kind].number
    upto = _LAST_NUMBER
    if not known.is_now:
        at = known.at if known.at > known.before_hour else known.at - _INSTANT
        upto = numbers_at(connection, (at,)).get((number, at), 0)
    high = min(upto, (below or _LAST_NUMBER) - 1)
    values = _values(scope, number, before=before, only=only) | {
        "first": first,
        "last": last,
        "standing": True,
        "known": upto,
    }
    asked = values | {"block": BLOCK, "upto": high, "most": RANGES + 1}
    blocks = [block for (block,) in connection.execute(_SQL["blocks"], asked)]
    ranges = [(block * BLOCK, min(high, block * BLOCK + BLOCK - 1)) for block in blocks[:RANGES]]
    return _read(connection, values, ranges, limit, more=len(blocks) > RANGES)


def received_between(
    connection: Connection,
    scope: Scope,
    *,
    kind: str,
    since: datetime,
    until: datetime,
    before: str | None = None,
    only: Only = "",
    below: int | None = None,
    limit: int = 50,
) -> Listing:
    """Return the rows of the log received from `since` up to `until`, corrections and withdrawals among them."""
    number = KINDS[kind].number
    ends = (since - _INSTANT, until - _INSTANT)
    found = numbers_at(connection, ends)
    low = found.get((number, ends[0]), 0) + 1
    high = min(found.get((number, ends[1]), 0), (below or _LAST_NUMBER) - 1)
    values = _values(scope, number, before=before, only=only) | {
        "first": None,
        "last": None,
        "standing": False,
        "known": 0,
    }
    ranges: list[tuple[int, int]] = []
    while high >= low and len(ranges) < RANGES:
        ranges.append((max(low, high - BLOCK + 1), high))
        high -= BLOCK
    return _read(connection, values, ranges, limit, more=high >= low)


def _values(scope: Scope, number: int, *, before: str | None, only: Only) -> dict[str, Any]:
    sees = reach(scope)
    return {
        "kind": number,
        "everything": sees.everything,
        "provinces": sorted(sees.provinces),
        "wards": sorted(f"{province}.{code}" for province, codes in sees.wards.items() for code in codes),
        "before": before,
        "only": only,
    }


def _read(
    connection: Connection, values: dict[str, Any], ranges: list[tuple[int, int]], limit: int, *, more: bool
) -> Listing:
    records: list[Listed] = []
    for low, high in ranges:
        wanted = values | {"low": low, "high": high, "limit": limit + 1 - len(records)}
        records += [Listed(*row) for row in connection.execute(_SQL["rows"], wanted)]
        if len(records) > limit:
            return Listing(records[:limit], records[limit - 1].seq, True)
    return Listing(records, ranges[-1][0] if more and ranges else None, len(records) == limit)
