"""Figures of the log that are read from the database: how far its internal readers and its archive are behind."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.log.archive import CONSUMER as ARCHIVE
from daumoi.log.archive import next_range
from daumoi.log.selectors import heads

HOT_TABLES = ("head", "consumer", "receipt", "claim")
"""Tables that every append writes to; dead rows in `head` slow all of them."""


class ReaderLag(NamedTuple):
    """Where an internal reader stands: records to do, and the age in seconds of the oldest of them."""

    consumer: str
    kind: str
    records: int
    seconds: float


class ArchiveOverdue(NamedTuple):
    """How long a range of a kind has been closed without being archived, in seconds; 0 when none waits."""

    kind: str
    seconds: float


class LogFigures(NamedTuple):
    """What the log says of those who follow it."""

    lags: list[ReaderLag]
    overdue: list[ArchiveOverdue]


_LAGS = """
SELECT n.name, h.name, h.seq - coalesce(c.seq, 0),
       coalesce(extract(epoch FROM %(now)s - (
           SELECT r.received_at FROM record r
           WHERE r.kind = h.kind AND r.seq = greatest(coalesce(c.seq, 0) + 1, h.oldest) AND h.seq > coalesce(c.seq, 0)
       )), 0)::float8
FROM head h CROSS JOIN unnest(%(names)s::text[]) n(name)
LEFT JOIN consumer c ON c.kind = h.kind AND c.name = n.name ORDER BY 1, 2
"""


def look(connection: Connection, *, consumers: Sequence[str], archive_rows: int, now: datetime) -> LogFigures:
    """Read how far each reader is behind. The archive's lag counts what is not closed yet; `overdue` does not."""
    rows = connection.execute(_LAGS, {"now": now, "names": [*consumers, ARCHIVE]}).fetchall()
    lags = [ReaderLag(name, kind, max(0, records), max(0.0, seconds)) for name, kind, records, seconds in rows]
    overdue = [
        ArchiveOverdue(head.kind, _overdue(connection, head.kind, head.number, archive_rows, now))
        for head in heads(connection)
    ]
    return LogFigures(lags, overdue)


def _overdue(connection: Connection, kind: str, number: int, archive_rows: int, now: datetime) -> float:
    found = next_range(connection, kind=kind, number=number, rows=archive_rows, now=now)
    if found is None:
        return 0.0
    row = connection.execute(
        "SELECT received_at FROM record WHERE kind = %s AND seq = %s", (number, found.last)
    ).fetchone()
    if row is None:
        return 0.0
    closed_at: datetime = row[0]
    if found.last - found.first + 1 < archive_rows:
        day = closed_at.astimezone(VIET_NAM_TIME).date() + timedelta(days=1)
        closed_at = datetime.combine(day, datetime.min.time(), VIET_NAM_TIME)
    return max(0.0, (now - closed_at).total_seconds())


def families(found: LogFigures | None) -> Iterable[Metric]:
    """Write the figures for Prometheus; without figures, their names alone."""
    records = GaugeMetricFamily(
        "daumoi_consumer_lag_records", "Records an internal reader has to do.", labels=("consumer", "kind")
    )
    seconds = GaugeMetricFamily(
        "daumoi_consumer_lag_seconds", "Age of the oldest record it has to do.", labels=("consumer", "kind")
    )
    overdue = GaugeMetricFamily(
        "daumoi_archive_overdue_seconds",
        "Time since a range was closed (full, or its day over) that is not archived yet; 0 when none waits.",
        labels=("kind",),
    )
    if found is not None:
        for lag in found.lags:
            records.add_metric((lag.consumer, lag.kind), lag.records)
            seconds.add_metric((lag.consumer, lag.kind), lag.seconds)
        for one in found.overdue:
            overdue.add_metric((one.kind,), one.seconds)
    yield from (records, seconds, overdue)
