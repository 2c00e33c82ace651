"""What every page must stand: it fits its screen, and axe finds no serious fault of accessibility."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.hubs import REPOSITORY

_AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
_OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def fits(page: Page) -> bool:
    """Nothing of the page stands beyond the right edge of the screen; asked once the page has loaded.

    A click returns before the next page has a root element, so whoever clicked first expects what the next page shows.
    """
    page.wait_for_load_state()
    return not page.evaluate(_OVERFLOW)


def must_be_sound(page: Page, name: str) -> None:
    """Fails the test, with the page's name, when the page is too wide or has a serious fault."""
    if not _AXE.exists():
        pytest.skip("axe-core is not fetched; `make frontend` does it")
    assert fits(page), name
    page.evaluate(_AXE.read_text("utf-8"))
    grave = [
        (fault["id"], [node["html"][:120] for node in fault["nodes"]][:3])
        for fault in page.evaluate(_RULES)["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert grave == [], name
