"""Everything about a person and everywhere it went, on a page and as a file: for a purpose, within an area, audited."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import httpx
import pytest

from tests.integration.console.desk import Desk, state_purpose, statements_of
from tests.integration.exchange.agreeing import agreed, read_all, terms_of
from tests.integration.linkage.people import HA_NOI, HAI_PHONG, Cast
from tests.integration.sending import a_system

KIND = "health_declaration"
QUERIES_OF_A_PAGE = 26
"""Of the reader, of their look, three to find the person within the area, and some twelve of records and where they went."""


class World(NamedTuple):
    """Somebody with a declaration in Hà Nội and one in Hải Phòng, and who has them."""

    desk: Desk
    cast: Cast
    person: int

    @property
    def page(self) -> str:
        return f"/console/people/{self.person}/lineage/"

    def opened(self, name: str) -> httpx.Client:
        """The pages of a member who has named a purpose."""
        client = self.desk.as_member(name)
        assert state_purpose(client, "data_quality").status_code == 302
        return client


@pytest.fixture(scope="module")
def world(desk: Desk) -> World:
    cast = Cast(desk.hub, a_system(desk.hub, "dov"), a_system(desk.hub, "hotline"))
    near, far, jumps = (a_system(desk.hub, code) for code in ("near", "far", "jumps"))
    agreed(desk.hub, near, terms_of(KIND, areas=[("vn-2025", "01")]))
    agreed(desk.hub, far, terms_of(KIND, identity="given"))
    said = {"national_id": cast.national_id(), "full_name": "Nguyễn Văn Mẫu", "birth_date": "1987-02-03"}
    claim = cast.declare(said, area=HA_NOI)
    cast.declare(said, area=HAI_PHONG, system=cast.hotline)
    read_all(desk.hub, near, KIND)
    read_all(desk.hub, far, KIND)
    agreed(desk.hub, jumps, terms_of(KIND))
    read_all(desk.hub, jumps, KIND, after=2)
    cast.follow()
    return World(desk, cast, cast.person(claim))


def text_of(page: str) -> str:
    return re.sub(r"(?:<[^>]+>|\s)+", " ", page)


def rows_of(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_nothing_is_looked_up_before_a_purpose_is_named(world: World) -> None:
    world.desk.look_past()
    ada = world.desk.as_member("ada")
    asked, file = ada.get(world.page), ada.get(f"{world.page}file/")

    assert 'name="purpose"' in asked.text
    assert "hotline" not in asked.text
    assert (file.status_code, file.headers["Location"]) == (302, world.page)
    assert world.desk.lines("person.lineage") == world.desk.lines("person.lineage.file") == []


def test_it_tells_from_whom_each_record_came_and_where_it_went_and_is_a_line_of_the_audit_log(world: World) -> None:
    world.desk.look_past()
    answer = world.opened("ada").get(world.page)
    said = text_of(answer.text)

    assert "Sender Records dov 1 hotline 1 " in said
    far, near = (
        f"{name} feed, which it reads itself agreement {number}, version 1 {shown}"
        for name, number, shown in (("far", 2, "with identity 2"), ("near", 1, "by pseudonyms of its own 1"))
    )
    assert f"Records {far} {near} Each record" in said, "who jumped over them was given nothing"
    assert "jumps, feed, which it reads itself: stated, passed over by the receiver" in said
    assert re.search(
        r"Health declarations 2 \S+ \S+ hotline far, feed, which it reads itself: stated, taken out, ", said
    )
    assert "no-store" in answer.headers["Cache-Control"]
    assert world.desk.lines("person.lineage") == [
        (f"member:{world.desk.members['ada']}", "person", "data_quality", None, None, None, [world.person], None)
    ]
    assert "Nguyễn Văn Mẫu" not in said


def test_the_officer_of_an_area_sees_its_records_and_the_number_of_receivers(world: World) -> None:
    said = text_of(world.opened("dora").get(world.page).text)

    assert "dov 1" in said
    assert "hotline" not in said
    assert "Receivers: 2." in said
    assert not re.search(r"\bnear\b|\bfar\b|\bjumps\b", said)
    rows = rows_of(world.opened("dora").get(f"{world.page}file/"))
    assert [row[:2] + row[4:] for row in rows[1:]] == [["Health declarations", "1", "dov", "2", *[""] * 8]]


def test_the_officer_of_another_province_finds_nobody_and_leaves_no_line(world: World) -> None:
    world.desk.look_past()
    ben = world.opened("ben")
    assert [ben.get(page).status_code for page in (world.page, f"{world.page}file/")] == [404, 404]
    assert [ben.get(f"/console/people/{number}/lineage/").status_code for number in (99, 2**63)] == [404, 404]
    assert world.desk.lines("person.lineage") == world.desk.lines("person.lineage.file") == []
    assert world.desk.as_member("tom").get(world.page).status_code == 403


def test_the_file_has_a_row_for_each_handing_over_and_is_a_line_of_its_own(world: World) -> None:
    world.desk.look_past()
    answer = world.opened("ada").get(f"{world.page}file/")
    head, *rows = rows_of(answer)

    assert head[0] == "Kind"
    assert [(row[1], row[4], row[6], row[8], row[10], row[11]) for row in rows] == [
        ("2", "hotline", "far", "2", "with identity", "stated"),
        ("2", "hotline", "jumps", "3", "by pseudonyms of its own", "stated"),
        ("1", "dov", "near", "1", "by pseudonyms of its own", "stated"),
        ("1", "dov", "far", "2", "with identity", "stated"),
        ("1", "dov", "jumps", "3", "by pseudonyms of its own", "stated"),
    ]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="person-{world.person}.csv"'
    assert [line[6] for line in world.desk.lines("person.lineage.file")] == [[world.person]]


def test_a_page_is_bounded_costs_the_same_statements_and_goes_on_behind_its_last_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daumoi.console.people import lineage  # needs Django's settings, which a hub makes

    ada = world.opened("ada")
    number = world.cast.national_id()
    claim = world.cast.declare({"national_id": number})
    world.cast.follow()
    here = f"/console/people/{world.cast.person(claim)}/lineage/"
    few = len(statements_of(lambda: ada.get(here)))
    for _ in range(8):
        world.cast.declare({"national_id": number})
    world.cast.follow()

    assert len(statements_of(lambda: ada.get(here))) == few <= QUERIES_OF_A_PAGE
    monkeypatch.setattr(lineage, "PAGE", 4)
    seen: list[str] = []
    address: str | None = here
    while address:
        page = ada.get(address).text
        seen += re.findall(r"/console/records/health_declaration/(\d+)/", page)
        following = re.search(r'href="(/console/people/\d+/lineage/\?after=[^"]+)">Next page', page)
        address = following[1] if following else None
    assert sorted(map(int, seen)) == list(range(3, 12))
    assert "further pages" in ada.get(here).text
    monkeypatch.setattr(lineage, "_FILE_PAGE", 4)
    monkeypatch.setattr(lineage, "FILE_RECORDS", 8)
    rows = rows_of(ada.get(f"{here}file/"))
    assert len(rows) == 1 + 8 + 1
    assert rows[-1][0].startswith("The file ends here: it holds 8 records")
