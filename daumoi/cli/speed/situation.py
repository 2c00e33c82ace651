"""What `daumoi doctor` knows when it says what is slow."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from daumoi.cli.speed.measuring import Busy, busy_between, flush_seconds, processor_ticks, round_trip_seconds
from daumoi.cli.speed.minute import Minute
from daumoi.core import figures, postgres_figures
from daumoi.core.figures import LONG_RUNNING, Snapshot
from daumoi.core.hub import Hub
from daumoi.core.postgres.configuration import memory_bytes
from daumoi.core.postgres_figures import DatabaseFigures
from daumoi.log import figures as log_figures
from daumoi.log.figures import HOT_TABLES, LogFigures

_LOOK_AT_CORES_S = 0.5


@dataclass(frozen=True)
class Situation:
    """One look at the hub, its database and its machine."""

    minute: Minute
    silent: Sequence[str]
    """Processes of a running hub that have written no figures for a while."""
    database: DatabaseFigures
    log: LogFigures
    flush_s: float | None
    """Time of one flush of the disk; None when the database is elsewhere."""
    round_trip_s: float
    busy: Busy
    memory: int | None
    """Bytes of this machine's memory; None when the database is elsewhere."""


def look(hub: Hub, *, runs: bool, consumers: Sequence[str]) -> Situation:
    """Look and measure; takes about a second. `runs` tells whether a hub runs on this data directory."""
    snapshots = figures.read_all(hub.settings.data_dir)
    now = time.time()
    is_ours = hub.settings.database_url is None
    ticks = processor_ticks()
    time.sleep(_LOOK_AT_CORES_S)
    # Before the disk is measured: the measure would be part of what it sees.
    busy = busy_between(ticks, processor_ticks())
    with hub.pool.connection() as connection:
        return Situation(
            minute=Minute(snapshots, now),
            silent=silent_processes(snapshots, now) if runs else (),
            database=postgres_figures.look(connection, HOT_TABLES),
            log=log_figures.look(
                connection, consumers=consumers, archive_rows=hub.settings.archive_rows, now=hub.clock.now()
            ),
            flush_s=flush_seconds(hub.settings.data_dir) if is_ours else None,
            round_trip_s=round_trip_seconds(connection),
            busy=busy,
            memory=memory_bytes() if is_ours else None,
        )


def silent_processes(snapshots: Sequence[Snapshot], now: float) -> list[str]:
    """Return the processes of a hub that write no figures."""
    fresh = {one.process for one in snapshots if one.is_fresh(now)}
    return [name for name in LONG_RUNNING if name not in fresh]
