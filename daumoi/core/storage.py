"""Tells whether there is room on the disk; the hub stops taking records while it can still stop cleanly."""

import shutil
import time
from pathlib import Path
from threading import Lock

from daumoi.core.settings import Settings

_LOOK_EVERY_S = 1.0
_seen: dict[Path, tuple[float, int]] = {}
_guard = Lock()


def folders(settings: Settings) -> list[Path]:
    """Return the folders that need room: the data directory, and the database's own where it lies elsewhere.

    The database's folder may be a link to another disk, and so may the folder of its log of changes.
    """
    own = settings.data_dir / "postgres"
    inside = [] if settings.database_url else [own, own / "pg_wal"]
    return [settings.data_dir, *(folder for folder in inside if folder.exists())]


def free_bytes(settings: Settings) -> int:
    """Return the free bytes of the fullest disk that the hub writes to; looks at most once a second."""
    now = time.monotonic()
    key = settings.data_dir
    looked_at, free = _seen.get(key, (float("-inf"), 0))
    if now - looked_at < _LOOK_EVERY_S:
        return free
    with _guard:
        free = min(shutil.disk_usage(folder).free for folder in folders(settings))
        _seen[key] = (now, free)
        return free


def is_low(settings: Settings) -> bool:
    """Tell whether less is free than the hub needs to take records."""
    return free_bytes(settings) < settings.storage_low_bytes
