"""Plays a country: several systems at once, each its own thread, and at the end receipts against truth."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from daumoi.simulation.country import Country, Sender, write_people
from daumoi.simulation.places import SYSTEMS, System
from daumoi.simulation.sending import Partner, Refused

_BODY_ROWS = 5000


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
    people = write_people(country, truth)
    began = time.monotonic()
    outcome = Outcome()
    senders = {system: Sender(country, system, truth) for system in SYSTEMS}
    partners = {system: Partner(url, *credentials[system]) for system in SYSTEMS}
    pace = _Pace(rate_per_s)
    threads = [
        threading.Thread(target=_send, args=(senders[each], partners[each], each, pace, watch, outcome), name=each)
        for each in SYSTEMS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.monotonic() - began
    outcome.stopped = watch.wants_stop()
    expected = {}
    for system in SYSTEMS:
        outcome.counts[system] = partners[system].counts
        expected[system] = {kind: dict(counts) for kind, counts in senders[system].expected.counts.items()}
        outcome.records += sum(counts["received"] for counts in partners[system].counts.values())
        if not outcome.stopped:
            outcome.disagreements += _compared(system, expected[system], partners[system].counts)
    _write_summary(country, people, expected, truth)
    return outcome


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


def _send(sender: Sender, partner: Partner, system: System, pace: _Pace, watch: Watch, outcome: Outcome) -> None:
    try:
        for kind, lines in sender.batches(pace.rows):
            pace.wait_for(len(lines), watch)
            if watch.wants_stop():
                return
            partner.send(kind, lines)
            watch.sent(system, len(lines))
    except Refused as refused:
        outcome.disagreements.append(f"{system}: {refused}")


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


def _write_summary(country: Country, people: int, expected: dict[System, Any], truth: Path) -> None:
    summary = {
        "seed": country.seed,
        "people": people,
        "first_on": country.first_on.isoformat(),
        "days": country.days,
        "expected": expected,
    }
    (truth / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1))
