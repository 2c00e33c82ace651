"""Stores one chunk of rows in one transaction: claims, receipts, head, rows, and what is held (design, section 3)."""

import time
from collections.abc import Callable, Sequence

import psycopg

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake.checks import Places, checkpoint_state
from daumoi.intake.holding import close_stored, hold
from daumoi.intake.rows import SUBJECT, Row, role_of
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.faults import fault
from daumoi.kinds.kind import Kind
from daumoi.log.append import Look, Overtaken, SegmentsExhausted, append, is_stored, look
from daumoi.log.decisions import decide
from daumoi.log.entries import Outcome
from daumoi.log.segments import ensure_segments
from daumoi.people.claims import resolve
from daumoi.places import checkpoints

_TRIES = 30
RETRIED = (
    Overtaken,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)
"""Faults of the moment: the transaction is rolled back and done again whole."""

Beside = Callable[[Connection], None]
"""What the caller writes in the same transaction, after the rows: its counts."""


class Undone(Exception):
    """The caller asked, after seeing the outcome, that nothing of this chunk be kept."""


def store_chunk(hub: Hub, kind: Kind, rows: Sequence[Row], beside: Beside) -> None:
    """Store the good rows and hold the bad ones, all in one transaction; fills in each row's outcome.

    `beside` may raise Undone to keep nothing (a refused body, a rehearsal). A fault of the moment is tried again;
    any other database error leaves nothing of the chunk.
    """
    faults_before = [list(row.faults) for row in rows]
    warnings_before = [list(row.warnings) for row in rows]
    for trial in range(_TRIES):
        for row, faults, warnings in zip(rows, faults_before, warnings_before, strict=True):
            row.faults, row.warnings = list(faults), list(warnings)
            row.decision = row.seq = row.held_id = None
        try:
            with hub.pool.connection() as connection, connection.transaction():
                store_rows(hub, connection, kind, rows)
                beside(connection)
            hub.committed()
            return
        except SegmentsExhausted:
            with hub.pool.connection() as connection:
                ensure_segments(connection, kind=kind.number, segment_rows=hub.settings.segment_rows, rows=len(rows))
        except RETRIED:
            if trial == _TRIES - 1:
                raise
            time.sleep(0.002 * trial)


def store_rows(hub: Hub, connection: Connection, kind: Kind, rows: Sequence[Row]) -> None:
    """Do the steps of one chunk inside the caller's transaction."""
    good = [row for row in rows if row.is_good]
    seen = _settle_decisions(connection, kind, good)
    good = [row for row in good if row.is_good]
    new = [row for row in good if row.decision is not None and is_stored(row.decision.outcome)]
    if new:
        _attach_claims(hub, connection, new)
    hold(hub, connection, kind, [row for row in rows if not row.is_good])
    close_stored(hub, connection, kind, good)
    if new:
        # Last, because the head's lock is held from here to the commit.
        _append(hub, connection, kind, good, seen)


def _settle_decisions(connection: Connection, kind: Kind, good: Sequence[Row]) -> Look:
    """Decide what becomes of each good row; a row that may not be stored becomes bad, and the rest is decided anew."""
    entries = [row.entry for row in good if row.entry is not None]
    first = look(connection, kind.number, entries)
    left = list(good)
    while True:
        decisions = decide([row.entry for row in left if row.entry is not None], first.stored)
        places = Places(connection, kind, left)
        before = len(left)
        for row, decision in zip(left, decisions, strict=True):
            row.decision = decision
            if decision.outcome is Outcome.CONFLICT:
                row.faults.append(fault("revision_conflict", "/revision"))
            elif is_stored(decision.outcome):
                problem = places.fault_of(row)
                if problem:
                    row.faults.append(problem)
                    break  # rows behind it may have been decided by it
                places.settle(row)
        left = [row for row in left if row.is_good]
        if len(left) == before:
            return Look(first.head, decisions, first.stored)


def _attach_claims(hub: Hub, connection: Connection, new: Sequence[Row]) -> None:
    requests = [request for row in new for _, _, request in row.claims]
    claims = iter(resolve(connection, hub.keys, requests, hub.clock.now()) if requests else [])
    for row in new:
        assert row.entry is not None
        row.entry.persons = []
        for number, position, _ in row.claims:
            claim = next(claims)
            role = role_of(number)
            if number == SUBJECT or role is None:
                row.entry.subject = claim
            else:
                row.entry.persons.append((role, position, claim))


def _append(hub: Hub, connection: Connection, kind: Kind, good: Sequence[Row], seen: Look) -> None:
    entries = [row.entry for row in good if row.entry is not None]
    done = append(
        connection,
        kind.number,
        entries,
        seen,
        hub.clock.now,
        still_holds=lambda: _codes_are_free(connection, kind, good),
    )
    for row, seq in zip(good, done.seqs, strict=True):
        row.seq = seq
    if kind is CHECKPOINT:
        newest = [row for row in good if row.seq is not None and row.decision is not None and row.decision.current]
        checkpoints.record_states(connection, [checkpoint_state(row) for row in newest])


def _codes_are_free(connection: Connection, kind: Kind, good: Sequence[Row]) -> bool:
    """Tell whether the codes of new checkpoints, looked up before the head was held, are still theirs to take."""
    if kind is not CHECKPOINT:
        return True
    places = Places(connection, kind, good)
    new = [row for row in good if row.decision is not None and is_stored(row.decision.outcome)]
    return all(places.fault_of(row) is None for row in new)
