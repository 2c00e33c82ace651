"""Where the processes of intake listen for each other: Unix sockets in a folder that the hub's account alone enters."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Literal

from daumoi.core.settings import Settings

Name = Literal["intake", "reader"]

PROCESSES: tuple[Name, ...] = ("intake", "reader")
WAITING_CONNECTIONS = 128
_LONGEST_SOCKET_PATH = 107  # unix(7): sun_path holds 108 bytes with its end


def socket_path(settings: Settings, name: Name) -> Path:
    """Return where a process listens: beside the data, or in a private folder when that path is too long."""
    path = settings.data_dir.absolute() / "run-intake" / f"{name}.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    hashed = hashlib.sha256(os.fsencode(settings.data_dir.absolute())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"daumoi-{os.geteuid()}-{hashed}-intake" / f"{name}.sock"


def listening(path: Path) -> socket.socket:
    """Return a Unix socket that listens at a path which this account alone can reach.

    Raises PermissionError when the folder is somebody else's.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.stat().st_uid != os.geteuid():
        raise PermissionError(f"the folder of the socket {path.name} belongs to somebody else")
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    os.chmod(path, 0o600)  # noqa: PTH101 - of a socket, not a file
    made.listen(WAITING_CONNECTIONS)
    return made
