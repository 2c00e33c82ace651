"""Where everything about one person went, and what is left of that after an erasure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from daumoi.accounts.scope import EVERYWHERE, Scope
from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange import lineage
from daumoi.exchange.person_lineage import PersonLineage, of_person
from daumoi.intake.erasure import erase_claim
from daumoi.log.appearances import APPEARANCES, note_appearances
from daumoi.log.consumers import advance, behind
from daumoi.organisations import registry
from tests.integration.console.desk import statements_of
from tests.integration.exchange.agreeing import agreed, read_all, terms_of
from tests.integration.sending import READER, TESTER, a_system, send
from tests.scopes import under

KIND = "health_declaration"
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)


def a_declaration(ref: str, number: str, ward: str) -> dict[str, object]:
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {"national_id": number},
        "area": {"scheme": "vn-2025", "code": ward},
        "data": {"form": "daily"},
    }


def follow(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        for kind in behind(connection, APPEARANCES):
            advance(connection, name=APPEARANCES, kind=kind, at=hub.clock.now(), most=1000, work=note_appearances)


def seen(hub: Hub, scope: Scope, person: int) -> PersonLineage:
    with hub.pool.connection() as connection:
        reading = audit.read(
            connection,
            at=hub.clock.now(),
            by=TESTER,
            action="person.timeline",
            subject=Subject("person", people=[person]),
            purpose="administration",
        )
    return of_person(scope, reading, hub, person=person)


def test_everything_about_a_person_is_followed_and_an_erasure_leaves_only_the_record(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(clock=FixedClock(NOON))
    dov, near, far = (a_system(hub, code) for code in ("dov", "near", "far"))
    agreed(hub, near, terms_of(KIND, areas=[("vn-2025", "01")]))
    agreed(hub, far, terms_of(KIND, identity="given"))
    rows = [("a", "001087000001", "00004"), ("b", "001087000001", "19777"), ("c", "001087000002", "00004")]
    send(hub, dov, KIND, [a_declaration(*row) for row in rows])
    read_all(hub, near, KIND)
    read_all(hub, far, KIND)
    follow(hub)
    with hub.pool.connection() as connection:
        row = connection.execute(
            "SELECT c.id, c.person FROM claim c JOIN record r ON r.subject = c.id WHERE r.ref = 'a'"
        ).fetchone()
    assert row is not None
    claim, person = row
    whole = seen(hub, EVERYWHERE, person)
    assert {each.record.ref: [went.receiver for went in each.handovers] for each in whole.records} == {
        "a": ["near", "far"],
        "b": ["far"],
    }
    assert [each.record.ref for each in seen(hub, under("VN.01"), person).records] == ["a"]
    erase_claim(hub, claim=claim, reason="theo yêu cầu của chủ thể dữ liệu")
    assert seen(hub, EVERYWHERE, person).records == []
    left = lineage.of_record(hub, kind=KIND, seq=1, asker=None, reader=READER, check=True)
    assert left is not None
    assert [(went.receiver, went.check) for went in left.deliveries] == [("near", "changed"), ("far", "changed")]


def test_a_person_of_many_records_that_went_many_ways_costs_no_more_statements(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(clock=FixedClock(NOON))
    dov = a_system(hub, "dov")
    for place in range(4):
        reader = a_system(hub, f"reader-{place}")
        agreed(hub, reader, terms_of(KIND, areas=[("vn-2025", "01")] if place % 2 else ()))

    def costs() -> int:
        for place in range(4):
            with hub.pool.connection() as connection:
                system = registry.load(connection).by_code(f"reader-{place}")
            assert system is not None
            read_all(hub, system, KIND, limit=3)
        follow(hub)
        with hub.pool.connection() as connection:
            row = connection.execute("SELECT person FROM claim LIMIT 1").fetchone()
        assert row is not None
        return len(statements_of(lambda: seen(hub, EVERYWHERE, row[0])))

    send(hub, dov, KIND, [a_declaration("first", "001087000001", "00004")])
    few = costs()
    send(hub, dov, KIND, [a_declaration(f"r{place}", "001087000001", "00004") for place in range(20)])
    assert costs() == few
    assert few <= 14

    def moved(*places: int) -> None:
        rows = [a_declaration(f"r{place}", "001087000001", "19777") | {"revision": 2} for place in places]
        send(hub, dov, KIND, rows)

    moved(0, 1)
    corrected = costs()
    moved(*range(2, 12))
    assert costs() == corrected
    assert corrected <= few + 2 * 3, "three of each way out that is given an area"
