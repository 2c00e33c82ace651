"""The audit log on its pages: a reason first, searches of one line each, one line in full, the state of the chain."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from daumoi.audit import heads, services
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.sealing import seal
from daumoi.core.hub import Hub
from tests.integration.console.administration.cast import Pages, audit_lines

Opener = Callable[..., Pages]


@pytest.fixture(scope="module")
def written(centre: Hub) -> Hub:
    """Sixty sealed lines: of one actor, on records of one kind; the last on a person."""
    tracer = Actor("member:900", "=cmd@example.vn", "cdc_tracer", "10.0.0.1")
    with centre.pool.connection() as connection:
        for number in range(60):
            subject = Subject("record", kind="checkpoint_passage", first=number + 1, last=number + 1)
            services.write(
                connection, at=centre.clock.now(), by=tracer, action="record.read", subject=subject,
                purpose="contact_tracing",
            )  # fmt: skip
        services.write(
            connection, at=centre.clock.now(), by=tracer, action="person.find",
            subject=Subject("person by number", people=[4711]), purpose="contact_tracing",
        )  # fmt: skip
    seal(centre)
    return centre


def test_a_reason_comes_first_and_each_page_of_a_search_is_one_line(written: Hub, pages_of: Opener) -> None:
    ada = pages_of("ada")
    before = ada.get("/console/audit/", actor="member:900").text
    assert audit_lines(written, "audit.search") == []
    assert "=cmd@example.vn" not in before

    first = ada.post("/console/audit/?actor=member:900", reason="Kiểm tra định kỳ")
    older = ada.get("/console/audit/", actor="member:900", before=12)

    assert first.text.count('<th scope="row">') == 50
    assert "Older lines" in first.text
    assert older.text.count('<th scope="row">') == 11
    assert "Older lines" not in older.text
    lines = audit_lines(written, "audit.search")
    assert [line[:3] for line in lines] == [("ada@example.vn", "audit log by who", "Kiểm tra định kỳ")] * 2


def test_lines_are_found_by_person_record_action_and_days(written: Hub, pages_of: Opener) -> None:
    ada = pages_of("ada")
    ada.post("/console/audit/", reason="Kiểm tra")

    def rows(**wanted: str | int) -> int:
        return ada.get("/console/audit/", **wanted).text.count('<th scope="row">')

    assert rows(person=4711) == 1
    assert rows(kind="checkpoint_passage", number=7) == 1
    assert rows(action="person.find") == 1
    assert rows(first_day="2021-08-02") == 0
    assert rows(first_day="2021-08-01", last_day="2021-08-01", actor="member:900") == 50
    assert "give both" in ada.get("/console/audit/", kind="checkpoint_passage").text
    assert "No line fits" in ada.get("/console/audit/", actor="nobody").text
    with written.pool.connection() as connection:
        of_person = connection.execute("SELECT people FROM audit_entry WHERE people IS NOT NULL").fetchall()
    assert of_person == [([4711],)]


def test_one_line_has_all_its_parts_and_reading_it_is_a_line(written: Hub, pages_of: Opener) -> None:
    ada = pages_of("ada")
    assert ada.get("/console/audit/61/").status_code == 302  # no reason given yet
    ada.post("/console/audit/", reason="Kiểm tra")

    page = ada.get("/console/audit/61/").text

    assert "4711" in page
    assert "10.0.0.1" in page
    assert page.count('class="hash"') == 2
    assert audit_lines(written, "audit.read")[-1][1] == "audit line 61"
    assert ada.get("/console/audit/999999/").status_code == 404
    assert ada.get(f"/console/audit/{10**30}/").status_code == 404


def test_a_search_is_a_file_whose_cells_are_no_formulas(written: Hub, pages_of: Opener) -> None:
    ada = pages_of("ada")
    assert ada.get("/console/audit/file/").status_code == 302
    ada.post("/console/audit/", reason="Kiểm tra")

    file = ada.get("/console/audit/file/", person=4711)
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))

    assert [row["actor_label"] for row in rows] == ["'=cmd@example.vn"]
    assert len(audit_lines(written, "audit.export")) == 1


def test_the_state_of_the_chain_names_its_end_and_its_key(written: Hub, pages_of: Opener) -> None:
    page = pages_of("ada").get("/console/audit/chain/").text

    assert heads.public_key(written.keys).public_bytes_raw().hex() in page
    assert "daumoi audit verify" in page
    assert "none yet: a day is signed when it is over" in page


def test_who_has_no_right_to_the_log_sees_none_of_it(pages_of: Opener) -> None:
    for path in ("", "file/", "chain/", "1/"):
        assert pages_of("ben").get(f"/console/audit/{path}").status_code == 403
