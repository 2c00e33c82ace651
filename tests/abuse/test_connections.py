"""Clients that hold connections, send crumbs or read nothing: each ends cheaply, and others are served meanwhile."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from tests.abuse.conftest import BODY_IDLE_S, BODY_LEAST_BYTES_PER_S, HEAD_S, OF_ONE_ADDRESS
from tests.abuse.costs import Costs
from tests.abuse.wires import answer, drip, get, is_closed, post_head, wire
from tests.contract.records import a_checkpoint, a_report, the_bytes
from tests.hubs import Caller, HubServer, ndjson

SOON_S = 0.5


def serves_others(caller: Caller) -> None:
    """A good client is answered within half a second."""
    begun = time.monotonic()
    assert caller.receipt("citizen_report", a_report())["accepted"] == 1
    took = time.monotonic() - begun
    assert took < SOON_S, f"another client waited {took:.2f} s"


def test_a_request_that_comes_byte_by_byte_is_given_up(abused: HubServer, dov_beside: Caller, costs: Costs) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(wire(abused)) for _ in range(200)]
        for connection in slow:
            connection.sendall(b"GET /api/v1/kinds HTTP/1.1\r\nX-Slow: ")
        begun = time.monotonic()
        serves_others(dov_beside)
        drip(slow[-1], b"a" * 1000, pause_s=0.1, seconds=HEAD_S + 3)
        bore_s = time.monotonic() - begun
        assert HEAD_S - 0.3 < bore_s < HEAD_S + 1.5, f"given up after {bore_s:.1f} s"
        for connection in slow[:-1]:
            is_closed(connection, seconds=3)
    costs.check("200 requests that never get whole", memory_mib=30, processor_s=1)


@pytest.mark.parametrize("said", [b"", b"\r\n"], ids=["silence", "line ends"])
def test_a_connection_without_a_request_is_given_up(abused: HubServer, said: bytes) -> None:
    with wire(abused) as connection:
        begun = time.monotonic()
        if said:
            drip(connection, said * 100, pause_s=0.1, seconds=HEAD_S + 3)
        else:
            is_closed(connection, seconds=HEAD_S + 3)
        assert time.monotonic() - begun < HEAD_S + 1.5


def test_line_ends_between_requests_keep_no_connection_open(abused: HubServer) -> None:
    with wire(abused) as connection:
        connection.sendall(get("/healthz"))
        assert answer(connection)[0] == 200
        drip(connection, b"\r\n" * 100, pause_s=0.1, seconds=HEAD_S + 3)


def test_a_single_post_that_comes_byte_by_byte_is_given_up(
    abused: HubServer, mallory: Caller, dov_beside: Caller
) -> None:
    body = the_bytes(a_report())
    with wire(abused) as connection:
        connection.sendall(post_head(mallory, "citizen_report", f"Content-Length: {len(body)}"))
        bore_s = drip(connection, body, pause_s=0.05, seconds=BODY_IDLE_S + 3)
    assert bore_s < BODY_IDLE_S + 1.5, f"given up after {bore_s:.1f} s"
    serves_others(dov_beside)


def test_a_bulk_body_slower_than_the_least_rate_ends_with_the_receipt_so_far(
    abused: HubServer, mallory: Caller
) -> None:
    """Slower than the hub bears, and never silent for long."""
    with wire(abused) as connection:
        connection.sendall(post_head(mallory, "citizen_report", "Transfer-Encoding: chunked"))
        begun = time.monotonic()
        sent = 0
        connection.settimeout(0.2)
        while time.monotonic() - begun < 3 * BODY_IDLE_S:
            row = ndjson([a_report()])
            connection.sendall(b"%x\r\n%b\r\n" % (len(row), row))
            sent += 1
            with contextlib.suppress(TimeoutError):
                said = connection.recv(1, socket.MSG_PEEK)
                assert said, "closed without an answer"
                break
        assert len(row) / 0.2 < BODY_LEAST_BYTES_PER_S, "the test must be slower than the bound"
        connection.settimeout(10)
        status, problem = answer(connection)
    assert (status, problem["code"]) == (400, "malformed_body")
    assert sent - 1 <= problem["receipt"]["accepted"] <= sent


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: hub\r\nX-Long: " + b"a" * 2**20 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: hub\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(200)) + b"\r\n",
        b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"b" * 2**20,
    ],
    ids=["long value", "many", "long address", "long name"],
)
def test_headers_without_end_are_refused(abused: HubServer, costs: Costs, head: bytes) -> None:
    with wire(abused) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(head)
        status, problem = answer(connection)
        is_closed(connection, seconds=3)
    assert (status, problem["code"]) == (431, "headers_too_large")
    costs.check("1 MiB of headers", memory_mib=10, processor_s=0.5)


def test_what_is_no_http_is_refused_in_the_words_of_the_contract(abused: HubServer) -> None:
    with wire(abused) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        status, problem = answer(connection)
    assert (status, problem["code"]) == (400, "malformed_body")


def test_one_address_has_a_bounded_number_of_connections(abused: HubServer, costs: Costs) -> None:
    parts = abused.base_url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(OF_ONE_ADDRESS):
            connection = stack.enter_context(socket.create_connection((parts[0], int(parts[1])), timeout=5))
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        with wire(abused) as one_more:
            one_more.sendall(get("/healthz"))
            status, problem = answer(one_more)
            is_closed(one_more, seconds=3)
        assert (status, problem["code"]) == (429, "rate_limited")
    costs.check(f"{OF_ONE_ADDRESS} connections", memory_mib=60, processor_s=2)
    time.sleep(0.3)
    with wire(abused) as later:
        later.sendall(get("/healthz"))
        assert answer(later)[0] == 200, "a place that was given back is free"


def test_500_idle_long_polls_cost_little_and_all_are_answered(
    abused: HubServer, mallory: Caller, dov_beside: Caller, costs: Costs
) -> None:
    head = dov_beside.head("citizen_report")
    request = get(f"/api/v1/feeds/citizen_report?after={head}&wait=30", mallory)
    with contextlib.ExitStack() as stack:
        polls = [stack.enter_context(wire(abused)) for _ in range(500)]
        for poll in polls:
            poll.sendall(request)
        time.sleep(1.0)
        costs.check("500 idle long polls", memory_mib=60, processor_s=2)
        begun = time.monotonic()
        serves_others(dov_beside)
        for poll in polls:
            assert poll.recv(15) == b"HTTP/1.1 200 OK"
        took = time.monotonic() - begun
    print(f"500 long polls were answered {took:.2f} s after the record was sent")
    assert took < 5


def test_requests_in_advance_without_end_lose_their_connection(
    abused: HubServer, dov_beside: Caller, costs: Costs
) -> None:
    with wire(abused) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(get("/healthz") * 100_000)
        is_closed(connection, seconds=5)
    serves_others(dov_beside)
    costs.check("100,000 requests in advance", memory_mib=40, processor_s=2)


def test_some_requests_in_advance_are_answered_in_order(abused: HubServer) -> None:
    with wire(abused) as connection:
        connection.sendall((get("/healthz") + get("/api/v1/problems")) * 10)
        for _ in range(10):
            assert answer(connection)[1]["status"] == "ok"
            assert "rows" in answer(connection)[1]


def test_a_body_of_crumbs_loses_its_connection(
    abused: HubServer, mallory: Caller, dov_beside: Caller, costs: Costs
) -> None:
    """One byte a chunk costs the server as much as a page a chunk."""
    row = ndjson([a_checkpoint()])
    crumbs = b"".join(b"1\r\n%b\r\n" % row[at : at + 1] for at in range(len(row))) * 3000
    with wire(abused) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(post_head(mallory, "checkpoint", "Transfer-Encoding: chunked") + crumbs)
        is_closed(connection, seconds=5)
    serves_others(dov_beside)
    costs.check(f"{len(crumbs) / 2**20:.0f} MiB of chunks of one byte", memory_mib=40, processor_s=2)


def test_small_chunks_of_a_line_each_are_taken(abused: HubServer, mallory: Caller) -> None:
    rows = [a_checkpoint() for _ in range(300)]
    answered = mallory.post_body("checkpoint", (ndjson([row]) for row in rows))
    assert answered.json()["accepted"] == 300


def test_the_rest_of_a_refused_body_is_thrown_away_and_its_sender_reads_why(
    abused: HubServer, mallory: Caller, costs: Costs
) -> None:
    body = b"x" * 2**20
    said: list[tuple[int, str]] = []
    with wire(abused) as connection:
        connection.sendall(post_head(mallory, "nothing", "Content-Length: 100000000"))

        def read() -> None:
            status, problem = answer(connection)
            said.append((status, problem["code"]))

        reader = threading.Thread(target=read)
        reader.start()
        with contextlib.suppress(ConnectionError):
            for _ in range(20):
                connection.sendall(body)
        reader.join(10)
    assert said == [(404, "unknown_kind")]
    costs.check("20 MiB behind a refusal", memory_mib=20, processor_s=1)


@pytest.mark.soak
def test_an_answer_that_nobody_reads_is_given_up(abused: HubServer, mallory: Caller, costs: Costs) -> None:
    """Takes as long as the hub bears an unread answer, half a minute."""
    mallory.receipt("citizen_report", *(a_report({"category": "crowd", "text": "chữ " * 1000}) for _ in range(800)))
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(wire(abused, read_buffer_bytes=4096)) for _ in range(10)]
        for reader in readers:
            reader.sendall(get("/api/v1/feeds/citizen_report?after=0&limit=10000", mallory) * 20)
        time.sleep(45)
        for reader in readers:
            is_closed(reader, seconds=10)
    costs.check("10 readers who read nothing of 20 pages each", memory_mib=150, processor_s=5)
