"""`manifest.json` of a back-up: what it holds and from when. Written last, so that only a whole back-up has one."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import msgspec

from daumoi.core.backup.copying import FileSum, Moved, read_back
from daumoi.core.backup.faults import BackupFault

FILE_NAME = "manifest.json"
FORMAT = 1
POSTGRES = "postgres"
POSTGRES_MANIFEST = f"{POSTGRES}/backup_manifest"
"""PostgreSQL's own list of its files with their checksums; it is guarded by ours."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-up says of itself. Instants are UTC; nothing in it is secret or about a person."""

    format: int = FORMAT
    daumoi: str
    """Version of the product that made it."""
    postgres: str
    postgres_major: int
    system_identifier: str
    key_fingerprint: str
    """Names the master key that opens what is sealed in it; the key itself is never in a back-up."""
    begun_at: datetime
    ended_at: datetime
    """The earliest instant a restore of this back-up can lead to."""
    timeline: int
    start_lsn: str
    end_lsn: str
    first_wal: str
    """The oldest file of a WAL archive that this back-up needs."""
    wal_segment_bytes: int
    heads: dict[str, int]
    """The newest number of each kind when it began: everything up to it is in the back-up."""
    migrations: list[str]
    files: dict[str, FileSum]
    """All files but those of `postgres/` that its `backup_manifest` lists; that one and the WAL are here."""
    postgres_bytes: int
    checksum: str = ""
    """SHA-256 of this manifest with this field empty."""

    def size_bytes(self) -> int:
        """Return the size of the whole back-up."""
        beside = (each.bytes for name, each in self.files.items() if not name.startswith(f"{POSTGRES}/"))
        return self.postgres_bytes + sum(beside)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a back-up, durably."""
    signed = msgspec.structs.replace(manifest, checksum=_checksum(manifest))
    handle = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(signed), indent=1) + b"\n")
        file.flush()
        os.fsync(handle)


def read(folder: Path) -> Manifest:
    """Read the manifest of a back-up; raises BackupFault for a folder that is no whole back-up of ours."""
    path = folder / FILE_NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BackupFault(
            f"{folder} is not a whole back-up: it has no {FILE_NAME}, which is written last. A back-up that was "
            "interrupted is of no use: take an earlier one."
        ) from None
    except OSError as fault:
        raise BackupFault(f"{path} cannot be read ({fault.strerror}). Check its rights.") from None
    try:
        if msgspec.json.decode(raw)["format"] > FORMAT:
            raise BackupFault(f"{folder} was made by a later release. Install that release, and restore with it.")
        found = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        raise _damaged(path) from None
    if _checksum(found) != found.checksum:
        raise _damaged(path)
    return found


def check_files(folder: Path, manifest: Manifest, moved: Moved) -> None:
    """Read back every file that the manifest lists; raises BackupFault with the first that is not as it was."""
    for name, noted in manifest.files.items():
        path = folder / name
        try:
            same = read_back(path, moved) == noted
        except OSError:
            same = False
        if not same:
            raise _damaged(path)


def _damaged(path: Path) -> BackupFault:
    return BackupFault(
        f"The back-up is damaged: {path} is not as it was written. Take another copy of this back-up, or an earlier "
        "one."
    )


def _checksum(manifest: Manifest) -> str:
    plain = msgspec.structs.replace(manifest, checksum="")
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()
