"""One record on its page: within the scope, personal values for a purpose, revisions, and where it went."""

from __future__ import annotations

from typing import Any

import pytest

from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, a_bad_report, state_purpose, statements_of
from tests.integration.sending import a_system, read_up_to, send

PAGE = "/console/records/citizen_report/1/"
LATER = "/console/records/citizen_report/2/"
PHONE, TEXT = "0905123456", "Quán vẫn mở cửa"


def a_report(**changes: Any) -> dict[str, Any]:
    return a_bad_report("A-17", "00004") | changes


@pytest.fixture(scope="module", autouse=True)
def dov(desk: Desk) -> System:
    """Three revisions in Hà Nội, the last a withdrawal, and a reader that has the first."""
    dov = a_system(desk.hub, "dov")
    reader = a_system(desk.hub, "reader", read="citizen_report")
    send(desk.hub, dov, "citizen_report", [a_report()])
    send(desk.hub, dov, "citizen_report", [a_report(revision=2, data={"category": "other", "text": "Đã đóng cửa"})])
    send(desk.hub, dov, "citizen_report", [{"ref": "A-17", "revision": 3, "op": "withdraw"}])
    read_up_to(desk.hub, reader, "citizen_report", 1)
    return dov


def test_personal_values_are_shown_for_a_purpose_alone_and_each_look_is_a_line(desk: Desk) -> None:
    ada = desk.as_member("ada")

    closed = ada.get(PAGE).text
    state_purpose(ada, "data_quality")
    opened = ada.get(PAGE).text

    assert "crowd" in closed
    assert PHONE not in closed
    assert TEXT not in closed
    assert PHONE in opened
    assert TEXT in opened
    ((actor, subject, purpose, kind, first, last, people, claims),) = desk.lines("record.read")
    assert (actor, subject, purpose) == (f"member:{desk.members['ada']}", "record", "data_quality")
    assert (kind, first, last) == ("citizen_report", 1, 1)
    assert len(people) == len(claims) == 1


def test_the_area_is_told_in_both_schemes_and_times_in_local_time(desk: Desk) -> None:
    page = desk.as_member("ada").get(PAGE).text

    assert "VN.01.00004" in page
    assert "Phường Ba Đình, Thành phố Hà Nội" in page
    assert "Quận Ba Đình" in page
    assert "01/08/2021 08:00:00" in page


def test_revisions_tell_field_by_field_what_changed(desk: Desk) -> None:
    page = desk.as_member("ada").get(LATER).text

    assert "<code>data/category</code>" in page
    assert "<del>crowd</del>" in page
    assert "<ins>other</ins>" in page
    assert page.count('<ol class="revisions">') == 1
    assert page.count("revision 3") == 1


def test_it_tells_which_systems_have_acknowledged_it(desk: Desk) -> None:
    ada = desk.as_member("ada")

    assert "has it" in ada.get(PAGE).text
    assert "not acknowledged" in ada.get(LATER).text
    assert "/console/submissions/" in ada.get(PAGE).text


def test_the_officer_of_another_province_finds_it_by_no_address_and_no_search(desk: Desk) -> None:
    ben = desk.as_member("ben")
    state_purpose(ben)
    before = len(desk.lines("record.read"))

    answers = [ben.get(PAGE), ben.get(LATER), ben.get("/console/records/citizen_report/3/")]
    searches = [
        ben.post("/console/search/", data={"q": q}) for q in ("citizen_report 1", "dov A-17", "citizen_report/3")
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert all("/console/records/citizen_report/" not in answer.text for answer in searches)
    assert len(desk.lines("record.read")) == before


def test_the_officer_of_its_province_sees_it_and_that_it_was_withdrawn(desk: Desk) -> None:
    page = desk.as_member("dora").get(PAGE)

    assert page.status_code == 200
    assert "withdrawn" in page.text


@pytest.mark.parametrize("path", ["citizen_report/99", "nothing/1", "citizen_report/0", f"citizen_report/{10**30}"])
def test_a_record_that_is_none_is_not_found(desk: Desk, path: str) -> None:
    assert desk.as_member("ada").get(f"/console/records/{path}/").status_code == 404


def test_a_page_costs_the_same_few_statements_whatever_stands_on_it(desk: Desk) -> None:
    """None for each revision or reader; eight of the record, five of the person it names and of the audit line."""
    ada = desk.as_member("ada")
    ada.get(PAGE)

    without = len(statements_of(lambda: ada.get(LATER)))
    state_purpose(ada)
    opened = len(statements_of(lambda: ada.get(LATER)))

    assert without <= 12
    assert opened <= 20
