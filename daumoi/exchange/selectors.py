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
        "SELECT count(DISTINCT a.receiver), count(DISTINCT a.receiver) FILTER (WHERE counted),"
        " coalesce(max(h.seq - coalesce(p.delivered, 0)) FILTER (WHERE counted), 0)"
        " FROM agreement_kind a JOIN head h ON a.kind IN (h.name, '*')"
        " LEFT JOIN destination d ON d.receiver = a.receiver AND d.way = 'feed'"
        " LEFT JOIN progress p ON p.destination_id = d.id AND p.kind = h.kind,"
        " LATERAL (SELECT p.delivered IS NOT NULL OR a.kind <> '*') AS known(counted)"
    ).fetchone()
    assert row is not None
    return Readers(*row)
