"""The centre mends held rows: one, or all of a group alike; tries them again; hands them back to their sender.

Every call names who acts, and writes its line of the audit log in the transaction that changes something. What a call
does to many rows goes in batches, each a transaction, and stops after ROWS_MAX rows: the answer says where to go on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from daumoi.accounts.scope import Scope
from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.intake import held
from daumoi.intake.changes import Change
from daumoi.intake.decoding import read_row
from daumoi.intake.held_groups import HeldEntry, sees
from daumoi.intake.holding import open_held
from daumoi.intake.receipts import Receipt
from daumoi.intake.rehearsal import Rehearsal
from daumoi.intake.rows import Row
from daumoi.intake.store import Undone, store_chunk
from daumoi.intake.submissions import refuse_when_low
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import parse
from daumoi.organisations.registry import System

_SQL = statements("daumoi.intake", "mending")
ROWS_MAX = 2000
"""Rows of a group that one call looks at: three seconds on two loaded cores."""
_BATCH = 500
_PURPOSE = "data_quality"
REMARK_MAX = 500
_TRIES = 3
_NUMBER_OF_A_PERSON = re.compile(r"\d(?:[ .\-]?\d){8,}")
"""Nine digits and more, as identity cards and telephones have."""


class NotYours(Exception):
    """There is no such held row within what you may mend."""


class AlreadyClosed(Exception):
    """This row was mended, stored or replayed in the meantime; there is nothing left to do."""


class RemarkNotUsable(Exception):
    """A remark for the sender has 1 to 500 characters and no personal data."""


@dataclass(frozen=True)
class Target:
    """The group that is worked on: rows of one system and kind, held for one reason."""

    system: System
    kind: Kind
    code: str

    @property
    def said(self) -> str:
        """Name it for the audit log."""
        return f"held rows of {self.system.code}, {self.kind.name}, {self.code}"


@dataclass
class Outcome:
    """What a change does, or did, to the rows of a group that were looked at."""

    looked_at: int = 0
    untouched: int = 0
    """Rows in which the change found nothing to do."""
    good: int = 0
    still_bad: Counter[str] = field(default_factory=Counter)
    """Rows that stay as they were, by what would still be wrong with them first."""
    receipt: Receipt | None = None
    after: int | None = None
    """Where to go on; None when the group was looked at to its end."""


def mend_one(hub: Hub, scope: Scope, *, by: Actor, found: HeldEntry, line: bytes) -> Receipt:
    """Store a mended record in the place of one held row.

    Raises NotYours, AlreadyClosed, and CallProblem: rows_refused with its problems while the record is still bad,
    no_right when its system may no longer send the kind, body_too_large.
    """
    _check(scope, found.system)
    if found.closed_at is not None:
        raise AlreadyClosed(AlreadyClosed.__doc__)
    if len(line) > hub.settings.line_max_bytes:
        raise CallProblem("body_too_large")

    def noted(connection: Connection, row: Row) -> None:
        _note_mended(hub, connection, by, [(found.id, row)])
        _audit(hub, connection, by, "held.mend", Subject(f"held row {found.id}", *_numbers(found.kind, [row])))

    receipt = held.mend(hub, system=found.system, held_id=found.id, line=line, also=noted)
    if receipt is None:
        raise NotYours(NotYours.__doc__)
    return receipt


def rehearse(hub: Hub, scope: Scope, *, target: Target, change: Change) -> Outcome:
    """Find out how many rows of a group a change makes good; stores nothing and shows nothing of the rows."""
    _check(scope, target.system)
    outcome = Outcome()
    rehearsal = Rehearsal(hub, target.kind)
    try:
        for stored in _batches(hub, target, 0, outcome):
            changed = _changed(hub, target, change, stored, outcome)
            rows = [row for _, row in changed]
            rehearsal.play(rows)
            _count(outcome, rows)
    finally:
        rehearsal.close()
    return outcome


def mend_many(hub: Hub, scope: Scope, *, by: Actor, target: Target, change: Change, after: int = 0) -> Outcome:
    """Make a change to the rows of a group that it makes good, and store those; all others stay as they were.

    Raises NotYours, and CallProblem no_right when the system may no longer send the kind.
    """
    _check(scope, target.system)
    if not target.system.may_send(target.kind.name):
        raise CallProblem("no_right")
    refuse_when_low(hub)
    outcome = Outcome(receipt=Receipt(uuid7(hub.clock.now()), target.kind.name))
    for stored in _batches(hub, target, after, outcome):
        good = _good_of(hub, target, _changed(hub, target, change, stored, outcome), outcome)
        for _ in range(_TRIES):
            if not good or _stored(hub, target, by, change, good, outcome):
                break
            # What was good a moment ago is not: another record took its ref or its code.
            good = _good_of(hub, target, [_read(hub, target, *_as_sent(pair)) for pair in good], outcome)
        else:
            outcome.still_bad["revision_conflict"] += len(good)
    _finish(hub, target.system, target.kind, outcome)
    return outcome


def replay(hub: Hub, scope: Scope, *, by: Actor, target: Target, after: int = 0) -> Outcome:
    """Try the rows of a group again as they were sent, after a list, a rule or a checkpoint was mended.

    Raises NotYours, and CallProblem no_right when the system may no longer send the kind.
    """
    _check(scope, target.system)
    outcome = Outcome()
    ids = [id_ for stored in _batches(hub, target, after, outcome) for id_, *_ in stored]
    began = hub.clock.now()
    with hub.pool.connection() as connection:
        _audit(hub, connection, by, "held.replay", Subject(f"{len(ids)} {target.said}"))
    outcome.receipt = held.replay(hub, system=target.system, kind=target.kind.name, ids=ids)
    with hub.pool.connection() as connection:
        connection.execute(_SQL["note_replayed"], (by.label, ids, began))
    outcome.good = outcome.receipt.received - outcome.receipt.held
    outcome.still_bad["*"] = outcome.receipt.held
    return outcome


def hand_back(hub: Hub, scope: Scope, *, by: Actor, target: Target, remark: str, ids: Sequence[UUID] = ()) -> int:
    """Hand a group, or some rows of it, back to the sender, who reads the remark with each; returns how many.

    The rows stay held: their sender mends or replays them. Raises NotYours and RemarkNotUsable.
    """
    _check(scope, target.system)
    said = remark.strip()
    if not 1 <= len(said) <= REMARK_MAX or "\x00" in said or _NUMBER_OF_A_PERSON.search(said):
        raise RemarkNotUsable(RemarkNotUsable.__doc__)
    done, after = 0, 0
    while True:
        chosen: Sequence[UUID] = ids
        if not ids:
            with hub.pool.connection() as connection:
                page = connection.execute(
                    _SQL["rows_of_group"], (target.system.id, target.kind.number, target.code, after, ROWS_MAX)
                ).fetchall()
            chosen = [row[0] for row in page]
            after = page[-1][1] if page else 0
        if not chosen:
            return done
        values = {"at": hub.clock.now(), "by": by.label, "remark": said, "ids": list(chosen)}
        with hub.pool.connection() as connection, connection.transaction():
            many = connection.execute(_SQL["hand_back"], values).rowcount
            said_of = f"held row {ids[0]}" if len(ids) == 1 else f"{many} {target.said}"
            _audit(hub, connection, by, "held.hand_back", Subject(said_of))
        done += many
        if ids or len(chosen) < ROWS_MAX:
            return done


def _check(scope: Scope, system: System) -> None:
    if not (scope.right == "held.mend" and sees(scope, system)):
        raise NotYours(NotYours.__doc__)


_Sealed = tuple[UUID, int, bytes, bytes]
_Pair = tuple[UUID, Row]


def _batches(hub: Hub, target: Target, after: int, outcome: Outcome) -> Iterator[list[_Sealed]]:
    while outcome.looked_at < ROWS_MAX:
        values = (target.system.id, target.kind.number, target.code, after, _BATCH + 1)
        with hub.pool.connection() as connection:
            found = connection.execute(_SQL["sealed_of_group"], values).fetchall()
        stored = [(row[0], row[1], bytes(row[2]), bytes(row[3])) for row in found[:_BATCH]]
        if not stored:
            return
        after = stored[-1][1]
        outcome.looked_at += len(stored)
        yield stored
        if len(found) <= _BATCH:
            return
    outcome.after = after


def _changed(hub: Hub, target: Target, change: Change, stored: Sequence[_Sealed], outcome: Outcome) -> list[_Pair]:
    """Make the change and read the rows anew; what cannot be read or is not touched is left out."""
    found = []
    for id_, _, key, sealed in stored:
        value, broken = parse(open_held(hub, key, sealed))
        made = None if broken or _has_repeated_keys(value) else change.applied(value)
        if made is None:
            outcome.untouched += 1
        else:
            found.append(_read(hub, target, id_, key, msgspec.json.encode(made)))
    return found


def _has_repeated_keys(value: object) -> bool:
    """Tell whether an object says a key twice: which of the two is meant, only the sender knows."""
    if isinstance(value, dict):
        return bool(getattr(value, "repeated", ())) or any(map(_has_repeated_keys, value.values()))
    return isinstance(value, list) and any(map(_has_repeated_keys, value))


def _read(hub: Hub, target: Target, id_: UUID, key: bytes, line: bytes) -> _Pair:
    row = read_row(hub, system_id=target.system.id, kind=target.kind, line=line, number=1)
    row.held_as = key
    return id_, row


def _as_sent(pair: _Pair) -> tuple[UUID, bytes, bytes]:
    id_, row = pair
    assert row.held_as is not None
    return id_, row.held_as, row.raw


def _count(outcome: Outcome, rows: Sequence[Row]) -> None:
    for row in rows:
        if row.faults:
            outcome.still_bad[row.faults[0].code] += 1
        else:
            outcome.good += 1


def _good_of(hub: Hub, target: Target, changed: Sequence[_Pair], outcome: Outcome) -> list[_Pair]:
    """Play the rows against the log, count those that would not do, and return the others read anew."""
    rehearsal = Rehearsal(hub, target.kind)
    try:
        rehearsal.play([row for _, row in changed])
    finally:
        rehearsal.close()
    _count(outcome, [row for _, row in changed if row.faults])
    return [_read(hub, target, *_as_sent(pair)) for pair in changed if not pair[1].faults]


def _stored(hub: Hub, target: Target, by: Actor, change: Change, good: Sequence[_Pair], outcome: Outcome) -> bool:
    """Store rows that are good, all or none; False when one of them is not any more."""
    rows = [row for _, row in good]
    before = outcome.receipt
    assert before is not None
    for number, row in enumerate(rows, before.received + 1):
        row.number = number
    made = before

    def beside(connection: Connection) -> None:
        nonlocal made
        if any(row.faults for row in rows):
            raise Undone
        made = before.copy()
        made.count(rows)
        held.keep(hub, connection, made, target.system, target.kind.number, rows, finished=False)
        _note_mended(hub, connection, by, good)
        subject = Subject(f"{len(rows)} {target.said}", *_numbers(target.kind, rows))
        # The place and what was done; never a value.
        _audit(hub, connection, by, "held.mend", subject, f"{change.action} {change.pointer}")

    try:
        store_chunk(hub, target.kind, rows, beside)
    except Undone:
        return False
    outcome.receipt = made
    outcome.good += len(rows)
    return True


def _note_mended(hub: Hub, connection: Connection, by: Actor, done: Sequence[_Pair]) -> None:
    values = {
        "at": hub.clock.now(),
        "by": by.label,
        "ids": [id_ for id_, _ in done],
        "seqs": [row.seq for _, row in done],
    }
    connection.execute(_SQL["note_mended"], values)


def _numbers(kind: Kind, rows: Sequence[Row]) -> tuple[str | None, int | None, int | None]:
    seqs = [row.seq for row in rows if row.seq is not None]
    return (kind.name, min(seqs), max(seqs)) if seqs else (None, None, None)


def _audit(hub: Hub, connection: Connection, by: Actor, action: str, subject: Subject, reason: str = "") -> None:
    audit.write(connection, at=hub.clock.now(), by=by, action=action, subject=subject, purpose=_PURPOSE, reason=reason)


def _finish(hub: Hub, system: System, kind: Kind, outcome: Outcome) -> None:
    assert outcome.receipt is not None
    with hub.pool.connection() as connection:
        held.keep(hub, connection, outcome.receipt, system, kind.number, [], finished=True)
