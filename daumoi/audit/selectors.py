"""Searches the audit log: by actor, action, person, record, access and days, newest first, page by page.

Only sealed lines are found, a second after they were written; `waiting_lines` says how many are not sealed. A page
costs one statement. By actor, action or access, an index gives the lines in order; by person, the GIN index of people
gives them (few lines name one person); by record, the ranges that begin within 10,000 numbers before it; days become
the numbers they begin and end with. Where several are asked for, one index leads and the others filter.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection

PAGE = 50
_COLUMNS = (
    "number, sealed_at, at, actor, actor_label, role, action, subject, kind, first_seq, last_seq, people, claims,"
    " purpose, reason, origin, session, request, grant_id"
)


class Line(NamedTuple):
    """One sealed line. Of lines with the purpose in words (before there was a list), `purpose` holds the words."""

    number: int
    sealed_at: datetime
    at: datetime
    actor: str
    actor_label: str
    role: str
    action: str
    subject: str
    kind: str | None
    first_seq: int | None
    last_seq: int | None
    people: list[int] | None
    claims: list[int] | None
    purpose: str
    reason: str
    origin: str
    session: str
    request: str
    grant_id: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; what is None does not narrow it. Days are of the seal (UTC+7), both ends included."""

    actor: str | None = None
    action: str | None = None
    person: int | None = None
    record: tuple[str, int] | None = None
    """A kind and a number."""
    grant: int | None = None
    first_day: date | None = None
    last_day: date | None = None


class Page(NamedTuple):
    """Lines, newest first; `before` leads to the next page, None at the end."""

    lines: list[Line]
    before: int | None


_PERSON = "SELECT number FROM audit_line WHERE people IS NOT NULL AND people @> ARRAY[%(person)s::bigint]"
_RECORD = """
SELECT number FROM audit_line
WHERE kind = %(kind)s AND last_seq - first_seq < 10000
  AND first_seq > %(seq)s::bigint - 10000 AND first_seq <= %(seq)s AND last_seq >= %(seq)s
UNION ALL
SELECT number FROM audit_line
WHERE kind = %(kind)s AND last_seq - first_seq >= 10000 AND first_seq <= %(seq)s AND last_seq >= %(seq)s
"""
_FROM = "number >= (SELECT number FROM audit_line WHERE sealed_at >= %(begins)s ORDER BY sealed_at, number LIMIT 1)"
_TO = (
    "number <= (SELECT number FROM audit_line WHERE sealed_at < %(ends)s ORDER BY sealed_at DESC, number DESC LIMIT 1)"
)


def search(connection: Connection, wanted: Search, *, before: int | None = None, most: int = PAGE) -> Page:
    """Return the lines below number `before` (all, when None) that match, newest first, at most `most`."""
    statement, values = _statement(wanted, before, most)
    found = [Line(*row) for row in connection.execute(statement, values)]
    more = len(found) > most
    return Page(found[:most], found[most - 1].number if more else None)


def _statement(wanted: Search, before: int | None, most: int) -> tuple[str, dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {"most": most + 1}
    parts: list[str] = []
    if wanted.person is not None:
        # Materialised: the planner takes one person for common, and would walk the whole log backwards.
        parts.append(f"of_person AS MATERIALIZED ({_PERSON})")
        where.append("number IN (SELECT number FROM of_person)")
        values["person"] = wanted.person
    if wanted.record is not None:
        parts.append(f"of_record AS MATERIALIZED ({_RECORD})")
        where.append("number IN (SELECT number FROM of_record)")
        values["kind"], values["seq"] = wanted.record
    for name, value in (("actor", wanted.actor), ("action", wanted.action), ("grant_id", wanted.grant)):
        if value is not None:
            where.append(f"{name} = %({name})s")
            values[name] = value
    if wanted.first_day is not None:
        where.append(_FROM)
        values["begins"] = datetime.combine(wanted.first_day, time(), VIET_NAM_TIME)
    if wanted.last_day is not None:
        where.append(_TO)
        values["ends"] = datetime.combine(wanted.last_day + timedelta(days=1), time(), VIET_NAM_TIME)
    if before is not None:
        where.append("number < %(before)s")
        values["before"] = before
    front = f"WITH {', '.join(parts)} " if parts else ""
    conditions = f" WHERE {' AND '.join(where)}" if where else ""
    # Conditions are texts of this file; what is looked for are parameters.
    statement = f"{front}SELECT {_COLUMNS} FROM audit_line{conditions} ORDER BY number DESC LIMIT %(most)s"  # noqa: S608
    return statement, values


def waiting_lines(connection: Connection) -> int:
    """Count the lines that are written and not sealed yet."""
    row = connection.execute("SELECT count(*) FROM audit_entry").fetchone()
    return int(row[0]) if row else 0


def actions(connection: Connection) -> list[str]:
    """Return the actions that occur, for the choice of a search page; a walk over the index, not over the lines."""
    rows = connection.execute(
        "WITH RECURSIVE a AS ((SELECT action FROM audit_line ORDER BY action LIMIT 1) UNION ALL"
        " SELECT (SELECT l.action FROM audit_line l WHERE l.action > a.action ORDER BY l.action LIMIT 1)"
        " FROM a WHERE a.action IS NOT NULL) SELECT action FROM a WHERE action IS NOT NULL"
    )
    return [row[0] for row in rows]


class Linked(NamedTuple):
    """A line with its place in the chain: its own hash and that of the line before, 64 hexadecimal digits each."""

    line: Line
    hash: str
    hash_before: str | None


def line(connection: Connection, number: int) -> Linked | None:
    """Return one line with all its parts; None when there is none of this number."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, encode(hash, 'hex'),"  # noqa: S608 - columns of this file
        " (SELECT encode(b.hash, 'hex') FROM audit_line b WHERE b.number = audit_line.number - 1)"
        " FROM audit_line WHERE number = %s",
        (number,),
    ).fetchone()
    return Linked(Line(*row[:-2]), row[-2], row[-1]) if row else None


class Chain(NamedTuple):
    """How far the chain reaches, what waits, and the last head that was signed for a day."""

    number: int
    hash: str
    sealed_at: datetime
    waiting: int
    oldest_waiting_at: datetime | None
    signed_day: date | None
    signed_number: int | None
    signed_at: datetime | None


def chain(connection: Connection) -> Chain:
    """Return the state of the chain, in one statement."""
    row = connection.execute(
        "SELECT c.number, encode(c.hash, 'hex'), c.sealed_at, w.waiting, w.oldest, h.day, h.number, h.at"
        " FROM audit_chain c CROSS JOIN (SELECT count(*), min(at) FROM audit_entry) AS w (waiting, oldest)"
        " LEFT JOIN LATERAL (SELECT day, number, at FROM audit_head WHERE kind = 'day' ORDER BY day DESC LIMIT 1) h"
        " ON true"
    ).fetchone()
    assert row is not None  # the migration wrote it, and a trigger keeps it
    return Chain(*row)
