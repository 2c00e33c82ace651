"""Proves that the figures are those of the log: counts closed hours again, by the same statements, and compares.

The statements write to temporary tables of the same names, so what is proved is that no range was left out or counted
twice and nothing was changed by hand. That the statements themselves count rightly is proved by tests.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from daumoi.core import facts
from daumoi.core.database import Connection, connect
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.kinds.registry import BY_NUMBER
from daumoi.log.selectors import numbers_at
from daumoi.situation.counting import COUNTERS, NUMBERS, add

_SQL = statements("daumoi.situation", "recounting")
_STEP = 20_000
_WINDOW = timedelta(hours=24)
RECORDS_MAX = 20_000_000
"""Records of a kind that one run counts, the newest: some two minutes a million beside other work."""
FACT = "recount"
"""Where the result of the last run is kept, so that it outlives the process."""

_STATE = ("records", "denied", "referred", "symptomatic", "closed")
_TABLES: dict[str, tuple[Sequence[str], str]] = {
    "province_figure": (("received", *_STATE), "kind = %(kind)s"),
    "ward_figure": (_STATE, "kind = %(kind)s"),
    "place_figure": (("records", "denied", "referred"), "%(kind)s = %(passage)s"),
    "flow_figure": (("accepted", "corrected", "withdrawn"), "kind = %(kind)s"),
    "latency_figure": (("records",), "kind = %(kind)s"),
    "official_figure": (("value", "figures"), "%(kind)s = %(official)s"),
}
"""Each table of figures: its measures, and which of its rows belong to a kind."""


class Result(msgspec.Struct):
    """What a recount found."""

    ended_at: datetime
    records: int = 0
    """Records that were counted again."""
    hours: int = 0
    """Hours of a kind that were compared."""
    doubtful_hours: int = 0
    """Hours that cannot be compared: they correct what retention has dropped."""
    differing: dict[str, int] = {}
    """Rows that differ, by table; no table when all is right."""
    mended: bool = False


class _Window(NamedTuple):
    kind: int
    oldest: int
    begins: datetime
    ends: datetime
    first: int
    last: int


def recount(hub: Hub, *, mend: bool = False, counted: Callable[[int], None] = lambda _records: None) -> Result:
    """Count the closed hours of every kind again and compare; `mend` puts right the hours that differ.

    At most RECORDS_MAX records a kind, the newest. Each statement is a transaction of its own, some 100 ms; the figures
    of closed hours do not change meanwhile. Keeps the result as a fact of the hub. `counted` is told of progress.
    """
    result = Result(hub.clock.now(), mended=mend)
    with connect(hub.dsn, "daumoi recount") as connection:
        for statement in _SQL["shadow"].split(";"):
            connection.execute(statement)
        for window in _windows(connection, hub.clock.now()):
            _compare(connection, window, result, mend=mend, counted=counted)
        for kind in BY_NUMBER:
            _compare_days(hub.dsn, kind, result, mend=mend)
        connection.execute(_SQL["forget_marks"])
        result.ended_at = hub.clock.now()
        facts.write(connection, FACT, msgspec.json.encode(result).decode())
    return result


def last_result(connection: Connection) -> Result | None:
    """Return what the last recount found; None before the first."""
    text = facts.read(connection, FACT)
    return None if text is None else msgspec.json.decode(text, type=Result)


def _windows(connection: Connection, now: datetime) -> Iterator[_Window]:
    """Yield stretches of whole, closed, wholly kept hours, each a day at most, in which anything came."""
    for kind, oldest, last, began, ended in connection.execute(_SQL["standing"], (COUNTERS,)).fetchall():
        # The hour of the last counted record is closed when all is counted and the hour is over.
        upto = min(_hour(now), _hour(ended) + timedelta(hours=1))
        lowest = max(oldest, last - RECORDS_MAX + 1)
        begins = _hour(began)
        if lowest > 1:
            row = connection.execute(
                "SELECT received_at FROM record WHERE kind = %s AND seq = %s", (kind, lowest)
            ).fetchone()
            begins = _hour(row[0] if row else began) + timedelta(hours=1)
        if not _is_all_counted(connection, kind, last):
            upto = min(upto, _hour(ended))
        while begins < upto:
            ends = min(begins + _WINDOW, upto)
            bounds = [at - timedelta(microseconds=1) for at in (begins, ends)]
            numbers = numbers_at(connection, bounds)
            first, end = (numbers[kind, at] for at in bounds)
            if end > first:
                yield _Window(kind, oldest, begins, ends, first + 1, end)
            begins = ends


def _is_all_counted(connection: Connection, kind: int, last: int) -> bool:
    row = connection.execute("SELECT seq FROM head WHERE kind = %s", (kind,)).fetchone()
    return row is not None and row[0] == last


def _compare(
    connection: Connection, window: _Window, result: Result, *, mend: bool, counted: Callable[[int], None]
) -> None:
    kind = window.kind
    connection.execute(_SQL["clear"])
    unmarked = 0
    for first in range(window.first, window.last + 1, _STEP):
        values = {"kind": kind, "first": first, "last": min(window.last, first + _STEP - 1)}
        add(connection, values)
        row = connection.execute(_SQL["unmarked"], values).fetchone()
        unmarked += row[0] if row else 0
        counted(values["last"] - first + 1)
    whole = {"kind": kind, "first": window.first, "last": window.last, "oldest": window.oldest}
    doubtful = [row[0] for row in connection.execute(_SQL["doubtful"], whole)]
    result.records += window.last - window.first + 1
    result.hours += int((window.ends - window.begins) / timedelta(hours=1)) - len(doubtful)
    result.doubtful_hours += len(doubtful)
    if unmarked:
        result.differing["state_replaced"] = result.differing.get("state_replaced", 0) + unmarked
    values_of_rows: dict[str, Any] = NUMBERS | {
        "kind": kind,
        "from": window.begins,
        "to": window.ends,
        "doubtful": doubtful,
    }
    for table, (measures, is_of_kind) in _TABLES.items():
        some = f"({' <> 0 OR '.join(measures)} <> 0)"
        rows = f"{_SQL['rows']} AND {is_of_kind} AND {some}"
        row = connection.execute(_SQL["differing"].format(table=table, rows=rows), values_of_rows).fetchone()
        differing = row[0] if row else 0
        if differing:
            result.differing[table] = result.differing.get(table, 0) + differing
        if differing and mend:
            every = f"{_SQL['rows']} AND {is_of_kind}"
            with connection.transaction():
                connection.execute(_SQL["drop_wrong"].format(table=table, rows=every), values_of_rows)
                connection.execute(_SQL["put_right"].format(table=table, rows=every), values_of_rows)


def _compare_days(dsn: str, kind: int, result: Result, *, mend: bool) -> None:
    """Compare the sums of days with the hours they are made of; on a session that sees the real tables.

    The counters write both in one transaction, so a statement sees both or neither. While days are put right the
    cursor's row is held, and the counters of the kind wait.
    """
    with connect(dsn, "daumoi recount") as connection:
        row = connection.execute(_SQL["days_differing"], {"kind": kind}).fetchone()
        differing = row[0] if row else 0
        if differing:
            result.differing["day_figure"] = result.differing.get("day_figure", 0) + differing
        if differing and mend:
            with connection.transaction():
                connection.execute("SELECT FROM consumer WHERE name = %s AND kind = %s FOR UPDATE", (COUNTERS, kind))
                connection.execute(_SQL["forget_days"], {"kind": kind})
                connection.execute(_SQL["sum_days"], {"kind": kind})


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
