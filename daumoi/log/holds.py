"""Legal holds: records that may not go although a rule of retention lets them.

A record under a hold stays where it is until its segment goes; before that it is kept in a table of its own, with its
people and personal values. There the hub reads it by number (`records_on_hold`); feeds answer `gone_before`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import sql

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.log.selectors import RecordRow
from daumoi.people.destroying import claims_of_people, people_of_claims

_SQL = statements("daumoi.log", "holds")
_STEP = 5000


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: why, on what ground, and what it covers. What is None does not narrow it."""

    id: int
    reason: str
    legal_basis: str
    placed_at: datetime
    released_at: datetime | None
    kind: int | None
    system_id: int | None
    first_seq: int | None
    last_seq: int | None
    person: int | None
    claims: list[int] | None


class NothingHeld(Exception):
    """A hold needs at least a kind, a system, a claim or a person, and there must be such a claim or person."""


def place(
    connection: Connection,
    *,
    reason: str,
    legal_basis: str,
    at: datetime,
    kind: int | None = None,
    system_id: int | None = None,
    first_seq: int | None = None,
    last_seq: int | None = None,
    claim: int | None = None,
    person: int | None = None,
) -> int:
    """Place a hold; returns its number. Raises NothingHeld."""
    claims = None
    if claim is not None:
        claims = [claim] if people_of_claims(connection, [claim]) else []
    elif person is not None:
        claims = claims_of_people(connection, [person])
    if claims == [] or (kind is None and system_id is None and claims is None):
        raise NothingHeld(NothingHeld.__doc__)
    row = connection.execute(
        _SQL["place"],
        {
            "reason": reason,
            "legal_basis": legal_basis,
            "at": at,
            "kind": kind,
            "system": system_id,
            "first": first_seq,
            "last": last_seq,
            "person": person if claim is None else None,
            "claims": claims,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def release(connection: Connection, *, hold: int, at: datetime) -> bool:
    """End a hold; False when there is none of this number that is in force."""
    return connection.execute(_SQL["release"], (at, hold)).rowcount == 1


def holds(connection: Connection, *, released: bool = False) -> list[Hold]:
    """Return the holds in force, or all.

    A hold on a person covers the claims the person had when it was placed, and all claims of the people who have these
    now: it follows joins and splits.
    """
    found = [Hold(*row) for row in connection.execute(_SQL["list"], (released,))]
    return [_followed(connection, hold) if hold.person is not None else hold for hold in found]


def _followed(connection: Connection, hold: Hold) -> Hold:
    before = hold.claims or []
    now = claims_of_people(connection, [hold.person or 0, *people_of_claims(connection, before)])
    return replace(hold, claims=sorted({*before, *now}))


def freeze(connection: Connection) -> list[Hold]:
    """Return the holds in force; none is placed or released until the caller's transaction ends."""
    connection.execute(_SQL["freeze"])
    return holds(connection)


def covered(
    connection: Connection, in_force: Sequence[Hold], *, kind: int, first: int, last: int, kept: bool = False
) -> set[int]:
    """Return which records of a range are under a hold; `kept`: of those in the table of records on hold."""
    names = ("record_on_hold", "record_on_hold_person") if kept else ("record", "record_person")
    query = sql.SQL(_SQL["covered"]).format(records=sql.Identifier(names[0]), persons=sql.Identifier(names[1]))
    found: set[int] = set()
    for hold in in_force:
        low, high = max(first, hold.first_seq or 0), min(last, hold.last_seq or last)
        if hold.kind in (None, kind) and low <= high:
            values = {"kind": kind, "first": low, "last": high, "system": hold.system_id, "claims": hold.claims}
            found |= {row[0] for row in connection.execute(query, values)}
    return found


def keep_range(connection: Connection, in_force: Sequence[Hold], *, kind: int, first: int, last: int) -> int:
    """Copy the records of a range that are under a hold to where they stay, in steps; returns how many there are.

    Safe to run again: a record is copied once.
    """
    count = 0
    for low in range(first, last + 1, _STEP) if in_force else ():
        seqs = sorted(covered(connection, in_force, kind=kind, first=low, last=min(last, low + _STEP - 1)))
        if seqs:
            with connection.transaction():
                connection.execute(_SQL["keep_records"], {"kind": kind, "seqs": seqs})
                connection.execute(_SQL["keep_persons"], {"kind": kind, "seqs": seqs})
        count += len(seqs)
    return count


def let_go(connection: Connection) -> int:
    """Delete the kept records that no hold covers any more, in steps; their claims come in doubt. Returns how many."""
    count = 0
    at = (0, 0)
    while True:
        with connection.transaction():
            in_force = freeze(connection)
            page = connection.execute(_SQL["page_on_hold"], (*at, _STEP)).fetchall()
            if not page:
                return count
            at = page[-1]
            for kind in sorted({row[0] for row in page}):
                seqs = [seq for number, seq in page if number == kind]
                stay = covered(connection, in_force, kind=kind, first=seqs[0], last=seqs[-1], kept=True)
                gone = sorted(set(seqs) - stay)
                claims = [row[0] for row in connection.execute(_SQL["let_go_persons"], (kind, gone))]
                claims += [row[0] for row in connection.execute(_SQL["let_go_records"], (kind, gone)) if row[0]]
                connection.execute(
                    "INSERT INTO claim_in_doubt (claim) SELECT DISTINCT unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
                    (claims,),
                )
                count += len(gone)


def records_on_hold(connection: Connection, *, kind: int, after: int, last: int) -> list[RecordRow]:
    """Return the kept records of a kind with after < seq ≤ last, in order; there are gaps between their numbers."""
    return [RecordRow(*row) for row in connection.execute(_SQL["records_on_hold"], (kind, after, last), binary=True)]


def persons_on_hold(connection: Connection, *, kind: int, after: int, last: int) -> list[tuple[int, int, int, int]]:
    """Return (seq, role, position, claim) of the other people of kept records."""
    return [(*row,) for row in connection.execute(_SQL["persons_on_hold"], (kind, after, last))]
