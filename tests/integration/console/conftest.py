"""The pages of a hub, opened without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.integration.console.desk import desk  # noqa: F401 - a fixture of this folder

if TYPE_CHECKING:
    from daumoi.core.hub import Hub

Opener = Callable[..., httpx.Client]


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
