"""In which records a claim is named, over all kinds: the way from a person to records, which appends do not pay for.

One consumer keeps it. What it says of dropped records is swept away by retention, of erased claims by erasures. Records
that a legal hold alone keeps are not found by it: they are kept, not used.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from psycopg import sql

from daumoi.accounts.scope import Scope
from daumoi.core.arrays import Numbers
from daumoi.core.database import Connection
from daumoi.core.sql import statements

_SQL = statements("daumoi.log", "appearances")
APPEARANCES = "appearances"
"""The reader that keeps it."""
SUBJECT = 0
"""The role of the subject; the others are those of `Role`."""
_BLOCKS = 2000
"""Blocks of the table (16 MB) that one statement sweeps."""
_FIRST = (datetime(9999, 1, 1, tzinfo=UTC), 32767, 0, 0)


class Place(NamedTuple):
    """Where a page of a timeline ended; the next one goes on behind it."""

    at: datetime
    kind: int
    seq: int
    role: int


class Behind(NamedTuple):
    """A place without its instant: where a page ended, as an address may hold it, for it says nothing of anybody."""

    kind: int
    seq: int
    role: int


class Appearance(NamedTuple):
    """One record that names a claim. The body is JSON text of the facts."""

    at: datetime
    kind: int
    seq: int
    role: int
    claim: int
    id: str
    system_id: int
    ref: str
    revision: int
    op: int
    current: bool
    occurred_at: datetime | None
    received_at: datetime
    path: str | None
    place: int | None
    body: str | None


def note_appearances(connection: Connection, kind: int, first: int, last: int) -> None:
    """The work of the consumer: write down which claims a range of records names.

    Some 2 microseconds of the database's processor time a record, when most claims are new.
    """
    connection.execute(_SQL["note"], {"kind": kind, "first": first, "last": last})


def timeline(
    connection: Connection,
    scope: Scope,
    claims: Sequence[int],
    *,
    after: Place | None,
    limit: int,
    kind: int | None = None,
) -> list[Appearance]:
    """Return the records of some claims within a scope, newest first, `limit` at most, behind a place.

    `kind` leaves out the records of all other kinds.
    """
    condition, values = scope.sql("r.path")
    statement = _with(_SQL["page"], condition)
    rows = connection.execute(statement, (list(claims), *(after or _FIRST), kind, kind, *values, limit, limit))
    return [Appearance(*row) for row in rows]


def place_of(connection: Connection, scope: Scope, claims: Sequence[int], behind: Behind) -> Place | None:
    """Return a place with its instant; None when no record there within the scope names one of the claims."""
    condition, values = scope.sql("r.path")
    statement = _with(_SQL["place"], condition)
    row = connection.execute(statement, (list(claims), behind.kind, behind.seq, behind.role, *values)).fetchone()
    return Place(row[0], *behind) if row else None


def visible(connection: Connection, scope: Scope, claims: Sequence[int]) -> list[int]:
    """Return those of some claims that a record in the scope names; who sees all sees those without one too."""
    if scope.nationwide:
        return list(claims)
    condition, values = scope.sql("r.path")
    return [row[0] for row in connection.execute(_with(_SQL["visible"], condition), (list(claims), *values))]


def last_paths(connection: Connection, claims: Sequence[int]) -> dict[int, str]:
    """Return the unit that the newest record about each claim lies in, where one does."""
    return dict(connection.execute(_SQL["last_paths"], (Numbers(claims),)).fetchall())


def forget(connection: Connection, claims: Sequence[int]) -> None:
    """Forget what is known of claims that were erased; part of the caller's transaction, after records were cut."""
    connection.execute(_SQL["lock"])
    connection.execute(_SQL["forget"], (list(claims),))


def clear(connection: Connection) -> int:
    """Sweep away what speaks of dropped records, in short steps over the whole table; returns how many rows.

    Without a drop since the last sweep there is nothing to do.
    """
    dropped = connection.execute(_SQL["to_sweep"]).fetchall()
    if not dropped:
        return 0
    row = connection.execute(_SQL["blocks"]).fetchone()
    assert row is not None
    rows = sum(
        connection.execute(_SQL["clear"], {"first": first, "behind": first + _BLOCKS}).rowcount
        for first in range(0, row[0] + 1, _BLOCKS)
    )
    for kind, oldest in dropped:
        connection.execute(_SQL["swept"], (kind, oldest))
    return rows


def _with(statement: str, condition: str) -> sql.Composed:
    # The condition is the scope's own SQL, its values are parameters.
    return sql.SQL(statement).format(scope=sql.SQL(condition))
