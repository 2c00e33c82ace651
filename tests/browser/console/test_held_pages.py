"""What people click on the pages of held rows and records, in a browser, at a phone's width and without a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, Page, expect

from daumoi.console.settings import SESSION_COOKIE
from daumoi.console.wsgi import build_app
from tests.browser.console.conftest import DESK, PHONE
from tests.hubs import REPOSITORY
from tests.integration.console.desk import Desk, a_bad_report
from tests.integration.sending import a_system, send


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingMixIn, WSGIServer):
    """One thread a connection."""

    daemon_threads = True


Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def pages(desk: Desk) -> Iterator[str]:
    """The address of the pages of a hub with held rows and a record of two revisions."""
    dov = a_system(desk.hub, "dov")
    a_system(desk.hub, "reader", read="citizen_report")
    send(desk.hub, dov, "citizen_report", [a_bad_report("A-17", "00004")])
    send(desk.hub, dov, "citizen_report", [a_bad_report("A-17", "00004", category="other") | {"revision": 2}])
    send(desk.hub, dov, "citizen_report", [a_bad_report(f"b{number}") for number in range(12)])
    with make_server("127.0.0.1", 0, build_app(desk.hub), server_class=Server, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_as(browser: Browser, desk: Desk, pages: str) -> Iterator[Opener]:
    """Opens a page as a member; what the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def opener(name: str, path: str, *, language: str = "vi", theme: str = "light", **options: Any) -> Page:
        context = browser.new_context(base_url=pages, color_scheme=theme, **options)  # type: ignore[arg-type]
        contexts.append(context)
        # In a thread of its own: Playwright keeps an event loop in this one, and Django refuses to work beside it.
        with ThreadPoolExecutor(1) as beside:
            session = beside.submit(desk.session_of, name).result()
        cookies = {SESSION_COOKIE: session, "daumoi_language": language}
        context.add_cookies([{"name": key, "value": value, "url": pages} for key, value in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []


AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PATHS = [
    "/console/held/",
    "/console/held/of/dov/citizen_report/unknown_area/",
    "/console/held/of/dov/citizen_report/unknown_area/mend/",
    "/console/records/citizen_report/2/",
    "/console/search/",
    "/console/kinds/citizen_report/",
    "/console/codes/symptom/",
    "/console/areas/vn-2025/00004/",
]


def is_no_wider_than_its_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("with_script", [True, False])
def test_a_group_is_mended_alike_from_the_list_to_the_receipt(open_as: Opener, with_script: bool) -> None:
    """With a script up to the preview, which stores nothing; without one to the end."""
    page = open_as("ada", "/console/held/", viewport=PHONE, java_script_enabled=with_script)
    page.get_by_role("link", name="unknown_area").click()
    page.get_by_role("link", name="Sửa đồng loạt").click()
    assert is_no_wider_than_its_screen(page) or not with_script

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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_serious_fault_of_accessibility_and_fit_a_phone(open_as: Opener, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not fetched; `make frontend` does it")
    page = open_as("ada", PATHS[0], theme=theme, viewport=PHONE)
    faults = []
    for path in PATHS:
        page.goto(path)
        assert is_no_wider_than_its_screen(page), path
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run().then((result) => result.violations)")
        faults += [
            (path, each["id"], [node["html"][:200] for node in each["nodes"]][:3])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
    assert faults == []
