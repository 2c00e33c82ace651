"""Work that one process does at a time: session advisory locks, which the end of a process frees."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import psycopg

from daumoi.core.database import Connection

_SPACE = 0xDA2
"""First half of the key of these locks; migrations and segments have others."""
_QUEUE_S = 1
"""How long one statement queues: it has a snapshot, and no old one may be kept."""


class Turn(IntEnum):
    """What is done by one process at a time. Who needs two takes them in this order."""

    ERASURE = 1
    RETENTION = 2
    ARCHIVE = 3
    LINKAGE = 4
    FILES = 5


class Busy(Exception):
    """Another process is doing the same work. Wait until it has ended, and try again."""


@contextmanager
def turn(connection: Connection, which: Turn, *, wait_s: float) -> Iterator[None]:
    """Hold a turn on a connection in autocommit mode; raises Busy after waiting so many seconds.

    Who waits stands in a queue, so that whoever takes turn after turn does not keep others out.

    No transaction is open while the turn is held. A process that was killed keeps it until the database has noticed.
    """
    until = time.monotonic() + wait_s
    taken = _take(connection, which)
    while not taken:
        if time.monotonic() >= until:
            raise Busy(Busy.__doc__)
        taken = _queue(connection, which)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_SPACE, int(which)))


def _take(connection: Connection, which: Turn) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, int(which))).fetchone()
    return bool(row and row[0])


def _queue(connection: Connection, which: Turn) -> bool:
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{_QUEUE_S}s'")
            # Held by the session: the end of this transaction does not free it.
            connection.execute("SELECT pg_advisory_lock(%s, %s)", (_SPACE, int(which)))
    except psycopg.errors.LockNotAvailable:
        return False
    return True
