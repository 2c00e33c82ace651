"""Appends to the log: dense numbers in commit order (design, section 3).

The caller opens one READ COMMITTED transaction and calls, in this order: `look` (which of the rows are new), its
own steps for those that are (claims), then `append`. Each step is its own statement with a fresh view. The head's
row lock is taken last; if another append came in between, the rows are decided anew, and `Overtaken` asks for the
whole chunk to be tried again when that changes a decision.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from daumoi.core.database import Connection
from daumoi.core.ids import uuid7_block
from daumoi.core.sql import statements
from daumoi.log.decisions import decide
from daumoi.log.entries import OP_OF, Decision, Entry, Outcome

_SQL = statements("daumoi.log", "append")
CHUNK_ROWS = 1000
"""The most rows one append may hold the head for."""

STORED = frozenset(OP_OF)


class Overtaken(Exception):
    """Another append came first and changed what becomes of these rows: roll back and try the chunk again."""


class SegmentsExhausted(Exception):
    """The attached segments cannot hold these rows: roll back, attach more, and try again."""


class CountsDisagree(Exception):
    """Rows numbered, rows inserted and the step of the head differ: nothing may be committed."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was decided before the head was taken, and at which head."""

    head: int
    decisions: list[Decision]
    stored: dict[bytes, dict[int, bytes]]


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: the number of each stored row (None for the others) and when."""

    seqs: list[int | None]
    received_at: datetime | None


def revisions(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, dict[int, bytes]]:
    """Return, by record, the content of each revision that was ever stored."""
    found: dict[bytes, dict[int, bytes]] = {}
    for key, revision, content, _ in connection.execute(_SQL["revisions"], (sorted(set(keys)),), binary=True):
        found.setdefault(bytes(key), {})[revision] = bytes(content)
    return found


def look(connection: Connection, kind: int, rows: Sequence[Entry]) -> Look:
    """Decide rows without a lock; holds as long as the head does not move. The head is read first."""
    row = connection.execute(_SQL["head"], (kind,)).fetchone()
    assert row is not None
    stored = revisions(connection, (row.key for row in rows))
    return Look(row[0], decide(rows, stored), stored)


def append(
    connection: Connection,
    kind: int,
    rows: Sequence[Entry],
    seen: Look,
    now: Callable[[], datetime],
    *,
    still_holds: Callable[[], bool] = lambda: True,
) -> Appended:
    """Number and insert the rows that are new.

    `still_holds` is asked, under the head's lock, when another append came in between: whether what the caller had
    looked up before is still so.

    Raises Overtaken, SegmentsExhausted, CountsDisagree; the caller's transaction must then be rolled back.
    """
    new = [at for at, decision in enumerate(seen.decisions) if decision.outcome in STORED]
    if not new:
        return Appended([None] * len(rows), None)
    head = connection.execute(_SQL["lock_head"], (kind,)).fetchone()
    assert head is not None
    seq, last_received_at, attached_to = head
    if seq != seen.head:
        stored = revisions(connection, (row.key for row in rows))
        if decide(rows, stored) != seen.decisions or not still_holds():
            raise Overtaken
    if seq + len(new) > attached_to:
        raise SegmentsExhausted
    received_at = max(now(), last_received_at)
    seqs: list[int | None] = [None] * len(rows)
    for step, at in enumerate(new, start=1):
        seqs[at] = seq + step
    _insert(
        connection, kind, [(rows[at], seen.decisions[at], seq + step) for step, at in enumerate(new, 1)], received_at
    )
    stepped = connection.execute(_SQL["step_head"], (len(new), received_at, kind)).fetchone()
    if stepped is None or stepped[0] != seq + len(new):
        raise CountsDisagree
    return Appended(seqs, received_at)


_Numbered = tuple[Entry, Decision, int]


def _insert(connection: Connection, kind: int, numbered: list[_Numbered], received_at: datetime) -> None:
    entries = [entry for entry, _, _ in numbered]
    seqs = [seq for _, _, seq in numbered]
    receipts = connection.execute(
        _SQL["insert_receipts"],
        ([e.key for e in entries], [e.revision for e in entries], [e.content for e in entries], seqs),
    ).rowcount
    ids = uuid7_block(received_at, len(numbered))
    lines = [_copy_line(kind, item, id_, received_at) for item, id_ in zip(numbered, ids, strict=True)]
    with connection.cursor() as cursor:
        with cursor.copy(_SQL["copy_records"]) as copy:
            copy.write("".join(lines))
        records = cursor.rowcount
    if not records == receipts == len(numbered):
        raise CountsDisagree
    _insert_beside(connection, kind, numbered)


def _insert_beside(connection: Connection, kind: int, numbered: list[_Numbered]) -> None:
    persons = [(seq, *person) for entry, _, seq in numbered for person in entry.persons]
    if persons:
        seqs, roles, positions, claims = (list(column) for column in zip(*persons, strict=True))
        named = {
            "kind": kind,
            "seqs": seqs,
            "roles": [int(role) for role in roles],
            "positions": positions,
            "claims": claims,
        }
        connection.execute(_SQL["insert_persons"], named)
    personal = [(seq, entry.personal) for entry, _, seq in numbered if entry.personal is not None]
    if personal:
        seqs, sealed = (list(column) for column in zip(*personal, strict=True))
        connection.execute(_SQL["insert_personal"], {"kind": kind, "seqs": seqs, "sealed": sealed})


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: object) -> str:
    return "\\N" if value is None else str(value)


def _instant(value: datetime | None) -> str:
    return "\\N" if value is None else value.astimezone(UTC).isoformat()


def _copy_line(kind: int, item: _Numbered, id_: UUID, received_at: datetime) -> str:
    """Write one record in the text form of COPY (PostgreSQL documentation, COPY, text format)."""
    entry, decision, seq = item
    body = "\\N" if entry.body is None else entry.body.decode().translate(_ESCAPES)
    return (
        f"{kind}\t{seq}\t{id_}\t{entry.system_id}\t{entry.ref.translate(_ESCAPES)}\t{entry.revision}"
        f"\t{int(OP_OF[decision.outcome])}\t{'t' if decision.current else 'f'}\t{_text(entry.subject)}"
        f"\t{_text(entry.place)}\t{_text(entry.area_scheme)}\t{_text(entry.area_code)}\t{_text(entry.path)}"
        f"\t{_text(entry.lat)}\t{_text(entry.lon)}\t{_text(entry.accuracy_m)}\t{_instant(entry.occurred_at)}"
        f"\t{received_at.isoformat()}\t{entry.schema_version}\t{body}\n"
    )


def is_stored(outcome: Outcome) -> bool:
    """Tell whether a row of this outcome stands in the log."""
    return outcome in STORED
