"""Which claims of an older state were erased since: what a restore has to erase again."""

from collections.abc import Iterable
from datetime import datetime

from daumoi.core.database import Connection
from daumoi.people.erasure_list import Entry

_AT_ONCE = 1000


def unerased(connection: Connection, listed: Iterable[Entry]) -> list[bytes]:
    """Return the fingerprints of the claims that are there and older than an erasure of them that is listed.

    A claim that is younger was made by a record that came after the erasure: the person is known again by right, and
    an old erasure does not touch it.
    """
    erased_at: dict[bytes, datetime] = {}
    for entry in listed:
        for mark in entry.fingerprints:
            erased_at[mark] = max(entry.at, erased_at.get(mark, entry.at))
    marks = sorted(erased_at)
    found: list[bytes] = []
    for first in range(0, len(marks), _AT_ONCE):
        some = marks[first : first + _AT_ONCE]
        rows = connection.execute(
            "SELECT c.fingerprint FROM claim c JOIN unnest(%b::bytea[], %b::timestamptz[]) e(fingerprint, erased_at)"
            " ON e.fingerprint = c.fingerprint WHERE c.created_at <= e.erased_at ORDER BY c.fingerprint",
            (some, [erased_at[mark] for mark in some]),
            binary=True,
        )
        found += [bytes(row[0]) for row in rows]
    return found
