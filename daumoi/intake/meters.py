"""Figures of intake: what came, how long each stage took, what was tried again, what is held."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from daumoi.core.meters import ROWS, counter, gauge, histogram
from daumoi.intake.rows import Row

Way = Literal["single", "small", "bulk", "import"]
"""How rows came: one record by group commit, a small body, a body through the intake process, a file by command."""

STAGES = ("connect", "look", "claims", "hold", "append", "receipt", "commit")
"""The stages of storing one chunk, in their order; reading goes before them, in another thread."""

_RECEIVED = counter("daumoi_intake_received_rows", "Rows received, by way.", ("way",))
_RECEIVED_BYTES = counter("daumoi_intake_received_bytes", "Bytes of rows received, unpacked, by way.", ("way",))
_READ = counter("daumoi_intake_read_rows", "Rows decoded and examined in chunks.")
READ_HERE = counter("daumoi_intake_read_here_chunks", "Chunks of long bodies that no reader took, read by intake.")
_SETTLED = counter("daumoi_intake_settled_rows", "Rows committed, whatever became of them, by kind.", ("kind",))
_HELD = counter("daumoi_intake_held_rows", "Rows held for mending, by kind and first fault.", ("kind", "code"))
_SECONDS = histogram("daumoi_intake_stage_seconds", "Time of one stage of one chunk, tries again included.", ("stage",))
CHUNK = histogram("daumoi_intake_chunk_rows", "Rows of one transaction.", bounds=ROWS)
STORE = histogram("daumoi_intake_store_seconds", "Time from a chunk being read to its commit, tries again included.")
WAIT = histogram(
    "daumoi_intake_wait_seconds", "Time a reader of a body waited for its chunk before to be stored: storing is slower."
)
RETRIES = counter("daumoi_intake_retries", "Chunks rolled back and tried again, by reason.", ("reason",))
BODIES = gauge("daumoi_intake_bodies", "Bulk bodies under way in the intake process.")
GROUP = histogram("daumoi_group_commit_rows", "Single records that shared a transaction.", bounds=ROWS)
GROUP_WAIT = histogram("daumoi_group_commit_wait_seconds", "Time the first record of a group waited for its turn.")
GROUP_QUEUE = gauge("daumoi_group_commit_queue", "Single records that wait for their turn, by kind.", ("kind",))

_REASONS = {
    "Overtaken": "overtaken",
    "DeadlockDetected": "deadlock",
    "SerializationFailure": "serialization",
    "LockNotAvailable": "lock_timeout",
    "SegmentsExhausted": "segments",
}
_BY_WAY = {way: (_RECEIVED.labels(way), _RECEIVED_BYTES.labels(way)) for way in ("single", "small", "bulk", "import")}
_BY_STAGE = {stage: _SECONDS.labels(stage) for stage in ("read", "unpack", *STAGES)}
for _reason in _REASONS.values():
    RETRIES.labels(_reason)


def count_received(way: Way, *, rows: int, size: int) -> None:
    """Count rows that came; `size` in bytes."""
    by_rows, by_bytes = _BY_WAY[way]
    by_rows.inc(rows)
    by_bytes.inc(size)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a stage of a chunk, also when it fails."""
    began = perf_counter()
    try:
        yield
    finally:
        _BY_STAGE[name].observe(perf_counter() - began)


def observe_stage(name: str, began: float) -> None:
    """Measure a stage that began at a value of `perf_counter` and ends now."""
    _BY_STAGE[name].observe(perf_counter() - began)


@contextmanager
def reading(rows: int) -> Iterator[None]:
    """Measure the reading of a chunk and count its rows."""
    with stage("read"):
        yield
    _READ.inc(rows)


def count_retry(error: Exception) -> None:
    """Count a chunk that is tried again, by the fault of the moment."""
    RETRIES.labels(_REASONS.get(type(error).__name__, "other")).inc()


def count_settled(kind: str, rows: Sequence[Row], began: float) -> None:
    """Count a chunk that was committed; `began` is the value of `perf_counter` when storing it began."""
    STORE.observe(perf_counter() - began)
    CHUNK.observe(len(rows))
    _SETTLED.labels(kind).inc(len(rows))
    for row in rows:
        if row.faults:
            _HELD.labels(kind, row.faults[0].code).inc()
