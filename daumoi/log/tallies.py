"""Counts records of a range by sender, place and day, and names the claims in those of some places."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.log.entries import Op

Origin = tuple[int, str | None, str | None, str | None]
"""Of a record: its sender, its stored path, and scheme and code of its area as sent."""


class Tally(NamedTuple):
    """How many records of one origin came on one day of Viet Nam, and the numbers of the newest and the oldest."""

    origin: Origin
    day: date
    records: int
    newest: int
    oldest: int


def tallies(connection: Connection, *, kind: int, after: int, last: int) -> list[Tally]:
    """Count the records of a kind with after < seq ≤ last, withdrawals left out; 0.2 s for 200,000 records."""
    rows = connection.execute(
        "SELECT system_id, path, area_scheme, area_code, (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, count(*),"
        " max(seq), min(seq) FROM record WHERE kind = %s AND seq > %s AND seq <= %s AND op <> %s"
        " GROUP BY 1, 2, 3, 4, 5",
        (kind, after, last, int(Op.WITHDRAW)),
    )
    return [Tally(row[:4], *row[4:]) for row in rows]


_CLAIMS = """
WITH given AS MATERIALIZED (
    SELECT r.seq, r.subject FROM record r
    JOIN unnest(%(systems)s::int[], %(paths)s::text[], %(schemes)s::text[], %(codes)s::text[])
         o(system, path, scheme, code)
      ON o.system = r.system_id AND o.path = coalesce(r.path, '') AND o.scheme = coalesce(r.area_scheme, '')
     AND o.code = coalesce(r.area_code, '')
    WHERE r.kind = %(kind)s AND r.seq > %(after)s AND r.seq <= %(last)s AND r.op <> %(withdraw)s
)
SELECT subject FROM given WHERE subject IS NOT NULL
UNION
SELECT p.claim FROM given JOIN record_person p ON p.kind = %(kind)s AND p.seq = given.seq
WHERE p.seq > %(after)s AND p.seq <= %(last)s
"""


def claims_of(connection: Connection, origins: Sequence[Origin], *, kind: int, after: int, last: int) -> list[int]:
    """Return the claims, each once, that the records of some origins name; withdrawals are left out."""
    if not origins:
        return []
    systems, paths, schemes, codes = zip(*origins, strict=True)
    values = {"systems": list(systems), "kind": kind, "after": after, "last": last, "withdraw": int(Op.WITHDRAW)}
    for name, column in (("paths", paths), ("schemes", schemes), ("codes", codes)):
        values[name] = [text or "" for text in column]
    return [claim for (claim,) in connection.execute(_CLAIMS, values, binary=True)]
