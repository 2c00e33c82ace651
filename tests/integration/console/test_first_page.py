"""The first page: figures by kind for everybody, and nothing else."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from daumoi.console.board import KEPT_S, Board
from daumoi.core.database import conninfo
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.situation.counting import count_all
from tests.integration.console.conftest import Opener
from tests.integration.sending import a_passage, a_report, a_system, read_up_to, send

MOST_QUERIES = 6


def figure(page: str, key: str) -> str:
    """The text of one figure of a page."""
    found = re.search(rf'data-f="{re.escape(key)}"[^>]*>([^<]*)<', page)
    assert found, key
    return found[1]


def count_everything(hub: Hub) -> None:
    """Let the counters follow the log to its end."""
    with hub.pool.connection() as connection:
        count_all(connection, hub.keys, [kind.number for kind in KINDS.values()], hub.clock.now())


def test_the_page_counts_what_was_stored_held_and_still_to_read(hub_at_noon: Hub, open_pages: Opener) -> None:
    dov = a_system(hub_at_noon, read="citizen_report")
    send(hub_at_noon, dov, "citizen_report", [a_report(f"r-{n}") for n in range(1_234)])
    count_everything(hub_at_noon)
    send(hub_at_noon, dov, "citizen_report", [a_report("late-1"), a_report("late-2"), b'{"ref": "bad"}'])

    page = open_pages(hub_at_noon).get("/").text

    assert figure(page, "citizen_report-records") == "1.236"
    assert figure(page, "all-records") == "1.236"
    assert figure(page, "citizen_report-today") == "1.234"
    assert figure(page, "citizen_report-newest") == "01/08/2021 12:00:00"
    assert figure(page, "citizen_report-held") == "1"
    assert figure(page, "counters-position") == "1.234"
    assert figure(page, "counters-lag") == "2"
    assert figure(page, "feeds-lag") == "1.236"


def test_without_an_agreement_there_is_no_reader(hub: Hub, open_pages: Opener) -> None:
    a_system(hub)
    assert figure(open_pages(hub).get("/").text, "feeds") == "chưa có thỏa thuận chia sẻ"


def test_a_reader_of_all_kinds_is_not_behind_in_kinds_it_never_asked_for(hub: Hub, open_pages: Opener) -> None:
    dov = a_system(hub, read="*")
    send(hub, dov, "citizen_report", [a_report(f"r-{n}") for n in range(3)])
    page = open_pages(hub).get("/").text
    assert figure(page, "feeds") == "1 hệ thống được chia sẻ; chưa hệ thống nào xác nhận đã nhận"
    assert figure(page, "feeds-lag") == "–"


def test_a_reader_that_acknowledged_is_behind_by_what_came_since(hub: Hub, open_pages: Opener) -> None:
    dov, _ = a_system(hub, read="*"), a_system(hub, "silent", read="*")
    send(hub, dov, "citizen_report", [a_report(f"r-{n}") for n in range(3)])
    read_up_to(hub, dov, "citizen_report", 1)
    page = open_pages(hub).get("/").text
    assert figure(page, "feeds") == "2 hệ thống được chia sẻ, theo dõi được 1; tính theo hệ thống chậm nhất"
    assert figure(page, "feeds-lag") == "2"


def test_english_numbers_have_commas_and_dates_keep_their_order(hub_at_noon: Hub, open_pages: Opener) -> None:
    dov = a_system(hub_at_noon)
    send(hub_at_noon, dov, "citizen_report", [a_report(f"r-{n}") for n in range(1_000)])

    page = open_pages(hub_at_noon, language="en").get("/").text

    assert figure(page, "citizen_report-records") == "1,000"
    assert figure(page, "at") == "01/08/2021 12:00:00"


def test_a_stranger_sees_no_system_no_ref_and_no_value_of_a_record(hub: Hub, open_pages: Opener) -> None:
    dov = a_system(hub, code="dov-quarantine-gate", read="citizen_report")
    send(hub, dov, "citizen_report", [a_report("planted-ref"), b"planted-held-row"])
    send(hub, dov, "checkpoint_passage", [a_passage("planted-passage", national_id="001087009999")])
    pages = open_pages(hub)

    shown = pages.get("/").text + pages.get("/figures").text

    for planted in ("dov-quarantine-gate", "planted", "001087009999", "Tụ tập", "EXAMPLE-1"):
        assert planted not in shown


def test_an_empty_hub_says_what_to_do_next(hub: Hub, open_pages: Opener) -> None:
    page = open_pages(hub, base_url="http://127.0.0.1:8021").get("/")

    assert page.status_code == 200
    assert "daumoi system add" in page.text
    assert "HUB=http://127.0.0.1:8021\n" in page.text
    assert "Hai bước để gửi bản ghi đầu tiên" in page.text


def test_the_first_steps_go_away_with_the_first_record(hub: Hub, open_pages: Opener) -> None:
    send(hub, a_system(hub), "citizen_report", [a_report("r-1")])

    assert "daumoi system add" not in open_pages(hub).get("/").text


def test_the_fragment_is_the_part_of_the_page_that_changes(hub_at_noon: Hub, open_pages: Opener) -> None:
    pages = open_pages(hub_at_noon)

    fragment = pages.get("/figures").text

    assert fragment.strip().startswith('<div id="figures">')
    assert fragment.strip() in pages.get("/").text


def test_low_storage_is_said(make_hub: Any, open_pages: Opener) -> None:
    page = open_pages(make_hub(DAUMOI_STORAGE_LOW_BYTES=str(2**60))).get("/")

    assert "Sắp hết dung lượng lưu trữ" in page.text


class CountedConnection(psycopg.Connection[Any]):
    """A connection that counts what it is asked."""

    asked = 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        type(self).asked += 1
        return super().execute(*arguments, **options)


def test_a_page_costs_few_queries_and_a_crowd_costs_no_more(hub: Hub, open_pages: Opener) -> None:
    with ConnectionPool(
        conninfo(hub.dsn, "counted"), connection_class=CountedConnection, kwargs={"autocommit": True}, min_size=1
    ) as pool:
        pages = open_pages(dataclasses.replace(hub, pool=pool))
        pages.get("/")
        first = CountedConnection.asked
        for _ in range(5):
            pages.get("/figures")

    assert 1 <= first <= MOST_QUERIES
    assert CountedConnection.asked <= first + MOST_QUERIES, "five more within a second or two cost one reading at most"


def test_figures_are_kept_for_a_second(hub: Hub) -> None:
    now = [0.0]
    board = Board(hub, tick=lambda: now[0])
    first = board.look()

    now[0] = KEPT_S * 0.9
    assert board.look() is first
    now[0] = KEPT_S
    assert board.look() is not first


def test_the_last_figures_stay_when_the_database_goes_away(hub: Hub) -> None:
    now = [0.0]
    board = Board(hub, tick=lambda: now[0])
    known = board.look()

    hub.pool.close()
    now[0] = KEPT_S
    look = board.look()

    assert known.reachable
    assert not look.reachable
    assert look.figures == known.figures


def test_a_page_without_a_database_is_503_and_says_so(hub: Hub, open_pages: Opener) -> None:
    hub.pool.close()

    page = open_pages(hub).get("/")

    assert page.status_code == 503
    assert "Cơ sở dữ liệu không phản hồi" in page.text
    assert "psycopg" not in page.text
