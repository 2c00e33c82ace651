"""One record on its page: within the scope, personal values for a purpose, revisions, and where it went."""

from __future__ import annotations

import re
from typing import Any

import pytest

from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, a_bad_report, state_purpose, statements_of
from tests.integration.sending import a_system, read_up_to, send

PAGE = "/console/records/citizen_report/1/"
LATER = "/console/records/citizen_report/2/"
PHONE, TEXT = "0905123456", "Quán vẫn mở cửa"


def said_of(page: str, section: str) -> str:
    """The text of a section of a page."""
    part = page.partition(f'aria-labelledby="{section}"')[2].partition("</section>")[0]
    return re.sub(r"(?:<[^>]+>|\s)+", " ", part)


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


def test_it_tells_from_where_it_came_and_to_whom_it_went_as_what(desk: Desk) -> None:
    first, later = (desk.as_member("ada").get(page).text for page in (PAGE, LATER))
    went = said_of(first, "went")

    assert "/console/submissions/" in first
    assert re.search(r"reader feed, which it reads itself stated delivered 01/08/2021 \d\d:\d\d:\d\d", went), went
    assert "agreement 1, version 1 1 of 1, 1 – 1 SHA-256" in went
    assert "Write the lines again" not in went, "not without a purpose"
    assert "It went to nobody so far." in said_of(later, "went")


def test_who_sees_one_area_learns_to_how_many_it_went_and_not_to_whom(desk: Desk) -> None:
    dora = desk.as_member("dora")
    state_purpose(dora)
    desk.look_past()
    for answer in (dora.get(PAGE), dora.post(PAGE, data={"check": "1"})):
        assert "It went to receivers: 1." in said_of(answer.text, "went")
        assert "reader" not in said_of(answer.text, "went")
        assert "the same as sent" not in answer.text
    assert desk.lines("delivery.check") == []


def test_what_went_out_is_written_again_for_a_purpose_and_found_when_it_was_changed(desk: Desk) -> None:
    ada = desk.as_member("ada")
    without = ada.post(PAGE, data={"check": "1"}).text
    state_purpose(ada)
    desk.look_past()
    same = ada.post(PAGE, data={"check": "1"}).text
    with desk.hub.pool.connection() as connection:
        connection.execute("UPDATE record SET area_code = '00008' WHERE seq = 1")
        changed = ada.post(PAGE, data={"check": "1"}).text
        connection.execute("UPDATE record SET area_code = '00004' WHERE seq = 1")

    assert "once you have named a purpose" in without
    assert "the same as sent" not in without
    assert "the same as sent" in same
    assert "differs from what was sent" in changed
    assert [line[:6] for line in desk.lines("delivery.check")] == [
        (f"member:{desk.members['ada']}", "delivery, identity given", "data_quality", "citizen_report", 1, 1)
    ] * 2


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
    """None for each revision; seven of the record, ten of its lineage, five of the person and of the audit line."""
    ada = desk.as_member("ada")
    ada.get(PAGE)

    without = len(statements_of(lambda: ada.get(LATER)))
    state_purpose(ada)
    opened = len(statements_of(lambda: ada.get(LATER)))

    assert without <= 18
    assert opened <= 26


def test_what_would_take_too_long_is_left_to_the_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from daumoi.console import lineage  # needs Django's settings, which a hub makes

    monkeypatch.setattr(lineage, "CHECKED_MOST", 0)
    ada = desk.as_member("ada")
    state_purpose(ada)
    desk.look_past()
    shown = said_of(ada.post(PAGE, data={"check": "1"}).text, "went")

    assert "daumoi lineage citizen_report 1 --check" in shown
    assert "the same as sent" not in shown
    assert desk.lines("delivery.check") == []


def test_a_revision_that_retention_has_dropped_is_named_by_its_number(desk: Desk) -> None:
    with desk.hub.pool.connection() as connection:
        connection.execute("DELETE FROM record WHERE seq = 1")
        connection.execute("UPDATE head SET oldest = 2 WHERE name = 'citizen_report'")

    page = desk.as_member("ada").get(LATER).text
    assert "Revision 1, No. 1, is no longer kept." in said_of(page, "revisions")
    assert desk.as_member("ada").get(PAGE).status_code == 404
