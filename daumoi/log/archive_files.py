"""The files of the archive: how one is named, written, cut and removed, so that a reader never sees half of one.

Every type is one that Spark reads as well: ids are text, because Parquet's UUID type stops Spark; instants are
microseconds adjusted to UTC.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from daumoi.core.durable import flush

COLUMNS = {
    "record": "VARCHAR",  # keyed hash of system, kind and ref: revisions of one record share it
    "system_id": "INTEGER",
    "seq": "BIGINT",
    "id": "VARCHAR",
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
"""The columns in the order in which lines hold them."""
_SHOWN = ("seq", "id", "record", "system_id", *list(COLUMNS)[4:])

DELIMITER, QUOTE = "\x1f", "\x01"
"""Control characters, which JSON text never holds as they are: hardly a value needs quoting."""

_MIB = 1024 * 1024
_MEMORY_MIB = 512
_GROUP_MIB = 64
_GROUP_LEAST, _GROUP_MOST = 2048, 122_880
"""Rows of a row group of a file. The first is DuckDB's smallest step, of which it holds several in memory."""
_STEPS_HELD = 8
_DRAFT, _LINES = ".draft", ".lines"


class ArchiveFile(NamedTuple):
    """A file of the archive and the numbers it holds; both ends belong to it."""

    path: Path
    first: int
    last: int


def path_of(folder: Path, *, kind: str, day: str, first: int, last: int) -> Path:
    """Return where a range is archived."""
    return folder / kind / day / f"{first:012d}-{last:012d}.parquet"


def files_of(folder: Path, *, kind: str = "*") -> list[ArchiveFile]:
    """Return the files of a kind, or of all, in order of their numbers."""
    found = []
    for path in folder.glob(f"{kind}/*/*.parquet"):
        first, last = path.stem.split("-")
        found.append(ArchiveFile(path, int(first), int(last)))
    return sorted(found, key=lambda file: (file.path.parent.parent.name, file.first))


@contextmanager
def engine(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with one thread and little memory: intake needs the cores. What does not fit is put into `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{_MEMORY_MIB}MiB",
        "temp_directory": str(folder / ".spill"),
    }
    with duckdb.connect(config=settings) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


def write(folder: Path, target: Path, lines: Iterable[bytes], *, line_max_bytes: int) -> int:
    """Write a file from lines of COLUMNS, beside its place, and rename it; returns how many lines there were.

    The file is durable, name and all, when this returns.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    source = target.with_suffix(_LINES)
    count = 0
    try:
        with source.open("wb", buffering=_MIB) as file:
            for line in lines:
                file.write(line)
                count += 1
            row_bytes = file.tell() // max(count, 1)
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
        with engine(folder) as opened:
            _copy(
                opened,
                f"SELECT {', '.join(_SHOWN)} FROM read_csv({_literal(source)}, auto_detect = false, header = false,"  # noqa: S608
                f" delim = '{DELIMITER}', quote = '{QUOTE}', escape = '{QUOTE}', nullstr = '',"
                f" allow_quoted_nulls = false, parallel = false, max_line_size = {line_max_bytes},"
                f" buffer_size = {max(2 * line_max_bytes, 4 * _MIB)}, columns = {{{columns}}})",
                target,
                row_bytes,
            )
    finally:
        source.unlink(missing_ok=True)
    return count


def claims_in(folder: Path, *, most: int = 10_000) -> Iterator[list[int]]:
    """Return the claims that files name as subjects, at most so many at a time; another file may bring one again."""
    files = files_of(folder)
    if not files:
        return
    with engine(folder) as opened:
        for file in files:
            found = opened.execute(
                f"SELECT DISTINCT subject_claim FROM read_parquet({_literal(file.path)})"  # noqa: S608
                " WHERE subject_claim IS NOT NULL ORDER BY 1"
            )
            while some := found.fetchmany(most):
                yield [row[0] for row in some]


def without_claims(folder: Path, claims: Iterable[int]) -> Iterator[Path]:
    """Write again, one after the other, each file in which a record's subject is one of these claims: it becomes null.

    Yields each file when it is durable. Safe to stop and to run again.
    """
    wanted = sorted(set(claims))
    files = files_of(folder)
    if not files or not wanted:
        return
    listed = ", ".join(map(str, wanted))
    with engine(folder) as opened:
        for file in files:
            where = f"FROM read_parquet({_literal(file.path)}) WHERE subject_claim IN ({listed}) LIMIT 1"
            if opened.execute(f"SELECT 1 {where}").fetchone() is None:
                continue
            _copy(
                opened,
                f"SELECT * REPLACE (CASE WHEN subject_claim IN ({listed}) THEN NULL ELSE subject_claim END"  # noqa: S608
                f" AS subject_claim) FROM read_parquet({_literal(file.path)})",
                file.path,
                _row_bytes(opened, file.path),
            )
            yield file.path


def remove_range(folder: Path, *, kind: str, first: int, last: int) -> list[Path]:
    """Remove what the archive holds of a range of a kind; returns the files that went or were cut.

    A file that reaches beyond the range (releases before this one made such) is written again without it, under the
    name of what is left. Safe to run again after it was stopped anywhere.
    """
    gone = []
    for file in files_of(folder, kind=kind):
        if file.last < first or file.first > last:
            continue
        for low, high in ((file.first, min(file.last, first - 1)), (max(file.first, last + 1), file.last)):
            if low <= high:
                with engine(folder) as opened:
                    _copy(
                        opened,
                        f"SELECT * FROM read_parquet({_literal(file.path)}) WHERE seq BETWEEN {low} AND {high}",  # noqa: S608
                        path_of(folder, kind=kind, day=file.path.parent.name, first=low, last=high),
                        _row_bytes(opened, file.path),
                    )
        file.path.unlink(missing_ok=True)
        flush(file.path.parent)
        gone.append(file.path)
    return gone


def sweep(folder: Path, *, kind: str = "*") -> None:
    """Remove what a process that was killed left half written. Only who has the archive's turn may do this."""
    for ending in (_DRAFT, _LINES):
        for path in folder.glob(f"{kind}/*/*{ending}"):
            path.unlink(missing_ok=True)


def _row_bytes(opened: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return what a row of a file takes on average, unpacked."""
    row = opened.execute(
        "SELECT coalesce(sum(total_uncompressed_size) / max(row_group_num_rows), 0) FROM parquet_metadata($1)"
        " WHERE row_group_id = 0",
        [str(path)],
    ).fetchone()
    return int(row[0]) if row else 0


def _copy(opened: duckdb.DuckDBPyConnection, select: str, target: Path, row_bytes: int) -> None:
    """Write a file beside its place and rename it. Long rows make short row groups, so that memory stays bounded."""
    draft = target.with_suffix(_DRAFT)
    rows = max(_GROUP_LEAST, min(_GROUP_MOST, _GROUP_MIB * _MIB // max(row_bytes, 1)))
    need = _STEPS_HELD * _GROUP_LEAST * row_bytes // _MIB
    try:
        opened.execute(f"SET memory_limit = '{max(_MEMORY_MIB, need)}MiB'")
        opened.execute(
            f"COPY ({select}) TO {_literal(draft)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows})"
        )
        flush(draft)
        draft.replace(target)
        flush(target.parent)
        flush(target.parent.parent)
    finally:
        draft.unlink(missing_ok=True)


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
