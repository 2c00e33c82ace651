"""What people click to find a person and to join two: from the purpose to the decision of another, and its undoing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from daumoi.audit.actors import Actor
from daumoi.linkage.candidates import Scored, keep_scored
from daumoi.linkage.proposals import propose_merge
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import must_be_sound
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.desk import Desk
from tests.integration.linkage.people import ALL, HA_NOI, Cast
from tests.integration.sending import a_report, a_system, send

TELEPHONE = "0912345681"


class Hub(NamedTuple):
    """The address of the pages, and two people who may be one."""

    address: str
    low: int
    high: int


@pytest.fixture(scope="module")
def people(desk: Desk) -> Iterator[Hub]:
    """A hub with a pair that may be one, a pair that may be twins, a pair proposed to be joined, and records."""
    cast = Cast(desk.hub, a_system(desk.hub, "to-khai-y-te"), a_system(desk.hub, "duong-day-nong"))
    number = cast.national_id()
    lan = {"full_name": "Đỗ Thị Lan", "birth_date": "1987-02-03", "sex": "female", "phone": TELEPHONE}
    one = cast.declare(lan | {"national_id": number, "nationality": "VN"})
    cast.declare(lan | {"national_id": number, "health_insurance_no": "DN4010123456789"}, system=cast.hotline)
    other = cast.declare(
        {"full_name": "DO THI LAN", "birth_date": "1987", "phone": TELEPHONE, "old_national_id": "012345670"},
        system=cast.hotline,
    )
    for hour in range(1, 7):
        cast.declare(lan | {"national_id": number}, occurred_at=f"2021-08-01T{hour:02d}:15:00+07:00")
    report = a_report("r-of-lan", subject=lan | {"national_id": number}, area={"scheme": "vn-2025", "code": HA_NOI})
    send(cast.hub, cast.hotline, "citizen_report", [report])
    twins = [
        cast.person(cast.declare({"full_name": name, "birth_date": "2010-06-07", "phone": "0912345671"}))
        for name in ("Bùi Thị Hoa", "Bùi Thị Hoan")
    ]
    hai = [cast.person(cast.declare({"full_name": "Tạ Văn Hai", "birth_date": day})) for day in ("1971", "1971-08-09")]
    cast.follow()
    by_dora = Actor(f"member:{desk.members['dora']}", "dora@demo.invalid")
    propose_merge(ALL, cast.hub, keep=hai[0], other=hai[1], by=by_dora, reason="đã gọi hỏi: cùng một người")
    low, high = sorted((cast.person(one), cast.person(other)))
    with cast.hub.pool.connection() as connection:
        said = {"name": "accents differ", "birth": "same year, day unknown", "phone": "same", "area": "same unit"}
        near = {"name": "misspelt", "birth": "same day", "sex": "silent", "phone": "same", "area": "same unit"}
        scored = [Scored(low, high, 0.9871, said), Scored(twins[0], twins[1], 0.9402, near)]
        keep_scored(connection, scored, cast.hub.clock.now())
    with served(desk.hub) as address:
        yield Hub(address, low, high)


@pytest.fixture
def open_as(browser: Browser, desk: Desk, people: Hub) -> Iterator[Opener]:
    """Opens a page as a member; what the browser complains about fails the test."""
    with opened(browser, people.address, desk.session_of) as opener:
        yield opener


def name_purpose(page: Page) -> None:
    page.locator("select[name=purpose]").select_option("contact_tracing")
    page.locator("form.purpose button[type=submit]").click()


@pytest.mark.parametrize("with_script", [True, False])
def test_from_the_purpose_to_a_person_and_nothing_of_it_stands_in_an_address(
    open_as: Opener, people: Hub, with_script: bool
) -> None:
    page = open_as("dora", "/console/", viewport=PHONE, java_script_enabled=with_script)
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    page.get_by_role("button", name="Trình đơn").click()
    page.get_by_role("link", name="Tìm người").click()
    name_purpose(page)
    page.get_by_label("Điện thoại").fill(TELEPHONE)
    page.get_by_role("button", name="Tìm theo điện thoại").click()
    expect(page.get_by_role("heading", name="Số người tìm thấy: 2")).to_be_visible()
    expect(page.get_by_text("••/••/1987").first).to_be_visible()
    must_be_sound(page, "what was found, which has no address") if with_script else None
    page.get_by_role("link", name=f"Người số {people.low}").click()
    expect(page.get_by_role("heading", name="Dòng thời gian")).to_be_visible()
    expect(page.get_by_text("03/02/1987")).to_have_count(0)
    page.get_by_role("button", name="Hiện đầy đủ số và ngày sinh").click()
    expect(page.get_by_text("03/02/1987").first).to_be_visible()

    assert len(visited) > 3
    assert not any(TELEPHONE in address or "1987" in address for address in visited)
    assert "Lan" not in page.title()


def test_one_proposes_another_approves_and_it_is_undone(open_as: Opener, people: Hub) -> None:
    dora = open_as("dora", "/console/people/candidates/", viewport=PHONE, java_script_enabled=False)
    dora.get_by_role("link", name=f"Người số {people.low} và {people.high}").click()
    name_purpose(dora)
    dora.get_by_label("Vì sao là một người").fill("cùng số điện thoại, đã gọi hỏi")
    dora.get_by_role("button", name="Gửi đề nghị gộp").click()
    expect(dora.get_by_text("Bạn là người đề nghị nên không thể tự quyết định.")).to_be_visible()

    ada = open_as("ada", "/console/people/proposals/", viewport=DESK)
    ada.get_by_role("link", name="Số 2", exact=True).click()
    ada.get_by_label("Căn cứ của quyết định").fill("đã so với thẻ căn cước")
    ada.get_by_role("button", name="Phê duyệt", exact=True).click()
    expect(ada.get_by_text("đã phê duyệt").first).to_be_visible()

    dora.reload()
    dora.get_by_text("Hoàn tác quyết định này").click()
    dora.get_by_label("Vì sao quyết định này sai").fill("hai người khác nhau")
    dora.get_by_role("button", name="Gửi đề nghị hoàn tác").click()
    ada.goto("/console/people/proposals/")
    ada.get_by_role("link", name="Số 3", exact=True).click()
    ada.get_by_label("Căn cứ của quyết định").fill("đúng là hai người")
    ada.get_by_role("button", name="Phê duyệt", exact=True).click()
    ada.get_by_role("link", name="Số 2", exact=True).click()
    expect(ada.get_by_text("đã hoàn tác").first).to_be_visible()
