"""What staff click to change members, to reach another province in an emergency, and to change the rules of a disease."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from daumoi.core.hub import Hub
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import fits
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.administration.cast import member_id, open_centre, session_of
from tests.integration.console.administration.test_rule_pages import NEW_DAYS


@pytest.fixture(scope="module")
def clicked(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A centre of its own for the tests of this module."""
    with open_centre(database, migrated_database, tmp_path_factory.mktemp("clicked")) as hub:
        yield hub


@pytest.fixture(scope="module")
def open_as(browser: Browser, clicked: Hub) -> Iterator[Opener]:
    """Opens the pages of the centre as one of its cast: `open_as("ada", "/console/", viewport=PHONE)`."""
    with (
        served(clicked) as address,
        opened(browser, address, lambda name: session_of(clicked, member_id(clicked, name))) as opener,
    ):
        yield opener


def test_a_member_is_invited_on_a_phone_without_a_script_and_approved_by_another(open_as: Opener) -> None:
    dan = open_as("dan", "/console/members/", language="en", viewport=PHONE, java_script_enabled=False)
    dan.get_by_role("link", name="Invite").click()
    dan.get_by_label("Name", exact=True).fill("Kim Mới")
    dan.get_by_label("E-mail address").fill("kim@example.vn")
    dan.get_by_label("Role").select_option("province_admin")
    dan.get_by_label("Name of the unit").fill("Bình Dương")
    dan.get_by_role("button", name="Find").click()
    dan.get_by_label("Tỉnh Bình Dương").check()
    dan.get_by_label("Reason").fill("Bổ sung cán bộ")
    dan.get_by_role("button", name="Propose").click()

    expect(dan.get_by_role("heading", name="Kim Mới")).to_be_visible()
    expect(dan.get_by_text("You proposed it: somebody else decides.")).to_be_visible()
    assert dan.get_by_role("button", name="Approve").count() == 0

    ada = open_as("ada", "/console/members/?state=waiting", language="en")
    ada.get_by_role("link", name="Kim Mới").click()
    ada.get_by_role("button", name="Approve").click()
    expect(ada.get_by_text("Approved: it counts on its days.")).to_be_visible()

    dan.reload()
    dan.get_by_role("button", name="Make a link for the first password").click()
    link = dan.get_by_label("Link").input_value()
    stranger = open_as("dan", link, language="en")
    expect(stranger.get_by_role("heading", name="Welcome, Kim Mới")).to_be_visible()


def test_access_in_an_emergency_shows_on_every_page_until_it_is_ended(open_as: Opener, clicked: Hub) -> None:
    ben = open_as("ben", "/console/emergency/", language="en", viewport=PHONE)
    ben.get_by_label("Name of the unit").fill("TP Hồ Chí Minh")
    ben.get_by_role("button", name="Find").click()
    ben.get_by_label("of today").first.check()
    ben.get_by_label("Reason").fill("Truy vết ổ dịch liên tỉnh")
    ben.get_by_role("button", name="Open access now").click()

    for path in ("/console/", "/console/rules/", "/console/members/"):
        ben.goto(path)
        expect(ben.get_by_text("Access in an emergency is open:")).to_be_visible()
        assert fits(ben)

    ben.get_by_role("link", name="See or end it").click()
    clicked.clock.move(timedelta(minutes=5))  # type: ignore[attr-defined]
    ben.get_by_role("button", name="End it now").click()
    expect(ben.get_by_text("The access has ended.")).to_be_visible()
    assert ben.get_by_text("Access in an emergency is open:").count() == 0


def test_rules_are_drafted_from_a_file_and_put_in_force_by_a_second_person(open_as: Opener) -> None:
    eve = open_as("eve", "/console/rules/", language="en", viewport=DESK)
    eve.get_by_role("link", name="Draft from a file").click()
    eve.get_by_label("File of rules").set_input_files({"name": "n.toml", "mimeType": "text/plain", "buffer": NEW_DAYS})
    eve.get_by_label("Remark").fill("Theo văn bản mới")
    eve.get_by_role("button", name="Draft").click()
    expect(eve.locator("ins", has_text="9").first).to_be_visible()
    eve.get_by_role("link", name="To the version and its steps").click()
    eve.get_by_label("Remark").fill("Đề nghị ban hành")
    eve.get_by_role("button", name="Propose").click()
    expect(eve.get_by_text("You drafted or proposed it: a second person decides.")).to_be_visible()

    ada = open_as("ada", "/console/rules/", language="en")
    ada.get_by_role("link", name="Version 2").click()
    ada.get_by_label("Remark").fill("Đồng ý")
    ada.get_by_role("button", name="Put in force").click()
    expect(ada.get_by_text("In force: each rule by its own dates.")).to_be_visible()
