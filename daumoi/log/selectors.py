"""Reads the log: figures of heads and consumers, and records by number."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daumoi.core.database import Connection
from daumoi.core.reading import Reading
from daumoi.log.entries import Op


class HeadFigure(NamedTuple):
    """Where a kind stands."""

    kind: str
    number: int
    last_seq: int
    received_at: datetime | None
    oldest_seq: int


class ConsumerLag(NamedTuple):
    """Where an internal reader stands, and how many records it has still to do."""

    name: str
    kind: str
    position: int
    lag: int


class RecordRow(NamedTuple):
    """One record as stored. The body is JSON text."""

    seq: int
    id: str
    system_id: int
    ref: str
    revision: int
    op: int
    current: bool
    subject: int | None
    area_scheme: str | None
    area_code: str | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    occurred_at: datetime | None
    received_at: datetime
    body: str | None
    personal: bytes | None
    path: str | None
    place: int | None
    schema_version: int


def heads(connection: Connection) -> list[HeadFigure]:
    """Return where each kind stands, in the order of their numbers."""
    rows = connection.execute(
        "SELECT name, kind, seq, CASE WHEN seq > 0 THEN received_at END, oldest FROM head ORDER BY kind"
    )
    return [HeadFigure(*row) for row in rows]


def head_numbers(connection: Connection) -> dict[int, tuple[int, int]]:
    """Return, by kind, the newest and the oldest number."""
    return {row[0]: (row[1], row[2]) for row in connection.execute("SELECT kind, seq, oldest FROM head")}


def consumer_lags(connection: Connection) -> list[ConsumerLag]:
    """Return where each internal reader stands."""
    rows = connection.execute(
        "SELECT c.name, h.name, c.seq, h.seq - c.seq FROM consumer c JOIN head h USING (kind) ORDER BY c.name, h.kind"
    )
    return [ConsumerLag(*row) for row in rows]


_NUMBERS_AT = """
WITH RECURSIVE search (kind, upto, low, high) AS (
    SELECT h.kind, a.upto, h.oldest - 1, h.seq FROM head h CROSS JOIN unnest(%s::timestamptz[]) a(upto)
    UNION ALL
    SELECT s.kind, s.upto, CASE WHEN r.received_at <= s.upto THEN m.middle ELSE s.low END,
           CASE WHEN r.received_at <= s.upto THEN s.high ELSE m.middle - 1 END
    FROM search s CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS middle) m
    JOIN record r ON r.kind = s.kind AND r.seq = m.middle WHERE s.low < s.high
)
SELECT kind, upto, low FROM search WHERE low = high
"""


def numbers_at(connection: Connection, instants: Sequence[datetime]) -> dict[tuple[int, datetime], int]:
    """Return, by kind and instant, the last number received up to it (both included): what was known then.

    `received_at` never goes back within a kind, so it is found by halving: some twenty records are looked at, in a
    millisecond. Where all of that time was dropped, it is the number before the oldest kept.
    """
    rows = connection.execute(_NUMBERS_AT, (list(instants),))
    return {(kind, upto): number for kind, upto, number in rows}


class Stated(NamedTuple):
    """What one revision of a record says of a place."""

    lat: float | None
    lon: float | None
    body: dict[str, Any]


def stated(connection: Connection, *, kind: int, receipts: Sequence[tuple[bytes, int]]) -> dict[bytes, Stated]:
    """Return location and facts of records by (receipt key, revision); what was dropped or withdrawn is left out."""
    if not receipts:
        return {}
    keys, revisions = zip(*receipts, strict=True)
    rows = connection.execute(
        "SELECT t.key, r.lat, r.lon, r.body FROM unnest(%s::bytea[], %s::int[]) n(key, revision)"
        " JOIN receipt t ON t.key = n.key AND t.revision = n.revision"
        " JOIN record r ON r.kind = %s AND r.seq = t.seq WHERE r.body IS NOT NULL",
        (list(keys), list(revisions), kind),
    )
    return {bytes(key): Stated(lat, lon, body) for key, lat, lon, body in rows}


ShownRow = tuple[Any, ...]
"""One record as a feed needs it: seq, id, system, ref, revision, op, current, subject's claim, area scheme, area code,
lat, lon, accuracy_m, occurred_at and received_at as JSON texts in UTC, body as JSON text, sealed personal values."""

_SHOWN = (
    "SELECT r.seq, r.id::text, r.system_id, r.ref, r.revision, r.op, r.current, r.subject, r.area_scheme, r.area_code,"
    " r.lat, r.lon, r.accuracy_m, to_json(r.occurred_at)::text, to_json(r.received_at)::text, r.body::text, {}"
    " FROM record r"
)
_RANGE = " WHERE r.kind = %s AND r.seq > %s AND r.seq <= %s ORDER BY r.seq"
_WITHOUT_PERSONAL = _SHOWN.format("NULL::bytea") + _RANGE
_WITH_PERSONAL = (
    _SHOWN.format("p.sealed") + " LEFT JOIN record_personal p ON p.kind = r.kind AND p.seq = r.seq" + _RANGE
)


def shown(connection: Connection, *, kind: int, after: int, last: int, personal: Reading | None) -> list[ShownRow]:
    """Return the records of a kind with after < seq ≤ last, in order; sealed values only for a reading."""
    statement = _WITHOUT_PERSONAL if personal is None else _WITH_PERSONAL
    return connection.execute(statement, (kind, after, last), binary=True).fetchall()


def refs(
    connection: Connection, *, kind: int, system_id: int, after: int, last: int
) -> Iterator[tuple[str, int, bool]]:
    """Return (ref, revision, is withdrawal) of one system's records with after < seq ≤ last, in order."""
    return iter(
        connection.execute(
            "SELECT ref, revision, op = %s FROM record"
            " WHERE kind = %s AND seq > %s AND seq <= %s AND system_id = %s ORDER BY seq",
            (int(Op.WITHDRAW), kind, after, last, system_id),
        ).fetchall()
    )


def persons(connection: Connection, *, kind: int, after: int, last: int) -> Iterator[tuple[int, int, int, int]]:
    """Return (seq, role, position, claim) of the other people of a range of records."""
    return iter(
        connection.execute(
            "SELECT seq, role, position, claim FROM record_person WHERE kind = %s AND seq > %s AND seq <= %s"
            " ORDER BY seq, role, position",
            (kind, after, last),
        ).fetchall()
    )


def asserted_as_csv(connection: Connection, *, kind: int, after: int, last: int) -> Iterator[bytes]:
    """Yield lines of CSV: system, ref, claim of the subject or nothing; of first arrivals with after < seq ≤ last.

    In pieces of any length, made by the database: ten million rows cost seconds where as objects they cost minutes.
    """
    statement = (
        "COPY (SELECT system_id, ref, subject FROM record WHERE kind = %s AND seq > %s AND seq <= %s AND op = %s)"
        " TO STDOUT (FORMAT csv, FORCE_QUOTE (ref))"
    )
    with connection.cursor() as cursor, cursor.copy(statement, (kind, after, last, int(Op.ASSERT))) as copy:
        for piece in copy:
            yield bytes(piece)
