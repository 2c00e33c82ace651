"""Figures of the log: the wait for a kind's head, the work of its internal readers, and what the archive wrote."""

from daumoi.core.meters import counter, histogram
from daumoi.kinds.registry import ALL
from daumoi.log.identity_change import KIND_NAME, KIND_NUMBER

_NAMES = {**{kind.number: kind.name for kind in ALL}, KIND_NUMBER: KIND_NAME}
_HEAD = histogram("daumoi_head_wait_seconds", "Time an append waited for the lock on the head of its kind.", ("kind",))
_BY_KIND = {number: _HEAD.labels(name) for number, name in _NAMES.items()}

CONSUMED = counter("daumoi_consumer_records", "Records done by an internal reader of the log.", ("consumer", "kind"))
CONSUMING = histogram("daumoi_consumer_seconds", "Time of one range of an internal reader.", ("consumer",))
ARCHIVE_FILES = counter("daumoi_archive_files", "Archive files written, by kind.", ("kind",))
ARCHIVE_RECORDS = counter("daumoi_archive_records", "Records written to archive files, by kind.", ("kind",))
ARCHIVE_BYTES = counter("daumoi_archive_bytes", "Bytes of archive files written, by kind.", ("kind",))
ARCHIVE_SECONDS = histogram(
    "daumoi_archive_file_seconds", "Time to write one archive file.", bounds=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
)


def observe_head_wait(kind: int, seconds: float) -> None:
    """Note how long an append waited for the head of a kind."""
    known = _BY_KIND.get(kind)
    if known is not None:
        known.observe(seconds)


def name_of(kind: int) -> str:
    """Return the name of a kind by its number, for a label."""
    return _NAMES.get(kind, "other")
