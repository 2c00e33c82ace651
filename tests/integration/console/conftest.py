"""The pages of a hub, opened without a socket."""

from __future__ import annotations

import datetime
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import NOON
from tests.hubs import add_database, drop_database

if TYPE_CHECKING:
    from daumoi.core.hub import Hub
    from tests.integration.console.desk import Desk

Opener = Callable[..., httpx.Client]
_numbers = itertools.count(1)


@pytest.fixture
def open_pages() -> Iterator[Opener]:
    """Opens the pages of a hub: `open_pages(hub, language="en")`; the real application behind an HTTP client."""
    from daumoi.console.wsgi import build_app

    clients: list[httpx.Client] = []

    def opener(
        hub: Hub, language: str | None = None, base_url: str = "http://localhost", address: str = "127.0.0.1"
    ) -> httpx.Client:
        transport = httpx.WSGITransport(app=build_app(hub), raise_app_exceptions=False, remote_addr=address)
        client = httpx.Client(transport=transport, base_url=base_url)
        if language:
            assert client.get(f"/language/{language}/").status_code == 302
        clients.append(client)
        return client

    yield opener
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def desk(database: str, migrated_database: str, workspace: Path) -> Iterator[Desk]:
    """One hub for a module of tests, at noon of 1 August 2021, with the cast but without a record."""
    from daumoi.core.clock import FixedClock
    from daumoi.core.crypto import Keys
    from daumoi.core.database import open_pool
    from daumoi.core.hub import Hub
    from daumoi.core.settings import load
    from tests.integration.console.desk import Desk

    name = f"desk_{next(_numbers)}"
    dsn = add_database(database, name, template=migrated_database)
    hub = Hub(
        settings=load({}, data_dir=workspace),
        dsn=dsn,
        pool=open_pool(dsn),
        keys=Keys.from_master(os.urandom(32)),
        clock=FixedClock(NOON.astimezone(datetime.UTC)),
    )
    made = Desk(hub)
    made.add("ada", "data_steward")
    made.add("ben", "province_admin", area="vn-2025/79", organisation="elsewhere")
    made.add("dora", "province_admin", area="vn-2025/01", organisation="dov")
    made.add("cora", "checkpoint_officer", area="vn-2025/01")
    made.add("tom", "support_tier1")
    from daumoi.console import settings

    settings.configure(hub)
    yield made
    made.close()
    hub.pool.close()
    drop_database(database, name)
