"""Made situations for what doctor says of speed: figures of a minute, a database, a machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from daumoi.cli.speed.measuring import Busy
from daumoi.cli.speed.minute import Minute
from daumoi.cli.speed.situation import Situation
from daumoi.core.figures import Family, Series, Snapshot
from daumoi.core.postgres_figures import DatabaseFigures, TableFigure
from daumoi.log.figures import LogFigures

NOW = 1_800_000_000.0
SPAN_S = 60.0
GIB = 1024**3

Grown = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def grew(name: str, by: float, **labels: str) -> Grown:
    """One figure that grew in the minute."""
    return {(name, tuple(labels.items())): by}


def spread(name: str, counts: dict[str, float], **labels: str) -> Grown:
    """A histogram's growth, by upper bound, cumulative."""
    return {(f"{name}_bucket", (*labels.items(), ("le", bound))): count for bound, count in counts.items()}


def a_snapshot(process: str, grown: Grown, *, before: float = 1000.0, at: float = NOW) -> Snapshot:
    """A process whose figures all stood at `before` and then grew."""
    families = [
        Family(name.removesuffix("_total"), "counter", "", [Series(name, dict(labels), before + by)])
        for (name, labels), by in grown.items()
    ]
    stood = {one.key: before for family in families for one in family.series}
    return Snapshot(process, at - 3600, at, families, at - SPAN_S, stood)


def a_database(**changed: Any) -> DatabaseFigures:
    """A database at ease."""
    at_ease = DatabaseFigures(
        size=GIB,
        wal=0,
        checkpoints_timed=0,
        checkpoints_requested=0,
        oldest_transaction_s=0.1,
        connections={"active": 2, "idle": 20},
        connections_max=100,
        transaction_id_age=1000,
        blocks_read=0,
        blocks_hit=0,
        deadlocks=0,
        archive_failures=0,
        archived_at=None,
        shared_buffers=2 * GIB,
        max_wal=4 * GIB,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        backed_up_at=None,
        tables=[TableFigure("head", 6, 10, None)],
    )
    return at_ease._replace(**changed)


def a_situation(*snapshots: Snapshot, **changed: Any) -> Situation:
    """A hub at ease on a machine with 8 GiB, but for what is changed."""
    at_ease: dict[str, Any] = {
        "minute": Minute(snapshots, NOW),
        "silent": (),
        "database": a_database(),
        "log": LogFigures([], []),
        "flush_s": 0.001,
        "round_trip_s": 0.0001,
        "busy": Busy(0.2, 0.0),
        "memory": 8 * GIB,
    }
    return Situation(**{**at_ease, **changed})
