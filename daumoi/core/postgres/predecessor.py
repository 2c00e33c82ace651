"""A PostgreSQL that still works on the directory: the one of a hub that was killed is waited for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daumoi.core.postgres.faults import StartEnded, StartFault

_ENDS_BY_ITSELF_S = 5.0
_STOPPING_MOST_S = 300.0
_LOOK_EVERY_S = 0.05
_SAY_AFTER_S = 0.3
_STATUS_LINE = 8


@dataclass(frozen=True)
class Predecessor:
    """What postmaster.pid tells of a server whose process is alive."""

    pid: int
    status: str
    """starting, stopping, ready or standby, as PostgreSQL writes it."""


def find(postgres_dir: Path) -> Predecessor | None:
    """Find a living server of this directory; a file left by a dead one, or whose number went to others, is nobody."""
    try:
        lines = (postgres_dir / "postmaster.pid").read_text("utf-8").splitlines()
        pid = int(lines[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return None
    if b"postgres" not in command.split(b"\0")[0] or _is_zombie(pid):
        return None
    return Predecessor(pid, lines[_STATUS_LINE - 1].strip() if len(lines) >= _STATUS_LINE else "starting")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return True


def wait_for_end(postgres_dir: Path, *, say: Callable[[str], None], is_ending: Callable[[], bool]) -> None:
    """Wait until no other server works on the directory; raises StartFault when one stays, StartEnded when told to."""
    begun = time.monotonic()
    said = False
    while (found := find(postgres_dir)) is not None:
        if is_ending():
            raise StartEnded
        waited = time.monotonic() - begun
        if waited > (_STOPPING_MOST_S if found.status == "stopping" else _ENDS_BY_ITSELF_S):
            raise StartFault(
                f"PostgreSQL, process {found.pid}, already works on {postgres_dir} and does not end. "
                f"Stop the program that started it, or end it with: kill -INT {found.pid}"
            )
        if waited > _SAY_AFTER_S and not said:
            say(f"The PostgreSQL of an earlier start (process {found.pid}) is still ending; waiting for it.")
            said = True
        time.sleep(_LOOK_EVERY_S)
