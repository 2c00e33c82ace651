"""Tells whether there is room on the disk; the hub stops taking records while it can still stop cleanly."""

import shutil
import time
from pathlib import Path
from threading import Lock

_LOOK_EVERY_S = 1.0
_seen: dict[Path, tuple[float, int]] = {}
_guard = Lock()


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that holds a folder; looks at most once a second."""
    now = time.monotonic()
    with _guard:
        looked_at, free = _seen.get(folder, (float("-inf"), 0))
        if now - looked_at >= _LOOK_EVERY_S:
            free = shutil.disk_usage(folder).free
            _seen[folder] = (now, free)
        return free


def is_low(folder: Path, *, limit_bytes: int) -> bool:
    """Tell whether less than the limit is free."""
    return free_bytes(folder) < limit_bytes
