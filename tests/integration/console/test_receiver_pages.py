"""Receivers on their pages: how far each way out is, its stretches by key, and stopping one that is pushed to."""

from __future__ import annotations

import re

import pytest

from daumoi.exchange import feeds, receivers
from daumoi.exchange.agreements import load
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, statements_of
from tests.integration.console.sharing import KIND, set_up
from tests.integration.exchange.agreeing import agreed, page, terms_of
from tests.integration.sending import a_system

QUERIES_OF_A_LIST = 11
"""The reader's standing, four of the names of systems and organisations, the ways out, progress, rates,
what fails, who is silent."""


@pytest.fixture(scope="module")
def receiving(desk: Desk) -> tuple[Desk, System]:
    """A receiver that has read all reports one by one, and has acknowledged four."""
    _, receiver = set_up(desk)
    agreed(desk.hub, receiver, terms_of(KIND))
    for after in range(9):
        page(desk.hub, receiver, KIND, after=after, limit=1)
    with desk.hub.pool.connection() as connection:
        agreement = load(connection).of(receiver.id, KIND, on=desk.hub.clock.now().date())
    assert agreement is not None
    feeds.acknowledge(desk.hub, agreement=agreement, seq=4)
    return desk, receiver


def a_webhook(desk: Desk, receiver: System, name: str) -> int:
    with desk.hub.pool.connection() as connection, connection.transaction():
        made, _ = services.register(
            desk.hub,
            connection,
            receiver=receiver.id,
            name=name,
            kinds=[KIND],
            endpoint=Endpoint(url="https://receiver.example/in"),
            from_beginning=False,
            at=desk.hub.clock.now(),
        )
    return made


def test_the_list_tells_what_waits_how_old_and_how_fast(receiving: tuple[Desk, System]) -> None:
    desk, _ = receiving
    otto = desk.as_member("otto")
    rows = otto.get("/console/receivers/", params={"way": "feed"}).text.partition("<tbody>")[2].partition("</tbody>")[0]
    said = re.sub(r"(?:<[^>]+>|\s)+", " ", rows)

    assert re.search(r"^ rita feed, .* active every kind it may read 5 the oldest for 2 days 9 04/08/2021 ", said), said
    assert len(statements_of(lambda: otto.get("/console/receivers/"))) <= QUERIES_OF_A_LIST


def test_who_has_an_agreement_and_has_never_asked_is_listed_until_it_asks(receiving: tuple[Desk, System]) -> None:
    desk, _ = receiving
    for code in ("im-lang", "cho-mai"):
        agreed(desk.hub, a_system(desk.hub, code), terms_of(KIND))
    otto = desk.as_member("otto")
    shown = otto.get("/console/receivers/").text.partition('id="silent"')[2].partition("</section>")[0]
    assert re.findall(r"agreements/\d+/\">([\w-]+)<", shown) == ["im-lang", "cho-mai"]
    assert "has never asked" in shown
    assert "rita" not in shown, "who has read stands below with its way"
    assert 'id="silent"' not in otto.get("/console/receivers/", params={"way": "feed"}).text
    assert "cho-mai" not in otto.get("/console/receivers/", params={"q": "im-"}).text

    with desk.hub.pool.connection() as connection:
        first, after = receivers.silent(connection, most=1)
        second, last = receivers.silent(connection, after=after or 0, most=1)
    assert [after, last] == [first[0].receiver, None]
    assert second[0].kinds == [KIND, "identity_change"]
    with desk.hub.pool.connection() as connection:
        known = registry.load(connection).by_code("im-lang")
    assert known is not None
    page(desk.hub, known, KIND)
    assert "im-lang" not in otto.get("/console/receivers/").text.partition('id="silent"')[2].partition("</section>")[0]


def test_a_feed_that_has_not_acknowledged_for_a_day_says_what_to_ask(receiving: tuple[Desk, System]) -> None:
    desk, receiver = receiving
    with desk.hub.pool.connection() as connection:
        row = connection.execute("SELECT id FROM destination WHERE receiver = %s AND way = 'feed'", (receiver.id,))
        number = row.fetchone()
    assert number is not None
    here = f"/console/receivers/{number[0]}/"
    assert "whether its reading job runs" in desk.as_member("otto").get(here).text
    assert "Chưa xác nhận phần dữ liệu tiếp nhận lúc" in desk.as_member("otto", language="vi").get(here).text
    assert desk.as_member("otto").get(f"{here}attempts/").status_code == 404
    assert desk.as_member("otto").get(f"{here}files/").status_code == 404


def test_one_receiver_shows_each_kind_and_its_stretches_by_key(receiving: tuple[Desk, System]) -> None:
    desk, receiver = receiving
    with desk.hub.pool.connection() as connection:
        row = connection.execute(
            "SELECT id FROM destination WHERE receiver = %s AND way = 'feed'", (receiver.id,)
        ).fetchone()
    assert row is not None
    shown = desk.as_member("otto").get(f"/console/receivers/{row[0]}/").text

    assert "agreement 1, version 1" in shown
    assert len(re.findall(r'<code class="hash">[0-9a-f]{64}</code>', shown)) == 9
    assert "/pause/" not in shown, "a feed is stopped by its agreement"
    later = desk.as_member("otto").get(f"/console/receivers/{row[0]}/", params={"kind": KIND, "before": "5"}).text
    assert len(re.findall(r'<code class="hash">', later)) == 4
    refused = desk.as_member("otto").post(
        f"/console/receivers/{row[0]}/pause/", data={"reason": "Thử"}, follow_redirects=True
    )
    assert "its receiver reads by itself" in refused.text


def test_a_way_that_is_pushed_to_is_paused_by_many_and_goes_on_by_the_owner(receiving: tuple[Desk, System]) -> None:
    desk, receiver = receiving
    here = f"/console/receivers/{a_webhook(desk, receiver, 'Cảnh báo')}/"
    otto, dirk = desk.as_member("otto"), desk.as_member("dirk")

    paused = otto.post(f"{here}pause/", data={"reason": "Bên nhận bảo trì"}, follow_redirects=True)
    assert "Bên nhận bảo trì" in paused.text
    assert "/resume/" not in paused.text
    assert otto.post(f"{here}resume/", data={"reason": "Xong"}).status_code == 403
    assert "Give a reason" in dirk.post(f"{here}resume/", data={}, follow_redirects=True).text
    assert (
        "It goes on where it stopped."
        in dirk.post(f"{here}resume/", data={"reason": "Đã xong"}, follow_redirects=True).text
    )
    ended = dirk.post(f"{here}end/", data={"reason": "Không dùng nữa"}, follow_redirects=True)
    assert "Its account is kept." in ended.text
    assert "in another state" in dirk.post(f"{here}pause/", data={"reason": "x"}, follow_redirects=True).text
    assert [len(desk.lines(f"destination.{step}")) for step in ("pause", "resume", "end")] == [1, 1, 1]


def test_an_officer_of_a_province_sees_no_receiver_and_neither_does_who_sees_one_province(
    receiving: tuple[Desk, System],
) -> None:
    desk, _ = receiving
    desk.add("lan", "security_monitor", area="vn-2025/01")
    assert desk.as_member("ben").get("/console/receivers/").status_code == 403
    assert "rita" not in desk.as_member("lan").get("/console/receivers/").text
    assert desk.as_member("lan").get("/console/receivers/1/").status_code == 404
