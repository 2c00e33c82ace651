"""Many write, two seal, one is killed: every line is sealed once, whenever its transaction commits."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daumoi.audit import heads, services
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.sealing import seal
from daumoi.core.hub import Hub
from tests.integration.audit.writing import ADA, verified, write

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
NUMBERS = st.lists(st.integers(1, 2**62), max_size=4)


def test_eight_writers_and_two_sealers_leave_every_line_once(hub: Hub) -> None:
    ending = threading.Event()

    def keep_sealing() -> int:
        count = 0
        while not ending.is_set():
            count += seal(hub)
        return count

    with ThreadPoolExecutor(10) as pool:
        sealers = [pool.submit(keep_sealing) for _ in range(2)]
        writers = [pool.submit(write, hub, 40, people=[number]) for number in range(1, 9)]
        for writer in writers:
            writer.result()
        ending.set()
        sealed = sum(sealer.result() for sealer in sealers) + seal(hub)
    report = verified(hub)
    assert (sealed, report.lines, report.waiting, report.faults) == (320, 320, 0, [])
    with hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT people[1], count(*), count(DISTINCT entry) FROM audit_line GROUP BY 1"
        ).fetchall()
    assert sorted(rows) == [(number, 40, 40) for number in range(1, 9)]


def test_a_line_whose_transaction_commits_late_is_sealed_later_and_never_skipped(hub: Hub) -> None:
    with psycopg.connect(hub.dsn) as late:
        services.write(
            late, at=hub.clock.now(), by=ADA, action="late.one", subject=Subject("late"), purpose="administration"
        )
        write(hub, 3)
        assert seal(hub) == 3
        write(hub, 2)
    # Committed now: its number lies below all that were sealed.
    assert seal(hub) == 3
    with hub.pool.connection() as connection:
        rows = connection.execute("SELECT entry, action FROM audit_line ORDER BY number").fetchall()
    assert [row[0] for row in rows] == [2, 3, 4, 1, 5, 6]
    assert verified(hub).is_whole


SEALER = """
import sys
from pathlib import Path
from daumoi.audit.sealing import seal
from daumoi.core.clock import SystemClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
dsn, folder, key = sys.argv[1:]
hub = Hub(load({}, data_dir=Path(folder)), dsn, open_pool(dsn), Keys.from_master(bytes.fromhex(key)), SystemClock())
print("ready", flush=True)
while True:
    seal(hub)
"""


def test_a_sealer_that_is_killed_leaves_a_chain_that_the_next_goes_on_with(hub: Hub) -> None:
    ending = threading.Event()

    def keep_writing() -> int:
        count = 0
        while not ending.is_set():
            write(hub, 5)
            count += 5
        return count

    arguments = (hub.dsn, str(hub.settings.data_dir), hub.keys._master.hex())
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(keep_writing)
        for pause_s in (0.05, 0.11, 0.17):
            with subprocess.Popen([sys.executable, "-c", SEALER, *arguments], stdout=subprocess.PIPE) as victim:
                assert victim.stdout is not None
                assert victim.stdout.readline() == b"ready\n"
                time.sleep(pause_s)
                os.kill(victim.pid, signal.SIGKILL)
        ending.set()
        written = writer.result()
    until = time.monotonic() + 10
    while verified(hub).waiting and time.monotonic() < until:
        seal(hub)
    report = verified(hub)
    assert (report.lines, report.waiting, report.faults) == (written, 0, [])


def outsiders_bytes(line: dict[str, object]) -> bytes:
    """Write a line as docs/privacy.md says, from its values alone: COPY's text form, by somebody else's hand."""
    signs = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}

    def field(value: object) -> str:
        if value is None:
            return "\\N"
        if isinstance(value, list):
            return "{" + ",".join(map(str, value)) + "}"
        return "".join(signs.get(sign, sign) for sign in str(value))

    return "\t".join(map(field, line.values())).encode()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    label=TEXT, subject=TEXT, reason=st.text(st.characters(exclude_categories=["Cs"])), people=NUMBERS, claims=NUMBERS
)
def test_an_outsider_comes_to_the_same_hash_from_the_values_alone(
    chained: Hub, label: str, subject: str, reason: str, people: list[int], claims: list[int]
) -> None:
    at = chained.clock.now()
    with chained.pool.connection() as connection:
        services.write(
            connection,
            at=at,
            by=Actor("member:x", label, "r", "::1", "s", "q"),
            action="a.b",
            subject=Subject(subject, "checkpoint", 1, None, people, claims),
            purpose="administration",
            reason=reason,
        )
        assert seal(chained) == 1
        (number, entry, hash_), (before,) = (
            row if index == 0 else (row[2],)
            for index, row in enumerate(
                connection.execute("SELECT number, entry, hash FROM audit_line ORDER BY number DESC LIMIT 2").fetchall()
            )
        )
    at_us = heads.microseconds(at)
    line: dict[str, object] = {
        "number": number,
        "sealed_at": at_us,
        "at": at_us,
        "entry": entry,
        "form": 1,
        "actor": "member:x",
        "actor_label": label,
        "role": "r",
        "action": "a.b",
        "subject": subject,
        "kind": "checkpoint",
        "first_seq": 1,
        "last_seq": None,
        "people": sorted(set(people)) or None,
        "claims": sorted(set(claims)) or None,
        "purpose": "administration",
        "reason": services.cut(reason.strip(), services.REASON_MAX),
        "origin": "::1",
        "session": "s",
        "request": "q",
        "grant_id": None,
    }
    assert sha256(b"daumoi audit 1\n" + before + outsiders_bytes(line)).digest() == hash_
    now = heads.read(heads.folder_of(chained.settings.data_dir) / heads.NOW)
    assert now is not None
    assert (now.number, now.hash) == (number, hash_.hex())
    assert re.fullmatch("[0-9a-f]{128}", json.loads(json.dumps(now.signature)))
