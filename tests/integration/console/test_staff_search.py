"""The search box, submissions, kinds and areas on the pages of staff."""

from __future__ import annotations

import re

import pytest

from daumoi.console.kinds import fields_of
from daumoi.console.search import looks_like_a_person
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.registry import ALL
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, a_bad_report
from tests.integration.sending import a_system, send

HELD_ID = "01970000-0000-7000-8000-00000000b001"
PAGES = [
    "/console/held/",
    "/console/held/of/dov/citizen_report/unknown_area/",
    "/console/held/of/dov/citizen_report/unknown_area/mend/",
    "/console/records/citizen_report/1/",
    "/console/kinds/citizen_report/",
    "/console/search/",
    "/console/areas/",
]


@pytest.fixture(scope="module", autouse=True)
def dov(desk: Desk) -> System:
    dov = a_system(desk.hub, "dov")
    send(desk.hub, dov, "citizen_report", [a_bad_report("A-17", "00004"), a_bad_report("B-1")])
    area = {"scheme": "vn-2025", "code": "00004"}
    send(desk.hub, dov, "checkpoint", [CHECKPOINT.example | {"ref": "c", "area": area}])
    return dov


def found(desk: Desk, text: str, member: str = "ada") -> str:
    answer = desk.as_member(member).post("/console/search/", data={"q": text})
    return str(answer.headers.get("Location", answer.text))


@pytest.mark.parametrize("text", ["citizen_report 1", "citizen_report/1", "citizen_report #1", "dov A-17", "dov/A-17"])
def test_a_record_is_found_by_number_and_by_ref(desk: Desk, text: str) -> None:
    assert found(desk, text) == "/console/records/citizen_report/1/"


def test_a_submission_a_held_row_and_a_system_are_found(desk: Desk) -> None:
    with desk.hub.pool.connection() as connection:
        (submission,) = connection.execute("SELECT id FROM submission WHERE held > 0").fetchone() or ()
        (held,) = connection.execute("SELECT id FROM held").fetchone() or ()

    assert found(desk, str(submission)) == f"/console/submissions/{submission}/"
    assert found(desk, str(held)) == f"/console/held/row/{held}/"
    assert "/console/held/?system=dov" in found(desk, "DOV")


def test_a_checkpoint_and_a_unit_are_found(desk: Desk) -> None:
    assert "/console/records/checkpoint/1/" in found(desk, CHECKPOINT.example["data"]["code"])
    assert "/console/areas/vn-2025/00004/" in found(desk, "00004")
    assert "/console/areas/vn-2025/" in found(desk, "Ba Đình, Hà Nội")


def test_a_number_finds_records_and_units_of_that_number(desk: Desk) -> None:
    page = found(desk, "1")

    assert "/console/records/citizen_report/1/" in page
    assert "/console/records/checkpoint/1/" in page


@pytest.mark.parametrize(
    "text", ["001087000001", "0905 123 456", "+84 905.123.456", "012345678", "B1234567", "DN4010112345678"]
)
def test_the_number_of_a_person_is_not_looked_for_and_not_repeated(desk: Desk, text: str) -> None:
    page = found(desk, text)

    assert "This looks like the number of a person" in page
    assert text not in page


@pytest.mark.parametrize("text", ["26740", "1", "INC-9", "citizen_report 1", "Quận 1", "dov A-17", HELD_ID, "Ba Đình"])
def test_other_texts_do_not_look_like_the_number_of_a_person(text: str) -> None:
    assert not looks_like_a_person(text)


def test_a_text_in_the_address_is_not_looked_for(desk: Desk) -> None:
    assert "Found for" not in desk.as_member("ada").get("/console/search/", params={"q": "dov"}).text


def test_a_submission_shows_its_receipt_and_its_problems(desk: Desk) -> None:
    with desk.hub.pool.connection() as connection:
        (submission, held) = connection.execute(
            "SELECT n.submission, n.held_id FROM submission_note n WHERE held_id IS NOT NULL"
        ).fetchone() or ("", "")
    ada = desk.as_member("ada")

    page, table = (
        ada.get(f"/console/submissions/{submission}/"),
        ada.get(f"/console/submissions/{submission}/?format=csv"),
    )

    assert "/area/code" in page.text
    assert f"/console/held/row/{held}/" in page.text
    assert "unknown_area" in table.text


def test_every_field_of_every_kind_stands_on_its_page_with_its_mark(desk: Desk) -> None:
    for kind in ALL:
        fields = {field.pointer: field for field in fields_of(kind.name)}
        assert {"/ref", "/occurred_at", "/data"} <= set(fields)
        assert fields["/ref"].mark == "fact"
        assert all(f"/{name}" in fields for name in kind.example)
    report = {field.pointer: field.mark for field in fields_of("citizen_report")}
    assert report["/subject/phone"] == "identity"
    assert report["/data/text"] == "personal"
    assert report["/data/category"] == "fact"
    assert "/data/travel/*/area/code" in {field.pointer for field in fields_of("health_declaration")}

    page = desk.as_member("ada").get("/console/kinds/health_declaration/").text
    assert "/data/travel/*/place" in page


def test_codes_are_listed_with_their_days(desk: Desk) -> None:
    page = desk.as_member("ada", language="vi").get("/console/codes/symptom/", params={"q": "sốt"}).text

    assert "<code>fever</code>" in page
    assert "<code>cough</code>" not in page


def test_areas_stay_within_the_shell(desk: Desk) -> None:
    ada = desk.as_member("ada")

    listed, unit = (
        ada.get("/console/areas/", params={"q": "Bến Nghé, Quận 1"}).text,
        ada.get("/console/areas/vn-2025/00004/").text,
    )

    assert 'href="/console/areas/vn-2024/' in listed
    assert 'href="/areas/' not in listed + unit
    assert 'id="sidebar"' in unit


def test_pages_hold_nothing_inline(desk: Desk) -> None:
    ada = desk.as_member("ada", language="vi")
    for path in PAGES:
        page = ada.get(path)
        assert page.status_code == 200, path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text), path
