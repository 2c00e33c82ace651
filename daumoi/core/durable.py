"""Brings what was written to disk: a file is durable when its name is."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Bring a file's content, or the names in a folder, to disk; raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
