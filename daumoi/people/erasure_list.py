"""The list of erasures, kept outside of the database, so that a restore to an earlier state can repeat them.

One line of JSON an erasure, in `erasures.ndjson`: when it was, and the fingerprints of the claims that were erased
(keyed hashes; without the master key they tell nothing, and with it they name nobody who is not named already).
Whoever erases writes here first and then commits: an erasure that was written and not done is repeated after a
restore, one that was done and not written would come undone by it.
"""

import fcntl
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from daumoi.core.durable import flush

FILE_NAME = "erasures.ndjson"
_FINGERPRINT_BYTES = 16
_END = b"\n"


class ListDamaged(Exception):
    """A line of the list of erasures cannot be read. The message names file and line, never a fingerprint."""


class Entry(msgspec.Struct, frozen=True, order=True):
    """One erasure."""

    at: datetime
    fingerprints: tuple[bytes, ...]
    """Of the claims, 16 bytes each (`claim.fingerprint`)."""


class _Line(msgspec.Struct, frozen=True):
    at: datetime
    fingerprints: list[str]


def append(folder: Path, fingerprints: Sequence[bytes], at: datetime) -> None:
    """Write one erasure to the end of the list; when this returns, it is on disk. The folder is made when missing.

    `at` has an offset. Raises ValueError for a fingerprint that has not 16 bytes, OSError when nothing can be written.
    """
    write(folder, [Entry(at, tuple(fingerprints))])


def write(folder: Path, entries: Iterable[Entry]) -> None:
    """Write several erasures to the end of the list, as `append` does."""
    lines = b"".join(_encode(entry) for entry in entries)
    if not lines:
        return
    _make(folder)
    handle = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _cut_torn_end(handle)
        written = 0
        while written < len(lines):
            written += os.write(handle, lines[written:])
        os.fsync(handle)
    finally:
        os.close(handle)
    flush(folder)


def entries(folder: Path) -> list[Entry]:
    """Return every erasure of a list, oldest line first; none when there is no list.

    A last line without its end was never finished, and what it was to announce was never done: it is left out.
    Raises ListDamaged for any other line that is none, OSError when the list cannot be read.
    """
    try:
        raw = (folder / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return []
    whole = raw[: raw.rfind(_END) + 1]
    return [_decode(line, folder / FILE_NAME, number) for number, line in enumerate(whole.split(_END)[:-1], start=1)]


def _encode(entry: Entry) -> bytes:
    if entry.at.tzinfo is None:
        raise ValueError("an instant of the list of erasures has an offset")
    if any(len(one) != _FINGERPRINT_BYTES for one in entry.fingerprints):
        raise ValueError(f"a fingerprint has {_FINGERPRINT_BYTES} bytes")
    hexes = [one.hex() for one in entry.fingerprints]
    return msgspec.json.encode(_Line(entry.at.astimezone(UTC), hexes)) + _END


def _decode(line: bytes, path: Path, number: int) -> Entry:
    try:
        read = msgspec.json.decode(line, type=_Line)
        prints = tuple(bytes.fromhex(one) for one in read.fingerprints)
        if read.at.tzinfo is None or any(len(one) != _FINGERPRINT_BYTES for one in prints):
            raise ValueError
    except (msgspec.MsgspecError, ValueError):
        raise ListDamaged(
            f"Line {number} of {path} is damaged, so an erasure could be missed. Take the file from another copy "
            "(every back-up has one)."
        ) from None
    return Entry(read.at, prints)


def _cut_torn_end(handle: int) -> None:
    """Cut off a line that a kill left unfinished; a new line behind it would be read as part of it."""
    size = os.fstat(handle).st_size
    at = size
    while at > 0:
        begin = max(0, at - 65536)
        found = os.pread(handle, at - begin, begin).rfind(_END)
        if found >= 0:
            at = begin + found + 1
            break
        at = begin
    if at < size:
        os.ftruncate(handle, at)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flush(folder.parent)
