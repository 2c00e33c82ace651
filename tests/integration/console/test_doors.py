"""Every address × every role: what `doors.py` says is what happens, and an address without an entry is found out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from daumoi.accounts import roles, services
from daumoi.areas.coverage import paths_within
from daumoi.core.hub import Hub
from tests.integration.console.conftest import Opener

NO_ID = "01970000-0000-7000-8000-00000000b001"
A_GROUP = {"system": "dov", "kind": "citizen_report", "code": "unknown_area"}
SAMPLES: dict[str, dict[str, Any]] = {
    "language": {"code": "vi"},
    "theme": {"name": "dark"},
    "areas_unit": {"scheme": "vn-2025", "code": "79"},
    "mfa_edit_webauthn": {"pk": 1},
    "mfa_remove_webauthn": {"pk": 1},
    "invitation": {"token": "none"},
    "person": {"person": 1},
    **{f"person_{page}": {"person": 1} for page in ("split", "lineage", "lineage_file")},
    **{name: {"one": 1, "other": 2} for name in ("people_pair", "people_pair_propose", "people_pair_keep_apart")},
    **{f"people_proposal{step}": {"number": 1} for step in ("", "_decide", "_withdraw", "_undo")},
    "held_row": {"held_id": NO_ID},
    "held_mend": {"held_id": NO_ID},
    "held_row_hand_back": {"held_id": NO_ID},
    **dict.fromkeys(("held_group", "held_change", "held_replay", "held_hand_back"), A_GROUP),
    "record": {"kind": "citizen_report", "seq": 1},
    "submission": {"submission_id": NO_ID},
    "console_kind": {"name": "citizen_report"},
    "console_codes": {"name": "symptom"},
    "console_area": {"scheme": "vn-2025", "code": "79"},
    "member": {"member_id": 0},
    "member_link": {"member_id": 0},
    "member_propose": {"member_id": 0},
    "member_decide": {"member_id": 0, "number": 0},
    "member_end": {"member_id": 0, "number": 0},
    "member_switch": {"member_id": 0},
    "member_end_sessions": {"member_id": 0},
    "audit_line": {"number": 0},
    "emergency_end": {"grant": 0},
    "emergency_review": {"grant": 0},
    **{
        f"rules_{step}": {"pack": "covid-19", "number": 1}
        for step in ("version", "compare", "propose", "withdraw", "activate", "refuse")
    },
    "agreement": {"number": 0},
    **{f"agreement_{step}": {"number": 0} for step in ("amend", "suspend", "resume", "end")},
    **{
        f"agreement_{step}": {"number": 0, "version": 1}
        for step in ("preview", "propose", "withdraw", "approve", "refuse", "approve_privacy", "refuse_privacy")
    },
    **{f"receiver{step}": {"number": 0} for step in ("", "_pause", "_resume", "_end", "_waiting", "_attempts")},
    **{f"receiver_{step}": {"number": 0} for step in ("ping", "resend", "replay", "days", "files")},
    **{f"receiver_{page}": {"number": 0, "day": "2021-08-01"} for page in ("day", "statement")},
    "receiver_attempt": {"number": 0, "attempt": 0},
    "receiver_part": {"number": 0, "export": 0},
    "outlines": {"scheme": "vn-2025"},
    "board_export": {"table": "provinces"},
    "flow_system": {"system_id": 0},
}
"""Values for addresses with parts. A new address with parts needs a line here."""


def names() -> list[str]:
    """The names of all addresses."""
    from daumoi.console.urls import urlpatterns

    return [pattern.name or f"an address without a name: {pattern.pattern}" for pattern in urlpatterns]


def address(name: str) -> str:
    from django.urls import reverse

    return reverse(name, kwargs=SAMPLES.get(name))


def a_signed_in(hub: Hub, pages: httpx.Client, member_id: int) -> None:
    """Gives the client a session of a member, as signing in makes it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from daumoi.accounts.models import Member
    from daumoi.console.settings import SESSION_COOKIE

    session = SessionStore()
    session[SESSION_KEY] = str(member_id)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = Member.objects.get(pk=member_id).get_session_auth_hash()
    session.save()
    pages.cookies.delete(SESSION_COOKIE)  # also one that a page has set since: a client would send both
    pages.cookies.set(SESSION_COOKIE, str(session.session_key))


def a_member(
    hub: Hub, role: str | None, *, has_factor: bool = True, must_change: bool = False, is_demo: bool = False
) -> int:
    """A member with a role, in Thành phố Hồ Chí Minh where the role needs a place."""
    at = hub.clock.now()
    with hub.pool.connection() as connection:
        name = f"{role}{has_factor}{must_change}{is_demo}".lower()
        member_id = services.add_member(
            connection,
            email=f"{name}@centre.example",
            name=name,
            at=at,
            is_demo=is_demo,
            password="scrypt$16384$salt$8$5$none",
        )
        if role is not None:
            area = (
                services.Area("vn-2025", "79", paths_within("vn-2025", "79"))
                if roles.load().roles[role].local
                else None
            )
            membership = services.Membership(role, (at - timedelta(days=1)).date(), area=area)
            made = services.propose(connection, member_id=member_id, membership=membership, proposed_by=None, at=at)
            services.decide(connection, membership_id=made, decided_by=None, approved=True, at=at)
        if has_factor:
            connection.execute(
                "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, 'totp', '{}', %s)",
                (member_id, at),
            )
        connection.execute("UPDATE member SET must_change_password = %s WHERE id = %s", (must_change, member_id))
    return member_id


@pytest.fixture
def pages(hub: Hub, open_pages: Opener) -> Iterator[httpx.Client]:
    """A visitor of the hub's pages; Django's connection to the test's database ends with the test."""
    from django.db import connections

    yield open_pages(hub)
    connections.close_all()


def test_every_address_has_a_door_and_every_door_an_address(pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, PUBLIC, SIGNED_IN

    assert sorted(names()) == sorted(DOORS), "a line in daumoi/console/doors.py for each address"
    assert set(DOORS.values()) <= {PUBLIC, SIGNED_IN, *roles.load().rights}


def test_a_view_that_needs_a_right_needs_the_one_its_door_names(pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS
    from daumoi.console.urls import urlpatterns

    needed = {pattern.name: getattr(pattern.callback, "needs", None) for pattern in urlpatterns}
    assert not {name: right for name, right in needed.items() if right is not None and right != DOORS[str(name)]}


def test_the_side_bar_leads_where_its_reader_may_go(pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, PUBLIC
    from daumoi.console.navigation import ENTRIES

    for entry in ENTRIES:
        assert DOORS[entry.url_name] in (entry.right, PUBLIC), entry.url_name


def test_a_stranger_opens_the_public_addresses_alone(pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, PUBLIC

    for name, door in DOORS.items():
        answer = pages.get(address(name))
        to_sign_in = answer.headers.get("Location", "").startswith("/account/sign-in/")
        if door == PUBLIC:
            own = name in {
                "mfa_authenticate",
                "mfa_login_webauthn",
                "account_logout",
            }  # nobody is half signed in, or to be signed out
            assert own or (answer.status_code < 500 and not to_sign_in), name
        else:
            assert (answer.status_code, to_sign_in) == (302, True), name


def test_every_role_opens_the_addresses_of_its_rights_and_no_other(hub: Hub, pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, PUBLIC, SIGNED_IN

    changing = {"account_logout", "language", "theme"}
    of_rights = [name for name, door in DOORS.items() if door not in (PUBLIC, SIGNED_IN)]
    for role in [*roles.load().roles.values(), None]:
        a_signed_in(hub, pages, a_member(hub, role.name if role else None))
        wanted = DOORS if role is not None and role.name == "director" else [*of_rights, "console_home"]
        for name in wanted:
            if name in changing:
                continue
            door = DOORS[name]
            answer = pages.get(address(name))  # a 405 is a door that opens on a post
            is_open = door in (PUBLIC, SIGNED_IN) or (role is not None and door in role.rights)
            assert answer.status_code < 500, (name, role)
            assert not answer.headers.get("Location", "").startswith("/account/sign-in/"), (name, role)
            assert (answer.status_code != 403) == is_open, (name, role)


def test_without_a_second_factor_only_the_pages_that_set_one_up_open(hub: Hub, pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, FIRST_THINGS, PUBLIC, SECOND_FACTOR

    a_signed_in(hub, pages, a_member(hub, "director", has_factor=False))
    for name, door in DOORS.items():
        if door == PUBLIC or name in FIRST_THINGS | SECOND_FACTOR:
            continue
        answer = pages.get(address(name))
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/account/second-factor/"), name
    assert pages.get("/account/second-factor/").status_code == 200


def test_a_password_of_somebody_elses_opens_nothing_but_the_page_that_changes_it(hub: Hub, pages: httpx.Client) -> None:
    from daumoi.console.doors import DOORS, FIRST_THINGS, NEW_PASSWORD, PUBLIC

    a_signed_in(hub, pages, a_member(hub, "director", must_change=True))
    for name, door in DOORS.items():
        if door == PUBLIC or name in {*FIRST_THINGS, NEW_PASSWORD}:
            continue
        answer = pages.get(address(name))
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/account/password/"), name


def test_a_sign_in_of_a_demo_opens_nothing_on_a_hub_that_is_none(hub: Hub, pages: httpx.Client) -> None:
    from daumoi.core import facts

    member_id = a_member(hub, "director", has_factor=False, is_demo=True)
    a_signed_in(hub, pages, member_id)
    assert pages.get("/console/").headers["Location"].startswith("/account/sign-in/")

    with hub.pool.connection() as connection:
        facts.write(connection, "demo", "yes")
    a_signed_in(hub, pages, member_id)
    assert pages.get("/console/").status_code == 200, "and on a demo it needs no second factor"


def test_who_is_switched_off_is_out_at_the_next_page(hub: Hub, pages: httpx.Client) -> None:
    a_signed_in(hub, pages, a_member(hub, "director"))
    assert pages.get("/console/").status_code == 200
    with hub.pool.connection() as connection:
        services.set_active(connection, email="directortruefalsefalse@centre.example", is_active=False)

    assert pages.get("/console/").headers["Location"].startswith("/account/sign-in/")


def test_a_page_of_staff_costs_few_queries_and_notes_when_its_reader_was_seen(hub: Hub, pages: httpx.Client) -> None:
    from django.db import connection as django_connection
    from django.test.utils import CaptureQueriesContext

    member_id = a_member(hub, "director")
    a_signed_in(hub, pages, member_id)
    pages.get("/console/")
    with CaptureQueriesContext(django_connection) as seen:
        assert pages.get("/console/").status_code == 200
    assert len(seen) <= 2, "the session and the member; the standing is one query more, by the hub's own pool"
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT last_seen_at FROM member WHERE id = %s", (member_id,)).fetchone()
    assert row is not None
    assert row[0] is not None


def test_a_part_of_a_page_without_a_session_leads_the_whole_page_to_the_sign_in(pages: httpx.Client) -> None:
    answer = pages.get("/console/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/account/sign-in/")


def test_cookies_are_for_tls_alone_where_tls_is_spoken(hub: Hub, open_pages: Opener) -> None:
    from django.db import connections

    answer = open_pages(hub, base_url="https://dichte.example.vn").get("/account/sign-in/")
    assert "daumoi_csrf" in answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly"} <= {part.strip() for part in answer.headers["Set-Cookie"].split(";")}
    connections.close_all()


@pytest.mark.parametrize("path", ["/account/sign-in/", "/console/", "/account/", "/account/sessions/"])
def test_pages_of_staff_hold_nothing_inline_and_nothing_from_elsewhere(
    hub: Hub, pages: httpx.Client, path: str
) -> None:
    a_signed_in(hub, pages, a_member(hub, "director")) if path != "/account/sign-in/" else None
    page = pages.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\s(?:src=|type=\"application/json\"))", page)
    assert all(link.startswith(("/", "#")) for link in re.findall(r'\s(?:src|href|action)="([^"]*)"', page))
