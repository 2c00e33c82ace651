"""A centre with a few members, and its pages as each of them sees them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date
from pathlib import Path

import httpx

from daumoi.accounts import services
from daumoi.areas.coverage import paths_within
from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection, open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.rulepacks import bundled
from tests.conftest import NOON
from tests.hubs import add_database, drop_database

LONG_AGO = date(2021, 1, 1)
CAST = {
    "ada": ("Ada Giám Đốc", "director", None),
    "dan": ("Dan Thường Trực", "standing_member", None),
    "eve": ("Eve Dịch Tễ", "epi_adviser", None),
    "ben": ("Ben Hà Nội", "province_admin", "vn-2025/01"),
    "sam": ("Sam Sài Gòn", "province_admin", "vn-2025/79"),
    "wim": ("Wim Phường", "ward_health", "vn-2025/00004"),
}


def area_of(text: str) -> services.Area:
    scheme, _, code = text.partition("/")
    return services.Area(scheme, code, paths_within(scheme, code))


def add_member(connection: Connection, name: str, title: str, role: str | None, area: str | None) -> int:
    """A member with a second factor, and with a membership by the operator's word."""
    at = NOON.astimezone(UTC)
    made = services.add_member(connection, email=f"{name}@example.vn", name=title, at=at, password="scrypt$none")
    connection.execute(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, 'totp', '{}', %s)", (made, at)
    )
    if role is not None:
        membership = services.Membership(role=role, from_on=LONG_AGO, area=area_of(area) if area else None)
        number = services.propose(connection, member_id=made, membership=membership, proposed_by=None, at=at)
        services.decide(connection, membership_id=number, decided_by=None, approved=True, at=at)
    return made


@contextmanager
def open_centre(database: str, template: str, folder: Path) -> Iterator[Hub]:
    """A hub at noon of 1 August 2021 with the cast and the bundled rule packs."""
    name = f"centre_{os.getpid()}_{folder.name}"
    dsn = add_database(database, name, template=template)
    clock = FixedClock(NOON.astimezone(UTC))
    hub = Hub(load({}, data_dir=folder), dsn, open_pool(dsn), Keys.from_master(os.urandom(32)), clock)
    with hub.pool.connection() as connection, connection.transaction():
        for each, (title, role, area) in CAST.items():
            add_member(connection, each, title, role, area)
        bundled.install_all(connection, at=clock.now())
    yield hub
    hub.pool.close()
    drop_database(database, name)


def member_id(hub: Hub, name: str) -> int:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT id FROM member WHERE email = %s", (f"{name}@example.vn",)).fetchone()
    assert row is not None
    return int(row[0])


class Pages:
    """The pages as one member sees them."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.client.get(path, params=params or None)

    def post(self, path: str, *, files: dict[str, tuple[str, bytes]] | None = None, **data: str) -> httpx.Response:
        """Sends a form, with the token of a page that has one, and follows where the answer leads."""
        page = self.client.get("/account/password/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        return self.client.post(
            path, data={"csrfmiddlewaretoken": token[1], **data}, files=files, follow_redirects=True
        )


def session_of(hub: Hub, number: int) -> str:
    """Signs a member in without a password: the session that a sign-in would have made."""
    from daumoi.console import settings

    settings.configure(hub)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from daumoi.accounts.models import Member

    session = SessionStore()
    session[SESSION_KEY] = str(number)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = Member.objects.get(pk=number).get_session_auth_hash()
    session.save()
    return str(session.session_key)


def audit_lines(hub: Hub, action: str) -> list[tuple[str, str, str, int | None]]:
    """Actor, subject, reason and access of each line of an action that is not sealed yet, oldest first."""
    with hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT actor_label, subject, reason, grant_id FROM audit_entry WHERE action = %s ORDER BY id", (action,)
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]
