"""The worker: scheduled jobs (procrastinate) and the consumers that follow the log."""

import asyncio
import signal
import threading
from contextlib import suppress

import procrastinate
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from daumoi.accounts.services import forget_old_sessions
from daumoi.audit import figures as audit_figures
from daumoi.audit import heads as audit_heads
from daumoi.audit.sealing import SEAL_EVERY_S, ChainBroken, mend_files, seal
from daumoi.audit.verifying import verify
from daumoi.cli.processes.linking import Linking
from daumoi.cli.processes.observing import Observer, measured
from daumoi.core.database import connect, conninfo, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy
from daumoi.exchange.files.keeping import keep_files
from daumoi.exchange.recounting import BACK_DAYS, prove
from daumoi.exchange.statements import keep_missing
from daumoi.exchange.webhooks.dispatcher import Dispatcher
from daumoi.intake.erasure import finish_erasures
from daumoi.intake.held import expire
from daumoi.intake.setup import numbered_kinds
from daumoi.log.appearances import APPEARANCES, note_appearances
from daumoi.log.archive import archive_next
from daumoi.log.consumers import Work, advance, behind
from daumoi.log.notices import CHANNEL
from daumoi.log.retention import finish
from daumoi.log.segments import ensure_segments
from daumoi.people.destroying import NotQuiet
from daumoi.people.refreshing import refresh_claims
from daumoi.situation.counting import COUNTERS, counting
from daumoi.situation.likeness import count_people
from daumoi.situation.recounting import recount
from daumoi.situation.units import keep_table

_CONSUMERS = (COUNTERS, APPEARANCES)
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
    threading.Thread(target=Observer(hub, _CONSUMERS).run, args=(ending,), name="figures-look", daemon=True).start()
    sealer = threading.Thread(target=seal_audit, args=(hub, ending), name="audit", daemon=True)
    sealer.start()
    webhooks = threading.Thread(target=Dispatcher(hub).run, args=(ending,), name="webhooks", daemon=True)
    webhooks.start()
    linking = Linking(hub.settings.data_dir)
    asyncio.run(_run_jobs(hub, ending, linking))
    linking.stop()
    follower.join(timeout=5)
    webhooks.join(timeout=5)
    sealer.join(timeout=5)


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

    @app.periodic(cron="* * * * *")
    @app.task(name="files", queueing_lock="files", pass_context=False)
    def files(timestamp: int) -> None:
        with measured("files"):
            made = keep_files(hub)
        if made:
            _log.info("files made for receivers", parts_of_days=made)

    @app.periodic(cron="7 * * * *")
    @app.task(name="expire_held", queueing_lock="expire_held", pass_context=False)
    def expire_held(timestamp: int) -> None:
        with measured("expire_held"), hub.pool.connection() as connection:
            deleted = expire(connection, hub.clock.now())
        if deleted:
            _log.info("held rows expired", rows=deleted)

    @app.periodic(cron="37 * * * *")
    @app.task(name="forget_sessions", queueing_lock="forget_sessions", pass_context=False)
    def forget_sessions(timestamp: int) -> None:
        with measured("forget_sessions"), hub.pool.connection() as connection:
            forget_old_sessions(connection, at=hub.clock.now())

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

    @app.periodic(cron="40 18 * * *")  # 01:40 in Viet Nam, when the head of the day before is signed
    @app.task(name="verify_audit", queueing_lock="verify_audit", pass_context=False)
    def verify_audit(timestamp: int) -> None:
        with measured("verify_audit"):
            check_audit(hub)

    @app.periodic(cron="*/15 * * * *")
    @app.task(name="people_figures", queueing_lock="people_figures", pass_context=False)
    def people_figures(timestamp: int) -> None:
        with measured("people_figures"):
            days = count_people(hub)
        if days:
            _log.info("events and people counted", days=days)

    @app.periodic(cron="23 19 * * *")
    @app.task(name="recount", queueing_lock="recount", pass_context=False)
    def recount_figures(timestamp: int) -> None:
        with measured("recount"):
            prove_figures(hub)

    @app.periodic(cron="10 20 * * *")  # 03:10 in Viet Nam
    @app.task(name="prove_deliveries", queueing_lock="prove_deliveries", pass_context=False)
    def prove_deliveries(timestamp: int) -> None:
        with measured("prove_deliveries"):
            prove_closed_days(hub)

    # 02:20 in Viet Nam.
    @app.periodic(cron="20 19 * * *")
    @app.task(name="link_people", queueing_lock="link_people", pass_context=False)
    def link_people(timestamp: int) -> None:
        if linking is not None:
            linking.start()

    return app


def check_audit(hub: Hub) -> None:
    """Verify the whole chain of the audit log, and keep what was found for figures and `daumoi doctor`."""
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        report = verify(
            connection,
            folder=audit_heads.folder_of(hub.settings.data_dir),
            key=audit_heads.public_key(hub.keys),
            now_us=audit_heads.microseconds(now),
        )
        audit_figures.note_verified(connection, report, at=now)
    for fault in report.faults:
        _log.error("the audit log is not whole", code=fault.code, line=fault.number)


def seal_audit(hub: Hub, ending: threading.Event) -> None:
    """Seal the audit log every second. A chain that ends otherwise than it was sealed is left alone and told."""
    told = ""
    files_seen = False
    while not ending.wait(SEAL_EVERY_S):
        try:
            if not files_seen:
                mend_files(hub)
                files_seen = True
            seal(hub)
            told = ""
        except ChainBroken as broken:
            if str(broken) != told:
                told = str(broken)
                _log.error("the audit log is not sealed", reason=told)
                with suppress(psycopg.Error, PoolTimeout):
                    check_audit(hub)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            _log.warning("sealing waits", reason=type(error).__name__)
            ending.wait(_RETRY_S)
    with suppress(ChainBroken, psycopg.Error, PoolTimeout, OSError):
        seal(hub)


def prove_figures(hub: Hub) -> None:
    """Count closed hours again (at 2:23 in Viet Nam); an alert tells when the figures are not those of the log."""
    found = recount(hub)
    told = _log.error if found.differing else _log.info
    told("figures counted again", records=found.records, hours=found.hours, differing=found.differing)


def prove_closed_days(hub: Hub) -> None:
    """Reconcile what went out on closed days, count it again from the log, and sign the statements of receivers."""
    found = prove(hub)
    made = keep_missing(hub, days=BACK_DAYS)
    told = _log.error if found.differing else _log.info
    told("deliveries counted again", days=found.compared, differing=found.differing, statements=made)


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
    works: dict[str, Work] = {COUNTERS: counting(hub.keys), APPEARANCES: note_appearances}
    while not ending.is_set():
        try:
            with connect(hub.dsn, "daumoi consumers") as connection:
                keep_table(connection)
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
                        for name, work in works.items()
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
