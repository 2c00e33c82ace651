"""What holds for every call: an id, a token, a problem for every failure."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from daumoi.core.hub import Hub
from daumoi.gateway.admission import PUBLIC_PATHS, is_public
from daumoi.gateway.asgi import build_app
from tests.contract.records import a_checkpoint
from tests.hubs import Caller, HubServer, a_problem, gzipped, ndjson

CONTRACT_OPEN = {
    "/healthz", "/readyz", "/metrics", "/api/v1/oauth/token", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/problems"
}  # fmt: skip


def test_only_what_the_contract_names_stands_open_and_the_look_of_its_page() -> None:
    assert CONTRACT_OPEN | {"/api/v1/docs/style.css"} == PUBLIC_PATHS


def test_every_other_route_needs_a_token(make_hub: Callable[..., Hub], hub_server: HubServer) -> None:
    closed = [
        (re.sub(r"\{[^}]+\}", "x", route.path_format), method)
        for route in build_app(make_hub()).app.routes
        for method in route.methods  # type: ignore[union-attr]
        if not is_public(route.path_format)
    ]
    assert len(closed) > 20
    for path, method in closed:
        answer = httpx.request(method, hub_server.base_url + path)
        a_problem(answer, 401, "unauthorized")


def test_an_address_that_is_none_is_closed_too(hub_server: HubServer, dov: Caller) -> None:
    a_problem(httpx.get(f"{hub_server.base_url}/api/v1/nothing"), 401, "unauthorized")
    a_problem(dov.get("/api/v1/nothing"), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/problems/../kinds", "/api/v1/problems%2f..%2fkinds", "/api//v1/kinds"])
def test_a_crooked_address_opens_nothing(hub_server: HubServer, path: str) -> None:
    parts = urlsplit(hub_server.base_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert int(answer.split(b" ")[1]) in {401, 404}


def test_a_call_has_an_id_of_its_own(hub_server: HubServer) -> None:
    ids = {httpx.get(f"{hub_server.base_url}/healthz").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("given", "kept"), [("my-own-id-77", True), ("short", False), ("x" * 65, False), ("with space", False)]
)
def test_an_id_of_the_callers_is_kept_when_it_has_the_shape_of_one(dov: Caller, given: str, kept: bool) -> None:
    answer = dov.http.get("/api/v1/nothing", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_a_method_that_is_not_allowed_says_which_are(dov: Caller) -> None:
    answer = dov.http.delete("/api/v1/kinds")
    a_problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/api/v1/kinds", "/api/v1/held", "/api/v1/feeds/checkpoint", "/api/v1/records/checkpoint/1"]
)
def test_an_unknown_parameter_is_refused(dov: Caller, path: str) -> None:
    assert "pretty" in a_problem(dov.get(path, pretty="1"), 400, "bad_parameter")["detail"]


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=", "on_problem=keep", "dry_run=true&dry_run=true", "x=1"])
def test_an_option_that_is_none_is_refused_before_the_body_is_read(dov: Caller, query: str) -> None:
    answer = dov.http.post(f"/api/v1/records/checkpoint?{query}", json=a_checkpoint())
    a_problem(answer, 400, "bad_parameter")


def test_headers_of_other_exchanges_are_passed_over(dov: Caller) -> None:
    answer = dov.http.get("/api/v1/kinds", headers={"X-Road-Client": "VN/GOV/1", "X-Road-Id": "é".encode()})
    assert answer.status_code == 200


def test_personal_answers_are_not_kept_by_caches(dov: Caller) -> None:
    assert dov.get("/api/v1/feeds/checkpoint").headers["Cache-Control"] == "no-store"


def test_head_asks_for_signs_of_life_without_their_body(hub_server: HubServer) -> None:
    answer = httpx.head(f"{hub_server.base_url}/readyz")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_figures_count_records_and_name_nobody(dov: Caller) -> None:
    def accepted() -> float:
        text = dov.http.get("/metrics").text
        return float(re.findall(r'daumoi_records_total\{kind="checkpoint",outcome="accepted"\} (\S+)', text)[0])

    before = accepted()
    dov.receipt("checkpoint", a_checkpoint(), a_checkpoint())
    dov.receipt("checkpoint", a_checkpoint())
    dov.receipt("checkpoint", a_checkpoint(), dry_run="true")
    assert accepted() == before + 3
    text = dov.http.get("/metrics").text
    assert 'daumoi_log_head{kind="checkpoint"}' in text
    assert dov.code not in text


def test_addresses_that_are_none_do_not_make_figures_of_their_own(dov: Caller) -> None:
    dov.get("/api/v1/0912345678")
    text = dov.http.get("/metrics").text
    assert "0912345678" not in text
    assert 'route="(none)"' in text


def test_a_log_line_tells_the_route_and_the_system_and_no_value(dov: Caller, hub_server: HubServer) -> None:
    dov.http.get("/api/v1/held", params={"code": "0912345678"}, headers={"X-Request-Id": "look-for-this-1"})
    until = time.monotonic() + 5
    lines: list[str] = []
    while not lines and time.monotonic() < until:
        time.sleep(0.05)
        logs = [path.read_text(errors="replace") for path in hub_server.data_dir.glob("log/server*")]
        lines = [line for log in logs for line in log.splitlines() if "look-for-this-1" in line]
    (line,) = lines
    assert '"/api/v1/held"' in line and dov.code in line and "400" in line
    assert "0912345678" not in line


def test_a_mend_and_a_replay_may_be_compressed(dov: Caller) -> None:
    held_id = dov.one_problem("checkpoint", b"{}")["held_id"]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = gzipped(ndjson([a_checkpoint()]))
    assert dov.http.put(f"/api/v1/held/{held_id}", content=body, headers=headers).json()["accepted"] == 1
    body = gzipped(b'{"kind": "checkpoint"}')
    assert dov.http.post("/api/v1/held/replay", content=body, headers=headers).status_code == 200


def test_many_long_polls_hold_no_thread_and_no_connection(dov: Caller) -> None:
    """Sixty readers wait; a record is still taken at once, and all of them are answered."""
    head = dov.head("checkpoint")
    answers: list[int] = []

    def poll() -> None:
        url = f"{dov.base_url}/api/v1/feeds/checkpoint"
        asked = {"after": head, "wait": 30}
        answers.append(httpx.get(url, params=asked, headers=dov.http.headers, timeout=40).status_code)

    readers = [threading.Thread(target=poll) for _ in range(60)]
    for reader in readers:
        reader.start()
    time.sleep(1.5)
    assert not answers
    begun = time.monotonic()
    dov.receipt("checkpoint", a_checkpoint())
    assert time.monotonic() - begun < 2.0
    for reader in readers:
        reader.join(timeout=20)
    assert answers == [200] * 60


def test_a_client_has_so_many_places_for_bulk_bodies_and_no_more(dov: Caller) -> None:
    parts = urlsplit(dov.base_url)
    head = (
        f"POST /api/v1/records/checkpoint HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {dov.token}\r\n"
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n"
    ).encode()
    opened = [socket.create_connection((parts.hostname or "", parts.port or 0)) for _ in range(32)]
    try:
        for connection in opened:
            connection.sendall(head)
        time.sleep(1.0)
        answer = dov.post_body("checkpoint", gzipped(ndjson([a_checkpoint()])), encoding="gzip")
        a_problem(answer, 429, "rate_limited")
        assert int(answer.headers["Retry-After"]) >= 1
        assert dov.receipt("checkpoint", a_checkpoint())["accepted"] == 1, "small bodies need no place"
    finally:
        for connection in opened:
            connection.close()
    until = time.monotonic() + 10
    while answer.status_code == 429 and time.monotonic() < until:
        time.sleep(0.2)
        answer = dov.post_body("checkpoint", gzipped(ndjson([a_checkpoint()])), encoding="gzip")
    assert answer.status_code == 200, "places of clients that went away are free again"
