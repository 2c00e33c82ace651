"""What staff click to change members, to reach another province in an emergency, and to change the rules of a disease."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, Page

from daumoi.core.hub import Hub
from tests.browser.console.conftest import DESK, PHONE
from tests.hubs import REPOSITORY
from tests.integration.console.administration.cast import member_id, open_centre, session_of
from tests.integration.console.administration.test_rule_pages import NEW_DAYS

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
Opener = Callable[..., Page]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Requests are no output of a test."""


@pytest.fixture(scope="module")
def clicked(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A centre of its own for the tests of this module."""
    with open_centre(database, migrated_database, tmp_path_factory.mktemp("clicked")) as hub:
        yield hub


@pytest.fixture(scope="module")
def open_as(browser: Browser, clicked: Hub) -> Iterator[Opener]:
    """Opens the pages of the centre as one of its cast: `open_as("ada", "/console/", viewport=PHONE)`."""
    from daumoi.console.wsgi import build_app

    contexts = []
    server = make_server("127.0.0.1", 0, build_app(clicked), server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"

    def opener(name: str, path: str, *, language: str = "en", theme: str = "light", **options: Any) -> Page:
        with ThreadPoolExecutor(1) as apart:  # Django's database is not for the thread of the browser
            key = apart.submit(lambda: session_of(clicked, member_id(clicked, name))).result()
        context = browser.new_context(base_url=base, **options)
        contexts.append(context)
        cookies = {"daumoi_session": key, "daumoi_theme": theme}
        context.add_cookies([{"name": each, "value": value, "url": base} for each, value in cookies.items()])
        page = context.new_page()
        page.goto(f"/language/{language}/?next=/console/")
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    server.shutdown()
    server.server_close()


def test_a_member_is_invited_on_a_phone_without_a_script_and_approved_by_another(open_as: Opener) -> None:
    dan = open_as("dan", "/console/members/", viewport=PHONE, java_script_enabled=False)
    dan.get_by_role("link", name="Invite").click()
    dan.get_by_label("Name", exact=True).fill("Kim Mới")
    dan.get_by_label("E-mail address").fill("kim@example.vn")
    dan.get_by_label("Role").select_option("province_admin")
    dan.get_by_label("Name of the unit").fill("Bình Dương")
    dan.get_by_role("button", name="Find").click()
    dan.get_by_label("Tỉnh Bình Dương").check()
    dan.get_by_label("Reason").fill("Bổ sung cán bộ")
    dan.get_by_role("button", name="Propose").click()

    assert dan.get_by_role("heading", name="Kim Mới").is_visible()
    assert dan.get_by_text("You proposed it: somebody else decides.").is_visible()
    assert dan.get_by_role("button", name="Approve").count() == 0

    ada = open_as("ada", "/console/members/?state=waiting")
    ada.get_by_role("link", name="Kim Mới").click()
    ada.get_by_role("button", name="Approve").click()
    assert ada.get_by_text("Approved: it counts on its days.").is_visible()

    dan.reload()
    dan.get_by_role("button", name="Make a link for the first password").click()
    link = dan.get_by_label("Link").input_value()
    stranger = open_as("dan", link)
    assert stranger.get_by_role("heading", name="Welcome, Kim Mới").is_visible()


def test_access_in_an_emergency_shows_on_every_page_until_it_is_ended(open_as: Opener, clicked: Hub) -> None:
    ben = open_as("ben", "/console/emergency/", viewport=PHONE)
    ben.get_by_label("Name of the unit").fill("TP Hồ Chí Minh")
    ben.get_by_role("button", name="Find").click()
    ben.get_by_label("of today").first.check()
    ben.get_by_label("Reason").fill("Truy vết ổ dịch liên tỉnh")
    ben.get_by_role("button", name="Open access now").click()

    for path in ("/console/", "/console/rules/", "/console/members/"):
        ben.goto(path)
        assert ben.get_by_text("Access in an emergency is open:").is_visible()
        assert not ben.evaluate(OVERFLOW)

    ben.get_by_role("link", name="See or end it").click()
    clicked.clock.move(timedelta(minutes=5))  # type: ignore[attr-defined]
    ben.get_by_role("button", name="End it now").click()
    assert ben.get_by_text("The access has ended.").is_visible()
    assert ben.get_by_text("Access in an emergency is open:").count() == 0


def test_rules_are_drafted_from_a_file_and_put_in_force_by_a_second_person(open_as: Opener) -> None:
    eve = open_as("eve", "/console/rules/", viewport=DESK)
    eve.get_by_role("link", name="Draft from a file").click()
    eve.get_by_label("File of rules").set_input_files({"name": "n.toml", "mimeType": "text/plain", "buffer": NEW_DAYS})
    eve.get_by_label("Remark").fill("Theo văn bản mới")
    eve.get_by_role("button", name="Draft").click()
    assert eve.locator("ins", has_text="9").first.is_visible()
    eve.get_by_role("link", name="To the version and its steps").click()
    eve.get_by_label("Remark").fill("Đề nghị ban hành")
    eve.get_by_role("button", name="Propose").click()
    assert eve.get_by_text("You drafted or proposed it: a second person decides.").is_visible()

    ada = open_as("ada", "/console/rules/")
    ada.get_by_role("link", name="Version 2").click()
    ada.get_by_label("Remark").fill("Đồng ý")
    ada.get_by_role("button", name="Put in force").click()
    assert ada.get_by_text("In force: each rule by its own dates.").is_visible()


PAGES = (
    ("ada", "/console/members/"),
    ("ada", "/console/members/1/"),
    ("dan", "/console/members/2/"),
    ("dan", "/console/members/invite/"),
    ("dan", "/console/members/roles/"),
    ("ada", "/console/audit/"),
    ("ada", "/console/audit/chain/"),
    ("ben", "/console/emergency/"),
    ("ada", "/console/emergency/reviews/"),
    ("ada", "/console/rules/"),
    ("ada", "/console/rules/covid-19/1/?on=2021-12-29"),
    ("ada", "/console/rules/covid-19/1/changes/"),
    ("eve", "/console/rules/draft/"),
)


@pytest.mark.parametrize(("language", "theme", "viewport"), [("vi", "light", PHONE), ("en", "dark", DESK)])
def test_pages_fit_stand_out_and_have_no_serious_fault_of_accessibility(
    open_as: Opener, language: str, theme: str, viewport: dict[str, int]
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make frontend")
    axe = AXE.read_text("utf-8")
    for name in dict.fromkeys(name for name, _ in PAGES):
        page = open_as(name, "/console/", language=language, theme=theme, viewport=viewport, bypass_csp=True)
        for _, path in (each for each in PAGES if each[0] == name):
            page.goto(path)
            assert not page.evaluate(OVERFLOW), path
            assert page.evaluate(CONTRAST) == [], path
            page.evaluate(axe)
            found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
            grave = [
                (fault["id"], [node["html"][:120] for node in fault["nodes"]])
                for fault in found["violations"]
                if fault["impact"] in ("serious", "critical")
            ]
            assert grave == [], path
