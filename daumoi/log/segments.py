"""Keeps segments attached ahead of the heads, and drops what retention lets go.

A segment is made as a plain table with its CHECK and attached: `CREATE … PARTITION OF` would wait behind one slow
reader and stop the kind; `ATTACH` of a ready table does not.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import psycopg
from psycopg import sql

from daumoi.core.database import Connection

AHEAD = 2
"""How many empty segments stand ready behind the one being filled."""

_TRIES = 20
_LOCK_WAIT = "200ms"
_BESIDE_ROWS = 10_000
"""Numbers whose people and personal values are deleted by one statement."""


class Segment(NamedTuple):
    """A range of numbers of a kind that has its own table; both ends belong to it."""

    kind: int
    first_seq: int
    last_seq: int

    @property
    def table(self) -> str:
        """Name of its table."""
        return f"record_{self.kind}_{self.first_seq}"


def ensure_kind(connection: Connection, *, number: int, name: str) -> None:
    """Make the head and the partition of a kind, unless they are there. Safe to run by two at once."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO head (kind, name) VALUES (%s, %s) ON CONFLICT (kind) DO NOTHING", (number, name)
        )
        connection.execute("SELECT 1 FROM head WHERE kind = %s FOR UPDATE", (number,))
        parent = f"record_{number}"
        if _exists(connection, parent):
            return
        connection.execute(
            sql.SQL(
                "CREATE TABLE {parent} (LIKE record, PRIMARY KEY (kind, seq), CHECK (kind = {number}))"
                " PARTITION BY RANGE (seq)"
            ).format(parent=sql.Identifier(parent), number=sql.Literal(number))
        )
        connection.execute(
            sql.SQL("ALTER TABLE record ATTACH PARTITION {parent} FOR VALUES IN ({number})").format(
                parent=sql.Identifier(parent), number=sql.Literal(number)
            )
        )


def ensure_segments(connection: Connection, *, kind: int, segment_rows: int, rows: int = 0) -> list[Segment]:
    """Attach segments until `rows` more records and AHEAD whole segments fit; returns those attached.

    Waits for locks only shortly and tries again, so that it never stands in the way of readers or writers.
    """
    made: list[Segment] = []
    while True:
        head = connection.execute("SELECT seq, attached_to FROM head WHERE kind = %s", (kind,)).fetchone()
        assert head is not None
        seq, attached_to = head
        if attached_to >= seq + rows + AHEAD * segment_rows:
            return made
        segment = Segment(kind, attached_to + 1, attached_to + segment_rows)
        if patiently(connection, partial(_attach, connection, segment)):
            made.append(segment)


def _attach(connection: Connection, segment: Segment) -> bool:
    table, parent = sql.Identifier(segment.table), sql.Identifier(f"record_{segment.kind}")
    bounds = {
        "kind": sql.Literal(segment.kind),
        "low": sql.Literal(segment.first_seq),
        "high": sql.Literal(segment.last_seq + 1),
    }
    # The lock of one for each kind: writers that run out together attach one segment, not several.
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (0xDA1, segment.kind))
    still = connection.execute(
        "SELECT 1 FROM head WHERE kind = %s AND attached_to = %s", (segment.kind, segment.first_seq - 1)
    ).fetchone()
    if still is None:
        return False
    connection.execute(
        sql.SQL(
            "CREATE TABLE {table} (LIKE {parent} INCLUDING CONSTRAINTS, PRIMARY KEY (kind, seq),"
            " CHECK (kind = {kind} AND seq >= {low} AND seq < {high}))"
            " WITH (autovacuum_vacuum_insert_scale_factor = 0.5)"
        ).format(table=table, parent=parent, **bounds)
    )
    connection.execute(
        sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ({low}) TO ({high})").format(
            parent=parent, table=table, **bounds
        )
    )
    connection.execute("UPDATE head SET attached_to = %s WHERE kind = %s", (segment.last_seq, segment.kind))
    return True


def segments_of(connection: Connection, *, kind: int) -> list[Segment]:
    """Return the segments of a kind that are attached, in order."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        (f"record_{kind}",),
    ).fetchall()
    firsts = sorted(int(name.rsplit("_", 1)[1]) for (name,) in rows)
    head = connection.execute("SELECT attached_to FROM head WHERE kind = %s", (kind,)).fetchone()
    assert head is not None
    ends = [following - 1 for following in firsts[1:]] + [max(head[0], firsts[-1])] if firsts else []
    return [Segment(kind, first, last) for first, last in zip(firsts, ends, strict=True)]


def droppable(connection: Connection, *, kind: int) -> list[Segment]:
    """Return the segments of a kind that are full, oldest first: the one that holds the head is never dropped."""
    head = connection.execute("SELECT seq FROM head WHERE kind = %s", (kind,)).fetchone()
    assert head is not None
    return [segment for segment in segments_of(connection, kind=kind) if segment.last_seq <= head[0]]


def drop(connection: Connection, segment: Segment, before: Callable[[], bool]) -> bool:
    """Drop the oldest segment of a kind in one transaction with what `before` writes; False when that says no.

    `before` may run several times: while locks are busy, all of it is rolled back and tried again. What stands beside
    the records is left to `clear_beside`.
    """

    def step() -> bool:
        if not before():
            return False
        # Readers learn of the new oldest number in the same transaction in which the records go.
        connection.execute("UPDATE head SET oldest = %s WHERE kind = %s", (segment.last_seq + 1, segment.kind))
        connection.execute(
            sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(
                sql.Identifier(f"record_{segment.kind}"), sql.Identifier(segment.table)
            )
        )
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(segment.table)))
        return True

    return patiently(connection, step)


def clear_beside(connection: Connection, *, kind: int) -> int:
    """Delete what stands beside records that were dropped, in short steps; returns how many rows.

    Safe to run again after it was stopped: what is left lies below the oldest number.
    """
    deleted = 0
    for beside in ("record_person", "record_personal"):
        step = sql.SQL(
            "DELETE FROM {beside} WHERE kind = %(kind)s"
            " AND seq < (SELECT oldest FROM head WHERE kind = %(kind)s)"
            " AND seq < (SELECT min(seq) FROM {beside} WHERE kind = %(kind)s) + %(rows)s"
        ).format(beside=sql.Identifier(beside))
        while done := connection.execute(step, {"kind": kind, "rows": _BESIDE_ROWS}).rowcount:
            deleted += done
    return deleted


def patiently(connection: Connection, step: Callable[[], bool]) -> bool:
    """Run a step in its own transaction with a short lock_timeout, again and again while locks are busy."""
    for trial in range(_TRIES):
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                return step()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if trial == _TRIES - 1:
                raise
            time.sleep(0.05 * (trial + 1))
    return False


def _exists(connection: Connection, table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    return bool(row and row[0])
