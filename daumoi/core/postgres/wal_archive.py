"""Continuous archiving of the write-ahead log, and its way back: what makes a restore to a point in time possible.

PostgreSQL hands each finished file of the log to a command of ours and keeps the file until that command succeeded.
The command is a line of shell and not a program of ours: it runs as PostgreSQL's account, which may not read us.
"""

import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from daumoi.core.postgres import passage
from daumoi.core.postgres.account import Account
from daumoi.core.postgres.faults import StartFault
from daumoi.core.postgres.places import make_private

TIMEOUT_S = 60
"""A file is archived at least so often while records come in: so much may be lost when the disk dies."""

HISTORY_FILE = "daumoi_history"
"""In the database's folder and in the archive: which history of which hub this is. A restore begins a new one."""

_SEGMENT = re.compile(r"[0-9A-F]{24}")
_MARK = re.compile(r"[0-9a-f]{32}")

# A file that is there already may be the same one, sent before a crash; another one is never overwritten. The copy is
# made under a name of its own and flushed before it gets its name. Unused ends of files become holes.
_ARCHIVE = (
    'd={folder}; t="$d/%f"; '
    'if [ -e "$t" ]; then cmp -s "%p" "$t" && sync "$t" "$d"; '
    'else umask 077; rm -f "$t".*.draft; n="$t.$$.draft"; '
    'cp --sparse=always "%p" "$n" && sync "$n" && mv -n "$n" "$t" && [ ! -e "$n" ] && sync "$d"; fi'
)
_RESTORE = 'cp {folder}/%f "%p"'
_FIRST_UNREADABLE = 'cd "$1" || exit 1; for f in *; do test -r "$f" || { printf %s "$f"; exit 0; }; done'


def archive_command(folder: Path) -> str:
    """Return the command that archives one file into a folder, whatever signs its path holds."""
    return _ARCHIVE.format(folder=_quoted(folder))


def restore_command(folder: Path) -> str:
    """Return the command that brings one file back."""
    return _RESTORE.format(folder=_quoted(folder))


def _quoted(folder: Path) -> str:
    # PostgreSQL replaces %p and %f before the shell sees anything; a percent sign of the path is doubled for it.
    return shlex.quote(str(folder)).replace("%", "%%")


def archive_options(folder: Path) -> dict[str, str]:
    """Return PostgreSQL's settings that archive into a folder."""
    return {
        "archive_mode": "on",
        "archive_command": archive_command(folder),
        "archive_library": "",
        "archive_timeout": f"{TIMEOUT_S}s",
    }


def prepare(folder: Path, postgres_dir: Path, account: Account, say: Callable[[str], None]) -> None:
    """Make the archive's folder for PostgreSQL's account, and see to it that it is this database's and no other's.

    Two hubs that archive into one folder, or one before and after a restore, would make it useless for both. Raises
    StartFault.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StartFault(
            f"The folder {folder.parent} cannot be made. Let DAUMOI_WAL_ARCHIVE_DIR name another one."
        ) from None
    passage.open_to(folder.parent, account, say)
    make_private(folder, account)
    ours = _read_mark(postgres_dir / HISTORY_FILE) or _write_mark(postgres_dir / HISTORY_FILE, account)
    there = _read_mark(folder / HISTORY_FILE)
    if there is None and any(_SEGMENT.fullmatch(path.name) for path in folder.iterdir()):
        there = "of nobody"
    if there is None:
        _write_mark(folder / HISTORY_FILE, account, ours)
    elif there != ours:
        raise StartFault(
            f"The WAL archive {folder} is another hub's, or this hub's before it was restored. Let "
            "DAUMOI_WAL_ARCHIVE_DIR name a new, empty folder, and make a back-up once the hub runs."
        )


def _read_mark(path: Path) -> str | None:
    """Return the mark of a history, or None. Links are not followed: the folder is another account's."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        raise StartFault(f"{path} cannot be read. Check its rights.") from None
    with os.fdopen(handle, "rb") as file:
        text = file.read(64).decode("ascii", "replace").strip()
    return text if _MARK.fullmatch(text) else None


def _write_mark(path: Path, account: Account, mark: str | None = None) -> str:
    mark = mark or secrets.token_hex(16)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{mark}\n")
        file.flush()
        if account.is_other:
            os.fchown(handle, account.uid, account.gid)
        os.fsync(handle)
    draft.rename(path)
    return mark


def check_readable(folder: Path, account: Account, say: Callable[[str], None]) -> None:
    """Make sure that PostgreSQL's account can read a whole archive: a file it cannot read would pass for the end.

    Raises StartFault.
    """
    if not folder.is_dir():
        raise StartFault(f"{folder} is not a folder. Let --wal-archive name the one that the hub archived into.")
    passage.open_to(folder.parent, account, say)
    asked = subprocess.run(
        ["/bin/sh", "-c", _FIRST_UNREADABLE, "sh", folder],
        capture_output=True,
        check=False,
        timeout=600,
        cwd="/",
        env={},
        **account.popen_options(),
    )
    unreadable = asked.stdout.decode("utf-8", "replace")
    if asked.returncode != 0 or unreadable:
        what = folder / unreadable if unreadable else folder
        raise StartFault(
            f"The account {account.name}, as which PostgreSQL runs, cannot read {what}. Let it: "
            f"chown -R {account.name} {folder}"
        )


def segments_after(folder: Path, *, timeline: int, lsn: str, segment_bytes: int) -> list[str]:
    """Return the archived files of a timeline that begin after a place in the log, in order."""
    high, _, low = lsn.partition("/")
    # A place at the very beginning of a file: nothing of that file was played.
    last = ((int(high, 16) << 32) + int(low, 16) - 1) // segment_bytes
    per_log = 2**32 // segment_bytes
    names = sorted(path.name for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))
    names = [name for name in names if int(name[:8], 16) == timeline]
    return [name for name in names if int(name[8:16], 16) * per_log + int(name[16:], 16) > last]
