"""Figures of the exchange, without names."""

from typing import NamedTuple

from daumoi.core.database import Connection


class Readers(NamedTuple):
    """All partner systems that may read, together.

    `followed` of them are known by how far they are: they have acknowledged a record, or their agreement names the
    kind, so that what was never acknowledged is still to be read. `largest_lag` is in records, of one kind.
    """

    systems: int
    followed: int
    largest_lag: int


def readers(connection: Connection) -> Readers:
    """Return how many systems have an agreement in force, and how far the slowest is behind; who they are stays out."""
    row = connection.execute(
        "SELECT count(DISTINCT a.system_id), count(DISTINCT a.system_id) FILTER (WHERE counted),"
        " coalesce(max(h.seq - coalesce(c.seq, 0)) FILTER (WHERE counted), 0)"
        " FROM agreement a JOIN head h ON a.kind IN (h.name, '*')"
        " LEFT JOIN feed_cursor c ON c.system_id = a.system_id AND c.kind = h.kind,"
        " LATERAL (SELECT c.seq IS NOT NULL OR a.kind <> '*') AS known(counted)"
        " WHERE a.valid_to IS NULL"
    ).fetchone()
    assert row is not None
    return Readers(*row)
