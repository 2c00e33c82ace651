"""Reads who the claims of records are: the person behind each, and the identity where a reader may see it."""

from collections.abc import Iterable
from typing import NamedTuple

from daumoi.core.arrays import Numbers
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements

_SQL = statements("daumoi.people", "claims")


class ClaimView(NamedTuple):
    """A claim as a reader is shown it."""

    person: int
    identity: bytes | None
    """The identity object of the contract as JSON, as it was sealed."""


def claims(connection: Connection, keys: Keys, ids: Iterable[int], *, identity: bool) -> dict[int, ClaimView]:
    """Return claims by id; identities are opened only when `identity` is true."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    if not identity:
        rows = connection.execute(_SQL["people_of_claims"], (Numbers(wanted),), binary=True)
        return {claim: ClaimView(person, None) for claim, person in rows}
    rows = connection.execute(_SQL["identities"], (Numbers(wanted),), binary=True)
    return {claim: ClaimView(person, keys.open(sealed, mark)) for claim, person, mark, sealed in rows}


def pseudonym(keys: Keys, *, reader: int, person: int) -> str:
    """Return the stable name of a person for one reader; other readers get another that cannot be compared."""
    return keys.index("pseudonym", b"%d|%d" % (reader, person)).hex()
