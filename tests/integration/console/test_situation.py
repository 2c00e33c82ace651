"""The situation board, the records behind its figures, and the flows: what each reader is shown, and at which price."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from daumoi.accounts.scope import Scope
from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.kinds.registry import KINDS
from daumoi.organisations import services
from daumoi.rulepacks import bundled
from daumoi.situation.units import keep_table
from tests.hubs import add_database, drop_database
from tests.integration.console.conftest import Opener
from tests.integration.console.test_doors import a_member, a_signed_in
from tests.integration.sending import a_passage, a_report, a_system, send
from tests.integration.situation.test_board import Asked
from tests.integration.situation.test_counting import a_declaration, count_everything

AT_20 = datetime(2021, 8, 1, 13, 0, tzinfo=UTC)
"""20:00 in Hà Nội."""
BA_DINH = {"scheme": "vn-2025", "code": "00004"}
SAI_GON = {"scheme": "vn-2025", "code": "26740"}
OLD_BINH_DUONG = {"scheme": "vn-2024", "code": "74"}
DAY = "from=2021-08-01"
SignIn = Callable[[Hub, str], httpx.Client]


@pytest.fixture(scope="module")
def hub(database: str, migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that all tests look at and none changes."""
    dsn = add_database(database, "situation_pages", template=migrated_database)
    clock = FixedClock(AT_20 - timedelta(hours=8))
    settings = load({}, data_dir=tmp_path_factory.mktemp("situation"))
    hub = Hub(settings, dsn, open_pool(dsn), Keys.from_master(os.urandom(32)), clock)
    fill(hub)
    yield hub
    hub.pool.close()
    drop_database(database, "situation_pages")


@pytest.fixture
def own_hub(make_hub: Callable[..., Hub]) -> Hub:
    """Such a hub that a test may change."""
    hub = make_hub(clock=FixedClock(AT_20 - timedelta(hours=8)))
    fill(hub)
    return hub


def fill(hub: Hub) -> None:
    """A Sunday: refusals in Hà Nội at noon, reports in both cities, four more of Hà Nội between 16:00 and 18:00."""
    assert isinstance(hub.clock, FixedClock)
    with hub.pool.connection() as connection:
        keep_table(connection)
        bundled.install_all(connection, at=hub.clock.now())
    dov = a_system(hub, "dov")
    a_system(hub, "cora")
    send(hub, dov, "checkpoint", [KINDS["checkpoint"].example | {"area": BA_DINH}])
    passages = [a_passage(f"p{number}") for number in range(5)]
    passages[0]["data"]["decision"] = passages[1]["data"]["decision"] = "denied"
    send(hub, dov, "checkpoint_passage", passages)
    ill = {"form": "daily", "symptoms": {"fever": True}}
    declared = [a_declaration("h1", area=SAI_GON, data=ill), a_declaration("h2", area=BA_DINH)]
    send(hub, dov, "health_declaration", declared)
    send(hub, dov, "citizen_report", [a_report("r1", area=BA_DINH), a_report("r2", area=OLD_BINH_DUONG)])
    send(hub, dov, "citizen_report", [a_report("bad", occurred_at="hôm qua")])
    hub.clock.move(timedelta(hours=5))
    late = {"area": BA_DINH, "occurred_at": "2021-08-01T11:00:00+07:00"}
    send(hub, dov, "citizen_report", [a_report(f"late{number}", **late) for number in range(4)])
    count_everything(hub)
    hub.clock.move(timedelta(hours=3))
    a_member(hub, "director")
    a_member(hub, "province_admin")
    a_member(hub, "telecom_coord")


@pytest.fixture
def sign_in(open_pages: Opener) -> Iterator[Callable[[Hub, str], httpx.Client]]:
    """Opens the pages of a hub as the member of a role: `sign_in(hub, "director")`."""
    from django.db import connections

    def opened(hub: Hub, role: str) -> httpx.Client:
        pages = open_pages(hub)
        with hub.pool.connection() as connection:
            row = connection.execute("SELECT id FROM member WHERE email LIKE %s", (f"{role.lower()}true%",)).fetchone()
        assert row is not None
        a_signed_in(hub, pages, row[0])
        return pages

    yield opened
    connections.close_all()


@pytest.fixture
def director(hub: Hub, sign_in: SignIn) -> httpx.Client:
    return sign_in(hub, "director")


@pytest.fixture
def ben(hub: Hub, sign_in: SignIn) -> httpx.Client:
    """The officer of Thành phố Hồ Chí Minh."""
    return sign_in(hub, "province_admin")


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text[:500]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def records_listed(page: str) -> int:
    found = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return found[1].count("<tr>") if found else 0


def test_every_figure_of_a_province_leads_to_as_many_records(director: httpx.Client) -> None:
    page = director.get(f"/console/?{DAY}").text
    table = page[page.index('id="areas-title"') :]
    links = re.findall(r'<a href="(/console/records/[^"]+)">([\d.]+)</a>', table)
    assert len(links) >= 5
    for address, figure in links:
        listed = director.get(address.replace("&amp;", "&"))
        assert records_listed(listed.text) == int(figure), address
    tile = re.search(r'href="(/console/records/[^"]*only=denied[^"]*)">2</a>', page)
    assert tile is not None
    assert records_listed(director.get(tile[1].replace("&amp;", "&")).text) == 2


def test_the_board_gives_each_number_with_its_time_and_never_zero_for_no_data(director: httpx.Client) -> None:
    page = director.get(f"/console/?{DAY}").text
    assert "01/08/2021 20:00:00" in page
    assert page.count('<p class="at"><time') == 6
    assert "chưa từng gửi" in page, "cora has never sent"
    cora = page[page.index(">cora<") :]
    assert "không có dữ liệu" in cora[: cora.index("</li>")]

    empty = director.get("/console/?from=2021-07-01").text
    assert "Chưa có số liệu của những ngày này" in empty
    assert "/console/?from=2021-08-01" in empty or 'href="/console/"' in empty, "it leads to the newest day"
    assert '<p class="big"><span class="none">không có dữ liệu</span></p>' in empty


def test_the_counts_of_16_and_of_18_o_clock_are_a_click_each(director: httpx.Client) -> None:
    page = director.get(f"/console/?{DAY}").text
    cut_offs = re.findall(r'<a href="([^"]*known=[^"]*)"[^>]*>(\d\d:\d\d)', page)
    assert [text for _, text in cut_offs] == ["16:00", "18:00"]
    told = []
    for address, _ in cut_offs:
        then = director.get(address.replace("&amp;", "&")).text
        assert "Theo số liệu lúc" in then
        link = re.search(r'href="(/console/records/[^"]*kind=citizen_report[^"]*)">(\d+)</a>', then)
        assert link is not None
        assert records_listed(director.get(link[1].replace("&amp;", "&")).text) == int(link[2])
        told.append(int(link[2]))
    assert told == [2, 6]


def test_an_officer_is_shown_nothing_of_another_province_by_any_door(ben: httpx.Client) -> None:
    board = ben.get(f"/console/?{DAY}").text
    assert "Hà Nội" not in re.sub(r'<script type="application/json".*?</script>', "", board, flags=re.DOTALL)
    figures = json.loads(re.findall(r'<script id="country"[^>]*>(.*?)</script>', board)[0])
    seen = {province["code"] for province in figures["provinces"] if province["step"] >= 0}
    assert seen == {"79"}
    assert all(province["value"] is None for province in figures["provinces"] if province["code"] != "79")
    assert "dov" not in board

    assert [row["Tỉnh, thành phố"] for row in rows_of(ben.get(f"/console/board/provinces.csv?{DAY}"))] == [
        "Hồ Chí Minh"
    ]
    assert sum(int(row["Bản ghi"] or 0) for row in rows_of(ben.get(f"/console/board/kinds.csv?{DAY}"))) == 2
    assert rows_of(ben.get(f"/console/board/wards.csv?{DAY}&area=vn-2025/01")) == []
    for kind in KINDS:
        for asked in (f"{DAY}&area=vn-2025/01", f"{DAY}&area=vn-2025/00004", f"{DAY}&area=vn-2024/01"):
            assert records_listed(ben.get(f"/console/records/?kind={kind}&{asked}").text) == 0, (kind, asked)
    received = "by=received&from=2021-08-01T00:00&to=2021-08-01T20:00"
    assert records_listed(ben.get(f"/console/records/?kind=citizen_report&{received}").text) == 1
    assert records_listed(ben.get("/console/records/?kind=checkpoint_passage&" + received).text) == 0
    assert rows_of(ben.get("/console/flows/export.csv")) == []
    assert ben.get("/console/flows/1/").status_code == 404


def test_an_old_province_is_told_by_what_is_certain_of_it(director: httpx.Client) -> None:
    page = director.get(f"/console/?{DAY}&area=vn-2024/74").text
    assert "Tỉnh Bình Dương" in page
    rows = rows_of(director.get(f"/console/board/kinds.csv?{DAY}&area=vn-2024/74"))
    assert sum(int(row["Bản ghi"]) for row in rows) == 1
    old = rows_of(director.get(f"/console/board/provinces.csv?{DAY}&scheme=vn-2024"))
    assert len(old) == 63
    assert {row["Tỉnh, thành phố"]: row["Tất cả bản ghi"] for row in old}["Bình Dương"] == "1"


def test_a_list_goes_on_by_number_and_holds_no_identity(own_hub: Hub, sign_in: SignIn) -> None:
    director = sign_in(own_hub, "director")
    from daumoi.organisations import registry

    with own_hub.pool.connection() as connection:
        dov = registry.load(connection).by_code("dov")
    assert dov is not None
    send(own_hub, dov, "citizen_report", [a_report(f"many{number}") for number in range(60)])
    count_everything(own_hub)
    first = director.get(f"/console/records/?kind=citizen_report&{DAY}").text
    assert records_listed(first) == 50
    more = re.search(r'href="(/console/records/[^"]*below=\d+)"', first)
    assert more is not None
    second = director.get(more[1].replace("&amp;", "&")).text
    assert records_listed(second) == 16
    numbers = re.findall(r'<th scope="row">([\d.]+)</th>', first + second)
    assert len(set(numbers)) == 66
    for secret in ("001087000001", "many1", "Tụ tập đông người"):
        assert secret not in first + second


def test_a_name_that_could_be_a_formula_is_text_in_a_file(own_hub: Hub, sign_in: SignIn) -> None:
    director = sign_in(own_hub, "director")
    with own_hub.pool.connection() as connection, connection.transaction():
        services.add_system(
            connection, code="evil", name="=1+1", organisation=None, send=["citizen_report"], at=own_hub.clock.now()
        )
    names = [row["Hệ thống"] for row in rows_of(director.get("/console/flows/export.csv"))]
    assert "'=1+1" in names
    assert "=1+1" not in names


def test_flows_tell_the_state_of_each_system_and_why_its_rows_wait(director: httpx.Client) -> None:
    page = director.get("/console/flows/").text
    assert page.index(">dov<") < page.index(">cora<"), "what never sent stands last"
    assert '<svg class="spark"' in page
    address = re.findall(r'href="(/console/flows/\d+/)">dov<', page)[0]
    one = director.get(address).text
    assert "bad_instant" in one
    assert "14 ngày qua" in one
    assert "Không có luồng nào khớp" in director.get("/console/flows/?q=nobody").text


def test_the_wall_has_no_way_elsewhere_and_comes_again_by_itself(director: httpx.Client) -> None:
    page = director.get(f"/console/?{DAY}&wall=1").text
    assert "sidebar" not in page
    assert 'hx-trigger="every 15s"' in page
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert "<time data-clock" in page


def test_figures_that_are_behind_are_marked_as_stale(own_hub: Hub, sign_in: SignIn) -> None:
    director = sign_in(own_hub, "director")
    from daumoi.organisations import registry

    with own_hub.pool.connection() as connection:
        dov = registry.load(connection).by_code("dov")
    assert dov is not None
    assert isinstance(own_hub.clock, FixedClock)
    assert 'class="is-stale"' not in director.get("/console/?wall=1").text
    send(own_hub, dov, "citizen_report", [a_report("uncounted")])
    own_hub.clock.move(timedelta(minutes=2))
    assert 'class="is-stale"' in director.get("/console/?wall=1").text


@pytest.mark.parametrize(
    "asked", ["from=yesterday", "area=vn-2025/999", "known=noon", "from=1900-01-01&to=2021-08-01", "official=x/y/z"]
)
def test_an_address_that_cannot_be_read_is_told_and_shows_the_usual(director: httpx.Client, asked: str) -> None:
    answer = director.get(f"/console/?{asked}")
    assert answer.status_code == 200
    assert ('role="alert"' in answer.text) == (not asked.startswith("official"))
    assert director.get(f"/console/records/?kind=none&below=1e9&{asked}").status_code == 200


def test_the_outlines_come_packed_once_and_hold_both_archipelagos(director: httpx.Client) -> None:
    page = director.get("/console/").text
    address = json.loads(re.findall(r'<script id="country"[^>]*>(.*?)</script>', page)[0])["outlines"]
    answer = director.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    names = {feature["properties"]["name"] for feature in answer.json()["features"]}
    assert {"Quần đảo Hoàng Sa", "Quần đảo Trường Sa"} <= names
    assert len(gzip.compress(answer.content)) < 60_000
    again = director.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_who_has_no_board_sees_their_rights(hub: Hub, sign_in: SignIn) -> None:
    pages = sign_in(hub, "telecom_coord")
    assert "Xin chào" in pages.get("/console/").text
    assert pages.get("/console/board/kinds.csv").status_code == 403


class CountingPool:
    """The pool of a hub, with the queries of its connections counted."""

    def __init__(self, pool: Any) -> None:
        self._pool, self.queries = pool, 0

    @contextmanager
    def connection(self, **options: Any) -> Iterator[Asked]:
        with self._pool.connection(**options) as connection:
            asked = Asked(connection)
            yield asked
            self.queries += asked.queries


def test_the_board_is_few_queries_whatever_there_is(hub: Hub) -> None:
    from daumoi.console.situation.question import Area, Question
    from daumoi.console.situation.reading import read

    on = date(2021, 8, 1)
    scope = Scope.of(member_id=None, label="a test", rights=["board.view"], paths=None).for_right("board.view")
    for question, most in (
        (Question(on, on, on), 25),
        (Question(on - timedelta(days=30), on, on), 25),
        (Question(on, on, on, area=Area(_hanoi()), known=AT_20 - timedelta(hours=4)), 26),
    ):
        pool = CountingPool(hub.pool)
        read(dataclasses.replace(hub, pool=pool), scope, question)  # type: ignore[arg-type]
        assert pool.queries <= most, question


def _hanoi() -> Any:
    from daumoi.areas import selectors as areas

    return areas.find("vn-2025", "01")
