"""Copies files with their checksums, durably, and reads copies back."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from daumoi.core.durable import flush

Moved = Callable[[int], None]
"""Called with the bytes just done."""

_BLOCK_BYTES = 4 * 1024**2


class FileSum(msgspec.Struct, frozen=True):
    """Size and SHA-256 of a file."""

    bytes: int
    sha256: str


def copy_file(source: Path, target: Path, moved: Moved, *, mode: int = 0o600) -> FileSum:
    """Copy one file and flush it; returns what was read. The copy must not be there yet. Raises OSError."""
    total, digest = 0, hashlib.sha256()
    with source.open("rb", buffering=0) as file:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb", buffering=0) as copy:
            while block := file.read(_BLOCK_BYTES):
                view = memoryview(block)
                while view:
                    view = view[copy.write(view) :]
                digest.update(block)
                total += len(block)
                moved(len(block))
            os.fsync(handle)
    return FileSum(total, digest.hexdigest())


def read_back(path: Path, moved: Moved) -> FileSum:
    """Return size and SHA-256 of a file as the disk holds it, not as memory remembers it. Raises OSError."""
    total, digest = 0, hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            total += len(block)
            moved(len(block))
    return FileSum(total, digest.hexdigest())


def forget(folder: Path) -> None:
    """Ask the kernel to drop what it remembers of a folder's files, so that who reads them next reads the disk."""
    for path in files_of(folder):
        with path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def files_of(folder: Path) -> Iterator[Path]:
    """Return the plain files below a folder, in order of their names; links are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def copy_tree(source: Path, target: Path, moved: Moved, *, owner: tuple[int, int] | None = None) -> None:
    """Copy a folder with all below it, files 0600 and folders 0700, for an owner (uid, gid). Raises OSError."""
    for place, folders, names in os.walk(source):
        folders.sort()
        made = target / Path(place).relative_to(source)
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in sorted(names):
            copy_file(Path(place, name), made / name, moved)
            if owner is not None:
                os.chown(made / name, *owner, follow_symlinks=False)
        if owner is not None:
            os.chown(made, *owner, follow_symlinks=False)
        flush(made)


def size_of(folder: Path) -> int:
    """Return the bytes of the files below a folder."""
    return sum(path.stat().st_size for path in files_of(folder))
