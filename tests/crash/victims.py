"""The processes of a running hub, found from the supervisor's pid downwards, and killed by their pid alone."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Role = Literal["server", "intake", "reader", "worker", "database"]
VICTIMS: tuple[Role, ...] = ("server", "database", "intake")
_PROC = Path("/proc")
_STATE, _PARENT, _BEGAN = 0, 1, 19  # fields of proc_pid_stat(5), counted behind the name


@dataclasses.dataclass(frozen=True)
class Process:
    """One process; the kernel may give its pid to another one later, never with the same beginning."""

    pid: int
    began: str

    def is_running(self) -> bool:
        """Zombies have ended: only their parent has not looked yet."""
        fields = _stat(self.pid)
        return fields is not None and fields[_BEGAN] == self.began and fields[_STATE] not in {"Z", "X"}

    def kill(self) -> None:
        """`kill -9`."""
        os.kill(self.pid, signal.SIGKILL)


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def children(parent: int) -> list[Process]:
    """The running children of a process."""
    found = []
    for folder in _PROC.iterdir():
        fields = _stat(int(folder.name)) if folder.name.isdigit() else None
        if fields is not None and fields[_PARENT] == str(parent) and fields[_STATE] not in {"Z", "X"}:
            found.append(Process(int(folder.name), fields[_BEGAN]))
    return found


def descendants(parent: int) -> Iterator[Process]:
    """All that run below a process, sessions of PostgreSQL too."""
    for child in children(parent):
        yield child
        yield from descendants(child.pid)


def find(supervisor: int, data_dir: Path, role: Role) -> Process | None:
    """The process of a role, or None while it is down."""
    postmaster = _postmaster(data_dir) if role == "database" else None
    for child in children(supervisor):
        if role == "database":
            if child.pid == postmaster:
                return child
        elif _command(child.pid)[1:4] == ["-m", "daumoi.cli.processes", role]:
            return child
    return None


def wait_for(supervisor: int, data_dir: Path, role: Role, *, other_than: Process | None = None) -> Process:
    """Waits until a role runs, as another process than the one that was killed."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = find(supervisor, data_dir, role)
        if found is not None and found != other_than:
            return found
        time.sleep(0.02)
    raise AssertionError(f"the {role} process was not started again within 60 s")


def _postmaster(data_dir: Path) -> int | None:
    try:
        return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _command(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
