"""One attempt is bounded in time and in bytes, whatever the receiver does with its socket."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from daumoi.exchange.webhooks.addresses import Guard
from daumoi.exchange.webhooks.posting import ANSWER_MAX_BYTES, Answer, Post, Poster, retry_after

GUARD = Guard([ipaddress.ip_network("127.0.0.0/8")])
TOTAL_S = 1.0


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            try:
                wire, _ = server.accept()
                with wire:
                    serve(wire)
            except OSError:
                return

        threading.Thread(target=run, daemon=True).start()
        yield server.getsockname()[1]


def attempt(serve: Callable[[socket.socket], None], *, scheme: str = "http") -> Answer:
    with listening(serve) as port:
        message = Post(f"{scheme}://127.0.0.1:{port}/in", {"webhook-id": "msg_1"}, b"{}")
        return Poster(GUARD, ssl.create_default_context(), total_s=TOTAL_S).post(message)


def drip(wire: socket.socket) -> None:
    """A byte of the answer every 50 ms: each is in time, all of them are not."""
    for sign in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 400:
        wire.sendall(bytes([sign]))
        time.sleep(0.05)


@pytest.mark.parametrize("serve", [lambda wire: time.sleep(2), drip], ids=["silent", "dripping"])
def test_a_receiver_that_takes_too_long_is_given_up_in_time(serve: Callable[[socket.socket], None]) -> None:
    began = time.monotonic()
    assert attempt(serve).error == "timeout"
    assert time.monotonic() - began < TOTAL_S + 1


def test_of_an_endless_answer_the_first_bytes_are_read() -> None:
    def serve(wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            wire.sendall(b"a" * 65536)

    answer = attempt(serve)
    assert (answer.status, answer.body) == (200, b"a" * ANSWER_MAX_BYTES)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", "broken_off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "broken_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "broken_off"),
        (b"SSH-2.0-server\r\n\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Much: " + b"a" * 40_000, "not_http"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(said: bytes, error: str) -> None:
    def serve(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.sendall(said)

    assert attempt(serve)[:2] == (None, error)


def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    def serve(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.sendall(b"HTTP/1.0 200 OK\r\n\r\nwell")

    assert attempt(serve)[::4] == (200, b"well")


def test_a_receiver_without_tls_behind_https_is_a_failure_and_no_message() -> None:
    seen: list[bytes] = []

    def serve(wire: socket.socket) -> None:
        seen.append(wire.recv(65536))
        wire.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    assert attempt(serve, scheme="https").error == "tls"
    assert b"msg_1" not in b"".join(seen)


def test_a_host_that_is_not_allowed_is_never_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        answer = Poster(Guard(), ssl.create_default_context()).post(Post(f"https://localhost:{port}/", {}, b""))
        assert answer.error == "address_refused"
        with pytest.raises(TimeoutError):
            server.accept()


def test_retry_after_is_read_as_seconds_or_as_an_instant() -> None:
    assert retry_after(b"120") == 120
    assert retry_after(b"Fri, 01 Jan 2100 00:00:00 GMT", now=None) is not None
    assert retry_after(b"Fri, 01 Jan 1999 00:00:00 GMT") == 0
    for said in (None, b"", b"soon", b"-5", b"\xff", b"1e9"):
        assert retry_after(said) is None
