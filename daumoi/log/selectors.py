"""Reads the log: figures of heads and consumers, and records by number."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.arrays import Numbers
from daumoi.core.clock import VIET_NAM_TIME, midnight
from daumoi.core.database import Connection
from daumoi.core.reading import Reading
from daumoi.log.entries import Op

_INSTANT = timedelta(microseconds=1)
"""What two instants differ by at least, as the database keeps them."""


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
lat, lon, accuracy_m, occurred_at and received_at as JSON texts in UTC, body as JSON text, path."""

_SHOWN_COLUMNS = (
    "SELECT r.seq, r.id::text, r.system_id, r.ref, r.revision, r.op, r.current, r.subject, r.area_scheme, r.area_code,"
    " r.lat, r.lon, r.accuracy_m, to_json(r.occurred_at)::text, to_json(r.received_at)::text, r.body::text, r.path"
    " FROM record r WHERE r.kind = %s"
)
_SHOWN = f"{_SHOWN_COLUMNS} AND r.seq > %s AND r.seq <= %s"


def shown(connection: Connection, *, kind: int, after: int, last: int) -> list[ShownRow]:
    """Return the records of a kind with after < seq ≤ last, in order."""
    return connection.execute(_SHOWN + " ORDER BY r.seq", (kind, after, last), binary=True).fetchall()


def shown_of(connection: Connection, *, kind: int, numbers: Sequence[int]) -> list[ShownRow]:
    """Return some records of a kind by their numbers, in order; those that are dropped are left out."""
    statement = f"{_SHOWN_COLUMNS} AND r.seq = ANY(%s) ORDER BY r.seq"
    return connection.execute(statement, (kind, Numbers(numbers)), binary=True).fetchall()


def shown_within(
    connection: Connection, scope: Scope, *, kind: int, after: int, last: int, scheme: str | None, limit: int
) -> list[ShownRow]:
    """Return the first `limit` of them that may concern who sees this scope, in order.

    These are records of its paths, those sent with a code of `scheme`, and what is no first arrival: a correction or a
    withdrawal may concern who had an earlier revision. The caller decides on each.
    """
    where, values = scope.sql("r.path")
    statement = f"{_SHOWN} AND ({where} OR r.op <> %s OR r.area_scheme = %s) ORDER BY r.seq LIMIT %s"
    return connection.execute(
        statement, (kind, after, last, *values, int(Op.ASSERT), scheme, limit), binary=True
    ).fetchall()


def places(
    connection: Connection, *, kind: int, after: int, last: int
) -> Iterator[tuple[int, str | None, str | None, str | None, bool]]:
    """Return (system, path, area scheme, area code, whether it is a first arrival) of a range, each once."""
    return iter(
        connection.execute(
            "SELECT DISTINCT system_id, path, area_scheme, area_code, op = %s FROM record"
            " WHERE kind = %s AND seq > %s AND seq <= %s",
            (int(Op.ASSERT), kind, after, last),
        ).fetchall()
    )


def sealed(connection: Connection, *, kind: int, numbers: Sequence[int], reading: Reading) -> dict[int, bytes]:
    """Return the sealed personal values of records, by number; records without any are left out."""
    rows = connection.execute(
        "SELECT seq, sealed FROM record_personal WHERE kind = %s AND seq = ANY(%s::bigint[])",
        (kind, Numbers(numbers)),
        binary=True,
    )
    return dict(rows.fetchall())


class Earlier(NamedTuple):
    """An earlier revision of a record: where it lies in the log, and of which place it was, as far as it is kept."""

    of: int
    seq: int
    system_id: int | None
    path: str | None
    area_scheme: str | None
    area_code: str | None


def earlier(connection: Connection, *, kind: int, keys: Sequence[tuple[int, bytes]]) -> list[Earlier]:
    """Return what lies before records of the same ref, by (number, receipt key); of dropped ones only the number.

    Withdrawals are left out: they lie nowhere and say nothing that somebody could have.
    """
    rows = connection.execute(
        "SELECT w.seq, q.seq, r.system_id, r.path, r.area_scheme, r.area_code"
        " FROM unnest(%s::bigint[], %s::bytea[]) w(seq, key) JOIN receipt q ON q.key = w.key AND q.seq < w.seq"
        " LEFT JOIN record r ON r.kind = %s AND r.seq = q.seq WHERE r.op IS DISTINCT FROM %s",
        ([seq for seq, _ in keys], [key for _, key in keys], kind, int(Op.WITHDRAW)),
    )
    return [Earlier(*row) for row in rows]


def days_between(
    connection: Connection, *, kind: int, first: int, last: int, now: datetime
) -> list[tuple[int, int, date]]:
    """Divide a range of numbers by the day of receipt (UTC+7): (first, last, day), in order.

    `received_at` never goes back within a kind. Numbers that were dropped count to the oldest day that is kept.
    """
    edges = connection.execute(
        "SELECT min(received_at), max(received_at) FROM record WHERE kind = %s AND (seq = %s OR seq = %s)",
        (kind, first, last),
    ).fetchone()
    assert edges is not None
    until = edges[1] or now
    begins = (edges[0] or until).astimezone(VIET_NAM_TIME).date()
    found, at = [], first
    for day in range((until.astimezone(VIET_NAM_TIME).date() - begins).days):
        ends = midnight(begins + timedelta(days=day + 1)) - _INSTANT
        number = min(last, numbers_at(connection, [ends])[kind, ends])
        if number >= at:
            found.append((at, number, begins + timedelta(days=day)))
            at = number + 1
    return [*found, (at, last, until.astimezone(VIET_NAM_TIME).date())] if at <= last else found


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


def persons_of(connection: Connection, *, kind: int, numbers: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return (seq, role, position, claim) of the other people of records, by number and in their order."""
    return connection.execute(
        "SELECT seq, role, position, claim FROM record_person WHERE kind = %s AND seq = ANY(%s::bigint[])"
        " ORDER BY seq, role, position",
        (kind, Numbers(numbers)),
        binary=True,
    ).fetchall()


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
