"""Agreements on their pages: drafted, previewed, approved by two others, suspended; and who sees none of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from daumoi.console.access import member_actor
from daumoi.exchange import lifecycle
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, statements_of
from tests.integration.console.sharing import HANOI, KIND, SECRETS, a_form, set_up
from tests.integration.exchange.agreeing import page as a_feed_page
from tests.integration.exchange.agreeing import put_in_force, terms_of

QUERIES_OF_A_PAGE = 10
"""The reader's standing, four of the names of systems and organisations, and at most five of what is shown."""


@pytest.fixture(scope="module")
def shared(desk: Desk) -> tuple[Desk, System]:
    """The desk, filled, and its receiver."""
    _, receiver = set_up(desk)
    return desk, receiver


def drafted(desk: Desk, receiver: System, *, by: str = "archie", **terms: Any) -> int:
    """A draft by a member of the cast; returns its number."""
    with desk.hub.pool.connection() as connection, connection.transaction():
        return lifecycle.draft(
            connection,
            receiver=receiver.id,
            provider=None,
            name="Chia sẻ khác",
            terms=terms_of(KIND, **terms),
            by=member_actor(desk.members[by]),
            at=desk.hub.clock.now(),
        )


def ended(desk: Desk, number: int) -> None:
    with desk.hub.pool.connection() as connection, connection.transaction():
        lifecycle.end(connection, agreement=number, at=desk.hub.clock.now())


def test_a_draft_is_proposed_by_one_and_approved_by_two_others_until_it_gives(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    archie, dirk, pia = (desk.as_member(name) for name in ("archie", "dirk", "pia"))

    made = archie.post("/console/agreements/draft/", data=a_form(receiver), follow_redirects=True)
    number = int(re.findall(r"/console/agreements/(\d+)/", str(made.url))[0])
    here = f"/console/agreements/{number}/"
    assert "The draft is kept." in made.text
    proposed = archie.post(f"{here}1/propose/", follow_redirects=True)
    assert "Proposed." in proposed.text
    assert "Approve as" not in proposed.text
    assert archie.post(f"{here}1/approve/").status_code == 403
    assert archie.post(f"{here}1/approve/privacy/").status_code == 403
    half = dirk.post(f"{here}1/approve/", follow_redirects=True)
    assert "The other side has still to." in half.text
    assert dirk.post(f"{here}1/approve/privacy/").status_code == 403
    whole = pia.post(f"{here}1/approve/privacy/", follow_redirects=True)
    assert "it is in force" in whole.text
    for name in ("Archie", "Dirk", "Pia"):
        assert name in whole.text

    assert a_feed_page(desk.hub, receiver, KIND).records == 9
    actors = [desk.lines(f"agreement.{step}")[-1][0] for step in ("draft", "propose", "approve", "privacy")]
    assert actors == [member_actor(desk.members[name]) for name in ("archie", "archie", "dirk", "pia")]
    assert desk.lines("agreement.approve")[-1][1] == f"agreement {number}, version 1"

    stopped = desk.as_member("otto").post(
        f"{here}suspend/", data={"reason": "Nghi lộ khóa truy cập của bên nhận"}, follow_redirects=True
    )
    assert "nothing leaves under it" in stopped.text
    assert "Nghi lộ khóa truy cập" in stopped.text
    left = stopped.text.partition('id="left"')[2].partition("</section>")[0]
    assert "1 – 9" in left
    assert desk.as_member("otto").post(f"{here}resume/", data={"reason": "Đã xử lý"}).status_code == 403
    again = dirk.post(f"{here}resume/", data={"reason": "Đã xử lý"}, follow_redirects=True)
    assert "It goes on" in again.text
    unsaid = dirk.post(f"{here}end/", data={"reason": ""}, follow_redirects=True)
    assert "Give a reason" in unsaid.text
    gone = dirk.post(f"{here}end/", data={"reason": "Hết nhiệm vụ"}, follow_redirects=True)
    assert "Ended on" in gone.text


def test_nobody_approves_what_they_drafted_also_where_their_role_would_let_them(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver, by="dirk")
    with desk.hub.pool.connection() as connection, connection.transaction():
        lifecycle.propose(connection, agreement=number, version=1, at=desk.hub.clock.now())
    dirk = desk.as_member("dirk")

    shown = dirk.get(f"/console/agreements/{number}/").text
    assert "You drafted it: somebody else approves." in shown
    assert "Approve as" not in shown
    refused = dirk.post(f"/console/agreements/{number}/1/approve/", follow_redirects=True)
    assert "does not approve it" in refused.text


def test_a_version_that_waits_is_refused_with_a_reason_and_a_draft_withdrawn(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver)
    archie, pia = desk.as_member("archie"), desk.as_member("pia")
    archie.post(f"/console/agreements/{number}/1/propose/")

    unsaid = pia.post(f"/console/agreements/{number}/1/refuse/privacy/", data={"reason": " "}, follow_redirects=True)
    refused = pia.post(
        f"/console/agreements/{number}/1/refuse/privacy/", data={"reason": "Thừa trường"}, follow_redirects=True
    )
    archie.post(f"/console/agreements/{number}/amend/", data=a_form(None), follow_redirects=True)
    withdrawn = archie.post(
        f"/console/agreements/{number}/2/withdraw/", data={"reason": "Soạn nhầm"}, follow_redirects=True
    )

    assert "Give a reason" in unsaid.text
    assert "Thừa trường" in refused.text
    assert "Withdrawn." in withdrawn.text
    assert desk.lines("agreement.withdraw")[-1][1] == f"agreement {number}, version 2"


def test_faults_of_the_form_stand_beside_their_fields_and_what_was_filled_in_stays(
    shared: tuple[Desk, System],
) -> None:
    desk, receiver = shared
    archie = desk.as_member("archie")
    wrong = a_form(
        receiver,
        kinds=[],
        legal_basis="",
        valid_from="10/08/2021",
        valid_to="01/08/2021",
        delay="40",
        delay_unit="86400",
    )

    answer = archie.post("/console/agreements/draft/", data=wrong)

    assert answer.status_code == 422
    faults = dict(re.findall(r'<p class="fault" id="id_(\w+)_fault">([^<]+)</p>', answer.text))
    assert set(faults) == {"kinds", "legal_basis", "valid_to", "delay"}
    assert "Chia sẻ phản ánh cho Sở Y tế" in answer.text
    in_vietnamese = desk.as_member("archie", language="vi").post("/console/agreements/draft/", data=wrong).text
    assert "Hãy chọn ít nhất một loại bản ghi." in in_vietnamese


def test_units_are_found_by_name_and_kept_while_others_are_looked_for(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    archie = desk.as_member("archie")
    looked = a_form(receiver, find="1", area_text="Bình Dương", areas=["vn-2025/01"])

    found = archie.post("/console/agreements/draft/", data=looked)
    assert found.status_code == 200
    assert re.search(r'value="vn-2025/01" checked', found.text)
    assert "Tỉnh Bình Dương" in found.text
    assert re.search(rf'name="kinds" value="{KIND}" checked', found.text)
    made = archie.post(
        "/console/agreements/draft/", data=a_form(receiver, areas=["vn-2025/01", "vn-2024/74"]), follow_redirects=True
    )
    number = re.findall(r"/console/agreements/(\d+)/", str(made.url))[0]
    shown = archie.get(f"/console/agreements/{number}/").text
    assert "Thành phố Hà Nội" in shown or "Hà Nội" in shown
    assert "Bình Dương" in shown


def test_a_version_says_what_it_alters_and_the_preview_counts_more_and_fewer(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver, areas=[("vn-2025", "01")])
    put_in_force(desk.hub, number, 1)
    archie = desk.as_member("archie")

    saigon = a_form(
        None, areas=["vn-2025/79"], location="on", records_per_day="1000", **{f"field_{KIND}": ["category"]}
    )
    preview = archie.post(f"/console/agreements/{number}/amend/", data=saigon, follow_redirects=True).text
    page = archie.get(f"/console/agreements/{number}/").text

    cells = re.findall(r'<td class="num">([\d,]+)</td>', preview)
    assert cells[:3] == ["3", "3", "6"], "together, more than now, fewer than now"
    assert "no longer:" in preview
    assert "Against version 1:" in page
    assert "1,000 a day" in page
    assert "Hồ Chí Minh" in page
    ended(desk, number)


def test_a_sample_shows_no_identifier_whole_and_looking_is_a_line_of_the_audit(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver, identity="given", areas=[("vn-2025", "01")])
    here = f"/console/agreements/{number}/1/preview/"
    desk.look_past()

    counted = desk.as_member("pia").get(here).text
    assert "Records given" in counted
    assert desk.lines("agreement.preview") == []
    seen = desk.as_member("pia").get(f"{here}?samples=1")
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.text.count("<pre") == 5
    assert "L• T•• M••" in seen.text
    for secret in SECRETS:
        assert secret not in seen.text
    assert "105.804817" not in seen.text
    lines = desk.lines("agreement.preview")
    assert [line[0] for line in lines] == [member_actor(desk.members["pia"])] * 5
    assert {line[2:4] for line in lines} == {("data_sharing", KIND)}

    drafting = desk.as_member("archie").get(f"{here}?samples=1").text
    assert "<pre" not in drafting, "who may work for a supplier sees nobody"
    assert "shown to those who approve" in drafting


def test_nobody_is_shown_where_the_agreement_shows_nobody(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver, identity="none")
    seen = desk.as_member("archie").get(f"/console/agreements/{number}/1/preview/?samples=1").text

    assert "pseudonym&quot;" not in seen
    assert seen.count("<pre") == 5


@pytest.mark.parametrize("path", ["", "file/", "draft/", "1/", "1/1/preview/", "1/amend/"])
def test_an_officer_of_a_province_sees_nothing_of_it(shared: tuple[Desk, System], path: str) -> None:
    desk, _ = shared
    assert desk.as_member("ben").get(f"/console/agreements/{path}").status_code == 403


def test_who_holds_the_right_in_one_province_alone_is_shown_none_and_makes_no_step(
    shared: tuple[Desk, System],
) -> None:
    desk, receiver = shared
    desk.add("nora", "director", area="vn-2025/01")
    number = drafted(desk, receiver)
    with desk.hub.pool.connection() as connection, connection.transaction():
        lifecycle.propose(connection, agreement=number, version=1, at=desk.hub.clock.now())
    nora = desk.as_member("nora")

    listed = nora.get("/console/agreements/")
    assert "Agreements are of the centre" in listed.text
    assert "Chia sẻ khác" not in listed.text
    for path in (f"{number}/", f"{number}/1/preview/", "file/"):
        assert nora.get(f"/console/agreements/{path}").status_code == 404
    assert nora.post(f"/console/agreements/{number}/1/approve/").status_code == 404
    assert nora.post(f"/console/agreements/{number}/suspend/", data={"reason": "x"}).status_code == 404


def test_the_list_goes_by_key_with_a_filter_and_a_file_and_few_queries(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    numbers = [drafted(desk, receiver) for _ in range(60)]
    amy = desk.as_member("amy")

    first = amy.get("/console/agreements/").text
    link = re.search(r'href="\?(after=\d+)"', first)
    assert link is not None
    second = amy.get(f"/console/agreements/?{link[1]}").text
    listed = [re.findall(r'href="/console/agreements/(\d+)/"', page) for page in (first, second)]
    assert len(listed[0]) == 50
    assert [int(each) for each in listed[0] + listed[1]][: len(numbers)] == numbers[::-1]
    assert "No agreement fits" in amy.get("/console/agreements/", params={"q": "không có %_"}).text
    assert "Chia sẻ khác" in amy.get("/console/agreements/", params={"q": "RITA", "state": "waiting"}).text
    assert len(statements_of(lambda: amy.get("/console/agreements/"))) <= QUERIES_OF_A_PAGE
    assert len(statements_of(lambda: amy.get(f"/console/agreements/{numbers[0]}/"))) <= QUERIES_OF_A_PAGE

    file = amy.get("/console/agreements/file/?state=waiting").text
    assert file.startswith("\ufeffnumber,name,receiver")
    assert file.count("Chia sẻ khác") >= 60
    assert len(desk.lines("agreement.export")) == 1


def test_an_agreement_is_found_by_its_name_in_the_search_box(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver)
    assert (
        f"/console/agreements/{number}/"
        in desk.as_member("amy").post("/console/search/", data={"q": "Chia sẻ khác"}).text
    )
    assert "/console/agreements/" not in re.sub(
        r"(?s)<nav.*?</nav>", "", desk.as_member("ben").post("/console/search/", data={"q": "Chia sẻ khác"}).text
    )


def test_both_languages_are_whole_and_no_address_holds_what_was_seen(shared: tuple[Desk, System]) -> None:
    desk, receiver = shared
    number = drafted(desk, receiver, areas=[("vn-2025", HANOI)])
    page = desk.as_member("archie", language="vi").get(f"/console/agreements/{number}/").text
    for words in (
        "Thỏa thuận chia sẻ dữ liệu",
        "Phiên bản 1",
        "bí danh riêng của bên nhận",
        "Căn cứ pháp lý",
        "Gửi đề nghị",
    ):
        assert words in page
