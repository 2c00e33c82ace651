"""Machine reads: one line for each page that gives something of people, none for an empty page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from daumoi.audit.sealing import seal
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds
from daumoi.organisations import registry
from tests.contract.records import a_declaration
from tests.crash.reckoning import dsn_of
from tests.hubs import Caller, HubServer
from tests.integration.audit.writing import verified
from tests.integration.postgres.clusters import wait_until
from tests.integration.sending import READER, a_report, a_system, an_agreement, send

Lines = list[tuple[Any, ...]]


def lines_of(hub: Hub) -> Lines:
    with hub.pool.connection() as connection:
        return connection.execute(
            "SELECT actor, action, kind, first_seq, last_seq, purpose FROM audit_entry ORDER BY id"
        ).fetchall()


def test_a_page_is_one_line_with_its_range_and_an_empty_page_is_none(hub: Hub) -> None:
    system = a_system(hub, read="*")
    send(hub, system, "citizen_report", [a_report(f"r-{number}") for number in range(25)])
    with hub.pool.connection() as connection:
        known = registry.load(connection)
    agreement = an_agreement(system, "citizen_report", "pseudonym")

    def page(after: int, limit: int) -> feeds.FeedPage:
        return feeds.page(hub, known, agreement=agreement, reader=READER, after=after, limit=limit)

    assert page(0, 20).records == 20
    assert page(20, 20).records == 5
    assert page(25, 20).records == 0
    assert feeds.one(hub, known, agreement=agreement, reader=READER, seq=7)
    assert feeds.one(hub, known, agreement=agreement, reader=READER, seq=26) is None
    assert lines_of(hub) == [
        ("test", "feed.read", "citizen_report", 1, 20, "data_sharing"),
        ("test", "feed.read", "citizen_report", 21, 25, "data_sharing"),
        ("test", "record.read", "citizen_report", 7, 7, "data_sharing"),
    ]
    with pytest.raises(CallProblem):
        feeds.page(hub, known, agreement=an_agreement(system, "no_kind"), reader=READER, after=0, limit=1)
    assert seal(hub) == 3
    assert verified(hub).is_whole


def test_records_that_tell_of_nobody_are_given_without_a_line_unless_identity_is(hub: Hub) -> None:
    system = a_system(hub, read="*")
    rows = [{"ref": "c-1", "occurred_at": "2021-08-01T08:00:00+07:00", "area": {"scheme": "vn-2024", "code": "01"}}]
    rows[0]["data"] = {"code": "C1", "name": "Chốt", "type": "road"}
    assert send(hub, system, "checkpoint", rows).accepted == 1
    with hub.pool.connection() as connection:
        known = registry.load(connection)
    for identity, lines in (("pseudonym", 0), ("given", 1)):
        agreement = an_agreement(system, "checkpoint", identity)  # type: ignore[arg-type]
        feeds.page(hub, known, agreement=agreement, reader=READER, after=0, limit=10)
        assert len(lines_of(hub)) == lines


def test_at_the_door_a_line_names_system_client_address_and_call(
    hub_server: HubServer, new_system: Callable[..., Caller]
) -> None:
    caller = new_system(send="all", read="health_declaration", identity="given")
    receipt = caller.receipt("health_declaration", a_declaration())
    answer = caller.http.get(
        f"/api/v1/records/health_declaration/{receipt['first_seq']}", headers={"X-Request-Id": "asked-by-a-test"}
    )
    assert answer.status_code == 200, answer.text
    query = """
        SELECT actor, actor_label, role, action, subject, kind, first_seq, origin, session, purpose FROM audit_line
        WHERE request = 'asked-by-a-test'
    """
    with psycopg.connect(dsn_of(hub_server), autocommit=True) as connection:
        # The worker seals every second.
        wait_until(lambda: bool(connection.execute(query).fetchall()), seconds=30)
        rows = connection.execute(query).fetchall()
        systems = connection.execute("SELECT name FROM system WHERE code = %s", (caller.code,)).fetchall()
    assert {row[0] for row in rows} == {f"system:{caller.code}"}
    assert rows[0][1:] == (
        systems[0][0],
        "partner_system",
        "record.read",
        "record, identity given",
        "health_declaration",
        receipt["first_seq"],
        "127.0.0.1",
        caller.client_id,
        "data_sharing",
    )
    done = hub_server.run("audit", "verify")
    assert done.returncode == 0, done.stdout
