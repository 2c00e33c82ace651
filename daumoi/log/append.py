"""Appends to the log: dense numbers in commit order (design, section 3).

The caller opens one READ COMMITTED transaction and calls, in this order: `look` (what is stored of the rows), its
own steps for those that are (claims), then `append`. Each step is its own statement with a fresh view. The head's
row lock is taken last; if another append came in between, the rows are decided anew, and `Overtaken` asks for the
whole chunk to be tried again when that changes a decision.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import NamedTuple

from daumoi.core.arrays import Blobs, Hashes, Numbers
from daumoi.core.database import Connection
from daumoi.core.ids import uuid7_texts
from daumoi.core.sql import statements
from daumoi.log.copying import receipt_rows, record_columns
from daumoi.log.decisions import decide
from daumoi.log.entries import STORED, Decision, Entry
from daumoi.log.meters import observe_head_wait

_SQL = statements("daumoi.log", "append")
CHUNK_ROWS = 1000
"""The most rows one append may hold the head for."""


class Overtaken(Exception):
    """Another append came first and changed what becomes of these rows: roll back and try the chunk again."""


class SegmentsExhausted(Exception):
    """The attached segments cannot hold these rows: roll back, attach more, and try again."""


class CountsDisagree(Exception):
    """Rows numbered, rows inserted and the step of the head differ: nothing may be committed."""


class Look(NamedTuple):
    """What was stored before the head was taken, and at which head."""

    head: int
    stored: dict[bytes, dict[int, bytes]]
    """By receipt key, the content of each revision."""
    heads: dict[int, int]
    """The newest number of every kind, of the same moment."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: the number of each stored row (None for the others) and when."""

    seqs: list[int | None]
    received_at: datetime | None


def revisions(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, dict[int, bytes]]:
    """Return, by record, the content of each revision that was ever stored."""
    found: dict[bytes, dict[int, bytes]] = {}
    for key, revision, content in connection.execute(_SQL["revisions"], (Hashes(set(keys)),), binary=True):
        found.setdefault(key, {})[revision] = content
    return found


def look(connection: Connection, kind: int, rows: Sequence[Entry]) -> Look:
    """Look up, without a lock, what decides the rows: good for as long as the head does not move."""
    heads: dict[int, int] = {}
    stored: dict[bytes, dict[int, bytes]] = {}
    keys = Hashes({row.key for row in rows})
    for key, number, content, seq in connection.execute(_SQL["look"], (keys,), binary=True):
        if key is None:
            heads[number] = seq
        else:
            stored.setdefault(key, {})[number] = content
    return Look(heads[kind], stored, heads)


def append(
    connection: Connection,
    kind: int,
    rows: Sequence[Entry],
    decisions: Sequence[Decision],
    seen: Look,
    now: Callable[[], datetime],
    *,
    still_holds: Callable[[], bool] = lambda: True,
) -> Appended:
    """Number and insert the rows that are new by these decisions, which were made by what was `seen`.

    `still_holds` is asked, under the head's lock, when another append came in between: whether what the caller had
    looked up before is still so.

    Raises Overtaken, SegmentsExhausted, CountsDisagree; the caller's transaction must then be rolled back.
    """
    new = [at for at, decision in enumerate(decisions) if decision.outcome in STORED]
    if not new:
        return Appended([None] * len(rows), None)
    entries = [rows[at] for at in new]
    # All that does not need the numbers is written before the head is taken: everything of the kind waits behind it.
    tails = [record_columns(rows[at], decisions[at]) for at in new]
    asked = perf_counter()
    head = connection.execute(_SQL["lock_head"], (kind,)).fetchone()
    observe_head_wait(kind, perf_counter() - asked)
    assert head is not None
    seq, last_received_at, attached_to = head
    if seq != seen.head:
        stored = revisions(connection, (row.key for row in rows))
        if decide(rows, stored) != decisions or not still_holds():
            raise Overtaken
    if seq + len(new) > attached_to:
        raise SegmentsExhausted
    received_at = max(now(), last_received_at)
    numbers = range(seq + 1, seq + 1 + len(new))
    _insert(connection, kind, entries, tails, numbers, received_at)
    stepped = connection.execute(_SQL["step_head"], (len(new), received_at, kind)).fetchone()
    if stepped is None or stepped[0] != numbers[-1]:
        raise CountsDisagree
    seqs: list[int | None] = [None] * len(rows)
    for number, at in zip(numbers, new, strict=True):
        seqs[at] = number
    return Appended(seqs, received_at)


def _insert(
    connection: Connection,
    kind: int,
    entries: Sequence[Entry],
    tails: Sequence[str],
    numbers: range,
    received_at: datetime,
) -> None:
    receipts = _copy(connection, "copy_receipts", receipt_rows(entries, numbers))
    ids = uuid7_texts(received_at, len(entries))
    front = f"{kind}\t{received_at.isoformat()}\t"
    lines = [f"{front}{seq}\t{id_}{tail}" for seq, id_, tail in zip(numbers, ids, tails, strict=True)]
    records = _copy(connection, "copy_records", "".join(lines).encode())
    if not records == receipts == len(entries):
        raise CountsDisagree
    _insert_beside(connection, kind, entries, numbers)


def _copy(connection: Connection, statement: str, content: bytes) -> int:
    with connection.cursor() as cursor:
        with cursor.copy(_SQL[statement]) as copy:
            copy.write(content)
        return cursor.rowcount


def _insert_beside(connection: Connection, kind: int, entries: Sequence[Entry], numbers: range) -> None:
    persons = [
        (seq, *person) for entry, seq in zip(entries, numbers, strict=True) if entry.persons for person in entry.persons
    ]
    if persons:
        named: dict[str, object] = {"kind": kind}
        for name, column in zip(("seqs", "roles", "positions", "claims"), zip(*persons, strict=True), strict=True):
            named[name] = Numbers(column)
        connection.execute(_SQL["insert_persons"], named)
    personal = [
        (seq, entry.personal) for entry, seq in zip(entries, numbers, strict=True) if entry.personal is not None
    ]
    if personal:
        seqs, sealed = zip(*personal, strict=True)
        columns = {"kind": kind, "seqs": Numbers(seqs), "sealed": Blobs(sealed)}
        connection.execute(_SQL["insert_personal"], columns)
