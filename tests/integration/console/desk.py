"""A hub with systems, records, held rows and members, whose pages are opened as one of them, without a socket."""

from __future__ import annotations

import datetime
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from daumoi.accounts import services
from daumoi.areas.coverage import paths_within
from daumoi.console.settings import SESSION_COOKIE
from daumoi.core import facts
from daumoi.core.hub import Hub
from tests.conftest import NOON
from tests.hubs import add_database, drop_database

CSRF = "c" * 32
_numbers = itertools.count(1)
LONG_AGO = datetime.date(2021, 1, 1)


@dataclass
class Desk:
    """The pages of one hub, and who may open them."""

    hub: Hub
    members: dict[str, int] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)
    seen_to: int = 0
    """Lines of the audit log up to this one are left out by `lines`."""

    def add(self, name: str, role: str, *, area: str | None = None, organisation: str | None = None) -> None:
        """Add a member with one role; `area` is SCHEME/CODE."""
        at = self.hub.clock.now()
        given = None
        if area:
            scheme, code = area.split("/")
            paths = paths_within(scheme, code)
            given = services.Area(scheme, code, tuple(paths))
        with self.hub.pool.connection() as connection, connection.transaction():
            facts.write(connection, "demo", "yes")
            member_id = services.add_member(
                connection, email=f"{name}@demo.invalid", name=name.title(), at=at, is_demo=True
            )
            wanted = services.Membership(role=role, from_on=LONG_AGO, organisation=organisation, area=given)
            membership = services.propose(
                connection, member_id=member_id, membership=wanted, proposed_by=None, at=at, reason="of the cast"
            )
            services.decide(connection, membership_id=membership, decided_by=None, approved=True, at=at)
        self.members[name] = member_id

    def as_member(self, name: str, *, language: str = "en") -> httpx.Client:
        """Open the pages as somebody who has signed in."""
        from daumoi.console.wsgi import build_app

        transport = httpx.WSGITransport(app=build_app(self.hub), raise_app_exceptions=True)
        client = httpx.Client(transport=transport, base_url="http://localhost")
        client.cookies.set(SESSION_COOKIE, self.session_of(name))
        client.cookies.set("daumoi_csrf", CSRF)
        client.headers["X-CSRFToken"] = CSRF
        client.cookies.set("daumoi_language", language)
        self.clients.append(client)
        return client

    def session_of(self, name: str) -> str:
        """Sign a member in without a password and return the cookie of the session."""
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from daumoi.accounts.models import Member

        member = Member.objects.get(pk=self.members[name])
        store = SessionStore()
        store[SESSION_KEY] = str(member.pk)
        store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        store[HASH_SESSION_KEY] = member.get_session_auth_hash()
        store.save()
        return str(store.session_key)

    def lines(self, action: str) -> list[tuple[Any, ...]]:
        """The lines of the audit log of an action: actor, subject, purpose, kind, first, last, people, claims."""
        with self.hub.pool.connection() as connection:
            return connection.execute(
                "SELECT actor, subject, purpose, kind, first_seq, last_seq, people, claims FROM audit_entry"
                " WHERE action = %s AND id > %s ORDER BY id",
                (action, self.seen_to),
            ).fetchall()

    def look_past(self) -> None:
        """Let `lines` begin with what is written from now on."""
        with self.hub.pool.connection() as connection:
            (self.seen_to,) = connection.execute("SELECT coalesce(max(id), 0) FROM audit_entry").fetchone() or (0,)

    def close(self) -> None:
        for client in self.clients:
            client.close()


def state_purpose(client: httpx.Client, code: str = "data_quality", reason: str = "") -> httpx.Response:
    """Name a purpose, as the form does."""
    return client.post("/console/purpose/", data={"purpose": code, "reason": reason, "next": "/console/"})


def statements_of(act: Callable[[], object]) -> list[object]:
    """The statements that the hub's own connections are asked while something is done (Django's are not counted)."""
    asked: list[object] = []
    real = psycopg.Connection.execute

    def counted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        asked.append(query)
        return real(self, query, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", counted)
        act()
    return asked


def a_bad_report(ref: str, area: str = "99999", **data: Any) -> dict[str, Any]:
    """A citizen's report from a ward that there is not, unless another is named."""
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {"full_name": "Lê Thị Mẫu", "phone": "0905123456"},
        "area": {"scheme": "vn-2025", "code": area},
        "data": {"category": "crowd", "text": "Quán vẫn mở cửa"} | data,
    }


@pytest.fixture(scope="module")
def desk(database: str, migrated_database: str, workspace: Path) -> Iterator[Desk]:
    """One hub for a module of tests, at noon of 1 August 2021, with the cast but without a record."""
    from daumoi.core.clock import FixedClock
    from daumoi.core.crypto import Keys
    from daumoi.core.database import open_pool
    from daumoi.core.settings import load

    name = f"desk_{next(_numbers)}"
    dsn = add_database(database, name, template=migrated_database)
    place = workspace / name
    place.mkdir()  # files that one desk makes for receivers lie under numbers that another has too
    hub = Hub(
        settings=load({}, data_dir=place),
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
