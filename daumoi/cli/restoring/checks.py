"""What a restore sees to before it writes anything. Every fault says what to do."""

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from daumoi.core import keyring
from daumoi.core.backup import unfinished
from daumoi.core.backup.faults import BackupFault
from daumoi.core.backup.manifest import Manifest
from daumoi.core.migrating import known
from daumoi.core.postgres.lock import FILE_NAME as LOCK_FILE
from daumoi.core.postgres.programs import Programs
from daumoi.core.settings import Settings

_MARGIN_BYTES = 512 * 1024**2
_MAY_BE_THERE = frozenset({"keys", LOCK_FILE})


def check_target(settings: Settings) -> None:
    """See to it that the directory holds nothing, or nothing but keys/ or an unfinished restore; raises BackupFault."""
    if settings.database_url:
        raise BackupFault(
            "DATABASE_URL is set: a back-up of ours is restored into a directory and its own PostgreSQL. Unset it."
        )
    folder = settings.data_dir
    if unfinished.is_marked(folder):
        return
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if "postgres" in there:
        raise BackupFault(
            f"A hub lies in {folder}, and a restore never goes over one. Let --data-dir name a new directory; when the "
            "restored hub is right, start that one instead."
        )
    others = [name for name in there if name not in _MAY_BE_THERE]
    if others:
        raise BackupFault(
            f"{folder} is not empty: it holds {', '.join(others[:5])}. Let --data-dir name a new directory; it may "
            "hold keys/ alone."
        )


def remove_unfinished(data_dir: Path) -> bool:
    """Remove what an unfinished restore left, all but keys/; tells whether there was one. The mark goes last."""
    if not unfinished.is_marked(data_dir):
        return False
    for path in list(data_dir.iterdir()):
        if path.name in _MAY_BE_THERE or path.name == unfinished.FILE_NAME:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    unfinished.clear(data_dir)
    return True


def check_release(manifest: Manifest) -> None:
    """See to it that this release knows the back-up's schema; raises BackupFault."""
    ours = {f"{room}.{name}" for room, name in known()}
    foreign = sorted(set(manifest.migrations) - ours)
    if foreign:
        raise BackupFault(
            f"The back-up was made by a later release of daumoi ({manifest.daumoi}). Restore it with that release, or "
            f"take an older back-up. Unknown here: {', '.join(foreign)}."
        )


def check_postgres(manifest: Manifest, found: Programs) -> None:
    """See to it that our PostgreSQL can open the back-up's files; raises BackupFault."""
    if found.major != manifest.postgres_major:
        raise BackupFault(
            f"The back-up is of PostgreSQL {manifest.postgres_major}; the programs in {found.folder} are version "
            f"{found.major}. Let DAUMOI_POSTGRES_BIN_DIR name the folder of PostgreSQL {manifest.postgres_major}'s "
            "programs; once restored, pg_upgrade brings it to the new version."
        )


def check_key(settings: Settings, manifest: Manifest) -> None:
    """See to it that the key is there, and the one the back-up was written with; raises BackupFault."""
    path = keyring.key_file(settings)
    if settings.master_key is None and not path.exists():
        raise BackupFault(
            "The back-up holds no key, and nothing sealed in it opens without the hub's own. Put your copy of "
            f"master.key at {path} (folder 0700, file 0600), or name its base64 form by DAUMOI_MASTER_KEY_FILE."
        )
    try:
        keys = keyring.load(settings)
    except keyring.KeyFault as fault:
        raise BackupFault(str(fault)) from None
    if keys.fingerprint != manifest.key_fingerprint:
        raise BackupFault(
            "The master key given is not the one this back-up was written with, so nothing sealed in it could be "
            f"opened. Give the key whose fingerprint is {manifest.key_fingerprint}; this one is {keys.fingerprint}."
        )


def check_instant(manifest: Manifest, at: datetime | None, wal_archive: Path | None) -> None:
    """See to it that the back-up and the log lead to the instant asked for; raises BackupFault."""
    if at is None:
        return
    if wal_archive is None:
        raise BackupFault(
            "--at needs the archived WAL: let --wal-archive name the folder that DAUMOI_WAL_ARCHIVE_DIR named. Without "
            "it, a back-up can be restored to its own end alone."
        )
    if at < manifest.ended_at:
        raise BackupFault(
            f"This back-up ended at {manifest.ended_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, after the instant asked "
            "for. Take the last back-up that ended before it."
        )
    if at > datetime.now(UTC):
        raise BackupFault("The instant asked for is still to come. Restore the newest state without --at.")


def check_room(settings: Settings, manifest: Manifest) -> None:
    """See to it that the disk can hold the restored hub; raises BackupFault."""
    place = settings.data_dir
    while not place.exists():
        place = place.parent
    needed, free = manifest.size_bytes() + _MARGIN_BYTES, shutil.disk_usage(place).free
    if free < needed:
        raise BackupFault(
            f"The disk of {settings.data_dir} has {free // 2**20} MB free, and this restore needs {needed // 2**20} "
            "MB. Make room, or name a directory on another disk."
        )
