"""PostgreSQL's own log: bounded, and read for the reason of a start that failed, which is then said in our words."""

import os
import re
from pathlib import Path

FILE_NAME = "postgres.log"
ROTATE_BYTES = 16 * 1024**2
_TAIL_BYTES = 64 * 1024

_REASONS = (
    (
        r"could not map anonymous shared memory|Cannot allocate memory|out of memory|could not create shared memory",
        "there is not enough memory for its buffers. Set DAUMOI_POSTGRES_SHARED_BUFFERS to less, such as 256MB",
    ),
    (r"No space left on device|Disk quota exceeded", "the disk is full. Free some space and start again"),
    (
        r"pre-existing shared memory block|lock file .* already exists|is another postmaster",
        "another PostgreSQL still works on it. Stop that one and start again",
    ),
    (
        r"incompatible with server|not compatible with this version",
        "its files were made by another version. Let DAUMOI_POSTGRES_BIN_DIR name the programs that made them",
    ),
    (
        r"unrecognized configuration parameter|invalid value for parameter|configuration file .* contains errors"
        r"|syntax error in file|outside the valid range|could not load ",
        "one of its settings is not usable. Look for it in postgresql.conf and postgresql.auto.conf of the database",
    ),
    (
        r"has wrong ownership|has invalid permissions|Permission denied|could not open .*Operation not permitted",
        "it may not read or write its own files. Give the folder back to the account it runs as (chown -R), mode 0700",
    ),
    (
        r"could not create Unix.*socket|could not bind Unix|Unix-domain socket path",
        "its socket could not be made. Check the rights of the folder `run` of the data directory",
    ),
    (
        r"PANIC|could not locate a valid checkpoint|invalid checkpoint|invalid page|could not locate required"
        r"|could not read file|Input/output error|invalid contents",
        "its files are damaged. Check the disk, keep a copy of the folder, and restore the last back-up",
    ),
)


class ServerLog:
    """The log file of the server, in `log` of the data directory."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made at the first `open`."""
        self.path = folder / FILE_NAME
        self._from = 0

    def open(self) -> int:
        """Open the log for appending and return its file descriptor; past 16 MiB it is first set aside, once."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        if self.size() > ROTATE_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))
        self._from = self.size()
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def size(self) -> int:
        """Return the bytes written until now."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def says(self, pattern: str) -> bool:
        """Tell whether a line since `open` matches."""
        return re.search(pattern, self._since_open()) is not None

    def reason(self) -> str:
        """Tell in our words why the server ended, as far as its log tells."""
        said = self._since_open()
        for pattern, words in _REASONS:
            if re.search(pattern, said):
                return f"{words}. Its log: {self.path}"
        return f"look into its log: {self.path}"

    def _since_open(self) -> str:
        try:
            with self.path.open("rb") as file:
                file.seek(max(self._from, self.size() - _TAIL_BYTES))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""
