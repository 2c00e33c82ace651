"""Counts afterwards: every record exactly once, none half, and all tables of one mind."""

from __future__ import annotations

import dataclasses
import datetime
import os
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.crash.load import PASSAGE, SINGLE_KINDS, Notes
from tests.hubs import Caller, HubServer, Record, a_receipt, counts, ndjson

_PAGE = 10_000


@dataclasses.dataclass
class Reader:
    """Follows the feed of one kind and never goes back: what it missed it will not see."""

    kind: str
    seen: dict[str, int] = dataclasses.field(default_factory=dict)
    last: int = 0

    def read_on(self, caller: Caller, sent: dict[str, Record]) -> None:
        """Reads to the head; numbers follow each other without a hole, no ref comes twice, no record is half."""
        while True:
            page = caller.feed(self.kind, after=self.last, limit=_PAGE)
            for line in page.lines:
                assert line["seq"] == self.last + 1, (self.kind, line["seq"], self.last)
                assert line["ref"] not in self.seen, (self.kind, line["ref"])
                assert line["ref"] in sent, (self.kind, line["ref"])
                check_whole(line, sent[line["ref"]])
                self.seen[line["ref"]] = self.last = line["seq"]
            if self.last >= page.head:
                return


def check_whole(line: Record, sent: Record) -> None:
    """A line of a feed with identity says all that was sent."""
    assert (line["op"], line["revision"], line["current"]) == ("assert", 1, True), line
    assert line["subject"]["identity"] == sent["subject"], (line["seq"], line["ref"])
    assert _alike(line["data"], sent["data"]), (line["data"], sent["data"])
    assert line["area"] == sent["area"], line


def _alike(told: Any, sent: Any) -> bool:
    """Equal, with instants compared as instants; what is empty may be told or left out."""
    if isinstance(sent, dict):
        return all(_alike(told.get(name), value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(told) == len(sent) and all(_alike(one, other) for one, other in zip(told, sent, strict=True))
    if isinstance(sent, str) and isinstance(told, str) and told != sent:
        return datetime.datetime.fromisoformat(told) == datetime.datetime.fromisoformat(sent)
    return bool(told == sent)


def follow(readers: dict[str, Reader], caller: Caller, notes: Notes) -> None:
    """Reads all feeds on; every ref that had been answered before is there."""
    answered = notes.snapshot()
    for kind, reader in readers.items():
        reader.read_on(caller, notes.sent[kind])  # it grows while we read: a record is noted before it is sent
        missing = answered[kind] - reader.seen.keys()
        assert not missing, f"{len(missing)} answered records of {kind} are not in the log: {sorted(missing)[:5]}"
        assert not reader.seen.keys() & notes.bad


def from_the_beginning() -> dict[str, Reader]:
    """Readers that have seen nothing."""
    return {kind: Reader(kind) for kind in SINGLE_KINDS}


def read_all(caller: Caller, notes: Notes) -> dict[str, Reader]:
    """Reads every feed from its first number."""
    readers = from_the_beginning()
    follow(readers, caller, notes)
    return readers


def send_everything_again(caller: Caller, notes: Notes, readers: dict[str, Reader]) -> None:
    """What is in the log is repeated, the rest accepted, the bad held again; then every ref is there exactly once."""
    for kind, records in notes.sent.items():
        bad = len(records.keys() & notes.bad)
        there = len(readers[kind].seen)
        receipt = a_receipt(caller.post_body(kind, ndjson(records.values())))
        expected = {"repeated": there, "accepted": len(records) - bad - there, "held": bad}
        assert counts(receipt) == {name: count for name, count in expected.items() if count}, kind
    final = read_all(caller, notes)
    for kind, records in notes.sent.items():
        assert final[kind].seen.keys() == records.keys() - notes.bad
        assert {ref: final[kind].seen[ref] for ref in readers[kind].seen} == readers[kind].seen
    held = [row["record"]["ref"] for row in caller.held(kind=PASSAGE, limit=1000)]
    assert sorted(held) == sorted(notes.bad), "each bad row is held exactly once"


def check_submissions(caller: Caller, notes: Notes, *, most: int = 300) -> None:
    """Receipts that were answered are shown again as they were."""
    assert notes.receipts
    step = max(1, len(notes.receipts) // most)
    for receipt in notes.receipts[::step]:
        if not receipt["received"]:
            continue  # nothing of it was stored, so nothing is kept of it
        shown = caller.get(f"/api/v1/submissions/{receipt['submission_id']}")
        assert shown.status_code == 200, (shown.status_code, receipt)
        told = shown.json()
        names = ("kind", "received", "accepted", "repeated", "held", "first_seq", "last_seq")
        assert {name: told[name] for name in names} == {name: receipt[name] for name in names}


def dsn_of(server: HubServer) -> str:
    """How to reach the database of a running hub."""
    from daumoi.core.postgres import Cluster

    bin_dir = os.environ.get("DAUMOI_POSTGRES_BIN_DIR")
    return Cluster(
        server.data_dir, bin_dir=Path(bin_dir) if bin_dir else None, os_user="daumoi-postgres", say=lambda _said: None
    ).dsn


def check_tables(server: HubServer) -> None:
    """No table holds a part of a record whose other parts are missing, and all counts agree."""
    with psycopg.connect(dsn_of(server), autocommit=True) as connection:
        for name, sql in _EQUAL.items():
            rows = connection.execute(sql).fetchall()
            assert rows, name
            assert all(len(set(row[1:])) == 1 for row in rows), f"{name}: {rows}"
        for name, sql in _NONE.items():
            assert connection.execute(sql).fetchall() == [], name
        _wait_for_counters(connection)


def _wait_for_counters(connection: psycopg.Connection[Any]) -> None:
    """The worker counts every record exactly once, however often it or the database was killed."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        rows = connection.execute(
            "SELECT h.name, h.seq, coalesce((SELECT sum(received) FROM province_figure c WHERE c.kind = h.kind), 0) FROM head h"
        ).fetchall()
        if all(head == counted for _, head, counted in rows):
            return
        assert all(counted <= head for _, head, counted in rows), rows
        time.sleep(0.2)
    raise AssertionError(f"the counters do not reach the heads: {rows}")


_EQUAL = {
    "records, receipts of rows, receipts of submissions and heads": """
        SELECT h.name, h.seq,
               (SELECT count(*) FROM record r WHERE r.kind = h.kind),
               (SELECT coalesce(max(seq), 0) FROM record r WHERE r.kind = h.kind),
               (SELECT coalesce(sum(accepted + corrected + withdrawn), 0) FROM submission s WHERE s.kind = h.kind)
        FROM head h""",
    "rows of intake and records": "SELECT 'all', (SELECT count(*) FROM receipt), (SELECT count(*) FROM record)",
}
_NONE = {
    "a record whose sealed values or people are missing": """
        SELECT r.kind, r.seq FROM record r JOIN head h USING (kind)
        WHERE h.name IN ('checkpoint_passage', 'citizen_report', 'movement_declaration')
          AND (r.subject IS NULL
               OR NOT EXISTS (SELECT FROM record_personal p WHERE p.kind = r.kind AND p.seq = r.seq)
               OR (h.name = 'movement_declaration'
                   AND NOT EXISTS (SELECT FROM record_person p WHERE p.kind = r.kind AND p.seq = r.seq)))""",
    "sealed values without their record": """
        SELECT kind, seq FROM record_personal p
        WHERE NOT EXISTS (SELECT FROM record r WHERE r.kind = p.kind AND r.seq = p.seq)""",
    "a person of a record that is none": """
        SELECT kind, seq FROM record_person p
        WHERE NOT EXISTS (SELECT FROM record r WHERE r.kind = p.kind AND r.seq = p.seq)""",
    "a record about a claim that is none": """
        SELECT kind, seq FROM record r
        WHERE subject IS NOT NULL AND NOT EXISTS (SELECT FROM claim c WHERE c.id = r.subject)""",
    "a claim that no record makes": """
        SELECT id FROM claim c WHERE NOT EXISTS (SELECT FROM record r WHERE r.subject = c.id)
                                 AND NOT EXISTS (SELECT FROM record_person p WHERE p.claim = c.id)""",
    "a claim without its person or its indexes": """
        SELECT id FROM claim c WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = c.person)
                                 OR NOT EXISTS (SELECT FROM claim_index i WHERE i.claim = c.id)""",
    "a receipt that names a record that is none": """
        SELECT t.seq FROM receipt t WHERE NOT EXISTS (SELECT FROM record r WHERE r.seq = t.seq AND r.revision = t.revision)""",
    "a held row that no submission tells of": """
        SELECT id FROM held d WHERE NOT EXISTS (SELECT FROM submission_note n WHERE n.held_id = d.id)""",
}
