"""Segments: attached before they are needed, dropped whole, and never in the way of readers or writers."""

import json
import threading
from collections.abc import Callable

import pytest

from daumoi.core.database import connect
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds
from daumoi.kinds.registry import KINDS
from daumoi.log.retention import drop_by_hand
from daumoi.log.segments import AHEAD, ensure_segments
from daumoi.organisations import registry
from tests.integration.sending import READER, TESTER, a_report, a_system, an_agreement, send

NUMBER = KINDS["citizen_report"].number
ROWS = 100
MakeHub = Callable[..., Hub]


@pytest.fixture
def small(make_hub: MakeHub) -> Hub:
    """A hub whose segments hold a hundred records."""
    return make_hub(DAUMOI_SEGMENT_ROWS=str(ROWS))


def segments(hub: Hub) -> list[str]:
    with hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", (f"record_{NUMBER}",)
        ).fetchall()
    return sorted((row[0] for row in rows), key=lambda name: int(name.rsplit("_", 1)[1]))


def fill(hub: Hub, rows: int, name: str = "r", system: str = "dov") -> None:
    receipt = send(hub, a_system(hub, system), "citizen_report", [a_report(f"{name}-{row}") for row in range(rows)])
    assert receipt.accepted == rows


def test_two_empty_segments_stand_ready_behind_the_one_being_filled(small: Hub):
    a_system(small)
    assert len(segments(small)) == AHEAD
    with small.pool.connection() as connection:
        made = ensure_segments(connection, kind=NUMBER, segment_rows=ROWS, rows=250)
        assert ensure_segments(connection, kind=NUMBER, segment_rows=ROWS, rows=250) == []
    assert [(one.first_seq, one.last_seq) for one in made] == [(201, 300), (301, 400), (401, 500)]


def test_one_body_over_many_segments_is_dense(small: Hub):
    fill(small, 1234)
    with small.pool.connection() as connection:
        seqs = [row[0] for row in connection.execute("SELECT seq FROM record WHERE kind = %s ORDER BY 1", (NUMBER,))]
    assert seqs == list(range(1, 1235))


def test_eight_writers_that_run_out_together_attach_each_segment_once(small: Hub):
    systems = [a_system(small, f"w{at}") for at in range(8)]
    failures: list[BaseException] = []

    def write(at: int) -> None:
        try:
            for body in range(5):
                rows = [a_report(f"{body}-{row}") for row in range(60)]
                assert send(small, systems[at], "citizen_report", rows).accepted == 60
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with small.pool.connection() as connection:
        seqs = [row[0] for row in connection.execute("SELECT seq FROM record WHERE kind = %s ORDER BY 1", (NUMBER,))]
    assert seqs == list(range(1, 8 * 5 * 60 + 1))


def drop(hub: Hub, before: int) -> int:
    return drop_by_hand(hub, kind="citizen_report", before=before, actor=TESTER)


def test_a_reader_that_stands_still_stops_no_segment_and_no_writer(small: Hub):
    fill(small, 50)
    with connect(small.dsn, "slow reader") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM record WHERE kind = %s", (NUMBER,)).fetchone()
        fill(small, 1000, "while", system="other")
    assert len(segments(small)) >= 11


def test_what_is_dropped_goes_by_whole_segments_with_what_stands_beside_it(small: Hub):
    fill(small, 1050)
    with small.pool.connection() as connection:
        personal = "SELECT min(seq) FROM record_personal WHERE kind = %s"
        assert connection.execute(personal, (NUMBER,)).fetchone() == (1,)
        assert drop(small, 350) == 301
        first = connection.execute("SELECT min(seq) FROM record WHERE kind = %s", (NUMBER,)).fetchone()
        assert first == connection.execute(personal, (NUMBER,)).fetchone() == (301,)
        assert connection.execute("SELECT oldest FROM head WHERE kind = %s", (NUMBER,)).fetchone() == (301,)
        assert drop(small, 350) == 301, "again changes nothing"


def test_the_segment_that_holds_the_head_is_never_dropped(small: Hub):
    fill(small, 150)
    assert drop(small, 10_000) == 101
    fill(small, 10, "after", system="other")
    with small.pool.connection() as connection:
        assert connection.execute("SELECT seq FROM head WHERE kind = %s", (NUMBER,)).fetchone() == (160,)


def test_what_was_dropped_is_still_repeated(small: Hub):
    fill(small, 250)
    drop(small, 201)
    receipt = send(small, a_system(small, "again"), "citizen_report", [a_report("r-0")])
    assert receipt.accepted == 1, "another system's ref is another record"
    with small.pool.connection() as connection:
        system = registry.load(connection).by_code("dov")
    assert system is not None
    assert send(small, system, "citizen_report", [a_report(f"r-{row}") for row in range(250)]).repeated == 250


def test_readers_pass_over_nothing_while_segments_go(small: Hub):
    """A page goes on where it was asked to, or says that those numbers are gone; it never begins later in silence."""
    system = a_system(small, read="citizen_report")
    fill(small, 6000, system="other")
    with small.pool.connection() as connection:
        systems = registry.load(connection)
    agreement = an_agreement(system, "citizen_report", "pseudonym")
    ending = threading.Event()
    faults: list[str] = []

    def follow() -> None:
        after = 0
        while not ending.is_set():
            try:
                page = feeds.page(small, systems, agreement=agreement, reader=READER, after=after, limit=50)
            except CallProblem as problem:
                if problem.code != "gone_before":
                    faults.append(problem.code)
                after = int((problem.headers or {})["Daumoi-Oldest"]) - 1
                continue
            seqs = [json.loads(line)["seq"] for line in page.body.splitlines()]
            if seqs != list(range(after + 1, after + 51)):
                faults.append(f"after {after}: {seqs[:3]}")

    readers = [threading.Thread(target=follow) for _ in range(4)]
    for reader in readers:
        reader.start()
    for seq in range(101, 5902, 100):
        drop(small, seq)
    ending.set()
    for reader in readers:
        reader.join()
    assert faults == []
