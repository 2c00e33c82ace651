"""What staff click to prove what went out: from the alert to the signed day, a record compared, a person answered."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import must_be_sound
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.desk import Desk
from tests.integration.console.proving import prove_three_days
from tests.integration.console.sharing import KIND
from tests.integration.sending import note_where_people_stand


@pytest.fixture(scope="module")
def person(desk: Desk) -> int:
    """A desk where three days were proved; the number of the person who reported from Hà Nội."""
    prove_three_days(desk)
    note_where_people_stand(desk.hub)
    with desk.hub.pool.connection() as connection:
        row = connection.execute(
            "SELECT c.person FROM claim c JOIN record r ON r.subject = c.id AND r.seq = 1"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def open_as(browser: Browser, desk: Desk, person: int) -> Iterator[Opener]:
    """Opens pages as one of the cast."""
    with served(desk.hub) as address, opened(browser, address, desk.session_of) as opener:
        yield opener


def name_a_purpose(page: Page) -> None:
    page.get_by_label("Purpose").select_option("data_quality")
    page.get_by_role("button", name="Show the personal data").click()


def test_the_night_goes_from_the_alert_to_the_signed_day_on_a_phone_without_a_script(open_as: Opener) -> None:
    otto = open_as("otto", "/console/reconciliation/", language="en", viewport=PHONE, java_script_enabled=False)
    otto.get_by_role("link", name="02/08/2021").click()
    expect(otto.get_by_role("heading", name="Reconciliation of 02/08/2021")).to_be_visible()
    with otto.expect_download() as fetched:
        otto.get_by_role("link", name="Fetch the statement (JSON)").click()
    assert set(json.loads(fetched.value.path().read_text("utf-8"))) == {"said", "signature", "public_key"}

    otto.get_by_role("link", name="rita").click()
    otto.get_by_role("link", name="Reconciliation by day").click()
    expect(otto.get_by_text("Counted again: equal")).to_have_count(3)
    expect(otto.get_by_text("The day is not over: counted tonight")).to_be_visible()


def test_what_went_out_of_a_record_is_compared_once_a_purpose_is_named(open_as: Opener) -> None:
    ada = open_as("ada", f"/console/records/{KIND}/1/", language="en", viewport=DESK)
    expect(ada.get_by_role("row", name="rita")).to_contain_text("delivered")
    expect(ada.get_by_role("button", name="Write the lines again and compare")).to_have_count(0)
    name_a_purpose(ada)
    ada.get_by_role("button", name="Write the lines again and compare").click()
    expect(ada.get_by_text("the same as sent")).to_be_visible()
    must_be_sound(ada, "a record compared")


def test_everything_about_a_person_is_printed_as_a_table_and_fetched_as_a_file(open_as: Opener, person: int) -> None:
    ada = open_as("ada", f"/console/people/{person}/", language="en", viewport=PHONE, java_script_enabled=False)
    name_a_purpose(ada)
    ada.get_by_role("link", name="Everything about them, and where it went").click()
    expect(ada.get_by_role("heading", name=f"Person {person}: what is held, and where it went")).to_be_visible()
    with ada.expect_download() as fetched:
        ada.get_by_role("link", name="Fetch as CSV").click()
    rows = list(csv.reader(fetched.value.path().read_text("utf-8-sig").splitlines()))
    assert {row[6] for row in rows[1:]} <= {"rita", ""}

    ada.emulate_media(media="print")
    expect(ada.locator(".topbar")).to_be_hidden()
    expect(ada.get_by_role("link", name="Fetch as CSV")).to_be_hidden()
    expect(ada.get_by_role("button", name="End it")).to_be_hidden()
    head = ada.get_by_role("columnheader", name="Went to")
    assert head.evaluate("e => getComputedStyle(e).display") == "table-cell"
    assert head.evaluate("e => e.closest('table').querySelector('td').getBoundingClientRect().left > 60")
