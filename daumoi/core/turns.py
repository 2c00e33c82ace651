"""Work that one process does at a time: session advisory locks, which the end of a process frees."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from daumoi.core.database import Connection

_SPACE = 0xDA2
"""First half of the key of these locks; migrations and segments have others."""
_LOOK_EVERY_S = 0.1


class Turn(IntEnum):
    """What is done by one process at a time. Who needs two takes them in this order."""

    ERASURE = 1
    RETENTION = 2
    ARCHIVE = 3


class Busy(Exception):
    """Another process is doing the same work. Wait until it has ended, and try again."""


@contextmanager
def turn(connection: Connection, which: Turn, *, wait_s: float) -> Iterator[None]:
    """Hold a turn on a connection in autocommit mode; raises Busy after waiting so many seconds.

    No transaction is open while the turn is held or waited for.
    """
    until = time.monotonic() + wait_s
    while not _take(connection, which):
        if time.monotonic() >= until:
            raise Busy(Busy.__doc__)
        time.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_SPACE, int(which)))


def _take(connection: Connection, which: Turn) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, int(which))).fetchone()
    return bool(row and row[0])
