"""How far the readers of the log and the archive are behind, and what doctor says of a reader that stands still."""

from collections.abc import Callable
from datetime import timedelta

from daumoi.cli.processes.observing import Observer
from daumoi.cli.speed.explaining import explain
from daumoi.cli.speed.situation import look
from daumoi.core import facts
from daumoi.core.clock import FixedClock
from daumoi.core.database import connect
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log import figures
from daumoi.log.archive import archive_next
from daumoi.log.consumers import advance
from daumoi.log.figures import LogFigures
from daumoi.situation.counting import COUNTERS, counting
from tests.conftest import NOON
from tests.integration.sending import a_report, a_system, send

KIND = KINDS["citizen_report"]
MakeHub = Callable[..., Hub]


def seen(hub: Hub, archive_rows: int = 100_000) -> LogFigures:
    with hub.pool.connection() as connection:
        return figures.look(connection, consumers=(COUNTERS,), archive_rows=archive_rows, now=hub.clock.now())


def lag(found: LogFigures, consumer: str) -> tuple[int, float]:
    (one,) = [one for one in found.lags if (one.consumer, one.kind) == (consumer, KIND.name)]
    return one.records, one.seconds


def overdue(found: LogFigures) -> float:
    (one,) = [one for one in found.overdue if one.kind == KIND.name]
    return one.seconds


def test_a_reader_that_has_not_begun_is_as_far_behind_as_its_first_record_is_old(hub_at_noon: Hub) -> None:
    send(hub_at_noon, a_system(hub_at_noon), KIND.name, [a_report("a"), a_report("b")])
    hub_at_noon.clock.move(timedelta(hours=3))  # type: ignore[attr-defined]
    assert lag(seen(hub_at_noon), COUNTERS) == (2, 3 * 3600.0)


def test_a_reader_that_is_done_is_not_behind_however_long_nothing_comes(hub_at_noon: Hub) -> None:
    send(hub_at_noon, a_system(hub_at_noon), KIND.name, [a_report("a")])
    with hub_at_noon.pool.connection() as connection:
        advance(connection, name=COUNTERS, kind=KIND.number, at=NOON, most=100, work=counting(hub_at_noon.keys))
    hub_at_noon.clock.move(timedelta(hours=3))  # type: ignore[attr-defined]
    assert lag(seen(hub_at_noon), COUNTERS) == (0, 0.0)


def test_the_archive_is_overdue_from_the_end_of_the_day_on(hub_at_noon: Hub) -> None:
    send(hub_at_noon, a_system(hub_at_noon), KIND.name, [a_report("a")])
    hub_at_noon.clock.move(timedelta(hours=11))  # type: ignore[attr-defined]
    assert overdue(seen(hub_at_noon)) == 0
    hub_at_noon.clock.move(timedelta(hours=3))  # type: ignore[attr-defined]
    assert overdue(seen(hub_at_noon)) == 2 * 3600
    assert archive_next(hub_at_noon, kind=KIND.name, number=KIND.number) is not None
    assert overdue(seen(hub_at_noon)) == 0


def test_the_archive_is_overdue_from_the_last_record_of_a_full_range_on(hub_at_noon: Hub) -> None:
    send(hub_at_noon, a_system(hub_at_noon), KIND.name, [a_report("a"), a_report("b"), a_report("c")])
    hub_at_noon.clock.move(timedelta(minutes=30))  # type: ignore[attr-defined]
    assert overdue(seen(hub_at_noon, archive_rows=2)) == 1800
    assert overdue(seen(hub_at_noon, archive_rows=4)) == 0


def test_doctor_names_a_reader_that_stands_still(make_hub: MakeHub) -> None:
    clock = FixedClock(NOON)
    hub = make_hub(clock=clock)
    send(hub, a_system(hub), KIND.name, [a_report("a"), a_report("b")])
    clock.move(timedelta(hours=5))
    said = [one.said for one in explain(look(hub, runs=False, consumers=(COUNTERS,))) if one.state == "warn"]
    assert any(one.startswith("the reader counters is 5 hours behind (2 records of citizen_report)") for one in said)
    with hub.pool.connection() as connection:
        advance(connection, name=COUNTERS, kind=KIND.number, at=clock.now(), most=100, work=counting(hub.keys))
    said = [one.said for one in explain(look(hub, runs=False, consumers=(COUNTERS,)))]
    assert not any("the reader" in one for one in said)


def test_the_oldest_open_transaction_is_seen(hub: Hub) -> None:
    with connect(hub.dsn, "somebody") as held, connect(hub.dsn, "looks") as looking:
        held.execute("BEGIN")
        held.execute("SELECT 1")
        age = Observer(hub, ()).look(looking).database.oldest_transaction_s
        assert 0 < age < 5
        held.execute("ROLLBACK")


def test_the_figures_of_the_worker_count_rows_that_wait_and_read_the_databases_own(hub: Hub) -> None:
    report = a_report("a")
    del report["occurred_at"]
    send(hub, a_system(hub), KIND.name, [report])
    observer = Observer(hub, (COUNTERS,))
    assert not any(metric.samples for metric in observer.collect())
    with hub.pool.connection() as connection:
        observer.look(connection)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in observer.collect()
        for sample in metric.samples
    }
    assert samples["daumoi_held_rows_open", KIND.name] == 1
    assert samples["daumoi_database_size_bytes",] > 1_000_000
    assert samples["daumoi_database_wal_bytes_total",] > 0
    assert samples["daumoi_consumer_lag_records", COUNTERS, KIND.name] == 0


def test_the_age_of_the_back_up_is_a_figure_once_there_is_one(hub: Hub) -> None:
    observer = Observer(hub, ())

    def ended_at() -> list[float]:
        with hub.pool.connection() as connection:
            observer.look(connection)
        (found,) = [one for one in observer.collect() if one.name == "daumoi_backup_last_success_timestamp_seconds"]
        return [sample.value for sample in found.samples]

    assert ended_at() == []
    with hub.pool.connection() as connection:
        facts.write(connection, facts.LAST_BACKUP, NOON.isoformat())
    assert ended_at() == [NOON.timestamp()]
