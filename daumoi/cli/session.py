"""How a command opens the hub: its settings, its database, its keys.

A command works on the database of the running hub; when none runs on the directory, it starts the database for
itself and stops it again.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from daumoi.audit.sealing import ChainBroken, seal
from daumoi.cli.stopped import Stopped
from daumoi.core import facts, keyring
from daumoi.core.backup import unfinished
from daumoi.core.clock import SystemClock
from daumoi.core.crypto import Keys
from daumoi.core.database import OLDEST_POSTGRES, Connection, connect, open_pool
from daumoi.core.hub import Hub
from daumoi.core.migrating import SchemaTooNew, migrate
from daumoi.core.postgres import Cluster, DirectoryLock, Holder, StartFault
from daumoi.core.settings import Settings, SettingsFault, load
from daumoi.intake.setup import prepare_log
from daumoi.log.notices import Notifier
from daumoi.rulepacks import bundled

Say = Callable[[str], None]
_WAIT_S = 30.0
_QUIET_S = 2.0
_DISK_FLOOR_BYTES = 200 * 1024 * 1024
"""Less than this and PostgreSQL may not even recover: a start is refused before it begins."""


def load_settings(data_dir: Path) -> Settings:
    """Read the settings; raises Stopped with every fault at once."""
    try:
        return load(os.environ, data_dir=data_dir.absolute())
    except SettingsFault as fault:
        raise Stopped(f"These settings cannot be used:\n{fault}") from None


def make_data_dir(settings: Settings) -> None:
    """Make the data directory; raises Stopped when it cannot be written, or the disk is nearly full."""
    folder = settings.data_dir
    if unfinished.is_marked(folder):
        raise Stopped(
            f"A restore into {folder} has not ended, so erasures may still have to be applied: nothing answers from "
            "it. Run the same `daumoi restore` again; it begins anew."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
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


def cluster_of(settings: Settings, say: Say, is_ending: Callable[[], bool] = lambda: False) -> Cluster:
    """Return the directory's own PostgreSQL; nothing of it is started yet."""
    return Cluster(
        settings.data_dir,
        bin_dir=settings.postgres_bin_dir,
        os_user=settings.postgres_os_user,
        say=say,
        is_ending=is_ending,
        wal_archive=settings.wal_archive_dir,
    )


def a_holder(command: str, *, address: str | None = None, dsn: str | None = None) -> Holder:
    """Describe this process as the holder of a directory's lock."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(os.getpid(), command, at, address, dsn)


def check_outside_database(dsn: str) -> None:
    """See to it that a database given by DATABASE_URL can be used; raises Stopped."""
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.Error:
        raise Stopped(
            "The database named by DATABASE_URL does not answer. Check its address, name, user and password, and that "
            "it takes connections from here."
        ) from None
    if version < OLDEST_POSTGRES:
        raise Stopped(
            f"The database named by DATABASE_URL is PostgreSQL {version // 10000}: {OLDEST_POSTGRES // 10000} or later "
            "is needed. Name a newer one, or unset DATABASE_URL to use the one we bring."
        )


def prepare(settings: Settings, dsn: str, say: Say) -> Keys:
    """Bring the schema up to date and check the key; raises Stopped."""
    try:
        applied = migrate(dsn)
    except SchemaTooNew as fault:
        raise Stopped(str(fault)) from None
    if applied:
        say(f"The tables of the database were brought up to this release ({len(applied)} steps).")
    try:
        with connect(dsn, "daumoi start") as connection:
            keys = keyring.ensure(settings, connection)
            _take_in_rule_packs(connection, say)
            return keys
    except keyring.KeyFault as fault:
        raise Stopped(str(fault)) from None


def _take_in_rule_packs(connection: Connection, say: Say) -> None:
    """Take in the rule packs of this release that the hub has not seen; their own history holds that it was so."""
    for noted in bundled.install_all(connection, at=SystemClock().now()):
        if noted.step == "drafted":
            say(
                f"This release brings other rules for {noted.pack}: they wait as draft {noted.version}, and nothing "
                f"has changed. See them with `daumoi rules diff {noted.pack} {noted.version}`."
            )


@contextmanager
def hub_of(settings: Settings, dsn: str, keys: Keys, *, name: str, pool_size: int = 8) -> Iterator[Hub]:
    """Make the hub of one process, with a notifier that tells the others what it commits; closed at the end."""
    notifier = Notifier(dsn)
    pool = open_pool(dsn, name, size=pool_size)
    try:
        yield Hub(settings=settings, dsn=dsn, pool=pool, keys=keys, clock=SystemClock(), committed=notifier.moved)
    finally:
        pool.close()
        notifier.close()


@contextmanager
def open_hub(data_dir: Path, *, say: Say) -> Iterator[Hub]:
    """Open the hub for a command; raises Stopped."""
    settings = load_settings(data_dir)
    make_data_dir(settings)
    with lend_database(settings, say) as dsn:
        keys = prepare(settings, dsn, say)
        with hub_of(settings, dsn, keys, name="daumoi command", pool_size=4) as hub:
            prepare_log(hub)
            yield hub
            if not settings.database_url:
                _seal(hub)


def _seal(hub: Hub) -> None:
    """Seal what the command has written to the audit log: where no hub runs, nobody else does for now."""
    with suppress(ChainBroken, psycopg.Error, OSError):
        seal(hub)


@contextmanager
def lend_database(settings: Settings, say: Say) -> Iterator[str]:
    """Lend the database: the one of DATABASE_URL, the running hub's, or one of our own start."""
    if settings.database_url:
        check_outside_database(settings.database_url)
        yield settings.database_url
        return
    lock = DirectoryLock(settings.data_dir)
    try:
        running = _take_or_join(lock, say)
        if running is not None:
            yield running
            return
        cluster = cluster_of(settings, say)
        try:
            dsn = cluster.start()
            yield dsn
        finally:
            cluster.stop()
            lock.release()
    except StartFault as fault:
        raise Stopped(str(fault)) from None


def _take_or_join(lock: DirectoryLock, say: Say) -> str | None:
    """Take the directory's lock and return None, or return how to reach the database of the hub that holds it.

    Waits for another command to end, or for a hub to be ready; raises Stopped when that takes too long.
    """
    me = a_holder(f"daumoi {sys.argv[1] if len(sys.argv) > 1 else ''}".strip())
    begun = time.monotonic()
    said = False
    while not lock.take(me):
        holder = lock.holder()
        if holder is not None and holder.dsn and _answers(holder.dsn):
            return holder.dsn
        if holder is not None and holder.address and not holder.dsn:
            raise Stopped("The hub on this data directory works on another database: set DATABASE_URL as it has it.")
        waited = time.monotonic() - begun
        if waited > _WAIT_S:
            raise Stopped(f"{held_by(lock)} Wait until it has ended or is ready, and try again.")
        if not said and waited > _QUIET_S:
            say(f"{held_by(lock)} Waiting for it.")
            said = True
        time.sleep(0.1)
    return None


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def held_by(lock: DirectoryLock) -> str:
    """Say who holds a directory's lock."""
    holder = lock.holder()
    if holder is None:
        return "Another command is using this data directory."
    where = f" at {holder.address}" if holder.address else ""
    return f"`{holder.command}` (process {holder.pid}{where}) is using this data directory."


def is_demo(hub: Hub) -> bool:
    """Tell whether the hub was marked as a demo."""
    with hub.pool.connection() as connection:
        return facts.read(connection, "demo") == "yes"
