"""A hub with a chain of three days that the tests of a module share: what they do to it is rolled back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from daumoi.audit.sealing import seal
from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from tests.conftest import NOON
from tests.hubs import add_database, drop_database
from tests.integration.audit.writing import write

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def chained(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose audit log has ten lines on each of three days; the heads of two of them are signed."""
    folder: Path = tmp_path_factory.mktemp("chained")
    name = f"audit_{os.getpid()}_{folder.name}"
    dsn = add_database(database, name, template=migrated_database)
    clock = FixedClock(NOON.astimezone(UTC))
    hub = Hub(load({}, data_dir=folder), dsn, open_pool(dsn), Keys.from_master(os.urandom(32)), clock)
    for day in range(3):
        if day:
            clock.move(DAY)
        write(hub, 10)
        assert seal(hub) == 10
    clock.move(timedelta(minutes=10))
    yield hub
    hub.pool.close()
    drop_database(database, name)
