"""Where the master key comes from, and the proof that it is the one this database was written with."""

import os
import secrets
from pathlib import Path

from daumoi.core import facts
from daumoi.core.crypto import MASTER_KEY_BYTES, Keys
from daumoi.core.database import Connection
from daumoi.core.settings import Settings

FILE_NAME = "master.key"
_FACT = "key_fingerprint"


class KeyFault(Exception):
    """The master key cannot be used."""


def key_file(settings: Settings) -> Path:
    """Return where the master key is kept when it is not given by a setting."""
    return settings.data_dir / "keys" / FILE_NAME


def ensure(settings: Settings, connection: Connection) -> Keys:
    """Return the hub's keys, checked against the database they must open.

    At the first start a master key is made in `keys/` of the data directory (0700, 0600). Whoever moves the hub must
    bring this file: nothing else opens what was sealed, and it must not lie in a back-up of the database. Raises
    KeyFault when the key is missing, cannot be used, or is not the database's own; no key is made then.
    """
    path = key_file(settings)
    if settings.master_key is None and not path.exists():
        if noted(connection) is not None:
            raise KeyFault(
                f"The key file {path} is missing, and this database was written with its key: nothing sealed in it "
                "could be opened with a new one. Put keys/master.key of this hub back, or give the key by "
                "DAUMOI_MASTER_KEY_FILE."
            )
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path)
        except OSError:
            raise KeyFault(f"The key file {path} cannot be made. Check the rights of the folder.") from None
    keys = load(settings)
    check_fingerprint(connection, keys)
    return keys


def load(settings: Settings) -> Keys:
    """Return the hub's keys, which are there already; raises KeyFault when they cannot be read."""
    if settings.master_key is not None:
        return Keys.from_master(settings.master_key)
    path = key_file(settings)
    try:
        master = path.read_bytes()
    except OSError:
        raise KeyFault(f"The key file {path} cannot be read. Check that it is there, and its rights.") from None
    if len(master) != MASTER_KEY_BYTES:
        raise KeyFault(
            f"The key file {path} is damaged: it must hold {MASTER_KEY_BYTES} bytes. Restore it from where you keep it."
        )
    return Keys.from_master(master)


def _write_once(path: Path) -> None:
    """Write a new key so that a kill in the middle leaves none or a whole one, and two starts make one."""
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(MASTER_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def check_fingerprint(connection: Connection, keys: Keys) -> None:
    """Compare the key with the one the database was written with; the first one is noted. Raises KeyFault."""
    connection.execute(
        "INSERT INTO hub_fact (name, value) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", (_FACT, keys.fingerprint)
    )
    if noted(connection) != keys.fingerprint:
        raise KeyFault(
            "The master key is not the one this database was written with, so nothing sealed in it could be opened. "
            "Give the right key by DAUMOI_MASTER_KEY_FILE, or put keys/master.key of this hub back."
        )


def noted(connection: Connection) -> str | None:
    """Return the fingerprint of the key this database was written with; None before the first start."""
    return facts.read(connection, _FACT)
