"""What PostgreSQL alone needs for the rows that intake wrote: COPY into tables and indexes of the same form."""

import tempfile
import time
from dataclasses import dataclass
from typing import IO, Any

import psycopg
from psycopg import sql

_SCHEMA = "copy_bench"
_PIECE_BYTES = 1 << 20


@dataclass
class _Part:
    old: IO[bytes]
    new: IO[bytes]


def last_transaction(dsn: str) -> int:
    """Return the number of a transaction after everything written so far."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        return int(row[0])


def seconds_to_copy(dsn: str, *, since: int) -> tuple[float, dict[str, int]]:
    """Copy all rows written after a transaction, in one transaction on one connection.

    Rows that stood before are put into the copies first, untimed, so that the indexes have the same size. Returns the
    seconds, and how many rows went into each table.
    """
    with psycopg.connect(dsn, autocommit=True) as connection, tempfile.TemporaryDirectory() as folder:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(_SCHEMA)))
        parts: dict[tuple[str, str], _Part] = {}
        rows: dict[str, int] = {}
        for table in _tables(connection):
            written = sql.SQL("xmin::text::bigint > {}").format(sql.Literal(since))
            count = connection.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(*table), written)
            ).fetchone()
            if count is None or not count[0]:
                continue
            rows[table[1]] = count[0]
            connection.execute(
                sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(_copy_of(table), sql.Identifier(*table))
            )
            part = parts[table] = _Part(
                tempfile.TemporaryFile(dir=folder),  # noqa: SIM115 - closed with the folder's other files below
                tempfile.TemporaryFile(dir=folder),  # noqa: SIM115
            )
            _read(connection, table, sql.SQL("NOT ({})").format(written), part.old)
            _read(connection, table, written, part.new)
            _write(connection, table, part.old)
        connection.execute("CHECKPOINT")
        began = time.perf_counter()
        with connection.transaction():
            for table, part in parts.items():
                _write(connection, table, part.new)
        seconds = time.perf_counter() - began
        for part in parts.values():
            part.old.close()
            part.new.close()
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(_SCHEMA)))
    return seconds, rows


def _tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    found = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', %s) ORDER BY 1, 2",
        (_SCHEMA,),
    )
    return [(row[0], row[1]) for row in found]


def _copy_of(table: tuple[str, str]) -> sql.Identifier:
    return sql.Identifier(_SCHEMA, f"{table[0]}_{table[1]}")


def _columns(connection: psycopg.Connection[Any], table: tuple[str, str]) -> sql.Composed:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        table,
    )
    return sql.SQL(", ").join(sql.Identifier(row[0]) for row in found)


def _read(connection: psycopg.Connection[Any], table: tuple[str, str], which: sql.Composable, file: IO[bytes]) -> None:
    wanted = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT binary)").format(
        _columns(connection, table), sql.Identifier(*table), which
    )
    with connection.cursor().copy(wanted) as copy:
        for piece in copy:
            file.write(piece)


def _write(connection: psycopg.Connection[Any], table: tuple[str, str], file: IO[bytes]) -> None:
    file.seek(0)
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(_copy_of(table), _columns(connection, table))
    with connection.cursor().copy(into) as copy:
        while piece := file.read(_PIECE_BYTES):
            copy.write(piece)
