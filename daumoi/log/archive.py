"""Writes each closed range of the log to Parquet, by kind and day, for bulk analysis (design, section 3).

A range is closed when it holds `archive_rows` records, when its day (UTC+7, of receipt) is over, or at the end of its
segment; none depends on when this runs, so a file's name, made from its range, never means two contents, and a run
after a crash writes the same file again. Files hold facts alone: no ref, no personal value, people only as the number
of a claim.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from psycopg import sql

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.core.turns import Busy, Turn, turn
from daumoi.log import archive_files, meters
from daumoi.log.entries import receipt_key
from daumoi.log.segments import segments_of

CONSUMER = "archive"
_SQL = statements("daumoi.log", "archive")
_PAGE_FIRST, _PAGE_LEAST, _PAGE_MOST = 500, 50, 5000
_PAGE_BYTES = 32 * 1024 * 1024
"""Records of one statement, by how long those before them were: a page takes far less than a second, so that no old
snapshot is kept."""
_SEPARATOR = archive_files.DELIMITER.encode()


class Range(NamedTuple):
    """A closed range of a kind's numbers, all received on one day."""

    kind: str
    number: int
    day: str
    first: int
    last: int


def folder_of(hub: Hub) -> Path:
    """Return where the hub keeps its archive."""
    return hub.settings.data_dir / "archive"


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
    began = connection.execute(_SQL["began"], (number, first)).fetchone()
    if began is None:
        return None
    day = began[0].astimezone(VIET_NAM_TIME).date()
    day_ends_at = datetime.combine(day + timedelta(days=1), datetime.min.time(), VIET_NAM_TIME)
    full = first + rows - 1
    for segment in segments_of(connection, kind=number):
        if segment.first_seq <= first <= segment.last_seq:
            full = min(full, segment.last_seq)
    found = connection.execute(_SQL["last_before"], (number, first, min(full, head), day_ends_at)).fetchone()
    if found is None or found[0] is None:
        return None
    last = found[0]
    closed = last == full or last < min(full, head) or now >= day_ends_at
    return Range(kind, number, day.isoformat(), first, last) if closed else None


def archive_next(hub: Hub, *, kind: str, number: int) -> Path | None:
    """Archive one closed range of a kind; returns its file, or None when there was none to do.

    One process at a time: while another has the archive's turn, there is nothing to do here.
    """
    with hub.pool.connection() as connection:
        try:
            with turn(connection, Turn.ARCHIVE, wait_s=0):
                return _archive_next(hub, connection, kind, number)
        except Busy:
            return None


def _archive_next(hub: Hub, connection: Connection, kind: str, number: int) -> Path | None:
    now = hub.clock.now()
    found = next_range(connection, kind=kind, number=number, rows=hub.settings.archive_rows, now=now)
    if found is None:
        return None
    folder = folder_of(hub)
    archive_files.sweep(folder, kind=kind)
    target = archive_files.path_of(folder, kind=kind, day=found.day, first=found.first, last=found.last)
    lines = _lines(hub.keys, connection, found)
    # JSON text of the database is longer than what was sent: blanks, and long forms of numbers.
    with meters.ARCHIVE_SECONDS.time():
        archive_files.write(folder, target, lines, line_max_bytes=3 * hub.settings.line_max_bytes + 65_536)
    connection.execute(_SQL["move_cursor"], (CONSUMER, number, found.last, now))
    meters.ARCHIVE_FILES.labels(kind).inc()
    meters.ARCHIVE_RECORDS.labels(kind).inc(found.last - found.first + 1)
    meters.ARCHIVE_BYTES.labels(kind).inc(target.stat().st_size)
    return target


class RangeGone(Exception):
    """Records of a range were dropped while it was being archived; the next run begins behind them."""


def _lines(keys: Keys, connection: Connection, found: Range) -> Iterator[bytes]:
    """Read the range page by page, each its own short statement; the keyed hash takes the place of the ref."""
    count, first, size = 0, found.first, _PAGE_FIRST
    while first <= found.last:
        last, length = min(found.last, first + size - 1), 0
        page = sql.SQL(_SQL["page"]).format(
            kind=sql.Literal(found.number),
            first=sql.Literal(first),
            last=sql.Literal(last),
            delimiter=sql.Literal(archive_files.DELIMITER),
            quote=sql.Literal(archive_files.QUOTE),
        )
        with connection.cursor() as cursor, cursor.copy(page) as copy:
            for line in copy:
                ref, system, rest = bytes(line).split(_SEPARATOR, 2)
                key = receipt_key(
                    keys, system_id=int(system), kind=found.number, ref=bytes.fromhex(ref.decode()).decode()
                )
                count += 1
                length += len(rest)
                yield b"%s\x1f%s\x1f%s" % (key.hex().encode(), system, rest)
        size = max(_PAGE_LEAST, min(_PAGE_MOST, _PAGE_BYTES * (last - first + 1) // max(length, 1)))
        first = last + 1
    if count != found.last - found.first + 1:
        raise RangeGone(RangeGone.__doc__)
