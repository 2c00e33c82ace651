"""Webhooks of a running hub, in every form, to receivers that fail first and answer with what they are sent."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from daumoi.core import keyring
from daumoi.core.clock import SystemClock
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.organisations import registry
from tests.contract.records import KINDS
from tests.hubs import Caller, HubServer
from tests.integration.exchange.agreeing import agreed, terms_of
from tests.integration.exchange.webhooks.receiving import ALLOWED, Received, Receiver, a_receiver

__all__ = ["ALLOWED", "WaysOut", "ways_out"]

NOT_YET = """
SELECT d.name, h.name FROM progress p JOIN destination d ON d.id = p.destination_id JOIN head h ON h.kind = p.kind
WHERE d.way = 'webhook' AND h.name = ANY(%s) AND p.delivered < h.seq
"""


@dataclass
class WaysOut:
    """The receivers' inboxes by the name of their webhook, and the systems that own them."""

    dsn: str
    inboxes: dict[str, Receiver] = field(default_factory=dict)
    callers: list[Caller] = field(default_factory=list)

    def until_all_is_sent(self, kinds: Collection[str]) -> None:
        """Wait until every webhook has every record of some kinds."""
        until = time.monotonic() + 60
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while waiting := connection.execute(NOT_YET, (list(kinds),)).fetchall():
                assert time.monotonic() < until, waiting
                time.sleep(0.05)


@contextmanager
def ways_out(server: HubServer, dsn: str, *, owner: Caller, stranger: Caller) -> Iterator[WaysOut]:
    """Webhooks of the owner, who is given identities, of a stranger by pseudonym, and of one who is shown nobody."""
    nobody = server.new_system()
    agree_on_nobody(server, dsn, nobody)
    ways = WaysOut(dsn, callers=[stranger, nobody])
    with ExitStack() as stack:
        for name, caller, more in (
            ("given", owner, {"content": "full"}),
            ("full", stranger, {"content": "full", "cloudevents": True, "ordered": False}),
            ("thin", stranger, {"cloudevents": True}),
            ("none", nobody, {"content": "full", "cloudevents": True}),
            ("thin-none", nobody, {"content": "thin"}),
        ):
            inbox = stack.enter_context(a_receiver(failing_first()))
            inbox.echoes = True
            ways.inboxes[name] = inbox
            register(caller, name, inbox.url, **more)
        yield ways


def agree_on_nobody(server: HubServer, dsn: str, caller: Caller) -> None:
    settings = load({}, data_dir=server.data_dir)
    pool = open_pool(dsn)
    try:
        hub = Hub(settings=settings, dsn=dsn, pool=pool, keys=keyring.load(settings), clock=SystemClock())
        with pool.connection() as connection:
            system = registry.load(connection).by_code(caller.code)
        assert system is not None
        agreed(hub, system, terms_of(*KINDS, identity="none"))
    finally:
        pool.close()


def register(caller: Caller, name: str, url: str, **more: Any) -> None:
    answer = caller.http.post("/api/v1/webhooks", json={"name": name, "url": url, "kinds": ["*"], **more})
    assert answer.status_code == 200, answer.text


def failing_first() -> Any:
    """The first message of a receiver is answered 500, all others are taken."""
    seen: list[str] = []

    def behave(came: Received) -> int:
        seen.append(came.id)
        return 500 if len(seen) == 1 else 200

    return behave
