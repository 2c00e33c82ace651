"""Feeds by agreements on a part of the country, through a real socket: who waits is woken by what concerns it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from daumoi.exchange import lifecycle
from daumoi.exchange.terms import Terms
from tests.contract.records import BA_DINH, a_report
from tests.crash.reckoning import dsn_of
from tests.hubs import Caller, HubServer, a_problem
from tests.integration.exchange.agreeing import terms_of

KIND = "citizen_report"
HOAN_KIEM = {"scheme": "vn-2025", "code": "00070"}


class Sharing:
    """A receiver with an agreement that tests may suspend."""

    def __init__(self, server: HubServer, terms: Terms) -> None:
        self.caller = server.new_system()
        self._dsn = dsn_of(server)
        at = datetime.now(UTC)
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("SELECT id FROM system WHERE code = %s", (self.caller.code,)).fetchone()
            assert row is not None
            self.agreement = lifecycle.draft(
                connection, receiver=row[0], provider=None, name="Chia sẻ", terms=terms, by="ada", at=at
            )
            one: dict[str, Any] = {"agreement": self.agreement, "version": 1, "at": at}
            lifecycle.propose(connection, **one)
            lifecycle.approve(connection, side="owner", by="ben", **one)
            lifecycle.approve(connection, side="privacy", by="cora", **one)
        until = time.monotonic() + 5
        while self.caller.get(f"/api/v1/feeds/{KIND}").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.05)

    def suspend(self) -> None:
        with psycopg.connect(self._dsn) as connection:
            lifecycle.suspend(
                connection, agreement=self.agreement, by="ben", reason="Nghi lộ dữ liệu", at=datetime.now(UTC)
            )


@pytest.fixture
def share(hub_server: HubServer) -> Callable[..., Sharing]:
    def sharing(**more: Any) -> Sharing:
        return Sharing(hub_server, terms_of(KIND, areas=[(BA_DINH["scheme"], BA_DINH["code"])], **more))

    return sharing


def test_who_waits_is_answered_by_a_record_of_its_area_and_by_no_other(
    share: Callable[..., Sharing], dov: Caller
) -> None:
    reader = share().caller
    begins = reader.feed(KIND, after=0, limit=10_000).next
    answers: list[tuple[float, Any]] = []

    def wait() -> None:
        began = time.monotonic()
        page = reader.feed(KIND, after=begins, wait=20)
        answers.append((time.monotonic() - began, page))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.4)
    dov.receipt(KIND, *(a_report(area=HOAN_KIEM) for _ in range(3)))
    time.sleep(0.8)
    assert waiting.is_alive(), "records of another area are no answer"
    receipt = dov.receipt(KIND, a_report(area=BA_DINH))
    waiting.join(5)
    ((took_s, page),) = answers
    assert 1.0 < took_s < 5
    assert [line["seq"] for line in page.lines] == [receipt["first_seq"]]
    assert page.next == receipt["first_seq"]


def test_a_wait_without_news_ends_in_time_and_moves_on(share: Callable[..., Sharing], dov: Caller) -> None:
    reader = share().caller
    receipt = dov.receipt(KIND, a_report(area=HOAN_KIEM))
    page = reader.feed(KIND, after=receipt["first_seq"] - 1, wait=1)
    assert page.lines == []
    assert page.next >= receipt["first_seq"]
    assert page.next == page.head


def test_a_suspended_agreement_ends_an_open_stream_and_says_why(share: Callable[..., Sharing], dov: Caller) -> None:
    sharing = share()
    begins = sharing.caller.feed(KIND, after=0, limit=10_000).head
    seen: list[str] = []
    with sharing.caller.http.stream("GET", f"/api/v1/feeds/{KIND}/stream", params={"after": begins}) as answer:
        lines = answer.iter_lines()
        dov.receipt(KIND, a_report(area=HOAN_KIEM), a_report(area=BA_DINH, ref="stream-1"))
        for line in lines:
            if line.startswith("data: ") and not seen:
                seen.append(line)
                sharing.suspend()
                dov.receipt(KIND, a_report(area=BA_DINH, ref="stream-2"))
            elif line.startswith(("event: problem", "data: ")):
                seen.append(line)
    assert json.loads(seen[0][6:])["area"] == BA_DINH
    assert seen[1] == "event: problem"
    assert json.loads(seen[2][6:])["code"] == "no_agreement"
    assert len(seen) == 3, "nothing leaves after a suspension"
    a_problem(sharing.caller.get(f"/api/v1/feeds/{KIND}", after=begins), 403, "no_agreement")
