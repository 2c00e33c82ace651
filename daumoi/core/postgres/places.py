"""Where the parts of a data directory lie, and who owns them."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from daumoi.core.postgres.account import Account
from daumoi.core.postgres.faults import StartFault

SOCKET_PATH_MAX_BYTES = 107
"""Longest path of a Unix socket on Linux (unix(7): 108 bytes with the final zero)."""

_LONGEST_NAME = "/.s.PGSQL.5432.lock"
_PRIVATE = 0o700


def make_data_dir(data_dir: Path) -> None:
    """Make the data directory, closed to others, when it is missing. Raises StartFault when it cannot be used."""
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(mode=_PRIVATE, exist_ok=True)
    except FileExistsError:
        raise StartFault(f"{data_dir} is a file. Let --data-dir name a directory.") from None
    except OSError:
        raise StartFault(f"The directory {data_dir} cannot be made. Make it, or name another one.") from None
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise StartFault(
            f"The directory {data_dir} is not writable for us. Run as the account that owns it, "
            "or let --data-dir name another one."
        )


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only PostgreSQL's account (and root) may enter; raises StartFault when it is another's."""
    try:
        folder.mkdir(mode=_PRIVATE)
        if account.is_other:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    except OSError:
        raise StartFault(f"The folder {folder} cannot be made. Check the rights of the folder above it.") from None
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
        raise StartFault(
            f"{folder} is not a folder of the account {account.name}. Remove it if nobody needs it, and start again."
        )
    if found.st_uid != account.uid:
        # Killed between making it and giving it away.
        os.chown(folder, account.uid, account.gid)
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(_PRIVATE)


def runtime_dir(data_dir: Path) -> Path:
    """Return the folder of the sockets: `run` of the data directory, or a private one when that path is too long.

    The private one lies in the system's folder for temporary files, named from a hash of the data directory, so that
    every command finds the same.
    """
    inside = data_dir.resolve() / "run"
    if len(os.fsencode(inside)) + len(_LONGEST_NAME) <= SOCKET_PATH_MAX_BYTES:
        return inside
    mark = hashlib.blake2b(os.fsencode(data_dir.resolve()), digest_size=10).hexdigest()
    short = Path(tempfile.gettempdir()).resolve() / f"daumoi-{mark}"
    return short if len(os.fsencode(short)) + len(_LONGEST_NAME) <= SOCKET_PATH_MAX_BYTES else Path("/tmp") / short.name  # noqa: S108
