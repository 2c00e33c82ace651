"""What members of staff do in a browser: come by invitation, sign in, keep their account, and find their way."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import second_factor
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.looking import must_be_sound
from tests.hubs import HubServer

Opener = Callable[..., Page]
PASSWORD = "đò ngang sang bến mới"
NEXT_PASSWORD = "mưa xuân trên phố cổ"
_numbers = itertools.count(1)


@dataclasses.dataclass
class Member:
    """Somebody who came through the door: their secret, their codes, and the cookies of their browser."""

    email: str
    secret: str
    recovery_codes: list[str]
    cookies: Any


def invite(hub_server: HubServer, role: str = "director", *options: str) -> tuple[str, str]:
    """`daumoi member invite`; returns the address and the path of the link."""
    email = f"ada-{next(_numbers)}@centre.example"
    done = hub_server.run("member", "invite", email, "--name", "Trần Thị Ada", "--role", role, *options, "--json")
    assert done.returncode == 0, done.stderr
    return email, "/invitation/" + json.loads(done.stdout)["link"].partition("/invitation/")[2]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Địa chỉ thư điện tử").fill(email)
    page.get_by_label("Mật khẩu", exact=True).fill(password)
    press(page, "Đăng nhập")


def choose_password(page: Page, password: str) -> None:
    page.get_by_label("Mật khẩu", exact=True).fill(password)
    page.get_by_label("Nhập lại mật khẩu").fill(password)
    press(page, "Đặt mật khẩu")


@pytest.fixture(scope="module")
def ada(browser: Browser, hub_server: HubServer) -> Member:
    """A director who went the whole way once: invitation, password, authenticator app, recovery codes."""
    email, path = invite(hub_server)
    context = browser.new_context(base_url=hub_server.base_url)
    page = context.new_page()
    page.goto(path)
    choose_password(page, "qwerty123456")
    expect(page.locator(".fault").first).to_be_visible()  # everybody's password is refused
    choose_password(page, PASSWORD)
    expect(page.get_by_text("Đã đặt mật khẩu")).to_be_visible()
    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("heading", name="Xác thực hai yếu tố")).to_be_visible()
    page.goto("/console/")
    expect(page).to_have_url(f"{hub_server.base_url}/account/second-factor/")  # nothing else is open yet
    page.get_by_role("link", name="Thiết lập ứng dụng").click()
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    press(page, "Tiếp tục")
    secret = page.locator(".secret code").inner_text()
    page.get_by_label("Mã xác thực").fill(second_factor.code(secret, time.time()))
    press(page, "Thiết lập ứng dụng")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="Đã cất giữ, tiếp tục").click()
    expect(page.get_by_role("heading", name="Bảng tình hình")).to_be_visible()
    member = Member(email, secret, codes, context.storage_state())
    context.close()
    page_again = browser.new_context(base_url=hub_server.base_url).new_page()
    page_again.goto(path)
    expect(page_again.get_by_role("heading", name="Liên kết không còn hiệu lực")).to_be_visible()
    page_again.context.close()
    return member


def test_signing_in_takes_the_password_and_a_code_and_ends_where_it_was_meant_to(
    open_page: Opener, ada: Member
) -> None:
    page = open_page("/account/sessions/")
    sign_in(page, ada.email, PASSWORD)
    expect(page.get_by_role("heading", name="Xác thực hai yếu tố")).to_be_visible()
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Bảng tình hình")).to_have_count(0)  # half signed in is not signed in
    press(page, "Đăng xuất")

    page.goto("/account/sessions/")
    sign_in(page, ada.email, PASSWORD)
    page.get_by_label("Mã xác thực").fill("000000")
    press(page, "Đăng nhập")
    expect(page.get_by_text("Mã không đúng")).to_be_visible()
    # The code that set the app up is used; the next one is good already.
    page.get_by_label("Mã xác thực").fill(second_factor.code(ada.secret, time.time() + second_factor.PERIOD_S))
    press(page, "Đăng nhập")

    expect(page.get_by_role("heading", name="Các phiên đăng nhập")).to_be_visible()


def test_a_recovery_code_is_good_once_and_other_sessions_can_be_ended(open_page: Opener, ada: Member) -> None:
    def with_code(code: str) -> Page:
        page = open_page("/account/sign-in/")
        sign_in(page, ada.email, PASSWORD)
        page.get_by_label("Mã xác thực").fill(code)
        press(page, "Đăng nhập")
        return page

    one = with_code(ada.recovery_codes[0])
    expect(one.get_by_role("heading", name="Bảng tình hình")).to_be_visible()
    expect(with_code(ada.recovery_codes[0]).get_by_text("Mã không đúng")).to_be_visible()
    other = with_code(ada.recovery_codes[1])
    expect(other.get_by_role("heading", name="Bảng tình hình")).to_be_visible()

    # Ending them leaves the module's own session of Ada out of use, so it is kept: the last one here ends the others.
    other.goto("/account/sessions/")
    press(other, "Kết thúc mọi phiên khác")
    expect(other.get_by_text("Đã kết thúc mọi phiên đăng nhập khác")).to_be_visible()
    one.goto("/console/")
    expect(one.get_by_role("heading", name="Đăng nhập")).to_be_visible()
    ada.cookies = other.context.storage_state()


def test_a_passkey_signs_in_without_the_password(
    open_page: Opener, ada: Member, browser: Browser, hub_server: HubServer
) -> None:
    # Passkeys are bound to a name: an IP address has none.
    context = browser.new_context(base_url=hub_server.base_url.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    key = context.new_cdp_session(page)
    key.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    key.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **abilities}})
    page.goto("/account/passkeys/new/")
    sign_in(page, ada.email, PASSWORD)
    page.get_by_label("Mã xác thực").fill(ada.recovery_codes[3])
    press(page, "Đăng nhập")
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    press(page, "Tiếp tục")
    page.get_by_label("Tên khóa").fill("Điện thoại")
    page.get_by_label("không cần mật khẩu").check()
    press(page, "Thêm khóa đăng nhập")
    expect(page.get_by_text("Đã thêm khóa đăng nhập")).to_be_visible()
    page.goto("/console/")
    page.get_by_role("button", name="Trần Thị Ada").click()
    press(page, "Đăng xuất")

    press(page, "Đăng nhập bằng khóa")

    expect(page.get_by_role("heading", name="Bảng tình hình")).to_be_visible()
    context.close()


def test_the_password_is_changed_and_the_old_one_opens_nothing(open_page: Opener, hub_server: HubServer) -> None:
    email, path = invite(hub_server, "standing_member")
    choose_password(open_page(path), PASSWORD)
    given = json.loads(hub_server.run("member", "password", email, "--json").stdout)["password"]

    page = open_page("/console/")
    sign_in(page, email, given)
    expect(page.get_by_text("Mật khẩu này do người khác cấp")).to_be_visible()
    page.goto("/account/second-factor/")
    expect(page).to_have_url(f"{hub_server.base_url}/account/password/")
    page.get_by_label("Mật khẩu hiện tại").fill(given)
    page.get_by_label("Mật khẩu mới", exact=True).fill(NEXT_PASSWORD)
    page.get_by_label("Nhập lại mật khẩu mới").fill(NEXT_PASSWORD)
    press(page, "Đổi mật khẩu")

    expect(page.get_by_role("heading", name="Xác thực hai yếu tố")).to_be_visible()
    again = open_page("/console/")
    sign_in(again, email, given)
    expect(again.get_by_role("alert").first).to_contain_text("không đúng")


def test_who_guesses_is_locked_out_and_hears_no_more_than_that(open_page: Opener, hub_server: HubServer) -> None:
    email, path = invite(hub_server, "auditor")
    choose_password(open_page(path), PASSWORD)
    page = open_page("/account/sign-in/")
    for _ in range(5):
        sign_in(page, email, "wrong")
        expect(page.get_by_role("alert").first).to_contain_text("không đúng")

    sign_in(page, email, PASSWORD)

    expect(page.get_by_role("alert").first).to_contain_text("bị khóa trong năm phút")
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()


def test_the_language_and_the_theme_are_chosen_and_kept(open_page: Opener, ada: Member) -> None:
    page = open_page("/console/", storage_state=ada.cookies, color_scheme="light")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Trần Thị Ada").click()
    page.get_by_role("link", name="Nền tối").click()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Trần Thị Ada").click()
    page.get_by_role("link", name="English").click()

    expect(page.get_by_role("heading", name="Situation board")).to_be_visible()
    expect(html).to_have_attribute("data-bs-theme", "dark")

    elsewhere = open_page("/account/sign-in/")
    sign_in(elsewhere, ada.email, PASSWORD)
    elsewhere.get_by_label("Mã xác thực").fill(ada.recovery_codes[4])
    press(elsewhere, "Đăng nhập")
    expect(elsewhere.get_by_role("heading", name="Situation board")).to_be_visible()
    elsewhere.get_by_role("button", name="Trần Thị Ada").click()
    elsewhere.get_by_role("link", name="Tiếng Việt").click()
    expect(elsewhere.get_by_role("heading", name="Bảng tình hình")).to_be_visible()


def test_the_shell_works_without_a_script(open_page: Opener, ada: Member) -> None:
    page = open_page("/console/", storage_state=ada.cookies, viewport=PHONE, java_script_enabled=False)
    expect(page.get_by_role("link", name="Đơn vị hành chính")).to_be_hidden()
    page.get_by_role("button", name="Trình đơn").click()
    expect(page.get_by_role("link", name="Đơn vị hành chính")).to_be_visible()
    press(page, "Đóng trình đơn")
    page.get_by_role("button", name="Trần Thị Ada").click()
    page.get_by_role("link", name="Tài khoản của tôi").click()
    expect(page.get_by_role("heading", name="Tài khoản của tôi")).to_be_visible()


def test_the_keyboard_reaches_the_content_and_the_search(open_page: Opener, ada: Member) -> None:
    page = open_page("/console/", storage_state=ada.cookies)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("Bến Nghé/1")
    expect(page.get_by_role("searchbox")).to_have_value("Bến Nghé/1")


def test_signing_out_ends_the_session(open_page: Opener, ada: Member) -> None:
    page = open_page("/account/sign-in/")
    sign_in(page, ada.email, PASSWORD)
    page.get_by_label("Mã xác thực").fill(ada.recovery_codes[2])
    press(page, "Đăng nhập")
    expect(page.get_by_role("heading", name="Bảng tình hình")).to_be_visible()
    page.get_by_role("button", name="Trần Thị Ada").click()
    press(page, "Đăng xuất")

    expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone, dark", "desk, light"])
def test_pages_of_a_stranger_fit_phone_and_desk_and_have_no_serious_fault_of_accessibility(
    open_page: Opener, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page("/account/sign-in/", viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    must_be_sound(page, "/account/sign-in/")
    page.goto("/account/closed/")
    must_be_sound(page, "/account/closed/")
