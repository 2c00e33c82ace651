"""What staff click: an agreement is drafted, approved and suspended; a way out in trouble is looked into and mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from daumoi.console.access import member_actor
from daumoi.core.settings import load
from daumoi.exchange import lifecycle
from daumoi.organisations.registry import System
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import fits
from tests.browser.console.opening import Opener, opened, served
from tests.integration.console.desk import Desk
from tests.integration.console.sharing import KIND, set_up
from tests.integration.exchange.agreeing import agreed, page, terms_of
from tests.integration.exchange.files.filing import close_day, files_for
from tests.integration.exchange.webhooks.receiving import ALLOWED, a_dead_port, a_webhook, looking
from tests.integration.sending import a_system


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
def pushed(sharing: tuple[Desk, System]) -> dict[str, int]:
    """A webhook whose receiver does not run, and files of two days, for a receiver that reads reports."""
    desk, _ = sharing
    hub = replace(desk.hub, settings=load(ALLOWED, data_dir=desk.hub.settings.data_dir))
    receiver = a_system(hub, "nhan-tin")
    agreed(hub, receiver, terms_of(KIND, identity="given"))
    hook = a_webhook(hub, receiver, f"http://127.0.0.1:{a_dead_port()}/in", kinds=(KIND,), content=None)
    with looking(hub) as looks:
        looks.until_quiet()
    files = files_for(hub, receiver, "csv", kinds=[KIND], by_province=True)
    close_day(hub)
    return {"webhook": hook.id, "files": files}


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


def test_a_webhook_in_trouble_is_understood_on_a_phone_without_a_script_and_tried(
    open_as: Opener, pushed: dict[str, int]
) -> None:
    otto = open_as("otto", "/console/receivers/", language="en", viewport=PHONE, java_script_enabled=False)
    otto.locator(f"a[href='/console/receivers/{pushed['webhook']}/']").click()
    expect(otto.get_by_text("Nobody listens at this address. Ask its contact whether the server runs.")).to_be_visible()
    assert fits(otto)
    otto.get_by_role("link", name="connection refused").first.click()
    expect(otto.get_by_role("heading", name="The request")).to_be_visible()
    expect(otto.get_by_text('"type":"records.available"')).to_be_visible()
    assert fits(otto)
    otto.locator("summary", has_text="Send again").click()
    otto.get_by_label("Reason, without personal data").fill("Bên nhận báo đã sửa")
    otto.get_by_role("button", name="Send again").click()
    expect(otto.get_by_text("The message is sent again as soon as its turn comes.")).to_be_visible()
    otto.locator("summary", has_text="Send a test").click()
    otto.locator("#reason_t0").fill("Bên nhận báo đã sửa")
    otto.get_by_role("button", name="Send a test").click()
    expect(otto.get_by_text("A test is sent within seconds")).to_be_visible()
    assert otto.get_by_role("link", name="Send again from a number or a day").count() == 0, "that is the owner's"


def test_a_replay_is_confirmed_at_a_desk_by_who_answers_for_the_data(open_as: Opener, pushed: dict[str, int]) -> None:
    dirk = open_as("dirk", f"/console/receivers/{pushed['webhook']}/", language="en", viewport=DESK)
    dirk.get_by_role("link", name="Send again from a number or a day").click()
    dirk.get_by_label("Or all that was received since: day").fill("01/08/2021")
    dirk.get_by_role("button", name="Show how much it would be").click()
    expect(dirk.get_by_text("Together: messages 1, records 3.")).to_be_visible()
    dirk.get_by_label("Reason, without personal data").fill("Bên nhận mất dữ liệu")
    dirk.get_by_role("button", name="Send all of it again").click()
    expect(dirk.get_by_text("Messages that are sent again: 1")).to_be_visible()


def test_the_files_of_a_day_are_found_with_their_hashes_on_a_phone(open_as: Opener, pushed: dict[str, int]) -> None:
    amy = open_as("amy", f"/console/receivers/{pushed['files']}/", viewport=PHONE, java_script_enabled=False)
    expect(amy.get_by_text("mỗi tỉnh, thành phố một tệp")).to_be_visible()
    amy.get_by_role("link", name="03/08/2021").first.click()
    expect(amy.get_by_text("Thành phố Hồ Chí Minh")).to_be_visible()
    amy.locator("details.whole-hash summary").first.click()
    expect(amy.locator("details.whole-hash code.hash").first).to_have_text(re.compile(r"^[0-9a-f]{64}$"))
    assert fits(amy)
