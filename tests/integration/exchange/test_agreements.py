"""The life of an agreement, and what holds while it lives: approvals, quota, delay, fields, and who hears of people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds, lifecycle
from daumoi.exchange.agreements import load
from daumoi.exchange.terms import AreaRef, Terms, TermsFault, check
from daumoi.intake.identity_changes import join_people
from tests.integration.exchange.agreeing import agreed, amended, lines_of, page, read_all, terms_of
from tests.integration.sending import a_report, a_system, note_where_people_stand, send

KIND = "citizen_report"
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
BA_DINH, HOAN_KIEM = ("vn-2025", "00004"), ("vn-2025", "00070")


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub(clock=FixedClock(NOON))


def in_transaction(hub: Hub, service: Callable[..., Any], **values: Any) -> Any:
    with hub.pool.connection() as connection, connection.transaction():
        return service(connection, **values)


def drafted(hub: Hub, receiver: int, terms: Terms) -> int:
    made: int = in_transaction(
        hub, lifecycle.draft, receiver=receiver, provider=None, name="Chia sẻ", terms=terms, by="ada", at=NOON
    )
    return made


def test_two_people_who_did_not_draft_it_put_a_version_in_force(hub: Hub) -> None:
    reader = a_system(hub, "reader")
    made = drafted(hub, reader.id, terms_of(KIND))
    one = {"agreement": made, "version": 1, "at": NOON}
    with pytest.raises(lifecycle.NotNow, match="draft"):
        in_transaction(hub, lifecycle.approve, side="owner", by="ben", **one)
    in_transaction(hub, lifecycle.propose, **one)
    with pytest.raises(CallProblem, match="no_agreement"):
        page(hub, reader, KIND)
    with pytest.raises(lifecycle.SamePerson):
        in_transaction(hub, lifecycle.approve, side="owner", by="ada", **one)
    assert not in_transaction(hub, lifecycle.approve, side="owner", by="ben", **one)
    with pytest.raises(lifecycle.SamePerson):
        in_transaction(hub, lifecycle.approve, side="privacy", by="ben", **one)
    with pytest.raises(lifecycle.NotNow, match="approved already"):
        in_transaction(hub, lifecycle.approve, side="owner", by="cora", **one)
    assert in_transaction(hub, lifecycle.approve, side="privacy", by="cora", **one)
    assert page(hub, reader, KIND).records == 0


def test_a_new_version_waits_for_both_while_the_one_before_it_holds(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    made = agreed(hub, reader, terms_of(KIND))
    send(hub, dov, KIND, [a_report("r-1")])
    version = in_transaction(
        hub, lifecycle.amend, agreement=made, terms=terms_of(KIND, areas=[BA_DINH]), by="ada", at=NOON
    )
    in_transaction(hub, lifecycle.propose, agreement=made, version=version, at=NOON)
    assert page(hub, reader, KIND).records == 1
    in_transaction(hub, lifecycle.refuse, agreement=made, version=version, by="ben", reason="Chưa có căn cứ", at=NOON)
    with pytest.raises(lifecycle.NotNow, match="refused"):
        in_transaction(hub, lifecycle.approve, agreement=made, version=version, side="owner", by="ben", at=NOON)


def test_a_second_agreement_for_a_kind_of_the_same_receiver_is_refused(hub: Hub) -> None:
    reader = a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND))
    made = drafted(hub, reader.id, terms_of(KIND, "checkpoint"))
    with pytest.raises(lifecycle.Overlaps, match=KIND):
        in_transaction(hub, lifecycle.propose, agreement=made, version=1, at=NOON)


def test_a_standing_agreement_takes_the_place_of_the_one_before_it(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader", read=KIND, identity="pseudonym")
    send(hub, dov, KIND, [a_report("r-1")])
    assert lines_of(page(hub, reader, KIND))[0]["ref"].startswith("~")
    in_transaction(hub, lifecycle.stand, system_id=reader.id, kinds=[KIND], identity="given", at=NOON)
    assert lines_of(page(hub, reader, KIND))[0]["ref"] == "r-1"


def test_an_ended_agreement_gives_nothing_and_comes_back_by_a_new_one_alone(hub: Hub) -> None:
    reader = a_system(hub, "reader")
    made = agreed(hub, reader, terms_of(KIND))
    in_transaction(hub, lifecycle.end, agreement=made, at=NOON)
    with pytest.raises(CallProblem, match="no_agreement"):
        page(hub, reader, KIND)
    with pytest.raises(lifecycle.NotNow, match="ended"):
        in_transaction(hub, lifecycle.amend, agreement=made, terms=terms_of(KIND), by="ada", at=NOON)
    agreed(hub, reader, terms_of(KIND))
    assert page(hub, reader, KIND).records == 0


def test_the_records_of_a_day_are_counted_and_reading_again_is_free(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND, records_per_day=5))
    send(hub, dov, KIND, [a_report(f"r-{number}") for number in range(12)])
    assert page(hub, reader, KIND, limit=100).records == 5
    assert page(hub, reader, KIND, limit=100).records == 5
    with pytest.raises(CallProblem, match="rate_limited") as raised:
        page(hub, reader, KIND, after=5)
    assert raised.value.headers == {"Retry-After": str(12 * 3600)}
    hub.clock.move(timedelta(hours=12))  # type: ignore[attr-defined]
    assert [line["seq"] for line in lines_of(page(hub, reader, KIND, after=5))] == [6, 7, 8, 9, 10]


def test_a_delayed_record_is_given_when_its_time_has_come(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND, delay_s=3600))
    send(hub, dov, KIND, [a_report("r-1")])
    hub.clock.move(timedelta(minutes=59))  # type: ignore[attr-defined]
    send(hub, dov, KIND, [a_report("r-2")])
    empty = page(hub, reader, KIND)
    assert (empty.records, empty.head) == (0, 0)
    hub.clock.move(timedelta(minutes=1))  # type: ignore[attr-defined]
    found = page(hub, reader, KIND)
    assert (found.records, found.next, found.head) == (1, 1, 1)


def test_an_agreement_holds_on_its_days_of_viet_nam_alone(hub: Hub) -> None:
    reader = a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND, valid_from=date(2021, 8, 2), valid_to=date(2021, 8, 2)))
    held = []
    for hours in (0, 12, 12 + 23, 12 + 24):
        hub.clock.move(NOON + timedelta(hours=hours) - hub.clock.now())  # type: ignore[attr-defined]
        try:
            page(hub, reader, KIND)
            held.append(hours)
        except CallProblem as problem:
            assert problem.code == "no_agreement"
    assert held == [12, 35]


def test_only_the_fields_agreed_on_are_given(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    made = agreed(hub, reader, terms_of(KIND, fields={KIND: ("category",)}, location=False))
    point = {"lat": 21.03, "lon": 105.83, "accuracy_m": 10}
    send(hub, dov, KIND, [a_report("r-1", location=point)])
    (line,) = read_all(hub, reader, KIND)
    assert line["data"] == {"category": "crowd"}
    assert "location" not in line
    amended(hub, made, terms_of(KIND, fields={KIND: ()}))
    (line,) = read_all(hub, reader, KIND)
    assert (line["data"], line["location"]) == ({}, point)


def test_a_join_reaches_who_had_a_record_of_the_person_and_nobody_else(hub: Hub) -> None:
    dov = a_system(hub, "dov")
    had, had_not = a_system(hub, "had"), a_system(hub, "had-not")
    kind = "health_declaration"
    agreed(hub, had, terms_of(kind, areas=[BA_DINH]))
    agreed(hub, had_not, terms_of(kind, areas=[HOAN_KIEM]))
    rows = [
        {
            "ref": f"d-{number}",
            "occurred_at": "2021-08-01T08:00:00+07:00",
            "subject": {"national_id": number},
            "area": {"scheme": BA_DINH[0], "code": BA_DINH[1]},
            "data": {"form": "daily"},
        }
        for number in ("001087000001", "001087000002")
    ]
    assert send(hub, dov, kind, rows).accepted == 2
    pseudonyms = [line["subject"]["pseudonym"] for line in read_all(hub, had, kind)]
    assert read_all(hub, had_not, kind) == []
    with hub.pool.connection() as connection:
        people = [row[0] for row in connection.execute("SELECT person FROM claim ORDER BY id")]
    join_people(hub, keep=people[0], join=people[1])
    assert page(hub, had, "identity_change").records == 0, "it is not known yet where the person stands"
    note_where_people_stand(hub)
    (change,) = read_all(hub, had, "identity_change")
    assert (change["data"]["from"], change["data"]["to"]) == (pseudonyms[1], pseudonyms[0])
    assert read_all(hub, had_not, "identity_change") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kinds": ()}, "at least one kind"),
        ({"kinds": ("visits",)}, "No kind is called visits"),
        ({"areas": (AreaRef("vn-2025", "99999"),)}, "99999"),
        ({"fields": {KIND: ("texts",)}}, "no field texts"),
        ({"fields": {"visits": ()}}, "no kind"),
        ({"purpose": "curiosity"}, "Purposes"),
        ({"valid_from": date(2021, 8, 2), "valid_to": date(2021, 8, 1)}, "before the first"),
    ],
)
def test_terms_that_name_what_is_not_there_are_refused_with_what_to_do(changes: dict[str, Any], words: str) -> None:
    terms = msgspec.structs.replace(terms_of(KIND), **changes)
    with pytest.raises(TermsFault, match=words):
        check(terms, on=NOON.date())


def test_who_acknowledges_half_of_a_page_has_half_of_it(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND))
    send(hub, dov, KIND, [a_report(f"r-{number}") for number in range(10)])
    page(hub, reader, KIND)
    with hub.pool.connection() as connection:
        agreement = load(connection).of(reader.id, KIND, on=NOON.date())
    assert agreement is not None
    for seq, stands in ((4, 4), (2, 4), (99, 10)):
        feeds.acknowledge(hub, agreement=agreement, seq=seq)
        with hub.pool.connection() as connection:
            assert connection.execute("SELECT delivered FROM progress").fetchall() == [(stands,)]
