"""Waits until a started server takes connections; crash recovery is waited for as long as it moves."""

import time
from collections.abc import Callable
from pathlib import Path

from psycopg.pq import PGconn, Ping

from daumoi.core.postgres.faults import StartEnded, StartFault
from daumoi.core.postgres.server_log import ServerLog

STALLED_S = 600.0
"""A recovery that shows no sign of movement for so long is given up; a flush to a slow disk shows none for minutes."""

_FIRST_WORD_S = 2.0
_SAY_EVERY_S = 10.0
_LOOK_EVERY_S = 0.05


def wait(
    conninfo: str,
    *,
    pid: int,
    poll: Callable[[], int | None],
    log: ServerLog,
    say: Callable[[str], None],
    is_ending: Callable[[], bool],
    restoring: bool = False,
) -> bool:
    """Wait until the server takes connections; False when its process ended.

    restoring: it plays the WAL of a back-up; a person is told so.

    Raises StartFault when nothing moves, StartEnded when we are told to end meanwhile.
    """
    begun = time.monotonic()
    next_word = begun + _FIRST_WORD_S
    moved_at, seen = begun, (-1, -1)
    while poll() is None:
        if PGconn.ping(conninfo.encode()) == Ping.OK:
            return True
        if is_ending():
            raise StartEnded
        now = time.monotonic()
        if now >= next_word:
            say(_word(log, round(now - begun), restoring=restoring))
            next_word = now + _SAY_EVERY_S
            sign = (log.size(), _work_of_children(pid))
            if sign != seen:
                moved_at, seen = now, sign
            if now - moved_at > STALLED_S:
                raise StartFault(
                    f"PostgreSQL has not come up, and nothing has moved for {STALLED_S / 60:.0f} minutes. "
                    f"Check the disk; its log: {log.path}"
                )
        time.sleep(_LOOK_EVERY_S)
    return False


def _word(log: ServerLog, seconds: int, *, restoring: bool) -> str:
    if restoring:
        return f"PostgreSQL plays the WAL of the back-up ({seconds} s so far); this is waited for as long as it moves."
    if log.says(r"not properly shut down|automatic recovery in progress|redo starts|database system was interrupted"):
        return (
            f"PostgreSQL recovers from an abrupt end ({seconds} s so far). Nothing is lost; "
            "this is waited for as long as it moves."
        )
    return f"PostgreSQL is starting ({seconds} s so far)."


def _work_of_children(pid: int) -> int:
    """Return the processor time of a process's children in clock ticks: recovery runs in one of them."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks
