"""Marks a data directory whose restore has not ended: no hub answers from it before its erasures are applied."""

import os
from pathlib import Path

from daumoi.core.durable import flush

FILE_NAME = "restore.unfinished"
_TEXT = "A restore into this directory has not ended. Run `daumoi restore` again; it begins anew.\n"


def mark(data_dir: Path) -> None:
    """Mark the directory, durably; before anything else is written into it."""
    handle = os.open(data_dir / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_TEXT)
        file.flush()
        os.fsync(handle)
    flush(data_dir)


def is_marked(data_dir: Path) -> bool:
    """Tell whether a restore into this directory has begun and not ended."""
    return (data_dir / FILE_NAME).exists()


def clear(data_dir: Path) -> None:
    """Take the mark away, durably; after everything else."""
    (data_dir / FILE_NAME).unlink()
    flush(data_dir)
