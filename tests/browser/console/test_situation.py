"""The situation board in a browser: choosing area and moment, the map, the way down to records, the wall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.test_staff import Member, ada, press
from tests.hubs import Caller, HubServer

__all__ = ["ada"]
Opener = Callable[..., Page]
HA_NOI = {"scheme": "vn-2025", "code": "00004"}
WALL = {"width": 2560, "height": 1440}
DAY = "2021-03-14"
"""A day that no other test of the hub sends records of."""


@pytest.fixture(scope="module", autouse=True)
def reports(dov: Caller) -> None:
    """Three reports of one day in Hà Nội, counted."""
    sent = [
        {
            "ref": f"board-{number}",
            "occurred_at": f"{DAY}T08:00:00+07:00",
            "area": HA_NOI,
            "data": {"category": "crowd", "text": "Tụ tập đông người"},
        }
        for number in range(3)
    ]
    dov.receipt("citizen_report", *sent)


@pytest.fixture
def board(open_page: Opener, ada: Member) -> Page:
    """The board of that day on a desk, the records counted."""
    page = open_page(f"/console/?from={DAY}", storage_state=ada.cookies, viewport=DESK)
    for _ in range(30):
        if page.locator("#kinds ~ a").count() and page.get_by_role("link", name="3", exact=True).count():
            return page
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("the reports were not counted within 15 seconds")


def test_the_map_is_drawn_with_both_archipelagos_in_both_schemes(board: Page) -> None:
    for provinces in ("34", "63"):
        board.get_by_label("Tỉnh, thành phố").first.wait_for()
        board.locator(".switch").get_by_role("link", name=provinces, exact=True).click()
        drawn = board.locator("[data-map] svg")
        expect(drawn.get_by_text("Quần đảo Hoàng Sa")).to_be_visible()
        expect(drawn.get_by_text("Quần đảo Trường Sa")).to_be_visible()
        assert drawn.locator("path").count() > int(provinces)
    expect(board.get_by_text("Nguồn ranh giới:")).to_be_visible()


def test_area_and_moment_are_chosen_and_stand_in_the_address(board: Page) -> None:
    board.get_by_label("Địa bàn", exact=True).select_option(label="Hà Nội", index=None)
    board.get_by_label("Tính đến thời điểm", exact=True).fill(f"{DAY}T16:00")
    press(board, "Hiển thị")

    asked = parse_qs(urlsplit(board.url).query)
    assert (asked["area"], asked["known"]) == (["vn-2025/01"], [f"{DAY}T16:00"])
    expect(board.get_by_text("Tính đến thời điểm 14/03/2021 16:00:00")).to_be_visible()
    expect(board.get_by_text("Chưa có số liệu của những ngày này")).to_be_visible()  # sent later than that

    board.get_by_role("link", name="Hiện tại").click()
    expect(board.get_by_role("heading", name="Xã, phường, đặc khu: Thành phố Hà Nội")).to_be_visible()
    expect(board.get_by_role("link", name="Phường Ba Đình")).to_be_visible()


def test_a_figure_leads_down_to_its_records(board: Page) -> None:
    board.get_by_role("region", name="34 tỉnh, thành phố").get_by_role("link", name="3", exact=True).click()
    expect(board.get_by_role("heading", name="Phản ánh của người dân")).to_be_visible()
    expect(board.locator("tbody tr")).to_have_count(3)
    expect(board.locator("tbody")).not_to_contain_text("Tụ tập")


def test_a_click_on_the_map_chooses_the_province(board: Page) -> None:
    drawn = board.locator("[data-map] svg")
    expect(drawn.get_by_text("Quần đảo Hoàng Sa")).to_be_visible()
    box = board.locator("[data-map]").bounding_box()
    assert box is not None
    # Somewhere in the north of the mainland there is a province under the pointer.
    board.mouse.click(box["x"] + box["width"] * 0.24, box["y"] + box["height"] * 0.13)
    board.wait_for_url("**area=vn-2025*")


def test_the_wall_shows_large_figures_refreshes_itself_and_turns_red(
    browser: Browser, hub_server: HubServer, ada: Member
) -> None:
    # Not by open_page: htmx complains on the console when the line is cut, as it should.
    context = browser.new_context(base_url=hub_server.base_url, storage_state=ada.cookies, viewport=WALL)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.clock.install(time=datetime.now(UTC))
    page.goto(f"/console/?from={DAY}&wall=1")
    wall = page.locator("#wall")
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
    assert float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.big')).fontSize)")) > 60
    expect(page.locator("[data-map] svg").get_by_text("Quần đảo Trường Sa")).to_be_visible()

    with page.expect_response(lambda answer: "wall=1" in answer.url):
        page.clock.run_for(timedelta(seconds=16).total_seconds() * 1000)
    expect(page.locator("[data-map] svg").get_by_text("Quần đảo Trường Sa")).to_be_visible()
    expect(wall).not_to_have_class("has-missed")

    page.route("**/console/**", lambda route: route.abort())
    page.clock.run_for(timedelta(seconds=60).total_seconds() * 1000)
    expect(page.get_by_text("Không nhận được số liệu mới")).to_be_visible()
    assert faults == []
    context.close()


def test_the_board_is_whole_without_a_script_on_a_phone(open_page: Opener, ada: Member) -> None:
    page = open_page(f"/console/?from={DAY}", storage_state=ada.cookies, viewport=PHONE, java_script_enabled=False)
    expect(page.get_by_role("heading", name="Bản ghi, sự kiện và người")).to_be_visible()
    page.get_by_text("Xem số liệu").first.click()
    expect(page.get_by_role("table", name="Hàng tiếp nhận theo giờ")).to_be_visible()
