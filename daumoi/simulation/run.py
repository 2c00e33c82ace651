"""Plays a country: several systems at once, each its own thread, and at the end receipts against truth."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from daumoi.simulation.country import Body, Country, Truth, bodies, write_people
from daumoi.simulation.places import SYSTEMS, System
from daumoi.simulation.sending import Partner, Refused

SUMMARY = "summary.json"
"""What was played and what is to become of it, written when all is sent."""
_BODY_ROWS = 10_000
"""The hub stores one chunk of a body while it reads the next chunk, but never while it reads the next body: long bodies
are best. After Ctrl-C the present ones still go, so they are not longer than that."""
_BODIES_AHEAD = 2


class Watch(Protocol):
    """Who looks on."""

    def sent(self, system: System, records: int) -> None:
        """Say that a system has sent so many more."""

    def wants_stop(self) -> bool:
        """Tell whether to end after the present body."""


@dataclass
class Outcome:
    """What was sent, what the receipts said, and where they differ from the truth."""

    records: int = 0
    seconds: float = 0.0
    counts: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """By system, kind and outcome."""
    disagreements: list[str] = field(default_factory=list)
    stopped: bool = False


def play(
    country: Country,
    *,
    url: str,
    credentials: Mapping[System, tuple[str, str]],
    truth: Path,
    rate_per_s: float | None,
    watch: Watch,
) -> Outcome:
    """Send a country and write its truth into a folder; `rate_per_s` is that of all systems together."""
    truth.mkdir(parents=True, exist_ok=True)
    # While a folder is being written it has no summary, and nobody takes the half for the whole.
    (truth / SUMMARY).unlink(missing_ok=True)
    outcome, pace = Outcome(), _Pace(rate_per_s)
    for _ in write_people(country, truth):
        if watch.wants_stop():
            outcome.stopped = True
            return outcome
    began = time.monotonic()
    senders = {system: _Sender(system, Partner(url, *credentials[system]), truth, pace, watch) for system in SYSTEMS}
    try:
        for body in bodies(country, pace.rows):
            if not senders[body.system].take(body):
                break
    finally:
        for sender in senders.values():
            sender.end()
    outcome.seconds = time.monotonic() - began
    outcome.stopped = watch.wants_stop()
    for system, sender in senders.items():
        outcome.counts[system] = sender.partner.counts
        outcome.records += sum(counts["received"] for counts in sender.partner.counts.values())
        outcome.disagreements += sender.refusals
        if not outcome.stopped:
            outcome.disagreements += _compared(system, sender.expected, sender.partner.counts)
    _write_summary(country, {system: sender.expected for system, sender in senders.items()}, truth)
    return outcome


class _Sender:
    """One system: a thread that sends its bodies in order and writes the truth of each just before it."""

    def __init__(self, system: System, partner: Partner, folder: Path, pace: _Pace, watch: Watch) -> None:
        self.partner, self.refusals = partner, list[str]()
        self.truth = Truth(folder, system)
        self._system, self._pace, self._watch = system, pace, watch
        self._fault: Exception | None = None
        # What is made ahead of the hub waits here, and its maker waits when the hub is slower: memory stays flat.
        self._waiting: queue.Queue[Body | None] = queue.Queue(maxsize=_BODIES_AHEAD)
        self._thread = threading.Thread(target=self._work, name=system)
        self._thread.start()

    @property
    def expected(self) -> dict[str, dict[str, int]]:
        """What is to become of the rows, by kind and outcome."""
        return {kind: dict(counts) for kind, counts in self.truth.counts.items()}

    def take(self, body: Body) -> bool:
        """Send a body later, in its turn; false when it came to nothing because all is to stop."""
        while not self._watch.wants_stop():
            with contextlib.suppress(queue.Full):
                self._waiting.put(body, timeout=0.2)
                return True
        return False

    def end(self) -> None:
        """Wait until all that was taken is sent, or all is to stop; raises what went wrong, such as a full disk."""
        self._waiting.put(None)
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _work(self) -> None:
        with self.truth:
            while (body := self._waiting.get()) is not None:
                # After a refusal, and when all is to stop, what still waits is thrown away.
                if self.refusals or self._fault is not None or not self._may_go(body.rows):
                    continue
                try:
                    self.truth.note(body)
                    self._send(body)
                except Exception as fault:
                    self._fault = fault

    def _may_go(self, rows: int) -> bool:
        self._pace.wait_for(rows, self._watch)
        return not self._watch.wants_stop()

    def _send(self, body: Body) -> None:
        try:
            self.partner.send(body.kind, body.content(), body.rows)
            self._watch.sent(self._system, body.rows)
        except Refused as refused:
            self.refusals.append(f"{self._system}: {refused}")


class _Pace:
    """Keeps all systems together at a rate, over the whole time."""

    def __init__(self, rate_per_s: float | None) -> None:
        self.rate_per_s = rate_per_s
        self._guard = threading.Lock()
        self._free_at = time.monotonic()

    @property
    def rows(self) -> int:
        """How many rows a body has: at low rates about one second's."""
        return _BODY_ROWS if self.rate_per_s is None else max(1, min(_BODY_ROWS, round(self.rate_per_s)))

    def wait_for(self, rows: int, watch: Watch) -> None:
        """Wait until so many rows may go."""
        if self.rate_per_s is None:
            return
        with self._guard:
            goes_at = max(self._free_at, time.monotonic())
            self._free_at = goes_at + rows / self.rate_per_s
        while (left := goes_at - time.monotonic()) > 0 and not watch.wants_stop():
            time.sleep(min(left, 0.2))


def _compared(system: System, expected: dict[str, dict[str, int]], said: dict[str, dict[str, int]]) -> list[str]:
    """Find where receipts and truth differ; what an earlier run has stored counts as repeated, so both add up."""
    found = []
    for kind in sorted(expected.keys() | said.keys()):
        for names in (("received",), ("accepted", "repeated"), ("held",)):
            true = sum(expected.get(kind, {}).get(name, 0) for name in names)
            told = sum(said.get(kind, {}).get(name, 0) for name in names)
            if true != told:
                found.append(f"{system}, {kind}: {told} {' or '.join(names)} by the receipts, {true} by the truth.")
    return found


def _write_summary(country: Country, expected: dict[System, Any], truth: Path) -> None:
    summary = {
        "seed": country.seed,
        "people": country.people,
        "first_on": country.first_on.isoformat(),
        "days": country.days,
        "activity": country.activity,
        "expected": expected,
    }
    (truth / SUMMARY).write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1))
