"""One hub at noon for a module of linkage tests: every test brings people of its own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from tests.conftest import NOON
from tests.hubs import add_database, drop_database
from tests.integration.linkage.people import Cast
from tests.integration.sending import a_system

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def cast(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """A hub with two systems, and people as tests need them."""
    name = f"linkage_{next(_numbers)}"
    dsn = add_database(database, name, template=migrated_database)
    hub = Hub(
        settings=load({}, data_dir=tmp_path_factory.mktemp("hub")),
        dsn=dsn,
        pool=open_pool(dsn),
        keys=Keys.from_master(os.urandom(32)),
        clock=FixedClock(NOON),
    )
    yield Cast(hub, a_system(hub, "dov"), a_system(hub, "hotline"))
    hub.pool.close()
    drop_database(database, name)
