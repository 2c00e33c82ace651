"""Stores one chunk of rows in one transaction: claims, receipts, head, rows, and what is held (design, section 3)."""

import time
from collections.abc import Callable, Sequence

import psycopg

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake import meters
from daumoi.intake.checks import Places, checkpoint_state, settle
from daumoi.intake.holding import close_stored, hold
from daumoi.intake.rows import SUBJECT, Row, role_of
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.faults import Fault
from daumoi.kinds.kind import Kind
from daumoi.log.append import Look, Overtaken, SegmentsExhausted, append, look
from daumoi.log.entries import STORED
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
    before = [(row, list(row.faults), list(row.warnings)) for row in rows if row.faults or row.warnings]
    began = time.perf_counter()
    for trial in range(_TRIES):
        if trial:
            _as_read(rows, before)
        asked = time.perf_counter()
        try:
            with hub.pool.connection() as connection, connection.transaction():
                meters.observe_stage("connect", asked)
                store_rows(hub, connection, kind, rows)
                with meters.stage("receipt"):
                    beside(connection)
                committing = time.perf_counter()
            meters.observe_stage("commit", committing)
            hub.committed()
            meters.count_settled(kind.name, rows, began)
            return
        except SegmentsExhausted as error:
            meters.count_retry(error)
            with hub.pool.connection() as connection:
                ensure_segments(connection, kind=kind.number, segment_rows=hub.settings.segment_rows, rows=len(rows))
        except RETRIED as error:
            meters.count_retry(error)
            if trial == _TRIES - 1:
                _as_read(rows, before)
                raise
            time.sleep(0.002 * trial)
        except Undone:
            raise  # what was found out about the rows is what the caller asked for
        except Exception:
            _as_read(rows, before)
            raise


def _as_read(rows: Sequence[Row], noted: Sequence[tuple[Row, list[Fault], list[Fault]]]) -> None:
    """Forget what a try that came to nothing found out about rows; `noted` has those that had faults or doubts."""
    for row in rows:
        row.faults, row.warnings = [], []
        row.decision = row.seq = row.held_id = None
    for row, faults, warnings in noted:
        row.faults, row.warnings = list(faults), list(warnings)


def store_rows(hub: Hub, connection: Connection, kind: Kind, rows: Sequence[Row]) -> None:
    """Do the steps of one chunk inside the caller's transaction."""
    good = [row for row in rows if not row.faults]
    with meters.stage("look"):
        seen = look(connection, kind.number, [row.entry for row in good if row.entry is not None])
        settle(good, seen.stored, Places(hub, connection, kind, good, seen.heads))
    good = [row for row in good if not row.faults]
    new = [row for row in good if row.decision is not None and row.decision.outcome in STORED]
    if new:
        with meters.stage("claims"):
            _attach_claims(hub, connection, new)
    with meters.stage("hold"):
        if len(good) < len(rows):
            hold(hub, connection, kind, [row for row in rows if row.faults])
        close_stored(hub, connection, kind, good)
    if new:
        # Last, because the head's lock is held from here to the commit.
        with meters.stage("append"):
            _append(hub, connection, kind, good, seen)


def _attach_claims(hub: Hub, connection: Connection, new: Sequence[Row]) -> None:
    requests = [request for row in new for _, _, request in row.claims]
    if not requests:
        return
    claims = iter(resolve(connection, hub.keys, requests, hub.clock.now()))
    for row in new:
        assert row.entry is not None
        if row.entry.persons:
            row.entry.persons = []  # of a try before
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
        [row.decision for row in good if row.decision is not None],
        seen,
        hub.clock.now,
        still_holds=lambda: _codes_are_free(hub, connection, kind, good),
    )
    for row, seq in zip(good, done.seqs, strict=True):
        row.seq = seq
    if kind is CHECKPOINT:
        newest = [row for row in good if row.seq is not None and row.decision is not None and row.decision.current]
        checkpoints.record_states(connection, [checkpoint_state(row) for row in newest])


def _codes_are_free(hub: Hub, connection: Connection, kind: Kind, good: Sequence[Row]) -> bool:
    """Tell whether the codes of new checkpoints, looked up before the head was held, are still theirs to take."""
    if kind is not CHECKPOINT:
        return True
    places = Places(hub, connection, kind, good, {})
    new = [row for row in good if row.decision is not None and row.decision.outcome in STORED]
    return all(places.admit(row) is None for row in new)
