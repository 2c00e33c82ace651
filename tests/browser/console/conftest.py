"""The system's Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.hubs import HubServer
from tests.integration.console.desk import desk  # noqa: F401 - a fixture

BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""The first of them that is installed is taken: the shell draws the same and takes half the processor."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module of tests."""
    installed = next((path for path in BROWSERS if path.exists()), None)
    if installed is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, hub_server: HubServer) -> Iterator[Callable[..., Page]]:
    """Opens a page of the running hub as a new visitor: `open_page("/", viewport=PHONE, java_script_enabled=False)`.

    Whatever the browser complains about on its console fails the test.
    """
    complaints: list[str] = []
    contexts = []

    def opener(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=hub_server.base_url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    expected = "Failed to load resource: net::"  # a test that cuts the line off
    assert [complaint for complaint in complaints if not complaint.startswith(expected)] == []
