"""What holds for every page: language, headers, error pages, files."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from daumoi.core.hub import Hub
from tests.integration.console.conftest import Opener


def test_a_page_is_vietnamese_whatever_the_browser_is_set_to(hub: Hub, open_pages: Opener) -> None:
    page = open_pages(hub).get("/", headers={"Accept-Language": "en-US,en;q=0.9"})

    assert '<html lang="vi">' in page.text
    assert page.headers["Content-Language"] == "vi"
    assert "Bản ghi đã tiếp nhận" in page.text


def test_a_chosen_language_is_remembered_and_can_be_changed_back(hub: Hub, open_pages: Opener) -> None:
    pages = open_pages(hub)

    answer = pages.get("/language/en/", params={"next": "/"})
    english = pages.get("/").text
    pages.get("/language/vi/")

    assert answer.headers["Location"] == "/"
    assert {"HttpOnly", "SameSite=Lax"} <= set(re.split("; ?", answer.headers["Set-Cookie"]))
    assert '<html lang="en">' in english
    assert "Records taken in" in english
    assert '<html lang="vi">' in pages.get("/").text


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com", "/\\example.com", "javascript:1", ""])
def test_choosing_a_language_never_leads_away_from_the_hub(hub: Hub, open_pages: Opener, target: str) -> None:
    answer = open_pages(hub).get("/language/en/", params={"next": target})

    assert answer.headers["Location"] == "/"


def test_an_unknown_language_is_not_found(hub: Hub, open_pages: Opener) -> None:
    assert open_pages(hub).get("/language/fr/").status_code == 404


@pytest.mark.parametrize(
    ("language", "missing", "read_only"),
    [("vi", "Không tìm thấy trang", "Trang này chỉ dùng để xem"), ("en", "There is no page here", "only be read")],
)
def test_errors_are_pages_in_the_readers_language(
    hub: Hub, open_pages: Opener, language: str, missing: str, read_only: str
) -> None:
    pages = open_pages(hub, language=language)

    not_found, not_allowed = pages.get("/nowhere"), pages.post("/")

    assert not_found.status_code == 404
    assert missing in not_found.text
    assert not_allowed.status_code == 405
    assert not_allowed.headers["Allow"] == "GET, HEAD"
    assert read_only in not_allowed.text


def test_a_fault_of_ours_is_a_page_without_a_librarys_words(
    hub: Hub, open_pages: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    gone = dataclasses.replace(hub, settings=dataclasses.replace(hub.settings, data_dir=Path("/nowhere/planted")))

    page = open_pages(gone).get("/")

    assert page.status_code == 500
    assert "Hệ thống gặp sự cố" in page.text
    assert "planted" not in page.text
    assert "Traceback" not in page.text


@pytest.mark.parametrize("name", ["example.com", "localhost.example.com", "127.0.0.1.example.com"])
def test_a_name_that_is_not_this_machines_is_refused_in_clear(hub: Hub, open_pages: Opener, name: str) -> None:
    page = open_pages(hub, base_url=f"http://{name}").get("/")

    assert page.status_code == 400
    assert "Không truy cập được bằng tên miền này" in page.text
    assert f"http://{name}" not in page.text


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8021", "http://[::1]:8021", "https://dichte.example.vn"])
def test_addresses_and_names_under_tls_are_good(hub: Hub, open_pages: Opener, base_url: str) -> None:
    assert open_pages(hub, base_url=base_url).get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/figures", "/nowhere", "/static/console/console.css", "/language/en/"])
def test_every_answer_carries_the_headers(hub: Hub, open_pages: Opener, path: str) -> None:
    headers = open_pages(hub).get(path).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "noindex" in headers["X-Robots-Tag"]


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(hub: Hub, open_pages: Opener, path: str) -> None:
    page = open_pages(hub).get(path).text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert all(link.startswith(("/", "#")) for link in re.findall(r'(?:src|href)="([^"]*)"', page))


def test_own_files_are_served_from_the_checkout(hub: Hub, open_pages: Opener) -> None:
    pages = open_pages(hub)
    files = re.findall(r'(?:src|href)="(/static/[^"]*)"', pages.get("/").text)

    assert len(files) == 3
    assert [pages.get(file).status_code for file in files] == [200] * 3
    assert pages.get("/favicon.ico").status_code == 302
    assert pages.get("/static/../settings.py").status_code == 404


def test_head_is_answered_like_get_without_a_body(hub: Hub, open_pages: Opener) -> None:
    answer = open_pages(hub).head("/")

    assert answer.status_code == 200
