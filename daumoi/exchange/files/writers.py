"""Writes lines into files of one format each. A file is written beside its place, and renamed when it is whole."""

import csv
import io
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import duckdb
import msgspec

from daumoi.core.durable import flush
from daumoi.exchange import cloudevents
from daumoi.exchange.files.columns import Column, values
from daumoi.exchange.files.terms import Format

DRAFT = ".draft"
_ROWS = ".rows"
_MEMORY_MIB = 256
_OBJECT_MAX_BYTES = 64 * 1024 * 1024
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


class Written(NamedTuple):
    """A whole file: how long it is, and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


class Writer(Protocol):
    """Writes one file."""

    def add(self, line: bytes) -> None:
        """Add one line of a feed, with its line end."""
        ...

    def finish(self) -> Written:
        """Bring the file to its place, durably; raises OSError."""
        ...

    def close(self) -> None:
        """Write no more; what is written lies beside its place until it is swept."""
        ...


def writer(target: Path, form: Format, wanted: Sequence[Column], *, as_events: bool) -> Writer:
    """Begin a file at `target`, of some columns; those of NDJSON are the line's own."""
    if form == "csv":
        return _Csv(target, wanted)
    if form == "parquet":
        return _Parquet(target, wanted)
    return _Lines(target, as_events=as_events)


def begin(path: Path) -> IO[bytes]:
    """Open a file for writing that its owner alone may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", 1024 * 1024)


def settle(draft: Path, target: Path) -> Written:
    """Flush a draft, rename it, and return what it is."""
    flush(draft)
    hash_, size = sha256(), 0
    with draft.open("rb") as file:
        while piece := file.read(1024 * 1024):
            hash_.update(piece)
            size += len(piece)
    draft.replace(target)
    flush(target.parent)
    return Written(size, hash_.hexdigest())


class _Lines:
    """NDJSON: the lines of the feed as they are, or each as a CloudEvent."""

    def __init__(self, target: Path, *, as_events: bool) -> None:
        self._target, self._as_events = target, as_events
        self._draft = target.with_name(target.name + DRAFT)
        self._file = begin(self._draft)

    def add(self, line: bytes) -> None:
        self._file.write(cloudevents.event(line) + b"\n" if self._as_events else line)

    def close(self) -> None:
        self._file.close()

    def finish(self) -> Written:
        self._file.close()
        return settle(self._draft, self._target)


class _Csv:
    """CSV (RFC 4180) in UTF-8 with a header; a text that looks like a formula gets an apostrophe before it."""

    def __init__(self, target: Path, wanted: Sequence[Column]) -> None:
        self._target, self._columns = target, wanted
        self._draft = target.with_name(target.name + DRAFT)
        self._file = io.TextIOWrapper(begin(self._draft), "utf-8", newline="", write_through=False)
        self._csv = csv.writer(self._file, lineterminator="\r\n")
        self._csv.writerow([column.name for column in wanted])

    def add(self, line: bytes) -> None:
        self._csv.writerow([cell(value) for value in values(msgspec.json.decode(line), self._columns)])

    def close(self) -> None:
        self._file.close()

    def finish(self) -> Written:
        self._file.close()
        return settle(self._draft, self._target)


def cell(value: Any) -> Any:
    """Return a value as a cell of CSV: nothing is empty, true and false are words, a text is never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value


class _Parquet:
    """Parquet with typed columns, written by DuckDB with one thread and little memory from rows beside it."""

    def __init__(self, target: Path, wanted: Sequence[Column]) -> None:
        self._target, self._columns = target, wanted
        self._draft, self._rows = target.with_name(target.name + DRAFT), target.with_name(target.name + _ROWS)
        self._file = begin(self._rows)
        self._encode = msgspec.json.Encoder().encode
        self._count = 0

    def add(self, line: bytes) -> None:
        row = values(msgspec.json.decode(line), self._columns)
        said = {column.name: value for column, value in zip(self._columns, row, strict=True)}
        self._file.write(self._encode(said) + b"\n")
        self._count += 1

    def close(self) -> None:
        self._file.close()

    def finish(self) -> Written:
        self._file.close()
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": f"{_MEMORY_MIB}MiB",
            "temp_directory": str(self._target.parent / ".spill"),
        }
        begin(self._draft).close()  # DuckDB writes into it, and it stays its owner's alone
        with duckdb.connect(config=settings) as engine:
            engine.execute("SET TimeZone = 'UTC'")
            engine.execute(f"COPY ({self._select()}) TO {_literal(self._draft)} (FORMAT parquet, COMPRESSION zstd)")
        self._draft.chmod(0o600)
        self._rows.unlink()
        return settle(self._draft, self._target)

    def _select(self) -> str:
        if not self._count:
            nothing = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in self._columns)
            return f"SELECT {nothing} WHERE false"
        types = ", ".join(f"{_quoted(column.name)}: '{column.type}'" for column in self._columns)
        return (
            f"SELECT * FROM read_json({_literal(self._rows)}, format = 'newline_delimited', auto_detect = false,"  # noqa: S608
            f" maximum_object_size = {_OBJECT_MAX_BYTES}, columns = {{{types}}})"
        )


def _literal(path: Path) -> str:
    return _quoted(str(path))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
