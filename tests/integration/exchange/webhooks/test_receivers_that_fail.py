"""Whatever a receiver does, it has every record in the end, under ids that stay, and others do not wait for it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest

from daumoi.core.hub import Hub
from daumoi.exchange import receivers
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.dispatcher import begin_added_kinds
from daumoi.organisations.registry import System
from tests.integration.exchange.webhooks.receiving import (
    KIND,
    Looking,
    Received,
    a_receiver,
    a_webhook,
    looking,
    move,
    reports,
)
from tests.integration.exchange.worlds import reckoned
from tests.integration.sending import a_system

FAULTS: tuple[Any, ...] = (
    500,
    None,
    (429, {"Retry-After": "30"}),
    (302, {"Location": "http://127.0.0.1:1/"}),
    404,
)
"""An answer of each kind that is no success; None closes in the middle of its answer."""


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
def test_a_receiver_that_fails_in_every_way_has_everything_when_it_is_well_again(
    hub: Hub, sender: System, reader: System, looks: Looking, ordered: bool
) -> None:
    """Each message meets every fault; then the receiver loses what it said it has taken, and asks for it again."""
    tries: Counter[str] = Counter()

    def by_turns(came: Received) -> Any:
        tries[came.id] += 1
        return FAULTS[tries[came.id] - 1] if tries[came.id] <= len(FAULTS) else 200

    with a_receiver(by_turns) as receiver:
        hook = a_webhook(hub, reader, receiver.url, ordered=ordered)
        for begin in range(4):
            reports(hub, sender, 3, begin=3 * begin)
            looks.until_quiet()
        for _ in range(30):
            move(hub, hours=5)
            looks.until_quiet()
        everything = list(range(1, 13))
        assert sorted(receiver.seqs) == everything
        assert hook.delivered == 12
        assert set(tries.values()) == {len(FAULTS) + 1}
        ids = {came.id: came.body for came in receiver.requests}
        assert len(ids) == (2 if ordered else 4), "in order, what waited behind the first goes together"
        assert all(ids[came.id] == came.body for came in receiver.requests)
        if ordered:
            assert receiver.seqs == everything
        lost, receiver.taken = {came.id: came.body for came in receiver.taken}, []
        assert hook.do(services.replay, kind=KIND, after=3, since=None, at=hub.clock.now()) == len(ids) - 1
        looks.until_quiet()
        assert {came.id: came.body for came in receiver.taken}.items() <= lost.items()
        assert sorted(receiver.seqs) == everything[3:]
        if ordered:
            assert receiver.seqs == everything[3:]


def test_what_is_asked_for_again_while_it_is_under_way_is_sent_again(
    hub: Hub, sender: System, reader: System, looks: Looking
) -> None:
    arrived, ending = Event(), Event()

    def slowly(_: Received) -> int:
        arrived.set()
        ending.wait(10)
        return 200

    with a_receiver(slowly) as receiver:
        hook = a_webhook(hub, reader, receiver.url)
        reports(hub, sender, 2)
        looks.dispatcher.look(looks.connection)
        assert arrived.wait(5)
        move(hub, seconds=1)
        assert hook.do(services.replay, kind=KIND, after=0, since=None, at=hub.clock.now()) == 1
        ending.set()
        looks.until_quiet()
        assert receiver.seqs == [1, 2, 1, 2]
        assert len({came.id for came in receiver.taken}) == 1
        assert hook.delivered == 2


def stop(hub: Hub, webhook: int, to: receivers.Stop) -> None:
    with hub.pool.connection() as connection, connection.transaction():
        receivers.stop(connection, destination=webhook, to=to, reason="Đã trao đổi với bên nhận", at=hub.clock.now())


def test_a_disabled_webhook_that_the_centre_lets_go_on_is_tried_at_once_and_has_its_five_days_again(
    hub: Hub, sender: System, reader: System, looks: Looking
) -> None:
    with a_receiver(lambda came: 500) as receiver:
        hook = a_webhook(hub, reader, receiver.url)
        reports(hub, sender, 1)
        for _ in range(12):
            looks.until_quiet()
            move(hub, hours=13)
        assert hook.state == "disabled"
        for answer in (500, 200):
            receiver.behaviour = lambda came, answer=answer: answer
            stop(hub, hook.id, "active")
            assert looks.until_quiet() >= 1
            assert hook.state == "active"
            stop(hub, hook.id, "paused")
        assert receiver.seqs == [1]


def test_of_a_webhook_that_the_centre_has_ended_nothing_waits_and_no_key_is_left(
    hub: Hub, sender: System, reader: System, looks: Looking
) -> None:
    with a_receiver(lambda came: 500) as receiver:
        hook = a_webhook(hub, reader, receiver.url)
        reports(hub, sender, 1)
        looks.until_quiet()
        stop(hub, hook.id, "ended")
        move(hub, days=1)
        with looking(hub) as later:
            assert later.until_quiet() == 0
        assert hook.row("count(*) FROM webhook_message WHERE destination_id = %(id)s AND state = 'open'") == 0
        assert hook.row("count(*) FROM webhook_key WHERE destination_id = %(id)s") == 0
        assert len(receiver.requests) == 1
    figures = reckoned(hub, reader, hook.id)
    assert (figures.in_scope, figures.failed, figures.waiting) == (1, 1, 0), "what was under way counts as failed"


def test_a_slow_receiver_holds_up_nobody_else(hub: Hub, sender: System, reader: System, looks: Looking) -> None:
    ending = Event()

    def slowly(_: Received) -> int:
        ending.wait(10)
        return 200

    with ExitStack() as stack:
        slow, quick = (stack.enter_context(a_receiver(slowly)), stack.enter_context(a_receiver()))
        stack.callback(ending.set)
        hooks = [a_webhook(hub, reader, slow.url), a_webhook(hub, a_system(hub, "quick", read="*"), quick.url)]
        for begin in range(3):
            reports(hub, sender, 1, begin=begin)
            while len(quick.taken) <= begin or looks.dispatcher.in_flight > 1:
                looks.dispatcher.look(looks.connection)
        assert (len(slow.requests), slow.taken) == (1, [])
        assert [hook.delivered for hook in hooks] == [0, 3]
        ending.set()
        looks.until_quiet()
        assert slow.seqs == quick.seqs == [1, 2, 3]
        assert [hook.delivered for hook in hooks] == [3, 3]


def test_a_webhook_begins_in_a_kind_that_came_later_and_gets_all_of_it(
    hub: Hub, sender: System, reader: System, looks: Looking
) -> None:
    with a_receiver() as receiver:
        hook = a_webhook(hub, reader, receiver.url)
        with hub.pool.connection() as connection:
            connection.execute("DELETE FROM progress WHERE destination_id = %s", (hook.id,))
        reports(hub, sender, 3)
        assert looks.until_quiet() == 0, "it stands nowhere, as in a kind of a later release"
        begin_added_kinds(looks.connection)
        looks.until_quiet()
        assert receiver.seqs == [1, 2, 3]
