"""Shared fixtures: one database cluster and one running hub for the session, fresh parts of them for each test."""

from __future__ import annotations

import datetime
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import settings

from tests.hubs import Caller, HubServer, add_database, drop_database

if TYPE_CHECKING:
    from daumoi.core.clock import Clock
    from daumoi.core.hub import Hub

HANOI = datetime.timezone(datetime.timedelta(hours=7))
NOON = datetime.datetime(2021, 8, 1, 12, 0, tzinfo=HANOI)

_numbers = itertools.count(1)
_ENOUGH_BYTES = 4 * 1024**3


LONG = ("tests/browser/", "tests/integration/backup/", "tests/integration/up/")
"""Files of few and long tests: begun last, one of them would hold up the end while the other workers have nothing to do."""


def pytest_configure(config: pytest.Config) -> None:
    """Let property tests try the same examples at each run, as long as they take; `make soak` tries others each time.

    Whether a change may land is not decided by chance.
    """
    is_soak = config.getoption("-m") == "soak"
    settings.register_profile("daumoi", derandomize=not is_soak, deadline=None)
    settings.load_profile("daumoi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """A short folder that PostgreSQL's own user may enter (sockets: 107 bytes of path; pytest's folders are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="daumoi-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def quick_folder(workspace: Path) -> Iterator[Path]:
    """A folder in memory where there is much of it: a database of 400 files is made in 20 ms there, and in 70 on a disk."""
    memory = Path("/dev/shm")  # noqa: S108 - it is of this system, and the folder below has a name of its own
    if not memory.is_dir() or shutil.disk_usage(memory).free < _ENOUGH_BYTES:
        yield workspace
        return
    folder = Path(tempfile.mkdtemp(prefix="daumoi-", dir=memory))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(quick_folder: Path) -> Iterator[str]:
    """The conninfo of a PostgreSQL cluster of our own start."""
    from daumoi.core.postgres import Cluster

    before = os.environ.get("DAUMOI_POSTGRES_SHARED_BUFFERS")
    os.environ["DAUMOI_POSTGRES_SHARED_BUFFERS"] = "128MB"
    said: list[str] = []
    bin_dir = os.environ.get("DAUMOI_POSTGRES_BIN_DIR")
    cluster = Cluster(
        quick_folder / "cluster",
        bin_dir=Path(bin_dir) if bin_dir else None,
        os_user=os.environ.get("DAUMOI_POSTGRES_OS_USER", "daumoi-postgres"),
        say=said.append,
    )
    dsn = cluster.start()
    forgo_durability(dsn)
    yield dsn
    cluster.stop()
    if before is None:
        del os.environ["DAUMOI_POSTGRES_SHARED_BUFFERS"]


def forgo_durability(dsn: str) -> None:
    """Let the cluster write without waiting for the disk: dropping a test's database takes 0.04 s instead of 0.4.

    What is durable, and what a crash leaves, is tested on hubs with a cluster of their own (tests/crash, tests/abuse).
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("ALTER SYSTEM SET max_wal_size = '512MB'")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def migrated_database(database: str) -> str:
    """The name of a migrated database; others are made from it, none works in it."""
    from daumoi.core.migrating import migrate

    migrate(add_database(database, "migrated"))
    return "migrated"


@pytest.fixture
def fresh_database(database: str, migrated_database: str) -> Iterator[str]:
    """The conninfo of a migrated, empty database for one test."""
    name = f"test_{next(_numbers)}"
    yield add_database(database, name, template=migrated_database)
    drop_database(database, name)


@pytest.fixture
def make_hub(fresh_database: str, tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Makes a `Hub` on the test's own database: `make_hub(clock=..., DAUMOI_BAD_ROWS_MAX="3")`."""
    from daumoi.core.clock import SystemClock
    from daumoi.core.crypto import Keys
    from daumoi.core.database import open_pool
    from daumoi.core.hub import Hub
    from daumoi.core.settings import load

    hubs: list[Hub] = []
    keys = Keys.from_master(os.urandom(32))

    def make(clock: Clock | None = None, **settings: str) -> Hub:
        hub = Hub(
            settings=load(settings, data_dir=tmp_path),
            dsn=fresh_database,
            pool=open_pool(fresh_database),
            keys=keys,
            clock=clock or SystemClock(),
        )
        hubs.append(hub)
        return hub

    yield make
    for hub in hubs:
        hub.pool.close()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub that lives in the real time."""
    return make_hub()


@pytest.fixture
def hub_at_noon(make_hub: Callable[..., Hub]) -> Hub:
    """A hub whose clock stands at noon of 1 August 2021 in Hà Nội; `hub.clock.move(...)` moves it."""
    from daumoi.core.clock import FixedClock

    return make_hub(clock=FixedClock(NOON.astimezone(datetime.UTC)))


@pytest.fixture(scope="session")
def prepared(workspace: Path) -> Path:
    """The data directory of a hub that was started once and has nothing in it yet."""
    server = HubServer(workspace / "prepared")
    server.start()
    server.stop()
    return server.data_dir


@pytest.fixture(scope="session")
def hub_server(workspace: Path, prepared: Path) -> Iterator[HubServer]:
    """One `daumoi up` behind a real socket, shared by the session; tests make systems and refs of their own."""
    server = HubServer(workspace / "hub", prepared=prepared)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_system(hub_server: HubServer) -> Callable[..., Caller]:
    """Registers a fresh system by the command line: `new_system(send="all", read="checkpoint", identity="given")`."""
    return hub_server.new_system


@pytest.fixture(scope="session")
def dov(hub_server: HubServer) -> Caller:
    """Dov's system: may send all, and reads all with identity. Shared: a system costs a command of a second."""
    return hub_server.new_system(send="all", read="all", identity="given")


@pytest.fixture(scope="session")
def cora(hub_server: HubServer) -> Caller:
    """Another partner, for what one system does beside another: may send all, and reads nothing."""
    return hub_server.new_system(send="all")


@pytest.fixture(scope="session")
def receiver(hub_server: HubServer) -> Caller:
    """A system that sends nothing and reads all by pseudonym."""
    return hub_server.new_system(read="all")
