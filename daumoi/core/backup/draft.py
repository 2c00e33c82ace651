"""The folder of a back-up is written beside its place and moved there whole: half of one is never taken for one."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daumoi.core.backup.faults import BackupFault
from daumoi.core.durable import flush

SUFFIX = ".unfinished"
_LOCK = "backup.lock"


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """Make `TARGET.unfinished` (0700), hand it out, and rename it to `target` when the block ends without a fault.

    What a killed run left there is removed first; one that still works is not disturbed. After a fault the draft is
    removed. Raises BackupFault.
    """
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise BackupFault(f"{target} is there already and not empty. Name a folder that is not there yet.")
    draft = target.with_name(target.name + SUFFIX)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = _take(draft)
    except OSError as fault:
        raise BackupFault(f"{draft} cannot be made ({fault.strerror}). Name another folder.") from None
    try:
        yield draft
        flush(draft)
        draft.rename(target)
        flush(target.parent)
        (target / _LOCK).unlink()
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def _take(draft: Path) -> int:
    """Make the draft anew and return a handle that holds its lock as long as this process lives."""
    with contextlib.suppress(FileNotFoundError):
        if any(draft.iterdir()):
            _remove_dead(draft)
        else:
            draft.rmdir()
    draft.mkdir(mode=0o700)
    handle = os.open(draft / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _remove_dead(draft: Path) -> None:
    try:
        handle = os.open(draft / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BackupFault(
            f"{draft} holds files that no back-up of ours left there. Move it away, or name another folder."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupFault(f"Another back-up is being written to {draft}. Wait until it has ended.") from None
    else:
        shutil.rmtree(draft)
    finally:
        os.close(handle)
