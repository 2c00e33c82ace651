"""Clients that never stop sending: single records on several connections, and bulk bodies that come slowly.

Each notes what it sent and what was answered 200; nothing else is believed of a hub that is killed under them.
"""

from __future__ import annotations

import abc
import dataclasses
import itertools
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx

from tests.contract.records import (
    BA_DINH,
    a_leg,
    a_movement,
    a_passage,
    a_person,
    a_report,
)
from tests.hubs import NDJSON, NO_TLS, Record, check_equation

CHECKPOINT_CODE = "CRASH-1"
MOVEMENT, REPORT, PASSAGE = "movement_declaration", "citizen_report", "checkpoint_passage"
SINGLE_KINDS = (PASSAGE, REPORT, MOVEMENT)
BODY_ROWS = 3000
PIECE_ROWS = 60
PIECE_PAUSE_S = 0.02
BAD_EVERY = 100
POSTERS = 6
BULK_SENDERS = 2
_POST_PAUSE_S = 0.004
_AGAIN_PAUSE_S = 0.1

_people = itertools.count(1)


def a_stranger(**fields: Any) -> Record:
    """A person whom no record named before."""
    return a_person(national_id=f"001087{next(_people):06d}", **fields)


@dataclasses.dataclass
class Notes:
    """What was sent and what was answered, from all clients."""

    sent: dict[str, dict[str, Record]] = dataclasses.field(default_factory=lambda: {kind: {} for kind in SINGLE_KINDS})
    bad: set[str] = dataclasses.field(default_factory=set)
    answered: dict[str, set[str]] = dataclasses.field(default_factory=lambda: {kind: set() for kind in SINGLE_KINDS})
    accepted: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(SINGLE_KINDS, 0))
    receipts: list[Record] = dataclasses.field(default_factory=list)
    refusals: dict[tuple[int, str], int] = dataclasses.field(default_factory=dict)
    broken_connections: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)
    guard: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def note_sent(self, kind: str, record: Record) -> None:
        with self.guard:
            self.sent[kind][record["ref"]] = record

    def note_receipt(self, kind: str, refs: list[str], receipt: Record, *, whole: bool) -> None:
        """A receipt of these refs, or of the first of them when the body was not taken to its end."""
        check_equation(receipt)
        with self.guard:
            done = refs if whole else refs[: receipt["received"]]
            self.answered[kind].update(ref for ref in done if ref not in self.bad)
            self.accepted[kind] += receipt["accepted"]
            self.receipts.append(receipt)

    def note_refusal(self, answer: httpx.Response) -> Record | None:
        """Anything but 200; returns the receipt so far when there is one."""
        try:
            body = answer.json()
        except ValueError:
            body = {}
        key = (answer.status_code, str(body.get("code")))
        with self.guard:
            self.refusals[key] = self.refusals.get(key, 0) + 1
        receipt: Record | None = body.get("receipt")
        return receipt

    def note_broken(self) -> None:
        with self.guard:
            self.broken_connections += 1

    def snapshot(self) -> dict[str, set[str]]:
        """The refs answered 200 until now."""
        with self.guard:
            return {kind: set(refs) for kind, refs in self.answered.items()}

    def answers(self) -> int:
        """How many refs were answered 200 until now."""
        with self.guard:
            return sum(len(refs) for refs in self.answered.values())


class Client(threading.Thread, abc.ABC):
    """One connection with a token."""

    def __init__(self, name: str, base_url: str, token: str, notes: Notes) -> None:
        super().__init__(name=name, daemon=True)
        self.ending = threading.Event()
        self.notes = notes
        self.http = httpx.Client(
            base_url=base_url, verify=NO_TLS, timeout=30.0, headers={"Authorization": f"Bearer {token}"}
        )

    def run(self) -> None:
        try:
            self.send_all()
        except Exception as fault:  # a client that ended without a word would make the test weaker, not red
            self.notes.faults.append(f"{self.name}: {fault!r}")
        finally:
            self.http.close()

    @abc.abstractmethod
    def send_all(self) -> None:
        """Send until told to end."""


class Poster(Client):
    """Posts single records, one after the other; one whose answer did not come is not sent again before the end."""

    def send_all(self) -> None:
        numbers = itertools.count(1)
        while not self.ending.is_set():
            number = next(numbers)
            kind = SINGLE_KINDS[number % len(SINGLE_KINDS)]
            record = single_record(kind, f"{self.name}-{number}")
            self.notes.note_sent(kind, record)
            try:
                answer = self.http.post(f"/api/v1/records/{kind}", json=record)
            except httpx.TransportError:
                self.notes.note_broken()
                self.ending.wait(_AGAIN_PAUSE_S)
                continue
            if answer.status_code == 200:
                receipt = answer.json()
                assert (receipt["received"], receipt["accepted"]) == (1, 1), receipt
                self.notes.note_receipt(kind, [record["ref"]], receipt, whole=True)
                self.ending.wait(_POST_PAUSE_S)
            else:
                self.notes.note_refusal(answer)
                self.ending.wait(_AGAIN_PAUSE_S)


class BulkSender(Client):
    """Sends long bodies piece by piece; one that was not answered 200 is sent again, whole, until it is."""

    def __init__(self, name: str, base_url: str, token: str, notes: Notes) -> None:
        super().__init__(name, base_url, token, notes)
        self.rows_under_way = 0

    @property
    def is_in_the_middle(self) -> bool:
        """Whether a body is under way, of which much is sent and much is not."""
        return BODY_ROWS * 0.1 < self.rows_under_way < BODY_ROWS * 0.9

    def send_all(self) -> None:
        for number in itertools.count(1):
            rows = [passage_row(f"{self.name}-{number}-{line}", line) for line in range(1, BODY_ROWS + 1)]
            for row in rows:
                if row["ref"].endswith("-bad"):
                    self.notes.bad.add(row["ref"])
                self.notes.note_sent(PASSAGE, row)
            while not self.ending.is_set() and not self.send_body(rows):
                self.ending.wait(_AGAIN_PAUSE_S)
            if self.ending.is_set():
                return

    def send_body(self, rows: list[Record]) -> bool:
        """Send one body; true when it was answered 200."""
        refs = [row["ref"] for row in rows]
        try:
            answer = self.http.post(
                f"/api/v1/records/{PASSAGE}", content=self._pieces(rows), headers={"Content-Type": NDJSON}
            )
        except httpx.TransportError:
            self.notes.note_broken()
            return False
        finally:
            self.rows_under_way = 0
        if answer.status_code != 200:
            receipt = self.notes.note_refusal(answer)
            if receipt is not None:
                self.notes.note_receipt(PASSAGE, refs, receipt, whole=False)
            return False
        receipt = answer.json()
        assert receipt["received"] == len(rows), receipt
        assert receipt["held"] == sum(ref in self.notes.bad for ref in refs), receipt
        self.notes.note_receipt(PASSAGE, refs, receipt, whole=True)
        return True

    def _pieces(self, rows: list[Record]) -> Iterator[bytes]:
        for start in range(0, len(rows), PIECE_ROWS):
            piece = rows[start : start + PIECE_ROWS]
            yield b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in piece)
            self.rows_under_way = start + len(piece)
            self.ending.wait(0 if self.ending.is_set() else PIECE_PAUSE_S)


class Load:
    """All clients at once."""

    def __init__(self, base_url: str, token: str, notes: Notes, mark: str) -> None:
        self.notes = notes
        self.posters = [Poster(f"{mark}-P{number}", base_url, token, notes) for number in range(POSTERS)]
        self.bulk = [BulkSender(f"{mark}-B{number}", base_url, token, notes) for number in range(BULK_SENDERS)]

    def start(self) -> None:
        for client in (*self.posters, *self.bulk):
            client.start()

    def stop(self) -> None:
        """Ends all clients; whatever is under way is finished or given up."""
        for client in (*self.posters, *self.bulk):
            client.ending.set()
        for client in (*self.posters, *self.bulk):
            client.join(60)
            assert not client.is_alive(), client.name
        assert self.notes.faults == []

    def wait_for_the_middle(self) -> None:
        """Waits until a body is half sent and single records are being answered."""
        before = self.notes.answers()
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.notes.faults == []
            if self.notes.answers() > before + POSTERS and any(sender.is_in_the_middle for sender in self.bulk):
                return
            time.sleep(0.005)
        raise AssertionError(f"no records are answered: {self.notes.refusals}, {self.notes.broken_connections} broken")


def passage_row(ref: str, line: int) -> Record:
    """A passage of a stranger with a plate; one in a hundred names an area that is none and is held."""
    row = a_passage(
        CHECKPOINT_CODE,
        {"vehicle_plate": f"30A-{line:05d}", "sequence": line},
        ref=ref,
        subject=a_stranger(phone=f"09{line:08d}"),
    )
    if line % BAD_EVERY == 0:
        row = {**row, "ref": f"{ref}-bad", "area": {**BA_DINH, "code": "99999"}}
    return row


def single_record(kind: str, ref: str) -> Record:
    """A record that touches every table a record of its kind can touch: people, companions, sealed values."""
    if kind == PASSAGE:
        return passage_row(ref, 1)
    if kind == REPORT:
        return a_report({"title": f"Tiêu đề {ref}", "text": f"Nội dung {ref}"}, ref=ref, subject=a_stranger())
    leg = a_leg(transport={"mode": "car", "number": "30A-000.01", "seat": "4"})
    companions = [a_stranger(full_name=f"Bạn đường {ref}")]
    return a_movement({"legs": [leg], "companions": companions}, ref=ref, subject=a_stranger())
