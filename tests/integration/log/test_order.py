"""Dense numbers in commit order, whatever the writers do (design, section 3)."""

import contextlib
import json
import random
import threading
import time

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daumoi.core.database import connect
from daumoi.core.hub import Hub
from daumoi.intake.decoding import read_row
from daumoi.intake.store import store_rows
from daumoi.kinds.registry import KINDS
from daumoi.organisations.registry import System
from tests.integration.sending import a_report, a_system, send

KIND = KINDS["citizen_report"]
WRITERS, READERS, BODIES, ROWS = 8, 4, 12, 25


class Reader(threading.Thread):
    """Follows the log by number, as a feed does, and notes every number it is shown."""

    def __init__(self, hub: Hub, ending: threading.Event) -> None:
        super().__init__()
        self.hub, self.ending = hub, ending
        self.seen: list[int] = []

    def run(self) -> None:
        with connect(self.hub.dsn, "test reader") as connection:
            after = 0
            while True:
                last_round = self.ending.is_set()
                rows = connection.execute(
                    "SELECT seq FROM record WHERE kind = %s AND seq > %s ORDER BY seq LIMIT 50", (KIND.number, after)
                ).fetchall()
                self.seen += [row[0] for row in rows]
                after = self.seen[-1] if self.seen else 0
                if last_round and not rows:
                    return


def test_eight_writers_and_four_readers_see_no_hole_no_repeat_and_never_a_late_number(hub: Hub):
    system = a_system(hub)
    ending = threading.Event()
    readers = [Reader(hub, ending) for _ in range(READERS)]
    for reader in readers:
        reader.start()

    def write(number: int) -> None:
        for body in range(BODIES):
            send(hub, system, KIND.name, [a_report(f"{number}-{body}-{row}") for row in range(ROWS)])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    extra = [
        threading.Thread(target=_stalled, args=(hub, system)),
        threading.Thread(target=_killed, args=(hub, system)),
    ]
    for thread in writers + extra:
        thread.start()
    for thread in writers + extra:
        thread.join()
    ending.set()
    for reader in readers:
        reader.join()
    # The stalled writer stored its row; the killed one left nothing.
    total = WRITERS * BODIES * ROWS + 1
    for reader in readers:
        assert reader.seen == list(range(1, total + 1))


def _stalled(hub: Hub, system: System) -> None:
    """A writer that stands still for seconds before it takes the head: nobody waits for it."""
    row = read_row(hub, system_id=system.id, kind=KIND, line=_line("stalled"), number=1)
    with connect(hub.dsn, "stalled writer") as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        with connection.transaction():
            connection.execute("SELECT 1 FROM receipt LIMIT 1")
            time.sleep(2)
            store_rows(hub, connection, KIND, [row])


def _killed(hub: Hub, system: System) -> None:
    """A writer whose connection is cut while it holds the head."""
    row = read_row(hub, system_id=system.id, kind=KIND, line=_line("killed"), number=1)
    connection = connect(hub.dsn, "killed writer")
    with pytest.raises(psycopg.OperationalError), connection.transaction():
        store_rows(hub, connection, KIND, [row])
        with connect(hub.dsn, "killer") as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        connection.execute("SELECT 1")
    connection.close()


def _line(ref: str) -> bytes:
    return json.dumps(a_report(ref)).encode()


def test_a_stalled_head_holder_is_ended_by_the_servers_own_limit_and_the_kind_goes_on(hub: Hub):
    system = a_system(hub)
    row = read_row(hub, system_id=system.id, kind=KIND, line=_line("sleeper"), number=1)
    with connect(hub.dsn, "sleeper") as connection:
        connection.execute("SET idle_in_transaction_session_timeout = '500ms'")
        with pytest.raises(psycopg.Error), connection.transaction():
            store_rows(hub, connection, KIND, [row])
            time.sleep(1.2)
            connection.execute("SELECT 1")
    assert send(hub, system, KIND.name, [a_report("after")]).first_seq == 1


def test_two_connections_that_bring_the_same_new_people_a_hundred_times_lose_nothing(hub: Hub):
    systems = [a_system(hub, "one"), a_system(hub, "two")]
    failures: list[BaseException] = []

    def bring(at: int, turn: int, barrier: threading.Barrier) -> None:
        try:
            rows = [
                {
                    "ref": f"{turn}-{row}-{at}",
                    "occurred_at": "2021-08-01T08:00:00+07:00",
                    "subject": {"national_id": f"{turn:06d}{row:06d}", "full_name": "Nguyễn Văn Mẫu"},
                    "data": {"form": "daily"},
                }
                for row in random.sample(range(20), 20)
            ]
            barrier.wait()
            # The same system brings them twice (one claim), the other system brings them too (one person).
            send(hub, systems[0] if at < 2 else systems[1], "health_declaration", rows)
        except BaseException as error:
            failures.append(error)

    for turn in range(1, 101):
        barrier = threading.Barrier(3)
        threads = [threading.Thread(target=bring, args=(at, turn, barrier)) for at in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    with hub.pool.connection() as connection:
        records, people, claims, unjoined = connection.execute(
            "SELECT (SELECT count(*) FROM record WHERE kind = 1), (SELECT count(*) FROM person),"
            " (SELECT count(*) FROM claim), (SELECT count(*) FROM record WHERE kind = 1 AND subject IS NULL)"
        ).fetchone()
    assert (records, unjoined) == (100 * 60, 0)
    assert (people, claims) == (100 * 20, 100 * 40)


def test_any_interleaving_of_begins_appends_commits_and_rollbacks_stays_dense(hub: Hub):
    system = a_system(hub)

    @settings(max_examples=25, deadline=None)
    @given(plan=st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=8))
    def play(plan: list[tuple[int, bool]]) -> None:
        """Each step is a writer of its own: how many rows, and whether it commits. They overlap up to the head."""
        before = _head(hub)
        threads = [
            threading.Thread(target=_act, args=(hub, system, f"{before}-{random.random()}-{at}", rows, commit))
            for at, (rows, commit) in enumerate(plan)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with hub.pool.connection() as connection:
            rows = connection.execute(
                "SELECT seq, received_at FROM record WHERE kind = 3 AND seq > %s ORDER BY seq", (before,)
            ).fetchall()
        committed = sum(rows for rows, commit in plan if commit)
        assert [row[0] for row in rows] == list(range(before + 1, before + committed + 1))
        assert [row[1] for row in rows] == sorted(row[1] for row in rows)
        assert _head(hub) == before + committed

    play()


def _head(hub: Hub) -> int:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT seq FROM head WHERE kind = 3").fetchone()
    assert row is not None
    return int(row[0])


def _act(hub: Hub, system: System, name: str, rows: int, commit: bool) -> None:
    lines = [
        read_row(hub, system_id=system.id, kind=KIND, line=_line(f"{name}-{row}"), number=1) for row in range(rows)
    ]
    with connect(hub.dsn, "interleaved") as connection, contextlib.suppress(RolledBack), connection.transaction():
        store_rows(hub, connection, KIND, lines)
        time.sleep(random.random() / 500)
        if not commit:
            raise RolledBack


class RolledBack(Exception):
    """A writer that changes its mind after it has numbered its rows."""
