"""Signing in, being refused and signing out stand in the audit log, without what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from daumoi.core import facts
from daumoi.core.hub import Hub
from tests.integration.console.conftest import Opener
from tests.integration.console.test_doors import a_member

PASSWORD = "con-ga-trong-gay-3-tieng"


@pytest.fixture
def pages(hub: Hub, open_pages: Opener) -> Iterator[httpx.Client]:
    from django.db import connections

    yield open_pages(hub, language="en")
    connections.close_all()


def post(pages: httpx.Client, address: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', pages.get(address).text)
    assert token is not None
    return pages.post(address, data={"csrfmiddlewaretoken": token[1], **fields})


def lines(hub: Hub) -> list[tuple[str, str, str, str]]:
    with hub.pool.connection() as connection:
        rows = connection.execute("SELECT actor, action, subject, actor_label FROM audit_entry ORDER BY id")
        return [row for row in rows.fetchall() if row[1].startswith("account.")]


def test_a_sign_in_a_refusal_and_a_sign_out_are_lines_of_the_audit_log(hub: Hub, pages: httpx.Client) -> None:
    from django.contrib.auth.hashers import make_password
    from django.urls import reverse

    member = a_member(hub, "auditor", has_factor=False, is_demo=True)
    with hub.pool.connection() as connection:
        connection.execute("UPDATE member SET password = %s WHERE id = %s", (make_password(PASSWORD), member))
        facts.write(connection, "demo", "yes")
        (email,) = connection.execute("SELECT email FROM member WHERE id = %s", (member,)).fetchone() or ("",)
    sign_in = reverse("account_login")
    assert post(pages, sign_in, login=email, password="not-the-one-at-all").status_code == 200
    assert post(pages, sign_in, login="stranger@nowhere.example", password="guess-guess-guess").status_code == 200
    assert post(pages, sign_in, login=email, password=PASSWORD).status_code == 302
    assert post(pages, reverse("account_logout")).status_code == 302
    own = f"account of member {member}"
    assert lines(hub) == [
        ("nobody", "account.refused", own, ""),
        ("nobody", "account.refused", "no account", ""),
        (f"member:{member}", "account.sign_in", own, email),
        (f"member:{member}", "account.sign_out", own, email),
    ]
    with hub.pool.connection() as connection:
        kept = str(connection.execute("SELECT audit_entry::text FROM audit_entry").fetchall())
    assert "stranger" not in kept
    assert "guess" not in kept
