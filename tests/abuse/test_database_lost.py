"""A database that goes away under load: refused clearly, nothing answered is lost, and it comes back by itself."""

from __future__ import annotations

import time

import psycopg

from tests.abuse.test_storage import KIND, Senders, check_nothing_is_lost, is_ready, wait_until
from tests.contract.records import a_report
from tests.crash import victims
from tests.crash.reckoning import dsn_of
from tests.hubs import HubServer, a_problem

BACK_WITHIN_S = 20.0


def end_sessions(server: HubServer) -> int:
    """Ends every session of the hub, as an administrator would."""
    with psycopg.connect(dsn_of(server), autocommit=True) as connection:
        return connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()[0][0]


def test_ended_sessions_are_made_again(abused: HubServer) -> None:
    caller = abused.new_system(send="all", read="all", identity="given")
    with Senders(caller) as senders:
        wait_until(lambda: len(senders.answered) > 50, "records are taken")
        longest = 0.0
        for _ in range(2):
            assert end_sessions(abused) > 2
            taken = len(senders.answered)
            longest = max(longest, wait_until(lambda: len(senders.answered) > taken + 10, "it goes on", seconds=15))  # noqa: B023
    assert not senders.faults
    print(f"records were taken again {longest:.1f} s after all sessions had been ended")
    assert {refusal[:2] for refusal in senders.refusals} <= {(503, "not_ready")}
    assert all(int(retry or 0) >= 1 for _, _, retry in senders.refusals)
    check_nothing_is_lost(caller, senders.answered)


def test_a_database_that_is_killed_is_started_again(abused: HubServer) -> None:
    caller = abused.new_system(send="all", read="all", identity="given")
    assert abused.process is not None
    with Senders(caller) as senders:
        wait_until(lambda: len(senders.answered) > 50, "records are taken")
        victim = victims.wait_for(abused.process.pid, abused.data_dir, "database")
        victim.kill()
        time.sleep(0.2)
        taken = len(senders.answered)
        away = caller.send(KIND, a_report())
        if away.status_code != 200:
            a_problem(away, 503, "not_ready")
            assert int(away.headers["Retry-After"]) >= 1
        took = wait_until(lambda: len(senders.answered) > taken + 10, "it goes on", seconds=BACK_WITHIN_S)
        wait_until(lambda: is_ready(abused), "the hub is ready")
    assert not senders.faults
    print(f"records were taken again {took:.1f} s after PostgreSQL had been killed")
    assert {refusal[:2] for refusal in senders.refusals} <= {(503, "not_ready")}
    check_nothing_is_lost(caller, senders.answered)
