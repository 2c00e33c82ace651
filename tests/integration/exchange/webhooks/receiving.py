"""A receiver behind a real socket that behaves as a test says, and the dispatcher that is made to look at it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from daumoi.core.database import connect
from daumoi.core.hub import Hub
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.dispatcher import Dispatcher
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.services import hold
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.organisations.registry import System
from tests.integration.sending import a_report, send

ALLOWED = {"DAUMOI_WEBHOOK_ALLOW": "127.0.0.0/8"}
KIND = "citizen_report"


@dataclass
class Received:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes
    path: str = ""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


Behaviour = Callable[[Received], "int | tuple[int, dict[str, str]] | None"]
"""Answers a status, a status with headers, or None: closes in the middle of its answer."""


def well(_: Received) -> int:
    return 204


def reports(hub: Hub, sender: System, count: int, *, begin: int = 0, **changes: Any) -> None:
    """Send so many citizens' reports."""
    send(hub, sender, KIND, [a_report(f"r-{number}", **changes) for number in range(begin, begin + count)])


def move(hub: Hub, **by: float) -> None:
    """Move the hub's clock on."""
    hub.clock.move(timedelta(**by))  # type: ignore[attr-defined]


@dataclass
class Receiver:
    """What came, what of it was taken, and how the next one is answered."""

    url: str = ""
    behaviour: Behaviour = well
    echoes: bool = False
    """Whether it answers with what it was sent; else with four letters."""
    requests: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)

    @property
    def seqs(self) -> list[int]:
        """Numbers of the records that were taken, in the order in which they came."""
        return [line["seq"] for each in self.taken for line in each.said.get("data", ())]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        came = Received({name.lower(): value for name, value in self.headers.items()}, body, self.path)
        self.receiver.requests.append(came)
        said = self.receiver.behaviour(came)
        self.close_connection = True
        if said is None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            return
        status, headers = said if isinstance(said, tuple) else (said, {})
        if 200 <= status < 300:
            self.receiver.taken.append(came)
        answer = body if self.receiver.echoes else b"said"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if status != 204:
            self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A dispatcher that is killed leaves broken connections behind."""


@contextmanager
def a_receiver(behaviour: Behaviour = well, *, port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver(behaviour=behaviour)
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.url = f"http://127.0.0.1:{server.server_port}/in"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)


def a_dead_port() -> int:
    """A port of the loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Hook:
    """A registered webhook."""

    hub: Hub
    system: System
    id: int
    keys: list[SigningKey]

    def verify(self, came: Received) -> None:
        """By the independent package."""
        secret = next(key.shown for key in self.keys if key.form == "hmac")
        Webhook(secret).verify(came.body, came.headers)

    def do(self, work: Callable[..., Any], **more: Any) -> Any:
        """Call a service on the webhook, held, in a transaction of its own."""
        with self.hub.pool.connection() as connection, connection.transaction():
            held = hold(connection, receiver=self.system.id, webhook=self.id)
            return work(connection, held, **more)

    def row(self, what: str) -> Any:
        with self.hub.pool.connection() as connection:
            found = connection.execute(f"SELECT {what}".encode(), {"id": self.id}).fetchone()
        return found[0] if found and len(found) == 1 else found

    @property
    def state(self) -> str:
        return str(self.row("state FROM destination WHERE id = %(id)s"))

    @property
    def delivered(self) -> int:
        return int(self.row("max(delivered) FROM progress WHERE destination_id = %(id)s"))

    @property
    def attempts(self) -> list[tuple[int | None, str | None]]:
        """Status and error of every attempt, in order."""
        with self.hub.pool.connection() as connection:
            return connection.execute(
                "SELECT status, error FROM webhook_attempt WHERE destination_id = %s ORDER BY id", (self.id,)
            ).fetchall()


def a_webhook(hub: Hub, system: System, url: str, *, kinds: tuple[str, ...] = ("*",), **settings: Any) -> Hook:
    """A webhook over all that is kept; full unless said otherwise."""
    with hub.pool.connection() as connection, connection.transaction():
        made, keys = services.register(
            hub,
            connection,
            receiver=system.id,
            name=f"Nhận {url[-8:]}",
            kinds=kinds,
            endpoint=Endpoint(**{"url": url, "content": "full", **settings}),
            from_beginning=True,
            at=hub.clock.now(),
        )
    return Hook(hub, system, made, keys)


class Looking:
    """A dispatcher that looks when it is told to."""

    def __init__(self, hub: Hub, **settings: Any) -> None:
        self.dispatcher = Dispatcher(hub, **settings)
        self.connection = connect(hub.dsn, "test webhooks")

    def until_quiet(self, seconds: float = 20) -> int:
        """Look until nothing is under way and nothing can be sent; returns how many messages were."""
        sent, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            now = self.dispatcher.look(self.connection)
            sent += now
            if not now and not self.dispatcher.in_flight:
                return sent
            time.sleep(0.005)
        raise AssertionError("messages are still under way")

    def close(self) -> None:
        self.dispatcher.close()
        self.connection.close()


@contextmanager
def looking(hub: Hub, **settings: Any) -> Iterator[Looking]:
    looked = Looking(hub, **settings)
    try:
        yield looked
    finally:
        looked.close()
