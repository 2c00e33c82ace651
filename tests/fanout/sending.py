"""Senders that keep an even pace: three kinds from all provinces, with people, corrections and withdrawals."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from tests.contract.records import a_checkpoint, a_movement, a_passage, a_report, a_withdrawal
from tests.fanout.cast import KINDS
from tests.hubs import Caller, Record, counts

EVERY_S = 0.1
_PEOPLE = 20_000
_CHECKPOINTS = 200
_SHARES = {"citizen_report": 0.4, "movement_declaration": 0.3, "checkpoint_passage": 0.3}
_CORRECTED, _WITHDRAWN = 0.02, 0.01


class Sender:
    """Makes records of a seed: of wards of both schemes, of people who come again."""

    def __init__(self, caller: Caller, seed: int) -> None:
        self._caller, self._chance = caller, random.Random(seed)
        self._wards = [
            (scheme, code)
            for scheme in (BEFORE, TODAY)
            for code in areas.codes_of(scheme)
            if (unit := areas.find(scheme, code)) is not None and unit.level == "ward"
        ]
        self._revisions: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self._sent: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.accepted: dict[str, int] = dict.fromkeys(KINDS, 0)

    def open_checkpoints(self) -> None:
        """Set up checkpoints all over the country."""
        rows = [a_checkpoint({"code": f"CP-{number}"}, area=self._place()) for number in range(_CHECKPOINTS)]
        assert counts(self._caller.receipt("checkpoint", *rows)) == {"accepted": _CHECKPOINTS}

    def send_for(self, seconds: float, per_second: int) -> float:
        """Send so many records a second, all kinds in turn; returns the longest that a pace was late by, in seconds."""
        begins, late = time.monotonic(), 0.0
        for turn in range(round(seconds / EVERY_S)):
            waits = begins + turn * EVERY_S - time.monotonic()
            late = max(late, -waits)
            time.sleep(max(0.0, waits))
            for kind, share in _SHARES.items():
                rows = list(self._rows(kind, round(per_second * EVERY_S * share)))
                receipt = self._caller.receipt(kind, *rows)
                assert not receipt["held"], receipt
                self.accepted[kind] += sum(receipt[name] for name in ("accepted", "corrected", "withdrawn"))
        return late

    def _rows(self, kind: str, many: int) -> Iterator[Record]:
        used: set[str] = set()
        for _ in range(many):
            known = self._revisions[kind]
            chosen = self._chance.random()
            ref = self._chance.choice(list(known)[-2000:]) if known and chosen < _CORRECTED + _WITHDRAWN else None
            if ref is None or ref in used:
                row = self._fresh(kind)
                known[row["ref"]] = 1
                self._sent[kind][row["ref"]] = row
            elif chosen < _WITHDRAWN:
                row = a_withdrawal(ref, known.pop(ref) + 1)
                del self._sent[kind][ref]
            else:
                known[ref] += 1
                row = self._sent[kind][ref] | {"revision": known[ref], "area": self._place()}
            used.add(row["ref"])
            yield row

    def _fresh(self, kind: str) -> Record:
        if kind == "citizen_report":
            return a_report(area=self._place())
        if kind == "movement_declaration":
            return a_movement(area=self._place(), subject=self._person())
        checkpoint = f"CP-{self._chance.randrange(_CHECKPOINTS)}"
        return a_passage(checkpoint, area=self._place(), subject=self._person())

    def _place(self) -> dict[str, str]:
        scheme, code = self._chance.choice(self._wards)
        return {"scheme": scheme, "code": code}

    def _person(self) -> dict[str, Any]:
        number = self._chance.randrange(_PEOPLE)
        return {"national_id": f"001087{number:06d}", "full_name": "Nguyễn Văn Bình", "phone": f"09{number:08d}"}
