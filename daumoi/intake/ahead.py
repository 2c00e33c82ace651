"""Looks up what decides the next chunk of a body while the one before is still being stored.

The look takes no locks and stands outside of the chunk's transaction, which uses it as long as nothing has changed: the
head of the kind has been moved by the chunk before alone, that chunk holds none of the same refs, and no claim was
destroyed. Otherwise everything is looked up anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from daumoi.core.hub import Hub
from daumoi.intake.rows import Row
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.kind import Kind
from daumoi.log.append import Look, look
from daumoi.people import destroying
from daumoi.people.claims import known_claims


class Before(NamedTuple):
    """The chunk before, once it is stored."""

    keys: frozenset[bytes]
    """Receipt keys of its rows."""
    numbers: range
    """The numbers it was given."""


NOTHING_BEFORE = Before(frozenset(), range(0))


class Ahead(NamedTuple):
    """What was found of a chunk before its transaction began."""

    seen: Look
    claims: dict[bytes, int]
    """Known claims by fingerprint."""
    epoch: int
    """Of the claims, read before they were."""
    own: range = range(0)
    """Numbers that the chunk before was given after the look."""

    def behind(self, before: Before, rows: Sequence[Row]) -> "Ahead | None":
        """Return what may be used behind the chunk before; None when that decides for these rows."""
        if not before.keys.isdisjoint([row.entry.key for row in rows if row.entry is not None]):
            return None
        return self._replace(own=before.numbers)


def look_ahead(hub: Hub, kind: Kind, rows: Sequence[Row]) -> Ahead | None:
    """Look up what decides good rows; None where that has to wait, or the database does not answer."""
    if kind is CHECKPOINT:
        return None  # its codes pass from one to the other in the order of the rows
    good = [row for row in rows if not row.faults]
    requests = [request for row in good for _, _, request in row.claims]
    try:
        with hub.pool.connection() as connection:
            epoch = destroying.epoch(connection)
            seen = look(connection, kind.number, [row.entry for row in good if row.entry is not None])
            return Ahead(seen, known_claims(connection, hub.keys, requests), epoch)
    except psycopg.Error:
        return None  # storing meets the same, and says so


def stored_as(rows: Sequence[Row]) -> Before:
    """Return what the next chunk has to know of one that is stored."""
    numbers = [row.seq for row in rows if row.seq is not None]
    keys = frozenset(row.entry.key for row in rows if row.entry is not None)
    return Before(keys, range(numbers[0], numbers[-1] + 1) if numbers else range(0))
