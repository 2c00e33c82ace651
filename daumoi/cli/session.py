"""How a command opens the hub: its settings, its database, its keys.

A command works on the database of the running hub; when none runs on the directory, it starts the database for
itself and stops it again.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from daumoi.core import facts, keyring
from daumoi.core.clock import SystemClock
from daumoi.core.crypto import Keys
from daumoi.core.database import OLDEST_POSTGRES, connect, open_pool
from daumoi.core.hub import Hub
from daumoi.core.migrating import SchemaTooNew, migrate
from daumoi.core.interim import Cluster, StartFault
from daumoi.core.settings import Settings, SettingsFault, load
from daumoi.intake.setup import prepare_log
from daumoi.log.notices import Notifier

Say = Callable[[str], None]
_LOCK = "hub.lock"
_WAIT_S = 30.0
_DISK_FLOOR_BYTES = 200 * 1024 * 1024
"""Less than this and PostgreSQL may not even recover: a start is refused before it begins."""


class Stopped(Exception):
    """A command cannot go on; the message says why and what to do."""


class Lock:
    """The directory's lock: one hub, or one command that starts the database, at a time.

    The kernel lets go of it when its holder dies, however that happens.
    """

    def __init__(self, data_dir: Path, command: str) -> None:
        """Name the directory and what is going to hold it."""
        self._path = data_dir / _LOCK
        self._command = command
        self._file: Any = None

    def take(self) -> bool:
        """Take the lock if it is free."""
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        self.tell()
        return True

    def tell(self, **more: Any) -> None:
        """Write who holds the lock, for those who find it taken."""
        self._file.seek(0)
        self._file.truncate()
        said = {"pid": os.getpid(), "command": self._command, "started_at": datetime.now(UTC).isoformat(), **more}
        json.dump(said, self._file)
        self._file.flush()

    def holder(self) -> dict[str, Any]:
        """Return what the holder wrote."""
        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
            return found
        except (OSError, ValueError):
            return {}

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def load_settings(data_dir: Path) -> Settings:
    """Read the settings; raises Stopped with every fault at once."""
    try:
        return load(os.environ, data_dir=data_dir.absolute())
    except SettingsFault as fault:
        raise Stopped(f"These settings cannot be used:\n{fault}") from None


def make_data_dir(settings: Settings) -> None:
    """Make the data directory; raises Stopped when it cannot be written, or the disk is nearly full."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / _LOCK).touch()
    except OSError as fault:
        raise Stopped(
            f"The data directory {folder} cannot be written ({fault.strerror}). Give the user that starts the hub the "
            "right to write there, or choose another with --data-dir."
        ) from None
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if free < _DISK_FLOOR_BYTES:
        raise Stopped(
            f"The disk of {folder} is nearly full ({free // 2**20} MB free, {_DISK_FLOOR_BYTES // 2**20} MB are needed "
            "to start). Make room and start again; nothing accepted is lost."
        )


def cluster_of(settings: Settings, say: Say) -> Cluster:
    """Return the directory's own PostgreSQL."""
    return Cluster(settings.data_dir, bin_dir=settings.postgres_bin_dir, os_user=settings.postgres_os_user, say=say)


def check_outside_database(dsn: str) -> None:
    """See to it that a database given by DATABASE_URL can be used; raises Stopped."""
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError:
        raise Stopped(
            "The database named by DATABASE_URL does not answer. Check its address, name, user and password, and that "
            "it takes connections from here."
        ) from None
    if version < OLDEST_POSTGRES:
        raise Stopped(f"The database is PostgreSQL {version // 10000}; version {OLDEST_POSTGRES // 10000} or later is needed.")


def prepare(settings: Settings, dsn: str, say: Say) -> Keys:
    """Bring the schema up to date and check the key; raises Stopped."""
    try:
        applied = migrate(dsn)
    except SchemaTooNew as fault:
        raise Stopped(str(fault)) from None
    if applied:
        say(f"schema brought up to date ({len(applied)} steps)")
    try:
        keys = keyring.load_or_create(settings)
        with connect(dsn, "daumoi start") as connection:
            keyring.check_fingerprint(connection, keys)
    except keyring.KeyFault as fault:
        raise Stopped(str(fault)) from None
    return keys


def make_hub(settings: Settings, dsn: str, keys: Keys, *, name: str, pool_size: int = 8) -> Hub:
    """Make the hub of one process, with a notifier that tells the others what it commits."""
    notifier = Notifier(dsn)
    return Hub(
        settings=settings,
        dsn=dsn,
        pool=open_pool(dsn, name, size=pool_size),
        keys=keys,
        clock=SystemClock(),
        committed=notifier.moved,
    )


@contextmanager
def open_hub(data_dir: Path, *, say: Say) -> Iterator[Hub]:
    """Open the hub for a command; raises Stopped."""
    settings = load_settings(data_dir)
    make_data_dir(settings)
    with _database(settings, say) as dsn:
        keys = prepare(settings, dsn, say)
        hub = make_hub(settings, dsn, keys, name="daumoi command", pool_size=4)
        try:
            prepare_log(hub)
            yield hub
        finally:
            hub.pool.close()


@contextmanager
def _database(settings: Settings, say: Say) -> Iterator[str]:
    if settings.database_url:
        check_outside_database(settings.database_url)
        yield settings.database_url
        return
    lock = Lock(settings.data_dir, f"daumoi {sys.argv[1] if len(sys.argv) > 1 else ''}".strip())
    ends = time.monotonic() + _WAIT_S
    said = False
    while not lock.take():
        dsn = lock.holder().get("dsn")
        if dsn and _answers(dsn):
            yield dsn
            return
        if time.monotonic() > ends:
            raise Stopped(f"{held_by(lock)} Wait until it has ended or is ready, and try again.")
        if not said and time.monotonic() > ends - _WAIT_S + 2:
            say(f"{held_by(lock)} Waiting for it.")
            said = True
        time.sleep(0.1)
    cluster = cluster_of(settings, say)
    try:
        yield _start(cluster)
    finally:
        cluster.stop()
        lock.release()


def _start(cluster: Cluster) -> str:
    try:
        return cluster.start()
    except StartFault as fault:
        raise Stopped(str(fault)) from None


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def held_by(lock: Lock) -> str:
    """Say who holds a directory's lock."""
    holder = lock.holder()
    who = f"`{holder['command']}` (process {holder['pid']})" if holder.get("pid") else "Another command"
    return f"{who} is using this data directory."


def is_demo(hub: Hub) -> bool:
    """Tell whether the hub was marked as a demo."""
    with hub.pool.connection() as connection:
        return facts.read(connection, "demo") == "yes"
