"""What staff click to draft an agreement on a phone without a script, and to approve and suspend it at a desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from daumoi.console.access import member_actor
from daumoi.exchange import lifecycle
from daumoi.organisations.registry import System
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.desk import Desk
from tests.integration.console.sharing import KIND, set_up
from tests.integration.exchange.agreeing import agreed, page, terms_of


@pytest.fixture(scope="module")
def sharing(desk: Desk) -> tuple[Desk, System]:
    """A desk whose receiver has read by one agreement, which has a further version that waits."""
    sender, receiver = set_up(desk)
    number = agreed(
        desk.hub, sender, terms_of(KIND, areas=[("vn-2025", "01"), ("vn-2024", "74")], records_per_day=5000)
    )
    page(desk.hub, sender, KIND)
    with desk.hub.pool.connection() as connection, connection.transaction():
        terms = terms_of(KIND, identity="given", fields={KIND: ("category",)}, delay_s=3600)
        by, at = member_actor(desk.members["archie"]), desk.hub.clock.now()
        lifecycle.amend(connection, agreement=number, terms=terms, by=by, at=at)
        lifecycle.propose(connection, agreement=number, version=2, at=at)
        lifecycle.suspend(connection, agreement=number, by=by, reason="Nghi lộ khóa truy cập của bên nhận", at=at)
    return desk, receiver


@pytest.fixture(scope="module")
def open_as(browser: Browser, sharing: tuple[Desk, System]) -> Iterator[Opener]:
    """Opens pages as one of the cast."""
    desk, _ = sharing
    with served(desk.hub) as address, opened(browser, address, desk.session_of) as opener:
        yield opener


def test_an_agreement_is_drafted_on_a_phone_without_a_script_and_approved_at_desks(open_as: Opener) -> None:
    archie = open_as("archie", "/console/agreements/", language="en", viewport=PHONE, java_script_enabled=False)
    archie.get_by_role("link", name="Draft an agreement").click()
    archie.get_by_label("Name of the agreement").fill("Chia sẻ cho ứng dụng truy vết")
    archie.get_by_label("Receiver").select_option("rita (rita)")
    archie.get_by_label("Citizens' reports").first.check()
    archie.get_by_label("Fields of Citizens' reports").click()
    archie.get_by_label("text").uncheck()
    archie.get_by_label("Name of the unit").fill("Hà Nội")
    archie.get_by_role("button", name="Find").click()
    archie.locator("input[name=areas][value='vn-2025/01']").check()
    archie.get_by_label("Legal basis").fill("Biên bản họp ngày 01/08/2021")
    archie.get_by_role("button", name="Keep the draft").click()
    expect(archie.get_by_role("heading", name="What it would give")).to_be_visible()
    archie.get_by_role("link", name="To the version and its steps").click()
    archie.get_by_role("button", name="Propose").click()
    expect(archie.get_by_text("Proposed. It holds when")).to_be_visible()

    for name, button, told in (
        ("dirk", "Approve as the owner of the data", "Approved. The other side has still to."),
        ("pia", "Approve as the privacy lead", "Approved: it is in force."),
    ):
        approver = open_as(name, "/console/agreements/", language="en", viewport=DESK)
        approver.get_by_role("link", name="Chia sẻ cho ứng dụng truy vết").click()
        approver.get_by_role("button", name=button).click()
        expect(approver.get_by_text(told)).to_be_visible()

    otto = open_as("otto", approver.url, language="en", viewport=PHONE, java_script_enabled=False)
    otto.get_by_text("Suspend at once").first.click()
    otto.get_by_label("Reason, without personal data").fill("Nghi lộ khóa")
    otto.get_by_role("button", name="Suspend at once").click()
    expect(otto.get_by_text("nothing leaves under it")).to_be_visible()
