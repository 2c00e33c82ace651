"""A single record that waits goes before the next chunk of a body of its kind."""

from __future__ import annotations

import json
import threading
import time

from daumoi.core.hub import Hub
from daumoi.intake.single import GroupCommit
from daumoi.intake.submissions import Submission
from daumoi.intake.turns import Turns
from daumoi.kinds.registry import KINDS
from daumoi.log.append import CHUNK_ROWS
from daumoi.log.selectors import heads
from daumoi.organisations.registry import System
from tests.integration.sending import a_report, a_system

KIND = KINDS["citizen_report"]
BODIES = 5
SINGLES = 25
MOST_CHUNKS_BEFORE = 3
"""The one that holds the head, and one more that was called while the record's own transaction began; and rounding up."""


def _line(ref: str) -> bytes:
    return json.dumps(a_report(ref)).encode()


def _stream(hub: Hub, system: System, turns: Turns, name: str, ending: threading.Event) -> None:
    submission = Submission(hub, system=system, kind=KIND, turns=turns)
    number = 0
    while not ending.is_set():
        submission.add([_line(f"{name}-{number}-{line}") for line in range(CHUNK_ROWS)])
        number += 1
    submission.finish()


def _head(hub: Hub) -> int:
    with hub.pool.connection() as connection:
        return next(figure.last_seq for figure in heads(connection) if figure.kind == KIND.name)


def test_however_many_bodies_are_under_way_a_single_record_waits_for_few_chunks(hub: Hub) -> None:
    bulk, single = a_system(hub, "mallory"), a_system(hub, "dov")
    turns, ending, commits = Turns(), threading.Event(), GroupCommit(hub)
    bodies = [
        threading.Thread(target=_stream, args=(hub, bulk, turns, f"B{number}", ending)) for number in range(BODIES)
    ]
    for body in bodies:
        body.start()
    try:
        until = time.monotonic() + 20
        while _head(hub) < BODIES * CHUNK_ROWS:
            assert time.monotonic() < until
            time.sleep(0.02)
        before = []
        for number in range(SINGLES):
            head = _head(hub)
            receipt = commits.submit(single, KIND, _line(f"S-{number}")).result(timeout=20)
            assert receipt.first_seq is not None
            before.append((receipt.first_seq - head) / CHUNK_ROWS)
            time.sleep(0.03)
    finally:
        ending.set()
        for body in bodies:
            body.join(60)
        commits.close()
    print(f"chunks of {BODIES} bodies stored before a single record: at most {max(before):.1f}")
    assert max(before) <= MOST_CHUNKS_BEFORE
