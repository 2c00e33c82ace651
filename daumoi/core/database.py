"""Connections to PostgreSQL with the limits every transaction of the product lives under."""

import time
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from daumoi.core import arrays

Connection = psycopg.Connection[TupleRow]

arrays.register(psycopg.adapters)

LOCK_TIMEOUT_S = 5
IDLE_IN_TRANSACTION_S = 5
STATEMENT_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 10
_SURE_FOR_S = 0.5
_KEEP_TRYING_S = 2.0
"""The pool tries again after 1, 2, 4, 8 … seconds: after a recovery of half a minute it would wait as long once more.
So it gives up early, and the next who asks for a connection begins anew."""
OLDEST_POSTGRES = 160000
"""The oldest server_version_num the product runs on."""


def conninfo(dsn: str, application_name: str, *, search_path: str = "public") -> str:
    """Add the product's session limits to a connection string.

    No transaction may live longer than ten seconds: one old snapshot keeps the head rows of the log from
    being cleaned and halves the speed of every append within seconds.
    """
    options = " ".join(
        f"-c {name}={value}"
        for name, value in (
            ("lock_timeout", f"{LOCK_TIMEOUT_S}s"),
            ("idle_in_transaction_session_timeout", f"{IDLE_IN_TRANSACTION_S}s"),
            ("statement_timeout", f"{STATEMENT_TIMEOUT_S}s"),
            ("timezone", "UTC"),
            ("search_path", search_path),
            ("synchronous_commit", "on"),
            ("client_min_messages", "warning"),
        )
    )
    return make_conninfo(dsn, application_name=application_name, options=options, connect_timeout=CONNECT_TIMEOUT_S)


def connect(dsn: str, application_name: str = "daumoi") -> Connection:
    """Open one connection in autocommit mode; transactions are opened by name where they are meant."""
    connection: Connection = psycopg.connect(conninfo(dsn, application_name), autocommit=True)
    return connection


class _Pooled(psycopg.Connection[TupleRow]):
    """A connection that knows when it was last lent."""

    lent_at = float("-inf")


def _check(connection: _Pooled) -> None:
    """Look whether a connection still answers, unless it was lent a moment ago: who streams asks 50 times a second."""
    now = time.monotonic()
    if now - connection.lent_at > _SURE_FOR_S:
        ConnectionPool.check_connection(connection)
    connection.lent_at = now


def open_pool(dsn: str, application_name: str = "daumoi", *, size: int = 8) -> ConnectionPool[Connection]:
    """Open a pool of autocommit connections; `size` is the most it will hold."""
    kwargs: dict[str, Any] = {"autocommit": True}
    pool: ConnectionPool[Any] = ConnectionPool(
        conninfo(dsn, application_name),
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=_KEEP_TRYING_S,
        kwargs=kwargs,
        open=False,
        check=_check,
        connection_class=_Pooled,
    )
    pool.open()
    return pool


UNREACHABLE = (psycopg.OperationalError, psycopg.InterfaceError)
"""What a database that went away looks like: before an answer, and on a connection that is already closed."""


def sqlstate_of(error: psycopg.Error) -> str:
    """Name a database error by its SQLSTATE and constraint alone: its message may repeat values of the row."""
    constraint = error.diag.constraint_name if error.diag else None
    return f"{error.sqlstate or 'connection'}{f' ({constraint})' if constraint else ''}"
