"""One hub on a data directory: a lock that the kernel lets go when its holder dies, however it dies."""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from daumoi.core.postgres.faults import StartFault

FILE_NAME = "hub.lock"
_TRIES = 5
_BETWEEN_TRIES_S = 0.02


@dataclass(frozen=True)
class Holder:
    """Who works on a data directory."""

    pid: int
    command: str
    started_at: str
    """RFC 3339, UTC."""
    address: str | None = None
    """Where the hub answers; None for a command that only borrowed the database."""
    dsn: str | None = None
    """How to reach its database; None until that is up. Holds no secret: the login is by account."""


class DirectoryLock:
    """The lock of a data directory, in its file `hub.lock`; the file stays, the lock does not."""

    def __init__(self, data_dir: Path) -> None:
        """Name the directory; nothing is taken yet."""
        self._path = data_dir / FILE_NAME
        self._handle: int | None = None

    def take(self, holder: Holder) -> bool:
        """Take the lock and write who holds it; False when somebody else does. Raises StartFault."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            raise StartFault(
                f"{self._path} cannot be written. Run as the account that owns the data directory, or name another one."
            ) from None
        try:
            taken = _try(handle)
        except OSError:
            os.close(handle)
            raise StartFault(f"The file system of {self._path} has no locks. Put the data on a local disk.") from None
        if not taken:
            os.close(handle)
            return False
        self._handle = handle
        self.describe(holder)
        return True

    def describe(self, holder: Holder) -> None:
        """Rewrite who holds the lock; only its holder may."""
        assert self._handle is not None, "take the lock first"
        text = json.dumps(asdict(holder)).encode()
        os.pwrite(self._handle, text, 0)
        os.ftruncate(self._handle, len(text))

    def release(self) -> None:
        """Let the lock go."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def holder(self) -> Holder | None:
        """Tell who holds the lock now; None when nobody does or the holder has not said so yet."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(handle)
            return None
        finally:
            os.close(handle)


def _try(handle: int) -> bool:
    """Try a few times: somebody who only looks whether the lock is held holds it himself for a moment."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES_S)
    return False


def _read(handle: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(handle, 65536, 0)))
    except (ValueError, TypeError):
        return None
