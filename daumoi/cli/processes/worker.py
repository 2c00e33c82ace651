"""The worker: scheduled jobs (procrastinate) and the consumers that follow the log."""

import asyncio
import signal
import threading

import procrastinate
import psycopg
import structlog

from daumoi.cli.processes.linking import Linking
from daumoi.cli.processes.observing import Observer, measured
from daumoi.core.database import connect, conninfo, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy
from daumoi.intake.erasure import finish_erasures
from daumoi.intake.held import expire
from daumoi.intake.setup import numbered_kinds
from daumoi.log.appearances import APPEARANCES, note_appearances
from daumoi.log.archive import archive_next
from daumoi.log.consumers import COUNTERS, Work, advance, behind, count_records
from daumoi.log.notices import CHANNEL
from daumoi.log.retention import finish
from daumoi.log.segments import ensure_segments
from daumoi.people.destroying import NotQuiet
from daumoi.people.refreshing import refresh_claims

_CONSUMERS: dict[str, Work] = {COUNTERS: count_records, APPEARANCES: note_appearances}
_RANGE_ROWS = 20_000
_LOOK_EVERY_S = 0.5
_ROUND_S = 0.25
"""Between rounds of what has caught up: figures may be so old; fifty rounds a second cost a fifth of a core."""
_RETRY_S = 1.0
_log = structlog.get_logger("daumoi.worker")


def run(hub: Hub) -> None:
    """Work until SIGTERM or SIGINT."""
    ending = threading.Event()
    follower = threading.Thread(target=_follow, args=(hub, ending), name="consumers", daemon=True)
    follower.start()
    threading.Thread(
        target=Observer(hub, tuple(_CONSUMERS)).run, args=(ending,), name="figures-look", daemon=True
    ).start()
    linking = Linking(hub.settings.data_dir)
    asyncio.run(_run_jobs(hub, ending, linking))
    linking.stop()
    follower.join(timeout=5)


async def _run_jobs(hub: Hub, ending: threading.Event, linking: Linking) -> None:
    """Run the scheduled jobs; a database that goes away is waited for."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def end() -> None:
        ending.set()
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end)
    while not stop.is_set():
        app = make_app(hub, linking)
        try:
            async with app.open_async():
                work = asyncio.ensure_future(
                    app.run_worker_async(
                        install_signal_handlers=False, delete_jobs="successful", shutdown_graceful_timeout=5
                    )
                )
                waiting = asyncio.ensure_future(stop.wait())
                done, _ = await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                work.cancel()
                await asyncio.gather(work, waiting, return_exceptions=True)
                if work in done and not stop.is_set():
                    raise ConnectionError
        except (psycopg.Error, ConnectionError, procrastinate.exceptions.ProcrastinateException) as error:
            _log.warning("scheduled jobs wait for the database", reason=type(error).__name__)
            await asyncio.sleep(_RETRY_S)


def make_app(hub: Hub, linking: Linking | None = None) -> procrastinate.App:
    """Make the schedule. Each job may run twice, or late, without harm."""
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo(hub.dsn, "daumoi worker", search_path="jobs,public"), min_size=1, max_size=3
    )
    app = procrastinate.App(connector=connector)

    @app.periodic(cron="* * * * *")
    @app.task(name="segments", queueing_lock="segments", pass_context=False)
    def segments(timestamp: int) -> None:
        with measured("segments"):
            keep_segments(hub)

    @app.periodic(cron="* * * * *")
    @app.task(name="archive", queueing_lock="archive", pass_context=False)
    def archive(timestamp: int) -> None:
        with measured("archive"):
            archive_closed(hub)

    @app.periodic(cron="7 * * * *")
    @app.task(name="expire_held", queueing_lock="expire_held", pass_context=False)
    def expire_held(timestamp: int) -> None:
        with measured("expire_held"), hub.pool.connection() as connection:
            deleted = expire(connection, hub.clock.now())
        if deleted:
            _log.info("held rows expired", rows=deleted)

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="refresh_claims", queueing_lock="refresh_claims", pass_context=False)
    def refresh(timestamp: int) -> None:
        with measured("refresh_claims"):
            refresh_outdated(hub)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="finish_retention", queueing_lock="finish_retention", pass_context=False)
    def finish_retention(timestamp: int) -> None:
        finish_begun(hub)

    @app.periodic(cron="* * * * *")
    @app.task(name="finish_erasures", queueing_lock="finish_erasures", pass_context=False)
    def erasures(timestamp: int) -> None:
        erase_begun(hub)

    # 02:20 in Viet Nam.
    @app.periodic(cron="20 19 * * *")
    @app.task(name="link_people", queueing_lock="link_people", pass_context=False)
    def link_people(timestamp: int) -> None:
        if linking is not None:
            linking.start()

    return app


def erase_begun(hub: Hub) -> None:
    """Finish the erasures that were stopped; one that is running has its own turn."""
    try:
        if finished := finish_erasures(hub):
            _log.info("erasures finished", erasures=finished)
    except (Busy, NotQuiet) as waiting:
        _log.info("erasures are finished later", reason=type(waiting).__name__)


def finish_begun(hub: Hub) -> None:
    """Finish what a run of retention that was stopped had begun; one that is running has its own turn."""
    try:
        finish(hub)
    except (Busy, NotQuiet) as waiting:
        _log.info("retention is finished later", reason=type(waiting).__name__)


def refresh_outdated(hub: Hub) -> None:
    """Seal and index again the claims that a release left behind."""
    with hub.pool.connection() as connection:
        while refreshed := refresh_claims(connection, hub.keys):
            _log.info("claims sealed and indexed again", claims=refreshed)


def keep_segments(hub: Hub) -> None:
    """Attach the segments that the next records need."""
    with hub.pool.connection() as connection:
        for name, number in numbered_kinds():
            for segment in ensure_segments(connection, kind=number, segment_rows=hub.settings.segment_rows):
                _log.info("segment attached", kind=name, first_seq=segment.first_seq, last_seq=segment.last_seq)


def archive_closed(hub: Hub) -> None:
    """Archive every closed range of every kind."""
    for name, number in numbered_kinds():
        while archive_next(hub, kind=name, number=number) is not None:
            continue


def _follow(hub: Hub, ending: threading.Event) -> None:
    """Run the consumers: woken by notices, and looking for themselves all the same."""
    while not ending.is_set():
        try:
            with connect(hub.dsn, "daumoi consumers") as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not ending.is_set():
                    done = [
                        advance(
                            connection,
                            name=name,
                            kind=number,
                            at=hub.clock.now(),
                            most=_RANGE_ROWS,
                            work=work,
                        )
                        for name, work in _CONSUMERS.items()
                        for number in behind(connection, name)
                    ]
                    if not done:
                        for _ in connection.notifies(timeout=_LOOK_EVERY_S, stop_after=1):
                            pass
                    elif max(done) < _RANGE_ROWS:
                        ending.wait(_ROUND_S)
        except psycopg.Error as error:
            _log.warning("consumers wait for the database", reason=sqlstate_of(error))
            ending.wait(_RETRY_S)
