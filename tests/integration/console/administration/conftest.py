"""A centre with a few members that the tests of a module share, and its pages as each of them sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from daumoi.core.hub import Hub
from tests.integration.console.administration.cast import Pages, member_id, open_centre, session_of


@pytest.fixture(scope="module")
def centre(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub at noon of 1 August 2021 with the cast and the bundled rule packs."""
    with open_centre(database, migrated_database, tmp_path_factory.mktemp("centre")) as hub:
        yield hub


@pytest.fixture(scope="module")
def pages_of(centre: Hub) -> Iterator[Callable[..., Pages]]:
    """Opens the pages as a member of the cast: `pages_of("ada")`, in English unless told otherwise."""
    from daumoi.console.settings import SESSION_COOKIE
    from daumoi.console.wsgi import build_app

    clients: list[httpx.Client] = []
    app = build_app(centre)

    def opener(name: str, language: str = "en") -> Pages:
        transport = httpx.WSGITransport(app=app, raise_app_exceptions=True)
        client = httpx.Client(transport=transport, base_url="http://localhost")
        client.cookies.set(SESSION_COOKIE, session_of(centre, member_id(centre, name)))
        client.get(f"/language/{language}/")
        clients.append(client)
        return Pages(client)

    yield opener
    for client in clients:
        client.close()
