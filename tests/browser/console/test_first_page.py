"""What people see and click on the first page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import fits
from tests.hubs import Caller
from tests.integration.sending import a_report

Opener = Callable[..., Page]
LIVE_MS = 10_000
PAUSE, RESUME = "Tạm dừng cập nhật", "Tiếp tục cập nhật"


def records(page: Page) -> int:
    """The number of citizens' reports that the page shows."""
    return int(re.sub(r"\D", "", page.locator('[data-f="citizen_report-records"]').inner_text()))


def expect_newest(page: Page, caller: Caller) -> None:
    """Waits until the page shows as many reports as the log has; figures may be a second old."""
    text = f"{caller.head('citizen_report'):,}".replace(",", ".")
    expect(page.locator('[data-f="citizen_report-records"]')).to_have_text(text, timeout=LIVE_MS)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_language_is_switched_by_a_click_and_kept(open_page: Opener, scripts: bool) -> None:
    page = open_page("/", java_script_enabled=scripts)
    expect(page.locator("html")).to_have_attribute("lang", "vi")

    page.get_by_role("link", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Records taken in")).to_be_visible()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.get_by_role("heading", name="Bản ghi đã tiếp nhận")).to_be_visible()


def test_new_records_appear_without_loading_the_page_again(open_page: Opener, dov: Caller) -> None:
    dov.receipt("citizen_report", a_report("live-0"))
    page = open_page("/")
    before = records(page)

    dov.receipt("citizen_report", a_report("live-1"), a_report("live-2"))

    expect_newest(page, dov)
    assert records(page) >= before + 2


def test_an_open_list_stays_open_while_numbers_change(open_page: Opener, dov: Caller) -> None:
    dov.receipt("citizen_report", a_report("open-0"))
    page = open_page("/")
    expect(page.locator('[data-f="counters-citizen_report-position"]')).to_be_attached(timeout=LIVE_MS)
    page.get_by_text("Chi tiết theo từng loại").click()

    dov.receipt("citizen_report", a_report("open-1"))

    expect_newest(page, dov)
    expect(page.locator('[data-f="counters-citizen_report-position"]')).to_be_visible()


def test_updating_can_be_paused_and_resumed(open_page: Opener, dov: Caller) -> None:
    dov.receipt("citizen_report", a_report("pause-0"))
    page = open_page("/")
    page.get_by_role("button", name=PAUSE).click()
    expect(page.get_by_role("status")).to_contain_text("Đã tạm dừng")
    before = records(page)

    dov.receipt("citizen_report", a_report("pause-1"))
    page.wait_for_timeout(3_000)
    assert records(page) == before

    page.get_by_role("button", name=RESUME).click()
    expect_newest(page, dov)


def test_a_hub_out_of_reach_is_said_and_the_numbers_stay(open_page: Opener, dov: Caller) -> None:
    dov.receipt("citizen_report", a_report("lost-0"))
    page = open_page("/")
    before, at = records(page), page.locator('[data-f="at"]').inner_text()

    page.context.set_offline(True)

    status = page.get_by_role("status")
    expect(status).to_contain_text("Không kết nối được với hệ thống", timeout=LIVE_MS)
    expect(status).to_contain_text(at[:10])
    assert records(page) == before

    page.context.set_offline(False)
    expect(status).to_contain_text("tự động cập nhật", timeout=LIVE_MS)


def test_the_keyboard_reaches_the_content_first(open_page: Opener) -> None:
    page = open_page("/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_without_scripts_the_page_is_whole_and_offers_no_dead_button(open_page: Opener) -> None:
    page = open_page("/", java_script_enabled=False)

    expect(page.locator(".tile")).to_have_count(7)
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("Tải lại trang")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_fits_a_phone_and_a_desk(
    open_page: Opener, tmp_path: Path, viewport: dict[str, int], scheme: str, language: str
) -> None:
    page = open_page(f"/language/{language}/", viewport=viewport, color_scheme=scheme)
    if page.locator("summary").count():
        page.locator("summary").click()

    assert fits(page)
    small = [
        target.inner_text()
        for target in page.locator("a, button, summary").all()
        if target.is_visible() and (target.bounding_box() or {"height": 0})["height"] < 24
    ]
    assert small == [], "targets are at least 24 pixels high (WCAG 2.2, 2.5.8)"
    shot = tmp_path / f"{language}-{scheme}-{viewport['width']}.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 10_000


CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(open_page: Opener, scheme: str) -> None:
    page = open_page("/", color_scheme=scheme, reduced_motion="reduce")

    assert page.evaluate(CONTRAST) == [], "text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3)"
