"""Bulk intake at its door: the rate at several sizes of the store, beside raw COPY, and the memory of a long body."""

import itertools
import time
from collections.abc import Callable, Iterator

from benchmarks import raw_copy
from benchmarks.mix import FULL_PASSAGES, KNOWN_PEOPLE, Mix, pieces
from benchmarks.processes import cpu_of_call, peaks_mib
from benchmarks.table import Table
from tests.crash.reckoning import dsn_of
from tests.hubs import Caller, HubServer, a_receipt

KIND = "checkpoint_passage"


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def send(partner: Caller, kind: str, body: Iterator[bytes], rows: int) -> None:
    """Send pieces as one body that is made while it is sent; every row must be accepted."""
    receipt = a_receipt(
        partner.http.post(
            f"/api/v1/records/{kind}",
            content=body,
            headers={"Content-Type": "application/x-ndjson"},
            timeout=7200,
        )
    )
    assert receipt["accepted"] == rows, {**receipt, "problems": receipt["problems"][:3]}


class Intake:
    """Sends series after series into one hub; each brings new records and a fifth of its people anew."""

    def __init__(self, server: HubServer, partner: Caller, table: Table) -> None:
        """Give the hub the checkpoints and the people it knows already."""
        assert server.process is not None
        self._server, self._partner, self._table = server, partner, table
        self._supervisor = server.process.pid
        self._next_person = KNOWN_PEOPLE
        self._series = itertools.count(1)
        self.stored = 0
        self._fill("checkpoint", Mix.checkpoint_lines())
        self.stored += self._fill(KIND, Mix(FULL_PASSAGES).earlier_lines())

    def _fill(self, kind: str, lines: Iterator[bytes]) -> int:
        everything = list(lines)
        send(self._partner, kind, pieces(iter(everything)), len(everything))
        return len(everything)

    def _mix(self, passages: int) -> Mix:
        mix = Mix(passages, f"s{next(self._series)}", self._next_person)
        self._next_person += mix.people
        return mix

    def measure(self, passages: int) -> None:
        """Measure one series, and what COPY alone needs for the rows it made."""
        lines = list(self._mix(passages).lines())
        body = list(pieces(iter(lines)))
        size = sum(map(len, lines)) // len(lines)
        dsn = dsn_of(self._server)
        since = raw_copy.last_transaction(dsn)
        took = 0.0

        def run() -> None:
            nonlocal took
            took = timed(lambda: send(self._partner, KIND, iter(body), passages))

        cpu = cpu_of_call(self._supervisor, run)
        rate = passages / took
        before, self.stored = self.stored, self.stored + passages
        say = self._table.say
        say(f"bulk intake, {passages:,} passages of {size} bytes", f"{rate:,.0f} records/s", "25,000", stored=before)
        parts = ", ".join(f"{role} {1e6 * seconds / passages:.1f}" for role, seconds in cpu.items())
        say("  processor time of a record, µs", parts, stored=before)
        seconds, rows = raw_copy.seconds_to_copy(dsn, since=since)
        raw = passages / seconds
        say(
            f"  COPY of the same {sum(rows.values()):,} rows in {len(rows)} tables",
            f"{raw:,.0f} records/s",
            stored=before,
        )
        say("  intake as a part of COPY", f"{100 * rate / raw:.0f} %", "50 %", stored=before)

    def fill_up_to(self, records: int) -> None:
        """Send one long body until so many records are stored, and say what memory it took."""
        missing = records - self.stored
        if missing <= 0:
            return
        parts = [FULL_PASSAGES] * (missing // FULL_PASSAGES) + [missing % FULL_PASSAGES]
        size = 0

        def body() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces(itertools.chain.from_iterable(self._mix(part).lines() for part in parts if part)):
                size += len(piece)
                yield piece

        before = self.stored
        took = timed(lambda: send(self._partner, KIND, body(), missing))
        self.stored = records
        peaks = ", ".join(f"{role} {mib:,.0f} MiB" for role, mib in peaks_mib(self._supervisor).items())
        what = f"one body of {size / 1e9:.1f} GB, made while it is sent"
        self._table.say(what, f"{missing / took:,.0f} records/s", stored=before)
        self._table.say("  most memory ever held", peaks, stored=records)
