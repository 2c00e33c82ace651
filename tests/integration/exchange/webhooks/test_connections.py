"""A connection serves the next message too, while it stands; one that has ended loses no message and doubles none."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from daumoi.exchange.webhooks import connections
from daumoi.exchange.webhooks.addresses import Guard
from daumoi.exchange.webhooks.posting import Post, Poster

ALLOWED = [ipaddress.ip_network("127.0.0.0/8")]
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
Talk = Callable[[socket.socket, int], None]


class Host:
    """A receiver that counts its connections, and does with each what a test says."""

    def __init__(self, talk: Talk) -> None:
        self._talk, self.connections, self.requests = talk, 0, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/in"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                wire, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(wire, self.connections), daemon=True).start()

    def _serve(self, wire: socket.socket, number: int) -> None:
        with wire, suppress(OSError):
            self._talk(wire, number)

    def read(self, wire: socket.socket) -> bool:
        """Take one request; False where the connection has ended."""
        said = b""
        while b"\r\n\r\n{}" not in said:
            came = wire.recv(4096)
            if not came:
                return False
            said += came
        self.requests += 1
        return True

    def close(self) -> None:
        self._server.close()


@contextmanager
def a_host(talk: Callable[[Host, socket.socket, int], None]) -> Iterator[Host]:
    host = Host(lambda wire, number: talk(host, wire, number))
    try:
        yield host
    finally:
        host.close()


@pytest.fixture
def poster() -> Iterator[Poster]:
    made = Poster(Guard(ALLOWED), ssl.create_default_context(), total_s=2)
    yield made
    made.close()


def post(poster: Poster, host: Host) -> int | str | None:
    answer = poster.post(Post(host.url, {"webhook-id": "msg_1"}, b"{}"))
    return answer.status or answer.error


def answers_always(host: Host, wire: socket.socket, _: int) -> None:
    while host.read(wire):
        wire.sendall(NO_CONTENT)


def test_messages_behind_each_other_share_a_connection(poster: Poster) -> None:
    with a_host(answers_always) as host:
        assert [post(poster, host) for _ in range(5)] == [204] * 5
        assert (host.connections, host.requests) == (1, 5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"a" * 9000,
    ],
    ids=["told to close", "HTTP/1.0", "answer not read to its end"],
)
def test_a_connection_that_cannot_serve_another_message_is_not_kept(poster: Poster, answer: bytes) -> None:
    def talk(host: Host, wire: socket.socket, _: int) -> None:
        while host.read(wire):
            wire.sendall(answer)

    with a_host(talk) as host:
        assert [post(poster, host) for _ in range(2)] == [200, 200]
        assert host.connections == 2


def test_one_that_its_receiver_has_closed_is_noticed_before_anything_is_sent(poster: Poster) -> None:
    closed = threading.Event()

    def talk(host: Host, wire: socket.socket, _: int) -> None:
        if host.read(wire):
            wire.sendall(NO_CONTENT)
        wire.close()
        closed.set()

    with a_host(talk) as host:
        assert post(poster, host) == 204
        assert closed.wait(2)
        time.sleep(0.02)
        assert post(poster, host) == 204
        assert (host.connections, host.requests) == (2, 2)


def test_one_that_ends_under_a_message_lets_it_go_once_more_over_a_new_one(poster: Poster) -> None:
    def talk(host: Host, wire: socket.socket, number: int) -> None:
        host.read(wire)
        wire.sendall(NO_CONTENT)
        if number == 1:
            host.read(wire)  # and ends without an answer

    with a_host(talk) as host:
        assert [post(poster, host) for _ in range(2)] == [204, 204]
        assert (host.connections, host.requests) == (2, 3)


@pytest.mark.parametrize("behind", [b"\n", NO_CONTENT], ids=["a stray sign", "another answer"])
def test_what_comes_behind_an_answer_is_never_taken_for_the_next_one(poster: Poster, behind: bytes) -> None:
    def talk(host: Host, wire: socket.socket, number: int) -> None:
        host.read(wire)
        if number == 1:
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK" + behind)
            host.read(wire)
        wire.sendall(b"HTTP/1.1 500 Fault\r\nContent-Length: 0\r\n\r\n")

    with a_host(talk) as host:
        assert [post(poster, host) for _ in range(2)] == [200, 500]
        assert (host.connections, host.requests) == (2, 2)


def test_what_rests_too_long_is_closed(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def talk(host: Host, wire: socket.socket, _: int) -> None:
        answers_always(host, wire, 1)
        ended.set()

    with a_host(talk) as host:
        assert post(poster, host) == 204
        poster.sweep()
        assert not ended.wait(0.05), "it rests for half a minute"
        monkeypatch.setattr(connections, "IDLE_S", 0.0)
        poster.sweep()
        assert ended.wait(2)


def test_a_new_connection_that_ends_without_an_answer_is_a_failure(poster: Poster) -> None:
    with a_host(lambda host, wire, _: host.read(wire) and None) as host:
        assert post(poster, host) == "broken_off"
        assert host.connections == 1


def test_a_resolver_that_hangs_costs_no_more_than_the_time_of_an_attempt() -> None:
    released = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        released.wait(5)
        return ["127.0.0.1"]

    poster = Poster(Guard(ALLOWED, resolve=hang), ssl.create_default_context(), total_s=0.1)
    began = time.monotonic()
    assert poster.post(Post("http://slow.example/in", {}, b"{}")).error == "timeout"
    assert time.monotonic() - began < 1
    released.set()
