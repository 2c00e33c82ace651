"""Writes each closed range of the log to Parquet, by kind and day, for bulk analysis (design, section 3).

A range is closed when it holds `archive_rows` records or its day (UTC+7, of receipt) is over; both do not depend on
when this runs, so a file's name, made from its range, never means two contents, and a run after a crash writes the
same file again. Files hold facts alone: no ref, no personal value, people only as the number of a claim.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.log import meters, selectors
from daumoi.log.entries import Op, receipt_key

CONSUMER = "archive"
_PAGE = 1000
_COLUMNS = {
    "seq": "BIGINT",
    "id": "UUID",
    "record": "VARCHAR",  # keyed hash of system, kind and ref: revisions of one record share it
    "system_id": "INTEGER",
    "revision": "INTEGER",
    "op": "VARCHAR",
    "current": "BOOLEAN",
    "subject_claim": "BIGINT",
    "place": "BIGINT",
    "area_scheme": "VARCHAR",
    "area_code": "VARCHAR",
    "path": "VARCHAR",
    "lat": "DOUBLE",
    "lon": "DOUBLE",
    "accuracy_m": "DOUBLE",
    "occurred_at": "TIMESTAMPTZ",
    "received_at": "TIMESTAMPTZ",
    "schema_version": "SMALLINT",
    "body": "VARCHAR",  # JSON of the facts
}
_ENCODE = msgspec.json.Encoder().encode


class Range(NamedTuple):
    """A closed range of a kind's numbers, all received on one day."""

    kind: str
    number: int
    day: str
    first: int
    last: int


def next_range(connection: Connection, *, kind: str, number: int, rows: int, now: datetime) -> Range | None:
    """Return the next closed range that is not archived yet, or None."""
    row = connection.execute(
        "SELECT greatest(coalesce(c.seq, 0) + 1, h.oldest), h.seq FROM head h"
        " LEFT JOIN consumer c ON c.kind = h.kind AND c.name = %s WHERE h.kind = %s",
        (CONSUMER, number),
    ).fetchone()
    if row is None or row[1] < row[0]:
        return None
    first, head = row
    began = connection.execute(
        "SELECT received_at FROM record WHERE kind = %s AND seq = %s", (number, first)
    ).fetchone()
    if began is None:
        return None
    day = began[0].astimezone(selectors.VIET_NAM).date()
    day_ends_at = datetime.combine(day + timedelta(days=1), datetime.min.time(), selectors.VIET_NAM)
    full = first + rows - 1
    found = connection.execute(
        "SELECT max(seq) FROM record WHERE kind = %s AND seq BETWEEN %s AND %s AND received_at < %s",
        (number, first, min(full, head), day_ends_at),
    ).fetchone()
    assert found is not None
    last = found[0]
    closed = last == full or last < min(full, head) or now >= day_ends_at
    return Range(kind, number, day.isoformat(), first, last) if closed else None


def file_of(folder: Path, found: Range) -> Path:
    """Return where a range is archived."""
    return folder / found.kind / found.day / f"{found.first:012d}-{found.last:012d}.parquet"


def archive_next(hub: Hub, *, kind: str, number: int) -> Path | None:
    """Archive one closed range of a kind; returns its file, or None when there was none to do."""
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        found = next_range(connection, kind=kind, number=number, rows=hub.settings.archive_rows, now=now)
        if found is None:
            return None
        target = file_of(hub.settings.data_dir / "archive", found)
        with meters.ARCHIVE_SECONDS.time():
            _write(hub, connection, found, target)
        connection.execute(
            "INSERT INTO consumer (name, kind, seq, at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (name, kind) DO UPDATE SET seq = excluded.seq, at = excluded.at"
            " WHERE consumer.seq < excluded.seq",
            (CONSUMER, number, found.last, now),
        )
    meters.ARCHIVE_FILES.labels(kind).inc()
    meters.ARCHIVE_RECORDS.labels(kind).inc(found.last - found.first + 1)
    meters.ARCHIVE_BYTES.labels(kind).inc(target.stat().st_size)
    return target


def _write(hub: Hub, connection: Connection, found: Range, target: Path) -> None:
    """Write the file beside its place and rename it, so that a reader never sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines, draft = target.with_suffix(".ndjson"), target.with_suffix(".draft")
    try:
        with lines.open("wb") as file:
            for line in _lines(hub, connection, found):
                file.write(line + b"\n")
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
        with duckdb.connect() as engine:
            engine.execute("SET TimeZone = 'UTC'")
            engine.execute(
                f"COPY (SELECT * FROM read_json($1, format = 'newline_delimited', columns = {{{columns}}}))"  # noqa: S608
                f" TO '{_quoted(draft)}' (FORMAT parquet, COMPRESSION zstd)",
                [str(lines)],
            )
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        lines.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _lines(hub: Hub, connection: Connection, found: Range) -> Iterator[bytes]:
    """Read the range page by page: each page is its own short statement, no old snapshot is kept."""
    for after in range(found.first - 1, found.last, _PAGE):
        last = min(found.last, after + _PAGE)
        for row in selectors.records(connection, kind=found.number, after=after, last=last):
            key = receipt_key(hub.keys, system_id=row.system_id, kind=found.number, ref=row.ref)
            yield _ENCODE(
                {
                    "seq": row.seq,
                    "id": row.id,
                    "record": key.hex(),
                    "system_id": row.system_id,
                    "revision": row.revision,
                    "op": Op(row.op).word,
                    "current": row.current,
                    "subject_claim": row.subject,
                    "place": row.place,
                    "area_scheme": row.area_scheme,
                    "area_code": row.area_code,
                    "path": row.path,
                    "lat": row.lat,
                    "lon": row.lon,
                    "accuracy_m": row.accuracy_m,
                    "occurred_at": row.occurred_at.astimezone(UTC) if row.occurred_at else None,
                    "received_at": row.received_at.astimezone(UTC),
                    "schema_version": row.schema_version,
                    "body": row.body,
                }
            )
