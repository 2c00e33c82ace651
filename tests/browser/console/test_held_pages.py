"""What people click on the pages of held rows and records, in a browser, at a phone's width and without a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import fits
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.desk import Desk, a_bad_report
from tests.integration.sending import a_system, send


@pytest.fixture(scope="module")
def pages(desk: Desk) -> Iterator[str]:
    """The address of the pages of a hub with held rows and a record of two revisions."""
    dov = a_system(desk.hub, "dov")
    a_system(desk.hub, "reader", read="citizen_report")
    send(desk.hub, dov, "citizen_report", [a_bad_report("A-17", "00004")])
    send(desk.hub, dov, "citizen_report", [a_bad_report("A-17", "00004", category="other") | {"revision": 2}])
    send(desk.hub, dov, "citizen_report", [a_bad_report(f"b{number}") for number in range(12)])
    with served(desk.hub) as address:
        yield address


@pytest.fixture
def open_as(browser: Browser, desk: Desk, pages: str) -> Iterator[Opener]:
    """Opens a page as a member; what the browser complains about fails the test."""
    with opened(browser, pages, desk.session_of) as opener:
        yield opener


@pytest.mark.parametrize("with_script", [True, False])
def test_a_group_is_mended_alike_from_the_list_to_the_receipt(open_as: Opener, with_script: bool) -> None:
    """With a script up to the preview, which stores nothing; without one to the end."""
    page = open_as("ada", "/console/held/", viewport=PHONE, java_script_enabled=with_script)
    page.get_by_role("link", name="unknown_area").click()
    page.get_by_role("link", name="Sửa đồng loạt").click()
    expect(page.get_by_label("Giá trị hiện có")).to_be_visible()
    assert fits(page) or not with_script

    page.get_by_label("Giá trị hiện có").fill("99999")
    page.get_by_label("Giá trị mới").fill("00004")
    page.get_by_role("button", name="Xem trước kết quả").click()
    expect(page.get_by_text("trên 12 dòng hợp lệ")).to_be_visible()
    if not with_script:
        page.get_by_role("button", name="Sửa và lưu 12 dòng").click()
        expect(page.get_by_role("heading", name="Số dòng đã sửa và lưu: 12")).to_be_visible()
        page.get_by_role("link", name="Quay lại nhóm").click()
        expect(page.get_by_text("Nhóm này không còn dòng nào chờ sửa")).to_be_visible()


def test_a_purpose_is_asked_before_a_record_shows_whom_it_names(open_as: Opener) -> None:
    page = open_as("ada", "/console/records/citizen_report/2/", language="en", viewport=DESK)
    expect(page.get_by_text("0905123456")).to_have_count(0)

    page.get_by_label("Purpose").select_option("data_quality")
    page.get_by_role("button", name="Show the personal data").click()

    expect(page.get_by_text("0905123456").first).to_be_visible()
    assert page.url.endswith("/console/records/citizen_report/2/")


def test_the_search_box_is_reached_by_a_key_and_leaves_nothing_in_the_address(open_as: Opener) -> None:
    page = open_as("ada", "/console/", viewport=DESK)
    page.keyboard.press("/")
    page.keyboard.type("0905 123 456")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Nội dung này giống số của một người")).to_be_visible()
    assert page.url.endswith("/console/search/")
