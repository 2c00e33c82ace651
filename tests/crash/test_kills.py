"""`kill -9` in the middle of bulk bodies and single posts: every answered record is there exactly once, nothing half."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.records import a_checkpoint
from tests.crash import victims
from tests.crash.load import CHECKPOINT_CODE, SINGLE_KINDS, Load, Notes
from tests.crash.reckoning import (
    check_submissions,
    check_tables,
    follow,
    from_the_beginning,
    read_all,
    send_everything_again,
)
from tests.hubs import ANYONE, Caller, HubServer, counts

ENDS_WITHIN_S = 10.0
READY_AGAIN_S = 120.0
ALLOWED_REFUSALS = {(503, "not_ready")}
"""A sender hears of a killed part of the hub only that it is to come again."""


@pytest.fixture
def server(workspace: Path, prepared: Path, request: pytest.FixtureRequest) -> Iterator[HubServer]:
    """A hub of its own for each test, to be killed."""
    made = HubServer(workspace / f"crash-{abs(hash(request.node.name)) % 10**8}", prepared=prepared)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sender(server: HubServer) -> Caller:
    """A system that may send all and reads all with identity, with one checkpoint."""
    caller = server.new_system(send="all", read="all", identity="given")
    assert counts(caller.receipt("checkpoint", a_checkpoint({"code": CHECKPOINT_CODE}))) == {"accepted": 1}
    return caller


def wait_until_ready(server: HubServer) -> None:
    """Waits until the supervisor has brought the hub back."""
    until = time.monotonic() + READY_AGAIN_S
    while time.monotonic() < until:
        try:
            if ANYONE.get(f"{server.base_url}/readyz", timeout=5.0).status_code == 200:
                return
        except OSError:
            pass
        except Exception as fault:
            if type(fault).__module__.split(".")[0] != "httpx":
                raise
        time.sleep(0.02)
    raise AssertionError(f"not ready {READY_AGAIN_S} s after a kill:\n{server.said()}")


def errors_logged(server: HubServer) -> str:
    """What the hub wrote of its own errors."""
    logs = (server.data_dir / "log").glob("*.log")
    lines = [line for log in logs if log.name != "postgres.log" for line in log.read_text().splitlines()]
    return "\n".join(line for line in lines if '"error"' in line or "Traceback" in line)


def kill_one(server: HubServer, role: victims.Role) -> None:
    """Kills the process of a role and waits until another one does its work."""
    assert server.process is not None
    victim = victims.wait_for(server.process.pid, server.data_dir, role)
    victim.kill()
    victims.wait_for(server.process.pid, server.data_dir, role, other_than=victim)
    wait_until_ready(server)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_every_answered_record_is_there_once_after_parts_of_the_hub_were_killed(
    server: HubServer, sender: Caller, kills: int
) -> None:
    notes, readers, chance = Notes(), from_the_beginning(), random.Random(kills)
    load = Load(server.base_url, sender.token, notes, "K")
    load.start()
    try:
        for number in range(kills):
            load.wait_for_the_middle()
            time.sleep(chance.uniform(0.0, 0.3))
            kill_one(server, victims.VICTIMS[number % len(victims.VICTIMS)])
            follow(readers, sender, notes)
        load.wait_for_the_middle()
    finally:
        load.stop()
    follow(readers, sender, notes)
    assert notes.refusals.keys() <= ALLOWED_REFUSALS, f"{notes.refusals}\n{errors_logged(server)}"
    assert notes.broken_connections > 0, "no kill met a call under way"
    assert {kind: reader.seen for kind, reader in read_all(sender, notes).items()} == {
        kind: reader.seen for kind, reader in readers.items()
    }, "a reader who follows sees what a reader from the beginning sees"
    check_submissions(sender, notes)
    check_tables(server)
    send_everything_again(sender, notes, readers)
    check_tables(server)


def test_a_killed_supervisor_takes_all_with_it_and_a_second_start_has_every_answered_record(
    server: HubServer, sender: Caller
) -> None:
    notes = Notes()
    load = Load(server.base_url, sender.token, notes, "S")
    load.start()
    try:
        load.wait_for_the_middle()
        assert server.process is not None
        all_of_it = list(victims.descendants(server.process.pid))
        database = victims.find(server.process.pid, server.data_dir, "database")
        assert database in all_of_it
        assert len(all_of_it) > len(("server", "intake", "worker", "database"))
        server.process.kill()
        server.process.wait()
        until = time.monotonic() + ENDS_WITHIN_S
        while any(process.is_running() for process in all_of_it) and time.monotonic() < until:
            time.sleep(0.02)
        left = [process for process in all_of_it if process.is_running()]
        assert left == [], f"still running {ENDS_WITHIN_S} s after the supervisor was killed"
    finally:
        load.stop()
    answered = notes.snapshot()
    assert all(answered[kind] for kind in SINGLE_KINDS)

    server.start()
    resumed = server.caller({"code": sender.code, "client_id": sender.client_id, "client_secret": sender.client_secret})
    resumed.http.headers["Authorization"] = f"Bearer {sender.token}"  # a token survives a restart
    readers = read_all(resumed, notes)
    check_submissions(resumed, notes)
    check_tables(server)
    send_everything_again(resumed, notes, readers)
    check_tables(server)
