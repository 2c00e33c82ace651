"""Figures of PostgreSQL, from its own views (PostgreSQL documentation, chapter 27: the cumulative statistics system).

Only what every role may read is asked; of other roles' sessions in the same cluster PostgreSQL tells no instants, so
the oldest transaction is the oldest of our own role.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from daumoi.core import facts
from daumoi.core.database import Connection

_CHECKPOINTER_SINCE = 170000


class TableFigure(NamedTuple):
    """Rows of a table, living and dead, and when it was last cleaned."""

    name: str
    live: int
    dead: int
    vacuumed_at: datetime | None


class DatabaseFigures(NamedTuple):
    """What PostgreSQL says of itself. Sizes in bytes, ages in seconds; counts since its statistics began."""

    size: int
    wal: int
    checkpoints_timed: int
    checkpoints_requested: int
    oldest_transaction_s: float
    connections: dict[str, int]
    """By state: active, idle, in transaction, other."""
    connections_max: int
    transaction_id_age: int
    blocks_read: int
    blocks_hit: int
    deadlocks: int
    archive_failures: int
    archived_at: datetime | None
    shared_buffers: int
    max_wal: int
    now: datetime
    backed_up_at: datetime | None
    tables: list[TableFigure]


_CHECKPOINTS_NEW = "SELECT num_timed, num_requested FROM pg_stat_checkpointer"
_CHECKPOINTS_OLD = "SELECT checkpoints_timed, checkpoints_req FROM pg_stat_bgwriter"
_OF_DATABASE = """
SELECT pg_database_size(current_database()), (SELECT wal_bytes::bigint FROM pg_stat_wal),
       d.blks_read, d.blks_hit, d.deadlocks,
       (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()),
       current_setting('max_connections')::int, pg_size_bytes(current_setting('shared_buffers')),
       pg_size_bytes(current_setting('max_wal_size')), clock_timestamp()
FROM pg_stat_database d WHERE d.datname = current_database()
"""
_OF_SESSIONS = """
SELECT CASE WHEN state = 'active' THEN 'active' WHEN state = 'idle' THEN 'idle'
            WHEN state LIKE 'idle in transaction%' THEN 'in transaction' ELSE 'other' END,
       count(*), coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1
"""
_OF_TABLES = """
SELECT relname, n_live_tup, n_dead_tup, greatest(last_vacuum, last_autovacuum)
FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = ANY(%s) ORDER BY relname
"""


def look(connection: Connection, tables: Sequence[str]) -> DatabaseFigures:
    """Read PostgreSQL's figures, with those of some tables of the schema `public`."""
    of_database = connection.execute(_OF_DATABASE).fetchone()
    newer = connection.info.server_version >= _CHECKPOINTER_SINCE
    checkpoints = connection.execute(_CHECKPOINTS_NEW if newer else _CHECKPOINTS_OLD).fetchone()
    archiver = connection.execute("SELECT failed_count, last_archived_time FROM pg_stat_archiver").fetchone()
    assert of_database is not None and checkpoints is not None and archiver is not None
    sessions = connection.execute(_OF_SESSIONS).fetchall()
    size, wal, read, hit, deadlocks, id_age, connections_max, shared_buffers, max_wal, now = of_database
    backed_up = facts.read(connection, facts.LAST_BACKUP)
    return DatabaseFigures(
        size=size,
        wal=wal,
        checkpoints_timed=checkpoints[0],
        checkpoints_requested=checkpoints[1],
        oldest_transaction_s=max((row[2] for row in sessions), default=0.0),
        connections={row[0]: row[1] for row in sessions},
        connections_max=connections_max,
        transaction_id_age=id_age,
        blocks_read=read,
        blocks_hit=hit,
        deadlocks=deadlocks,
        archive_failures=archiver[0],
        archived_at=archiver[1],
        shared_buffers=shared_buffers,
        max_wal=max_wal,
        now=now,
        backed_up_at=datetime.fromisoformat(backed_up) if backed_up else None,
        tables=[TableFigure(*row) for row in connection.execute(_OF_TABLES, (list(tables),))],
    )


def families(found: DatabaseFigures | None) -> Iterable[Metric]:
    """Write the figures for Prometheus; without figures, their names alone."""
    for name, help_text, gauge in _GAUGES:
        yield GaugeMetricFamily(name, help_text, value=None if found is None else float(gauge(found)))
    for name, help_text, counter in _COUNTERS:
        yield CounterMetricFamily(name, help_text, value=None if found is None else float(counter(found)))
    checkpoints = CounterMetricFamily(
        "daumoi_database_checkpoints",
        "Checkpoints: by the clock, or asked for because WAL was full.",
        labels=("reason",),
    )
    connections = GaugeMetricFamily("daumoi_database_connections", "Connections, by state.", labels=("state",))
    dead = GaugeMetricFamily("daumoi_database_dead_rows", "Dead rows that wait for vacuum.", labels=("table",))
    backup = GaugeMetricFamily(
        "daumoi_backup_last_success_timestamp_seconds", "When the last finished back-up ended; none before the first."
    )
    archived = GaugeMetricFamily(
        "daumoi_database_wal_archived_timestamp_seconds",
        "When a file of WAL was last archived; none when it never was.",
    )
    if found is not None:
        checkpoints.add_metric(("timed",), found.checkpoints_timed)
        checkpoints.add_metric(("requested",), found.checkpoints_requested)
        for state in ("active", "idle", "in transaction", "other"):
            connections.add_metric((state,), found.connections.get(state, 0))
        for table in found.tables:
            dead.add_metric((table.name,), table.dead)
        if found.backed_up_at is not None:
            backup.add_metric((), found.backed_up_at.timestamp())
        if found.archived_at is not None:
            archived.add_metric((), found.archived_at.timestamp())
    yield from (checkpoints, connections, dead, backup, archived)


_Described = tuple[tuple[str, str, Callable[[DatabaseFigures], float]], ...]
_GAUGES: _Described = (
    ("daumoi_database_size_bytes", "Size of the hub's database.", lambda found: found.size),
    (
        "daumoi_database_oldest_transaction_seconds",
        "Age of the oldest open transaction; none of ours lives longer than 10 s.",
        lambda found: found.oldest_transaction_s,
    ),
    ("daumoi_database_connections_max", "Connections that PostgreSQL takes.", lambda found: found.connections_max),
    (
        "daumoi_database_transaction_id_age",
        "Transactions since the oldest row that is not frozen; PostgreSQL stops before 2,000,000,000.",
        lambda found: found.transaction_id_age,
    ),
)
_COUNTERS: _Described = (
    ("daumoi_database_wal_bytes", "Bytes of WAL written.", lambda found: found.wal),
    ("daumoi_database_blocks_read", "Blocks of 8 KiB not found in shared_buffers.", lambda found: found.blocks_read),
    ("daumoi_database_blocks_hit", "Blocks of 8 KiB found in shared_buffers.", lambda found: found.blocks_hit),
    ("daumoi_database_deadlocks", "Deadlocks that PostgreSQL ended.", lambda found: found.deadlocks),
    (
        "daumoi_database_wal_archive_failures",
        "Times a file of WAL could not be archived.",
        lambda found: found.archive_failures,
    ),
)
