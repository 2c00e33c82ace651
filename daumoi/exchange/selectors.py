"""Figures of the exchange, without names."""

from typing import NamedTuple

from daumoi.core.database import Connection


class ReaderLag(NamedTuple):
    """How far one reader is behind in one kind."""

    kind: str
    lag: int


def reader_lags(connection: Connection) -> list[ReaderLag]:
    """Return how far each reader with an agreement in force is behind; who it is stays out."""
    rows = connection.execute(
        "SELECT h.name, h.seq - coalesce(c.seq, 0) FROM agreement a"
        " JOIN head h ON a.kind IN (h.name, '*')"
        " LEFT JOIN feed_cursor c ON c.system_id = a.system_id AND c.kind = h.kind"
        " WHERE a.valid_to IS NULL AND (c.seq IS NOT NULL OR a.kind <> '*')"
    )
    return [ReaderLag(*row) for row in rows]
