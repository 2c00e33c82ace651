"""Signed heads: what says outside of the table how far the chain reached, so that a cut tail is found.

Each day's head (UTC+7) is signed with Ed25519 and stands in `audit_head` and in `audit/heads/<day>.json` of the data
directory; `now.json` is the head of the last sealing, and `restore-….json` says where a restore began a new history.
The key is derived from the master key; the public one is in every file and is printed by `daumoi audit key`.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.durable import flush

NOW = "now.json"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HeadKind = Literal["day", "now", "restore"]


class HeadUnreadable(Exception):
    """A file of signed heads cannot be read. The message names it."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signed head: the chain had this hash at this number."""

    kind: HeadKind
    day: date
    """The day (UTC+7) it closes; of `now` and `restore`, the day of `at_us`."""
    number: int
    hash: str
    """Of line `number`, 64 hexadecimal digits."""
    at_us: int
    """When it was signed, in microseconds since 1970 in UTC; of `now`, when its last line was sealed."""
    gave_up: int = 0
    """Of a restore: the highest number known of the history before it, whose lines after `number` are given up."""
    signature: str = ""
    public_key: str = ""

    def said(self) -> bytes:
        """Return what is signed."""
        parts = (self.kind, self.day.isoformat(), self.number, self.hash, self.at_us, self.gave_up)
        return ("daumoi audit head 1\n" + "".join(f"{part}\n" for part in parts)).encode()

    def signed(self, key: Ed25519PrivateKey) -> "Head":
        """Return the head with its signature and the public key."""
        return msgspec.structs.replace(
            self, signature=key.sign(self.said()).hex(), public_key=key.public_key().public_bytes_raw().hex()
        )

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Tell whether the signature is good. The public key that a file names counts for nothing."""
        try:
            key.verify(bytes.fromhex(self.signature), self.said())
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def file_name(self) -> str:
        """The file it stands in."""
        if self.kind == "now":
            return NOW
        return f"{self.day}.json" if self.kind == "day" else f"restore-{self.number:012}-{self.at_us}.json"


def signing_key(keys: Keys) -> Ed25519PrivateKey:
    """Return the key that heads are signed with."""
    return Ed25519PrivateKey.from_private_bytes(keys.derived("audit head"))


def public_key(keys: Keys) -> Ed25519PublicKey:
    """Return the key that anybody may have and that heads are checked with."""
    return signing_key(keys).public_key()


def instant(us: int) -> datetime:
    """Turn microseconds since 1970 into an instant."""
    return _EPOCH + timedelta(microseconds=us)


def microseconds(at: datetime) -> int:
    """Turn an instant into microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def folder_of(data_dir: Path) -> Path:
    """Return where the files lie."""
    return data_dir / "audit" / "heads"


def stored(connection: Connection) -> list[Head]:
    """Return the heads that stand in the table, in order of their numbers."""
    rows = connection.execute(
        "SELECT kind, day, number, encode(hash, 'hex'), at, gave_up, encode(signature, 'hex') FROM audit_head"
        " ORDER BY number, at"
    )
    return [Head(row[0], row[1], row[2], row[3], microseconds(row[4]), row[5], row[6]) for row in rows]


def store(connection: Connection, head: Head) -> None:
    """Put a signed head into the table; part of the caller's transaction."""
    connection.execute(
        "INSERT INTO audit_head (kind, day, number, hash, at, gave_up, signature) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            head.kind,
            head.day,
            head.number,
            bytes.fromhex(head.hash),
            instant(head.at_us),
            head.gave_up,
            bytes.fromhex(head.signature),
        ),
    )


def read(path: Path) -> Head | None:
    """Read one file; None when it is not there. Raises HeadUnreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        raise HeadUnreadable(f"{path} cannot be read as a signed head. Take it from a back-up.") from None


def files(folder: Path) -> list[Path]:
    """Name the files of heads in a folder."""
    return sorted(folder.glob("*.json"))


def write(folder: Path, head: Head) -> None:
    """Write a head into its file, durably; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / head.file_name
    draft = folder / f"{head.file_name}.{os.getpid()}.draft"
    with open(draft, "wb", opener=_private) as file:
        file.write(msgspec.json.format(msgspec.json.encode(head), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    flush(folder)


def write_now(folder: Path, head: Head) -> None:
    """Write the head of the last sealing, unless another sealer has written a later one."""
    with _alone(folder):
        there = None
        with contextlib.suppress(HeadUnreadable):
            there = read(folder / NOW)
        if there is None or there.number < head.number:
            write(folder, head)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
