"""Internal readers of the log: each keeps a cursor and moves it in the transaction of its work, so what it does in
this database happens exactly once."""

from collections.abc import Callable
from datetime import datetime

from daumoi.core.database import Connection
from daumoi.log import meters

Work = Callable[[Connection, int, int, int], None]
"""Called with a connection inside a transaction, a kind's number, and the first and last seq of a range."""


def behind(connection: Connection, name: str) -> list[int]:
    """Return the kinds of which a consumer has something to do."""
    rows = connection.execute(
        "SELECT h.kind FROM head h LEFT JOIN consumer c ON c.kind = h.kind AND c.name = %s"
        " WHERE h.seq > coalesce(c.seq, 0) ORDER BY 1",
        (name,),
    )
    return [row[0] for row in rows]


def advance(connection: Connection, *, name: str, kind: int, at: datetime, most: int, work: Work) -> int:
    """Let a consumer do its next range of at most `most` records; returns how many there were.

    Two workers may run: the cursor's row lock lets one through at a time.
    """
    with meters.CONSUMING.labels(name).time(), connection.transaction():
        connection.execute(
            "INSERT INTO consumer (name, kind, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (name, kind, at)
        )
        row = connection.execute(
            "SELECT c.seq, greatest(c.seq + 1, h.oldest), least(h.seq, greatest(c.seq + 1, h.oldest) + %s - 1)"
            " FROM consumer c JOIN head h USING (kind) WHERE c.name = %s AND c.kind = %s FOR UPDATE OF c",
            (most, name, kind),
        ).fetchone()
        assert row is not None
        _, first, last = row
        if last < first:
            return 0
        work(connection, kind, first, last)
        connection.execute(
            "UPDATE consumer SET seq = %s, at = %s WHERE name = %s AND kind = %s", (last, at, name, kind)
        )
    meters.CONSUMED.labels(name, meters.name_of(kind)).inc(last - first + 1)
    return int(last - first + 1)
