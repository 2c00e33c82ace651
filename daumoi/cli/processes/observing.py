"""The worker's look at what no process knows by itself: the database, the readers of the log, the rows that wait."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daumoi.audit import figures as audit_figures
from daumoi.audit.figures import AuditFigures
from daumoi.core import postgres_figures
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection, connect, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.core.meters import PROCESS, counter, gauge, histogram
from daumoi.core.postgres_figures import DatabaseFigures
from daumoi.exchange import figures as exchange_figures
from daumoi.exchange.recounting import Proved, proved
from daumoi.intake.selectors import held_open
from daumoi.kinds.registry import KINDS
from daumoi.log import figures as log_figures
from daumoi.log.figures import HOT_TABLES, LogFigures
from daumoi.situation import figures as situation_figures
from daumoi.situation import recounting

LOOK_EVERY_S = 15.0
_RETRY_S = 5.0
_log = structlog.get_logger("daumoi.worker")

JOBS = counter("daumoi_jobs", "Scheduled jobs that ended, by how.", ("job", "outcome"))
JOB_SECONDS = histogram(
    "daumoi_job_seconds", "Time of one run of a scheduled job.", ("job",), bounds=(0.1, 1, 10, 60, 600)
)
JOB_SUCCEEDED = gauge("daumoi_job_last_success_timestamp_seconds", "When a scheduled job last ended well.", ("job",))


@contextmanager
def measured(job: str) -> Iterator[None]:
    """Count a run of a job, and how it ended."""
    try:
        with JOB_SECONDS.labels(job).time():
            yield
    except BaseException:
        JOBS.labels(job, "failed").inc()
        raise
    JOBS.labels(job, "succeeded").inc()
    JOB_SUCCEEDED.labels(job).set(time.time())


class Seen(NamedTuple):
    """One look."""

    database: DatabaseFigures
    log: LogFigures
    held: dict[str, int]
    audit: AuditFigures
    recount: recounting.Result | None
    proved: Proved


class Observer(Collector):
    """Looks all 15 seconds in a thread of its own; what was seen last is what is given."""

    def __init__(self, hub: Hub, consumers: tuple[str, ...]) -> None:
        """Name the readers of the log to look at."""
        self._hub, self._consumers = hub, consumers
        self._seen: Seen | None = None

    def collect(self) -> Iterable[Metric]:
        seen = self._seen
        yield from postgres_figures.families(None if seen is None else seen.database)
        yield from log_figures.families(None if seen is None else seen.log)
        yield from situation_figures.families(None if seen is None else seen.recount)
        yield from exchange_figures.families(None if seen is None else seen.proved)
        held = GaugeMetricFamily("daumoi_held_rows_open", "Rows that wait for mending.", labels=("kind",))
        if seen is not None:
            for kind in KINDS:
                held.add_metric((kind,), seen.held.get(kind, 0))
        yield held
        yield from audit_figures.families(None if seen is None else seen.audit)

    def look(self, connection: Connection) -> Seen:
        """Look once."""
        self._seen = Seen(
            postgres_figures.look(connection, HOT_TABLES),
            log_figures.look(
                connection,
                consumers=self._consumers,
                archive_rows=self._hub.settings.archive_rows,
                now=self._hub.clock.now(),
            ),
            held_open(connection),
            audit_figures.look(connection, now=self._hub.clock.now()),
            recounting.last_result(connection),
            proved(connection, today=self._hub.clock.now().astimezone(VIET_NAM_TIME).date()),
        )
        return self._seen

    def run(self, ending: threading.Event) -> None:
        """Look until told to end. A database that does not answer leaves no old figures that look like new ones."""
        PROCESS.register(self)
        while not ending.is_set():
            try:
                with connect(self._hub.dsn, "daumoi figures") as connection:
                    while not ending.is_set():
                        self.look(connection)
                        ending.wait(LOOK_EVERY_S)
            except psycopg.Error as error:
                self._seen = None
                _log.warning("figures wait for the database", reason=sqlstate_of(error))
                ending.wait(_RETRY_S)
