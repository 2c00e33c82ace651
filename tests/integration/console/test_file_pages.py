"""Scheduled files on the page of their receiver: terms in words, days, files with their hashes, and what is late."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from daumoi.exchange import lifecycle
from daumoi.exchange.files import exports
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, statements_of
from tests.integration.console.sharing import KIND, SECRETS, set_up
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.files.filing import close_day, fetch, files_for, manifests, names

QUERIES_OF_FILES = 19
"""The reader's standing, the way and its account, names, settings, days, what is not fetched, agreements."""
QUERIES_OF_A_DAY = 14


class Filed:
    """A desk and a destination whose first three days were written, and one of them fetched."""

    def __init__(self, desk: Desk, receiver: System, agreement: int, number: int) -> None:
        self.desk, self.receiver, self.agreement, self.number = desk, receiver, agreement, number

    def page(self, more: str = "", *, language: str = "en", name: str = "otto") -> str:
        return self.desk.as_member(name, language=language).get(f"/console/receivers/{self.number}/{more}").text

    def days(self) -> list[tuple[str, str]]:
        """Address and words of each day of reports, the newest first."""
        rows = self.page("files/").partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")
        found = [(link[1], said(row)) for row in rows if (link := re.search(r"(files/\d+/)", row))]
        return [(link, words) for link, words in found if "Citizens' reports" in words]


def said(text: str) -> str:
    return html.unescape(re.sub(r"(?:<[^>]+>|\s)+", " ", text)).strip()


@pytest.fixture(scope="module")
def filed(desk: Desk) -> Filed:
    """Reports of 1 to 3 August 2021; of the 4th there are none."""
    _, receiver = set_up(desk)
    agreement = agreed(desk.hub, receiver, terms_of(KIND, identity="given"))
    number = files_for(desk.hub, receiver, "csv", kinds=[KIND], by_province=True, closes_at_hour=3)
    close_day(desk.hub)
    for each in names(desk.hub, receiver):
        if each["day"] == "2021-08-01":
            fetch(desk.hub, receiver, each["name"])
    return Filed(desk, receiver, agreement, number)


def test_the_page_of_files_says_the_terms_and_each_day_in_words(filed: Filed) -> None:
    shown = said(filed.page())
    for words in (
        "CSV, for spreadsheets",
        "one file for each province",
        "at 3:00 of the following day",
        "30 days after they were written",
        "at the machine door, /api/v1/files",
    ):
        assert words in shown, words
    assert "mỗi tỉnh, thành phố một tệp" in filed.page(language="vi")
    days = [words for _, words in filed.days()]
    assert [words[:10] for words in days] == [
        "04/08/2021",
        "03/08/2021",
        "02/08/2021",
        "01/08/2021",
    ]
    assert "none: an empty day" in days[0]
    assert re.search(r"^02/08/2021 Citizens' reports lies ready 3 2 [\d.]+ KiB not yet$", days[2]), days[2]
    assert re.search(r"^01/08/2021 Citizens' reports fetched 3 2 [\d.]+ KiB 05/08/2021 ", days[3]), days[3]


def test_a_day_shows_each_file_with_its_size_and_hash_and_gives_none(filed: Filed) -> None:
    link, _ = next(each for each in filed.days() if each[1].startswith("01/08/2021"))
    page = filed.page(link)
    shown = said(page)
    (manifest,) = manifests(filed.desk.hub, filed.receiver, KIND, day="2021-08-01")
    for entry in manifest["files"]:
        assert entry["name"] in shown
        assert f'title="{entry["sha256"]}"' in page
        assert f'<code class="hash">{entry["sha256"]}</code>' in page
    assert "Thành phố Hà Nội" in shown
    assert "Thành phố Hồ Chí Minh" in shown
    assert "by rita: nobody else can" in shown
    assert "manifest, signed by this hub" in shown
    assert "/api/v1/files/" not in page, "no file is opened here"
    assert not any(secret in page for secret in SECRETS)
    empty = next(link for link, words in filed.days() if words.startswith("04/08/2021"))
    assert "its file is empty and the manifest says 0" in filed.page(empty)


def test_pages_of_files_cost_the_same_however_many_days_there_are(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    otto = filed.desk.as_member("otto")
    here = f"/console/receivers/{filed.number}/"
    assert len(statements_of(lambda: otto.get(here))) <= QUERIES_OF_FILES
    link = filed.days()[0][0]
    for more in ("files/", link):
        assert len(statements_of(partial(otto.get, here + more))) <= QUERIES_OF_A_DAY
    defaults: dict[str, Any] = {"before": None, "most": 3}
    everything = re.findall(r"(files/\d+/)\">", filed.page("files/"))
    monkeypatch.setattr("daumoi.exchange.files.watching.parts.__kwdefaults__", defaults)
    seen, more = [], "files/"
    while more:
        page = filed.page(more)
        seen += re.findall(r"(files/\d+/)\">", page)
        following = re.search(r'href="(\?before=[\d_-]+)"', page)
        more = f"files/{following[1]}" if following else ""
    assert seen == everything
    assert filed.desk.as_member("otto").get(f"{here}files/0/").status_code == 404
    assert filed.page("files/?before=x_1_1").count("files/") > 3


def test_a_hash_is_not_believed_where_the_manifest_is_not_as_it_was_signed(filed: Filed) -> None:
    link, _ = next(each for each in filed.days() if each[1].startswith("02/08/2021"))
    assert "not known" not in filed.page(link)
    path = next(exports.folder_of(filed.desk.hub).rglob("*citizen_report_2021-08-02*.manifest.json"))
    whole = path.read_bytes()
    try:
        path.write_bytes(whole.replace(b'"withdrawals": 0', b'"withdrawals": 1'))
        assert "not known: the manifest is not there" in filed.page(link)
        path.unlink()
        assert "not known: the manifest is not there" in filed.page(link)
    finally:
        path.write_bytes(whole)


def test_files_that_nobody_fetches_are_trouble_a_day_later(filed: Filed) -> None:
    assert "Files lie ready and are not fetched" not in filed.page()
    clock: Any = filed.desk.hub.clock
    clock.move(timedelta(days=1))
    shown = said(filed.page())
    assert "Files lie ready and are not fetched: 2, the oldest of 02/08/2021" in shown
    assert "The oldest is removed on 04/09/2021" in shown
    assert "Tệp đã lập mà chưa được tải: 2" in filed.page(language="vi")


def test_what_a_narrower_agreement_or_none_gives_of_files_is_said(filed: Filed) -> None:
    amended(filed.desk.hub, filed.agreement, terms_of(KIND, identity="given", areas=[("vn-2025", "01")]))
    assert any("is written anew" in words for _, words in filed.days() if words.startswith("02/08/2021"))
    close_day(filed.desk.hub)
    link, words = next(each for each in filed.days() if each[1].startswith("02/08/2021"))
    assert "2 left out: 1" in words
    assert "the agreement of that moment gave them no more" in filed.page(link)
    assert f"agreement {filed.agreement}, version 2" in said(filed.page(link, name="dirk"))

    with filed.desk.hub.pool.connection() as connection, connection.transaction():
        at = filed.desk.hub.clock.now()
        lifecycle.suspend(connection, agreement=filed.agreement, by="member:1", reason="Tạm dừng", at=at)
        connection.execute("UPDATE export SET state = 'taken' WHERE day = '2021-08-03'")
    assert any("waits: no agreement gives this kind now" in words for _, words in filed.days())
