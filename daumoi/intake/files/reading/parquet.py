"""Rows out of Parquet files, read by DuckDB a batch at a time."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from daumoi.intake.files.reading.rows import Counted, FileRefused, SourceRow
from daumoi.intake.files.reading.workbook import plain
from daumoi.intake.files.templates import column_name

_BATCH = 1000


class ParquetReader:
    """Rows of one file; members of a struct are columns named `outer.inner`."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises FileRefused when it is damaged."""
        # Here, because reading it takes a tenth of what every command takes to start.
        import duckdb

        self.counted = Counted(share=0.0)
        self._engine = duckdb.connect(config={"TimeZone": "UTC", "autoinstall_known_extensions": "false"})
        try:
            self._total = self._one("SELECT sum(num_rows)::bigint FROM parquet_file_metadata($1)", path)
            described = self._engine.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
            columns = ", ".join(_column(str(name), str(kind)) for name, kind, *_ in described)
            self._engine.execute(f"SELECT {columns} FROM read_parquet($1)", [str(path)])  # noqa: S608 - quoted names
        except duckdb.Error:
            raise FileRefused("The Parquet file is damaged or in a form that cannot be read. Write it again.") from None
        self._names = [str(name) for name, *_ in described]
        self.header = list(_flat_names(described))

    def _one(self, query: str, path: Path) -> int:
        row = self._engine.execute(query, [str(path)]).fetchone()
        return int(row[0] or 0) if row else 0

    def remarks(self) -> list[str]:
        """Nothing has to be found out: the file says what it holds."""
        return []

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row; its `line` is its place in the file, from 1."""
        while batch := self._engine.fetchmany(_BATCH):
            for values in batch:
                self.counted.rows += 1
                cells: dict[str, Any] = {}
                for name, value in zip(self._names, values, strict=True):
                    _put(column_name(name), value, cells)
                yield SourceRow(self.counted.rows, cells)
            self.counted.share = self.counted.rows / max(self._total, 1)


def _column(name: str, kind: str) -> str:
    """Return how a column is read: instants as RFC 3339 in UTC, since they need no zone of the reader's."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%fZ') AS {quoted}"
    return quoted


def _flat_names(described: list[Any]) -> Iterator[str]:
    for name, kind, *_ in described:
        if str(kind).startswith("STRUCT("):
            import duckdb

            with duckdb.connect() as engine:
                below = engine.execute(f"SELECT unnest(NULL::{kind})").description or []
            yield from (f"{column_name(str(name))}.{column_name(str(member[0]))}" for member in below)
        else:
            yield column_name(str(name))


def _put(name: str, value: Any, cells: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for member, inner in value.items():
            _put(f"{name}.{column_name(str(member))}", inner, cells)
    else:
        cells[name] = _cell(value)


def _cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list | tuple):
        return [_cell(each) for each in value]
    if isinstance(value, datetime | date):
        return plain(value)
    return value
