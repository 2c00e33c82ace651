"""Figures of the exchange, without names."""

from datetime import datetime
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


class Reached(NamedTuple):
    """A reader of a kind, and how far it is; `has_it` tells whether it has acknowledged the record asked for."""

    system_id: int
    identity: str
    seq: int
    at: datetime | None
    has_it: bool


def reached(connection: Connection, *, kind: int, kind_name: str, seq: int) -> list[Reached]:
    """Return the systems that read a kind by an agreement in force, or have read it, with how far each is."""
    rows = connection.execute(
        "SELECT coalesce(a.system_id, c.system_id), coalesce(a.identity, ''), coalesce(c.seq, 0), c.at,"
        " coalesce(c.seq, 0) >= %(seq)s FROM"
        " (SELECT DISTINCT ON (system_id) system_id, identity FROM agreement"
        "  WHERE valid_to IS NULL AND kind IN (%(name)s, '*') ORDER BY system_id, kind DESC) a"
        " FULL JOIN (SELECT system_id, seq, at FROM feed_cursor WHERE kind = %(kind)s) c USING (system_id)"
        " ORDER BY 5 DESC, 1",
        {"kind": kind, "name": kind_name, "seq": seq},
    )
    return [Reached(*row) for row in rows]
