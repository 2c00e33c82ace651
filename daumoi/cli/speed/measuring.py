"""Measures what no figure tells: how fast the disk flushes, how far the database is, how busy the machine is."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from daumoi.core.database import Connection

_FLUSH_FOR_S = 0.4
_FLUSHES_MOST = 200
_BLOCK = bytes(8192)
_ROUND_TRIPS = 30
_STAT = Path("/proc/stat")
_IDLE, _WAITS_FOR_DISK = 3, 4


class Busy(NamedTuple):
    """Shares of the time of all cores: at work, and idle because the disk is waited for."""

    working: float
    waiting_for_disk: float


def flush_seconds(folder: Path) -> float:
    """Return the median time to write one block of 8 KiB at a file's end and flush it, as a commit does."""
    taken: list[float] = []
    with tempfile.TemporaryFile(dir=folder, prefix="flush-") as file:
        ends = time.perf_counter() + _FLUSH_FOR_S
        while len(taken) < _FLUSHES_MOST and (not taken or time.perf_counter() < ends):
            began = time.perf_counter()
            os.write(file.fileno(), _BLOCK)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def round_trip_seconds(connection: Connection) -> float:
    """Return the median time of the smallest statement, there and back."""
    taken = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        connection.execute("SELECT 1").fetchone()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def processor_ticks() -> list[int]:
    """Return what the cores did since the start, in ticks by sort (proc(5), /proc/stat); empty where unknown."""
    try:
        first = _STAT.read_text("ascii").splitlines()[0]
    except OSError:
        return []
    return [int(field) for field in first.split()[1:9]]


def busy_between(before: list[int], after: list[int]) -> Busy:
    """Return how busy the machine was between two readings of `processor_ticks`."""
    spent = [late - early for early, late in zip(before, after, strict=False)]
    whole = sum(spent)
    if whole <= 0:
        return Busy(0.0, 0.0)
    return Busy(1 - (spent[_IDLE] + spent[_WAITS_FOR_DISK]) / whole, spent[_WAITS_FOR_DISK] / whole)
