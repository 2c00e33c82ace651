"""One record and its revisions, for the staff of the centre: facts and columns, never what is sealed beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.database import Connection
from daumoi.log.entries import Op

REVISIONS_MAX = 200
_COLUMNS = (
    "r.kind, r.seq, r.id::text, r.system_id, r.ref, r.revision, r.op, r.current, r.subject, r.place, r.area_scheme,"
    " r.area_code, r.path, r.lat, r.lon, r.accuracy_m, r.occurred_at, r.received_at, r.schema_version, r.body"
)


class LogRecord(NamedTuple):
    """A record as it lies in the log; `subject` is a claim, `place` a checkpoint, `body` the facts."""

    kind: int
    seq: int
    id: str
    system_id: int
    ref: str
    revision: int
    op: int
    current: bool
    subject: int | None
    place: int | None
    area_scheme: str | None
    area_code: str | None
    path: str | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    occurred_at: datetime | None
    received_at: datetime
    schema_version: int
    body: dict[str, Any] | None


def record(connection: Connection, scope: Scope, *, kind: int, seq: int) -> LogRecord | None:
    """Return a record by its number; None when there is none, or none within the scope. One query, by key."""
    where, values = scope.sql("r.path")
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM record r WHERE r.kind = %s AND r.seq = %s AND {where}",  # noqa: S608 - columns of this file, predicate of the scope
        (kind, seq, *values),
    ).fetchone()
    return LogRecord(*found) if found else None


def by_number(connection: Connection, scope: Scope, *, seq: int) -> list[int]:
    """Return the numbers of the kinds in which a record of this number lies within the scope."""
    where, values = scope.sql("r.path")
    rows = connection.execute(
        f"SELECT r.kind FROM record r WHERE r.seq = %s AND {where} ORDER BY r.kind",  # noqa: S608 - as above
        (seq, *values),
    )
    return [row[0] for row in rows]


class Revisions(NamedTuple):
    """The revisions of a ref that a scope sees, oldest first; `beyond` counts those that it does not see."""

    seen: list[LogRecord]
    beyond: int


def revisions(connection: Connection, scope: Scope, *, kind: int, key: bytes) -> Revisions:
    """Return the revisions of a ref, at most REVISIONS_MAX; a withdrawal lies nowhere and goes with the others.

    `key` is the receipt key. Numbers that were dropped by rule count as none.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM receipt q JOIN record r ON r.kind = %s AND r.seq = q.seq"  # noqa: S608 - as above
        " WHERE q.key = %s ORDER BY q.revision DESC LIMIT %s",
        (kind, key, REVISIONS_MAX),
    ).fetchall()
    found = [LogRecord(*row) for row in reversed(rows)]
    placed = [each for each in found if each.op != Op.WITHDRAW]
    seen = {each.seq for each in placed if scope.covers(each.path)}
    if seen or scope.nationwide:
        seen |= {each.seq for each in found if each.op == Op.WITHDRAW}
    return Revisions([each for each in found if each.seq in seen], sum(each.seq not in seen for each in found))


def newest_of(connection: Connection, scope: Scope, *, keys: Sequence[tuple[int, bytes]]) -> list[tuple[int, int]]:
    """Return (kind, number) of the newest revision that the scope sees, for each (kind, receipt key) that has one."""
    where, values = scope.sql("r.path")
    rows = connection.execute(
        "SELECT DISTINCT ON (r.kind, q.key) r.kind, r.seq FROM unnest(%s::smallint[], %s::bytea[]) w(kind, key)"  # noqa: S608 - as above
        f" JOIN receipt q ON q.key = w.key JOIN record r ON r.kind = w.kind AND r.seq = q.seq WHERE {where}"
        " ORDER BY r.kind, q.key, q.revision DESC",
        ([kind for kind, _ in keys], [key for _, key in keys], *values),
    )
    return [(row[0], row[1]) for row in rows]
