"""Contract, section 5: the same feed as server-sent events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.contract.records import a_declaration, a_report, a_withdrawal
from tests.hubs import Caller, Record, a_problem

KIND = "citizen_report"


class Stream:
    """Events of one open stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.pieces = answer.iter_bytes()

    def lines(self) -> Iterator[str]:
        """Lines end at a line feed alone; a text may hold other line ends of Unicode."""
        rest = b""
        for piece in self.pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode().removesuffix("\r")

    def events(self) -> Iterator[tuple[str, Record]]:
        """id and data of each event; comments and other fields are passed over."""
        number, data = "", []
        for line in self.lines():
            if line.startswith("id:"):
                number = line[3:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif line == "" and data:
                yield number, json.loads("\n".join(data))
                data = []

    def take(self, count: int) -> list[tuple[str, Record]]:
        events = self.events()
        return [next(events) for _ in range(count)]


@contextmanager
def stream(caller: Caller, kind: str = KIND, *, last_event_id: int | None = None, **params: int) -> Iterator[Stream]:
    headers = {"Accept": "text/event-stream"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    with caller.http.stream(
        "GET", f"/api/v1/feeds/{kind}/stream", headers=headers, params=params, timeout=15.0
    ) as answer:
        yield Stream(answer)


def test_a_stream_is_server_sent_events_whose_id_is_the_seq(dov: Caller) -> None:
    receipt = dov.receipt(KIND, a_report(), a_report())
    with stream(dov, after=receipt["first_seq"] - 1) as opened:
        assert opened.answer.status_code == 200
        assert opened.answer.headers["Content-Type"].split(";")[0] == "text/event-stream"
        events = opened.take(2)
    assert [number for number, _ in events] == [str(receipt["first_seq"]), str(receipt["last_seq"])]
    assert [line for _, line in events] == dov.feed(KIND, after=receipt["first_seq"] - 1).lines


def test_last_event_id_resumes_a_stream(dov: Caller) -> None:
    receipt = dov.receipt(KIND, *[a_report() for _ in range(4)])
    with stream(dov, last_event_id=receipt["first_seq"] + 1) as opened:
        events = opened.take(2)
    assert [line["seq"] for _, line in events] == [receipt["last_seq"] - 1, receipt["last_seq"]]


def test_last_event_id_goes_before_the_after_of_the_address(dov: Caller) -> None:
    receipt = dov.receipt(KIND, *[a_report() for _ in range(3)])
    with stream(dov, last_event_id=receipt["last_seq"] - 1, after=0) as opened:
        ((_, line),) = opened.take(1)
    assert line["seq"] == receipt["last_seq"]


def test_a_stream_gives_what_comes_while_it_is_open(dov: Caller, cora: Caller) -> None:
    head = dov.head(KIND)
    rows = [a_report() for _ in range(3)]

    def send() -> None:
        for row in rows:
            time.sleep(0.3)
            cora.receipt(KIND, row)

    with stream(dov, after=head) as opened:
        thread = threading.Thread(target=send)
        thread.start()
        events = opened.take(3)
        thread.join()
    assert [line["ref"] for _, line in events] == [row["ref"] for row in rows]


def test_a_stream_goes_through_a_long_past_without_a_gap(dov: Caller) -> None:
    dov.receipt(KIND, *[a_report() for _ in range(2300)])
    head = dov.head(KIND)
    with stream(dov, after=head - 2200) as opened:
        seen = [line["seq"] for _, line in opened.take(2200)]
    assert seen == list(range(head - 2199, head + 1))


def test_a_stream_shows_a_withdrawal_without_subject_and_data(dov: Caller) -> None:
    row = a_declaration()
    receipt = dov.receipt("health_declaration", row, a_withdrawal(row["ref"], 2))
    with stream(dov, "health_declaration", after=receipt["first_seq"]) as opened:
        ((_, line),) = opened.take(1)
    assert line["op"] == "withdraw"
    assert not line.get("subject")
    assert not line.get("data")


def test_a_stream_needs_an_agreement(cora: Caller) -> None:
    a_problem(cora.get(f"/api/v1/feeds/{KIND}/stream"), 403, "no_agreement")


def test_a_stream_cuts_what_the_agreement_cuts(dov: Caller, receiver: Caller) -> None:
    receipt = dov.receipt("health_declaration", a_declaration())
    with stream(receiver, "health_declaration", after=receipt["first_seq"] - 1) as opened:
        ((_, line),) = opened.take(1)
    assert line["subject"].keys() == {"pseudonym"}


@pytest.mark.parametrize("last_event_id", ["x", "-1", "9" * 40])
def test_a_last_event_id_that_is_none_is_never_a_fault_of_the_hub(dov: Caller, last_event_id: str) -> None:
    path = f"/api/v1/feeds/{KIND}/stream"
    with dov.http.stream("GET", path, headers={"Last-Event-ID": last_event_id}) as answer:
        assert answer.status_code in {200, 400}
