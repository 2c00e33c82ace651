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
        "SELECT count(DISTINCT a.receiver), count(DISTINCT a.receiver) FILTER (WHERE counted),"
        " coalesce(max(h.seq - coalesce(p.delivered, 0)) FILTER (WHERE counted), 0)"
        " FROM agreement_kind a JOIN head h ON a.kind IN (h.name, '*')"
        " LEFT JOIN destination d ON d.receiver = a.receiver AND d.way = 'feed'"
        " LEFT JOIN progress p ON p.destination_id = d.id AND p.kind = h.kind,"
        " LATERAL (SELECT p.delivered IS NOT NULL OR a.kind <> '*') AS known(counted)"
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
        "SELECT coalesce(a.receiver, c.receiver), coalesce(a.identity, ''), coalesce(c.delivered, 0), c.delivered_at,"
        " coalesce(c.delivered, 0) >= %(seq)s FROM"
        " (SELECT DISTINCT ON (k.receiver) k.receiver, v.terms ->> 'identity' AS identity FROM agreement_kind k"
        "  JOIN agreement_version v ON v.agreement_id = k.agreement_id AND v.state = 'in_force'"
        "  WHERE k.kind IN (%(name)s, '*') ORDER BY k.receiver, k.kind DESC) a"
        " FULL JOIN (SELECT d.receiver, p.delivered, p.delivered_at FROM progress p"
        "  JOIN destination d ON d.id = p.destination_id AND d.way = 'feed' WHERE p.kind = %(kind)s) c USING (receiver)"
        " ORDER BY 5 DESC, 1",
        {"kind": kind, "name": kind_name, "seq": seq},
    )
    return [Reached(*row) for row in rows]
