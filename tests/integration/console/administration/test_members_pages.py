"""Members on their pages: who is seen by whom, invited, proposed, decided on by another, ended and switched off."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from daumoi.accounts import roll
from daumoi.accounts.scope import Scope
from daumoi.core.hub import Hub
from tests.conftest import NOON
from tests.integration.console.administration.cast import Pages, add_member, audit_lines, member_id

Opener = Callable[..., Pages]
NATION = Scope.of(member_id=1, label="ada", rights=["member.view"], paths=None)


def test_a_nationwide_member_sees_all_and_an_officer_of_a_province_those_of_their_own(pages_of: Opener) -> None:
    of_ada, of_ben = pages_of("ada").get("/console/members/"), pages_of("ben").get("/console/members/")

    assert all(f"{name}@example.vn" in of_ada.text for name in ("ada", "ben", "sam", "wim"))
    assert "ben@example.vn" in of_ben.text
    assert "wim@example.vn" in of_ben.text  # a ward of their province
    assert "sam@example.vn" not in of_ben.text
    assert "ada@example.vn" not in of_ben.text


def test_a_member_of_another_province_is_not_found_by_address(centre: Hub, pages_of: Opener) -> None:
    assert pages_of("ben").get(f"/console/members/{member_id(centre, 'sam')}/").status_code == 404
    assert pages_of("ben").get(f"/console/members/{member_id(centre, 'wim')}/").status_code == 200


def test_the_list_is_one_query_whatever_is_asked_and_has_pages(centre: Hub) -> None:
    with centre.pool.connection() as connection:
        statements: list[object] = []
        execute = connection.execute
        connection.execute = lambda query, *more: (statements.append(query), execute(query, *more))[1]  # type: ignore[method-assign,assignment,misc]
        first = roll.members(NATION, connection, on=NOON.date(), most=2)
        second = roll.members(NATION, connection, on=NOON.date(), most=2, after=first.after or "")
        found = roll.members(NATION, connection, on=NOON.date(), text="HÀ NỘI", state="active")
        local = Scope.of(member_id=2, label="ben", rights=["member.view"], paths=["VN.01"])
        none = roll.members(local.for_right("person.find"), connection, on=NOON.date())
    assert len(statements) == 4
    assert [each.email[:3] for each in (*first.members, *second.members)] == ["ada", "ben", "dan", "eve"]
    assert [each.name for each in found.members] == ["Ben Hà Nội"]
    assert none.members == []


def test_somebody_is_invited_by_one_approved_by_another_and_let_in_by_a_link_shown_once(
    centre: Hub, pages_of: Opener
) -> None:
    given = {"name": "Fay Mới", "email": "fay@example.vn", "role": "province_admin", "area_text": "Bình Dương",
             "from_on": "01/08/2021", "reason": "Bổ sung cán bộ"}  # fmt: skip
    dan, ada = pages_of("dan"), pages_of("ada")

    looked_for = dan.post("/console/members/invite/", find="1", **given)
    proposed = dan.post("/console/members/invite/", area="vn-2024/74", **given)
    number = member_id(centre, "fay")

    assert 'value="vn-2024/74"' in looked_for.text
    assert 'value="Fay Mới"' in looked_for.text  # what was filled in stays
    assert "You proposed it: somebody else decides." in proposed.text
    assert "/decide/" not in proposed.text
    with centre.pool.connection() as connection:
        paths = connection.execute("SELECT paths FROM membership WHERE member_id = %s", (number,)).fetchone()
    assert paths is not None
    assert len(paths[0]) > 20  # the wards of today that were made of an old province alone
    assert all(path.startswith("VN.79.") for path in paths[0])
    assert dan.post(f"/console/members/{number}/link/").status_code == 404  # not before it is approved

    held = re.search(rf"/console/members/{number}/(\d+)/decide/", ada.get(f"/console/members/{number}/").text)
    assert held is not None
    done = ada.post(held[0], decision="approve")
    shown = dan.post(f"/console/members/{number}/link/")

    assert "Approved: it counts on its days." in done.text
    link = re.search(r'value="(http://localhost/invitation/[^"]+)"', shown.text)
    assert link is not None
    assert shown.headers["Cache-Control"].startswith("max-age=0")
    assert "Welcome, Fay Mới" in dan.client.get(link[1]).text
    assert link[1] not in dan.get(f"/console/members/{number}/").text
    assert audit_lines(centre, "member.approve")[-1][0] == "ada@example.vn"
    assert audit_lines(centre, "member.invite")[-1][:2] == ("dan@example.vn", f"member {number}")
    assert audit_lines(centre, "member.propose")[-1] == (
        "dan@example.vn", f"member {number}, membership {held[1]}: province_admin", "Bổ sung cán bộ", None
    )  # fmt: skip


def test_a_role_of_a_place_needs_an_area_and_exclusive_rights_are_refused(centre: Hub, pages_of: Opener) -> None:
    dan, number = pages_of("dan"), member_id(centre, "eve")
    given = {"from_on": "2021-08-01", "reason": "Thử"}

    without = dan.post(f"/console/members/{number}/propose/", role="cdc_tracer", **given)
    both = dan.post(f"/console/members/{number}/propose/", role="deputy_health", **given)
    backwards = dan.post(f"/console/members/{number}/propose/", role="engineer", to_on="2021-07-01", **given)

    assert "find an area and tick it" in without.text
    assert "both propose and decide" in both.text
    assert "lies before the first one" in backwards.text


def test_nobody_proposes_for_themselves_or_makes_a_link_for_who_has_a_password(centre: Hub, pages_of: Opener) -> None:
    dan = pages_of("dan")

    assert dan.get(f"/console/members/{member_id(centre, 'dan')}/propose/").status_code == 404
    assert dan.post(f"/console/members/{member_id(centre, 'ada')}/link/").status_code == 404


def test_what_a_member_cannot_decide_is_refused_when_it_is_sent_all_the_same(centre: Hub, pages_of: Opener) -> None:
    with centre.pool.connection() as connection:
        add_member(connection, "gil", "Gil", None, None)
    dan, number = pages_of("dan"), member_id(centre, "gil")
    dan.post(f"/console/members/{number}/propose/", role="engineer", from_on="2021-08-01", reason="Thử")
    with centre.pool.connection() as connection:
        row = connection.execute("SELECT max(id) FROM membership WHERE member_id = %s", (number,)).fetchone()
    assert row is not None

    assert dan.post(f"/console/members/{number}/{row[0]}/decide/", decision="approve").status_code == 403
    assert pages_of("ada").post(f"/console/members/{number}/{row[0]}/decide/", decision="no").status_code == 200
    again = pages_of("ada").post(f"/console/members/{number}/{row[0]}/decide/", decision="approve")
    assert "decided or ended already" in again.text


def test_a_membership_ends_and_a_member_switched_off_is_out_at_the_next_page(centre: Hub, pages_of: Opener) -> None:
    with centre.pool.connection() as connection:
        number = add_member(connection, "hal", "Hal", "engineer", None)
        row = connection.execute("SELECT id FROM membership WHERE member_id = %s", (number,)).fetchone()
    assert row is not None
    hal, ada = pages_of("hal"), pages_of("ada")
    assert hal.get("/console/").status_code == 200

    ended = ada.post(f"/console/members/{number}/{row[0]}/end/", last_on="2021-08-31", reason="Hết nhiệm vụ")
    switched = ada.post(f"/console/members/{number}/switch/", to="off")

    assert "ends with that day" in ended.text
    assert "31/08/2021" in ended.text
    assert "switched off" in switched.text
    assert hal.get("/console/").status_code == 302
    assert audit_lines(centre, "member.end")[-1][1:3] == (
        f"member {number}, membership {row[0]}: engineer, until 2021-08-31", "Hết nhiệm vụ"
    )  # fmt: skip
    assert audit_lines(centre, "member.off")[-1][1] == f"member {number}"


def test_the_list_is_a_file_whose_cells_are_no_formulas(centre: Hub, pages_of: Opener) -> None:
    with centre.pool.connection() as connection:
        add_member(connection, "ivy", "=HYPERLINK(1)", "engineer", None)

    file = pages_of("ada").get("/console/members/file/")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))

    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0][:3] == ["email", "name", "role"]
    assert ["ivy@example.vn", "'=HYPERLINK(1)", "engineer"] in [row[:3] for row in rows]
    assert audit_lines(centre, "member.export")[-1][0] == "ada@example.vn"


@pytest.mark.parametrize(("language", "words"), [("vi", "Không ai được giữ cả hai quyền"), ("en", "Nobody holds both")])
def test_the_roles_say_their_rights_and_what_nobody_holds_together(pages_of: Opener, language: str, words: str) -> None:
    page = pages_of("dan", language=language).get("/console/members/roles/").text

    assert words in page
    assert ("Approve members" if language == "en" else "Phê duyệt bổ sung thành viên") in page
