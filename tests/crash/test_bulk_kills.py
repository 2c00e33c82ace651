"""`kill -9` of every part of the hub at random moments of a bulk intake at full rate from several clients at once."""

from __future__ import annotations

import dataclasses
import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import psycopg
import pytest

from tests.contract.records import a_checkpoint
from tests.crash import victims
from tests.crash.load import BAD_EVERY, CHECKPOINT_CODE, PASSAGE, passage_row
from tests.crash.reckoning import check_tables, dsn_of
from tests.crash.test_kills import wait_until_ready
from tests.hubs import NDJSON, NO_TLS, Caller, HubServer, Record, check_equation, counts

CLIENTS = 4
BODY_ROWS = 2500
VICTIMS: tuple[victims.Role, ...] = ("server", "intake", "database", "worker", "reader")
ARCHIVE_ROWS = 4000
_AGAIN_PAUSE_S = 0.05
_WAIT_AT_MOST_S = 300.0
"""Not how long a recovery may take (it is told), but when a wait is given up: a busy machine restarts slowly."""


@dataclasses.dataclass
class Progress:
    """What was answered, over all clients."""

    rows: int = 0
    refused: int = 0
    broken: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)
    answered_at: list[float] = dataclasses.field(default_factory=list)
    guard: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class Client(threading.Thread):
    """Sends body after body as fast as it can; one that is not answered 200 is sent again, whole, until it is."""

    def __init__(self, number: int, server: HubServer, token: str, bodies: int, progress: Progress) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.bodies = [
            [passage_row(f"c{number}-{body}-{line}", line) for line in range(1, BODY_ROWS + 1)]
            for body in range(bodies)
        ]
        self.progress = progress
        self.http = httpx.Client(
            base_url=server.base_url,
            verify=NO_TLS,
            timeout=60.0,
            headers={"Authorization": f"Bearer {token}", "Content-Type": NDJSON},
        )

    def run(self) -> None:
        try:
            for rows in self.bodies:
                while not self.send(rows):
                    time.sleep(_AGAIN_PAUSE_S)
        except Exception as fault:  # a client that ended without a word would make the test weaker, not red
            self.progress.faults.append(f"{self.name}: {fault!r}")

    def send(self, rows: list[Record]) -> bool:
        lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
        try:
            answer = self.http.post(f"/api/v1/records/{PASSAGE}", content=lines)
        except httpx.TransportError:
            with self.progress.guard:
                self.progress.broken += 1
            return False
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["code"]) == (503, "not_ready"), answer.text
            with self.progress.guard:
                self.progress.refused += 1
            return False
        receipt = answer.json()
        check_equation(receipt)
        assert receipt["received"] == BODY_ROWS, receipt
        assert receipt["held"] == BODY_ROWS // BAD_EVERY, receipt
        with self.progress.guard:
            self.progress.rows += BODY_ROWS
            self.progress.answered_at.append(time.monotonic())
        return True


@pytest.fixture
def server(workspace: Path, prepared: Path, request: pytest.FixtureRequest) -> Iterator[HubServer]:
    made = HubServer(workspace / f"bulk-{abs(hash(request.node.name)) % 10**8}", prepared=prepared)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("rows", "kills"),
    [
        pytest.param(50_000, 5, id="a twentieth"),
        pytest.param(1_000_000, 100, id="whole", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_kills_at_random_moments_of_a_bulk_intake_lose_and_double_nothing(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, rows: int, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    sender = server.new_system(send="all", read="all", identity="given")
    assert counts(sender.receipt("checkpoint", a_checkpoint({"code": CHECKPOINT_CODE}))) == {"accepted": 1}
    progress, chance = Progress(), random.Random(rows)
    clients = [
        Client(number, server, sender.token, rows // BODY_ROWS // CLIENTS, progress) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    recovered_s = [kill_in_the_middle(server, progress, chance, number, rows, kills) for number in range(kills)]
    for client in clients:
        client.join(600)
    assert progress.faults == []
    assert progress.rows == rows, f"{progress.rows} of {rows} rows were answered"
    assert progress.broken + progress.refused > 0, "no kill met a call under way"
    good = rows - rows // BAD_EVERY
    check_tables(server)
    check_feed(sender, good)
    check_archive(server, monkeypatch)
    with capsys.disabled():
        recovered_s.sort()
        print(
            f"\n{kills} kills in {rows:,} rows: rows answered again after a kill within"
            f" {recovered_s[len(recovered_s) // 2]:.1f} s at the median, {recovered_s[-1]:.1f} s at most"
        )


def kill_in_the_middle(
    server: HubServer, progress: Progress, chance: random.Random, number: int, rows: int, kills: int
) -> float:
    """Kills one part when its share of the rows is answered; returns the seconds until rows are answered again."""
    wait_for(lambda: progress.rows >= rows * (number + chance.random() * 0.6) * 0.9 / kills or bool(progress.faults))
    assert progress.faults == []
    time.sleep(chance.uniform(0.0, 0.05))
    assert server.process is not None
    role = VICTIMS[number % len(VICTIMS)]
    victim = victims.wait_for(server.process.pid, server.data_dir, role)
    victim.kill()
    killed_at, answered = time.monotonic(), len(progress.answered_at)
    victims.wait_for(server.process.pid, server.data_dir, role, other_than=victim)
    wait_until_ready(server)
    # Answers that were on their way when the part was killed do not count: one of each client may come late.
    wait_for(lambda: len(progress.answered_at) > answered + CLIENTS or progress.rows >= rows or bool(progress.faults))
    return progress.answered_at[min(answered + CLIENTS, len(progress.answered_at) - 1)] - killed_at


def wait_for(holds: Any) -> None:
    """Waits until something holds."""
    until = time.monotonic() + _WAIT_AT_MOST_S
    while not holds():
        assert time.monotonic() < until, f"not within {_WAIT_AT_MOST_S} s"
        time.sleep(0.005)


def check_feed(reader: Caller, good: int) -> None:
    """The feed holds every good row exactly once, under dense numbers."""
    seen: set[str] = set()
    after = 0
    while True:
        page = reader.feed(PASSAGE, after=after, limit=10_000)
        assert [line["seq"] for line in page.lines] == list(range(after + 1, after + 1 + len(page.lines)))
        refs = {line["ref"] for line in page.lines}
        assert len(refs) == len(page.lines)
        assert not refs & seen
        seen |= refs
        after = page.next
        if after >= page.head:
            break
    assert len(seen) == good
    assert not any(ref.endswith("-bad") for ref in seen)


def check_archive(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every closed range is archived once, and says what the log says."""
    from daumoi.cli.processes.worker import archive_closed
    from daumoi.cli.session import open_hub

    monkeypatch.setenv("DAUMOI_ARCHIVE_ROWS", str(ARCHIVE_ROWS))
    with open_hub(server.data_dir, say=lambda _said: None) as hub:
        archive_closed(hub)
    files = str(server.data_dir / "archive" / PASSAGE / "*" / "*.parquet")
    archived = duckdb.sql(f"SELECT seq, id::text, subject_claim FROM read_parquet('{files}') ORDER BY seq").fetchall()
    with psycopg.connect(dsn_of(server)) as connection:
        logged = connection.execute(
            "SELECT r.seq, r.id::text, r.subject FROM record r JOIN head h USING (kind)"
            " WHERE h.name = %s AND r.seq <= %s ORDER BY r.seq",
            (PASSAGE, len(archived)),
        ).fetchall()
        head = connection.execute("SELECT seq FROM head WHERE name = %s", (PASSAGE,)).fetchone()
    assert head is not None
    assert head[0] - len(archived) < ARCHIVE_ROWS, "every closed range is there"
    assert archived == logged
