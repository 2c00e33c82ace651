"""Reads who the claims of records are: the person behind each, and the identity where a reader may see it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from daumoi.core.arrays import Numbers
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.reading import Reading
from daumoi.core.sql import statements

_SQL = statements("daumoi.people", "claims")


class ClaimView(NamedTuple):
    """A claim as a reader is shown it."""

    person: int
    identity: bytes | None
    """The identity object of the contract as JSON, as it was sealed."""


def claims(
    connection: Connection, keys: Keys, ids: Iterable[int], *, reading: Reading, identity: bool
) -> dict[int, ClaimView]:
    """Return claims by id; identities are opened only when `identity` is true. The reading stands in the audit log."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    if not identity:
        rows = connection.execute(_SQL["people_of_claims"], (Numbers(wanted),), binary=True)
        return {claim: ClaimView(person, None) for claim, person in rows}
    rows = connection.execute(_SQL["identities"], (Numbers(wanted),), binary=True)
    return {claim: ClaimView(person, keys.open(sealed, mark)) for claim, person, mark, sealed in rows}


def people_of(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Return the numbers of the people behind claims: what the line of a read has to name before there is a reading."""
    rows = connection.execute(_SQL["people_of_claims"], (Numbers(sorted(set(ids))),), binary=True)
    return dict(rows.fetchall())


def how_many(connection: Connection, claims: Iterable[int]) -> int:
    """Count the people behind claims."""
    row = connection.execute(
        "SELECT count(DISTINCT person) FROM claim WHERE id = ANY(%s::bigint[])", (Numbers(sorted(set(claims))),)
    ).fetchone()
    return row[0] if row else 0


def last_claim(connection: Connection) -> int:
    """Return the highest id of a claim; 0 when there is none."""
    row = connection.execute("SELECT max(id) FROM claim").fetchone()
    return row[0] or 0 if row else 0


def people_as_csv(connection: Connection, *, after: int, last: int) -> Iterator[bytes]:
    """Yield lines of CSV: claim, its person; of claims with after < id ≤ last, in pieces of any length."""
    statement = "COPY (SELECT id, person FROM claim WHERE id > %s AND id <= %s) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement, (after, last)) as copy:
        for piece in copy:
            yield bytes(piece)


def pseudonym(keys: Keys, *, reader: int, person: int) -> str:
    """Return the stable name of a person for one reader; other readers get another that cannot be compared."""
    return keys.index("pseudonym", b"%d|%d" % (reader, person)).hex()


def claims_of(connection: Connection, *, person: int) -> list[int]:
    """Return the numbers of a person's claims; none after an erasure."""
    return [row[0] for row in connection.execute("SELECT id FROM claim WHERE person = %s ORDER BY id", (person,))]
