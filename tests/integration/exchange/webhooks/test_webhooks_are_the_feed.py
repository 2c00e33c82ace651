"""What webhooks deliver equals what a naive oracle says and what the feed gives, and no change on the way gives more.

Random agreements of both schemes' areas, senders, fields and coordinates, and records of people; ordered and unordered webhooks
of several receivers that one pass serves together.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange.webhooks.taking import SILENT_S
from tests.integration.exchange.agreeing import read_all
from tests.integration.exchange.test_what_is_given import (
    suspend,
)
from tests.integration.exchange.webhooks.receiving import (
    ALLOWED,
    KIND,
    Hook,
    Looking,
    Received,
    Receiver,
    a_receiver,
    a_webhook,
    looking,
    move,
)
from tests.integration.exchange.worlds import (
    Asked,
    Party,
    World,
    a_world,
    check_that_all_is_there,
    fault_of,
    reckoned,
    taken_under,
)

NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
TRIES_MAX = 3


def settle(looks: Looking) -> None:
    """Send all that can be sent, and have written down of what nothing is given."""
    looks.until_quiet()
    silent = looks.dispatcher._memory.silent
    silent.update({key: each._replace(since=each.since - SILENT_S) for key, each in silent.items()})
    looks.until_quiet()


def forget_waits(looks: Looking) -> None:
    """Let what waits a second or two of the real clock go at once."""
    looks.dispatcher._waiting.clear()
    looks.dispatcher._memory.waits_until.clear()


def lines_of(receiver: Receiver, *, behind: int = 0) -> list[dict[str, Any]]:
    found = [line for each in receiver.taken[behind:] for line in each.said["data"]]
    return sorted(found, key=lambda line: int(line["seq"]))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 40))])
def test_webhooks_deliver_what_the_oracle_says_and_the_feed_gives(make_hub: Callable[..., Hub], seed: int) -> None:
    hub = make_hub(clock=FixedClock(NOON), **ALLOWED)
    world = a_world(hub, seed)
    chance = world.chance
    with ExitStack() as stack:
        parties = [world.a_party(number) for number in range(4)]
        receivers = [stack.enter_context(a_receiver()) for _ in parties]
        for number, (party, receiver) in enumerate(zip(parties, receivers, strict=True)):
            a_webhook(hub, party.system, receiver.url, kinds=(KIND,), ordered=number % 2 == 0)
        looks = stack.enter_context(looking(hub))
        given = 0
        for _ in range(12):
            move(hub, minutes=chance.randint(1, 400))
            if chance.random() < 0.7:
                world.write()
            if chance.random() < 0.6:
                world.change(chance.choice(parties))
            before = [len(receiver.taken) for receiver in receivers]
            settle(looks)
            for party, receiver, behind in zip(parties, receivers, before, strict=True):
                lines = lines_of(receiver, behind=behind)
                given += len(lines)
                assert lines == what_the_feed_gives(world, party)
                assert [line["op"] for line in lines] == what_the_oracle_says(world, party)
                if receivers.index(receiver) % 2 == 0:
                    came = [line["seq"] for each in receiver.taken for line in each.said["data"]]
                    assert came == sorted(set(came)), "in order, and nothing twice"
    assert given > 4


def what_the_feed_gives(world: World, party: Party) -> list[dict[str, Any]]:
    if party.suspended:
        return []
    after = party.own_after if party.identity == "none" else party.after
    lines = read_all(world.hub, party.system, KIND, after=after, limit=world.chance.choice([1, 3, 50]))
    party.own_after += len(lines)
    return lines


def what_the_oracle_says(world: World, party: Party) -> list[str]:
    """Called after the feed was read: what the receiver did not have before."""
    if party.suspended:
        return []
    rows = world.rows[party.after :]
    party.after = len(world.rows)
    ops = [party.oracle.gives(row, party.within, party.senders) for row in rows]
    return [op for op in ops if op]


@dataclass
class Watch:
    """A receiver that fails by chance, and holds each message against the version of the moment its rights were asked."""

    world: World
    party: Party
    seed: int
    gate: Event
    receiver: Receiver = field(default_factory=Receiver)
    hook: Hook | None = None
    asked: Asked | None = None
    is_well: bool = False
    tries: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    """Messages that came and were looked at: what was asked may change after that."""
    faults: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def ask(self) -> None:
        """Note what may be given from now on: rights are asked in the look that follows."""
        self.asked = None if self.party.suspended else (self.party.within, self.party.terms)

    def answer(self, came: Received) -> int | tuple[int, dict[str, str]] | None:
        with self.lock:
            self.tries[came.id] += 1
            tried = self.tries[came.id]
            found = [fault_of(self.world, self.party, line, asked=self.asked) for line in came.said["data"]]
            self.faults += [fault for fault in found if fault]
            self.arrived += 1
        self.gate.wait(10)
        if self.is_well or tried > TRIES_MAX:
            return 200
        number = came.said.get("first_seq", came.said["data"][0]["seq"])
        chance = random.Random(f"{self.seed} {number} {tried}")
        return chance.choice([200, 200, 500, (429, {"Retry-After": "60"}), (302, {"Location": "/x"}), None])


@contextmanager
def watching(world: World, seed: int, gate: Event, count: int) -> Iterator[list[Watch]]:
    with ExitStack() as stack:
        found = []
        for number in range(count):
            watch = Watch(world, world.a_party(number), seed * 100 + number, gate)
            watch.receiver = stack.enter_context(a_receiver(watch.answer))
            url, ordered = watch.receiver.url, number % 2 == seed % 2
            watch.hook = a_webhook(world.hub, watch.party.system, url, kinds=(KIND,), ordered=ordered)
            found.append(watch)
        yield found


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 40))])
def test_no_change_while_messages_are_under_way_gives_what_the_version_of_the_moment_does_not(
    make_hub: Callable[..., Hub], seed: int
) -> None:
    """Agreements change before rights are asked, between asking and the answer, and between tries."""
    hub = make_hub(clock=FixedClock(NOON), **ALLOWED)
    world = a_world(hub, seed, delays_s=(0, 0, 3600))
    chance, gate = world.chance, Event()
    with watching(world, seed, gate, 4) as watches, looking(hub) as looks:
        sent = 0
        for _ in range(25):
            move(hub, seconds=chance.choice([1, 7, 70, 400, 8000]))
            forget_waits(looks)
            if chance.random() < 0.5:
                world.write()
            if chance.random() < 0.5:
                world.change(chance.choice(watches).party)
            for watch in watches:
                watch.ask()
            gate.clear()
            sent += looks.dispatcher.look(looks.connection)
            until_arrived(watches, sent)
            if chance.random() < 0.5:
                world.change(chance.choice(watches).party)
            gate.set()
        assert [fault for watch in watches for fault in watch.faults] == []
        assert sent > 4
        finish(world, watches, looks)
        for number, watch in enumerate(watches):
            check_what_was_taken(world, watch, is_ordered=number % 2 == seed % 2)


def until_arrived(watches: list[Watch], sent: int) -> None:
    until = time.monotonic() + 10
    while sum(watch.arrived for watch in watches) < sent:
        assert time.monotonic() < until, "what was sent does not arrive"
        time.sleep(0.001)


def finish(world: World, watches: list[Watch], looks: Looking) -> None:
    """Receivers are well, agreements go on, and all that waits is sent."""
    for watch in watches:
        watch.is_well = True
        if watch.party.suspended:
            watch.party.suspended = False
            suspend(world.hub, watch.party.agreement, on=False)
        watch.ask()
    for _ in range(4):
        move(world.hub, hours=3)
        forget_waits(looks)
        settle(looks)
    assert [fault for watch in watches for fault in watch.faults] == []


def check_what_was_taken(world: World, watch: Watch, *, is_ordered: bool) -> None:
    """All that the version it was taken under and every later one give is there; corrections reached who had the record."""
    party, receiver = watch.party, watch.receiver
    assert watch.hook is not None
    assert watch.hook.delivered == len(world.rows)
    firsts: dict[str, Any] = {}
    for came in receiver.requests:
        number = came.said.get("first_seq")
        assert firsts.setdefault(came.id, number) == number, "the same id, the same message"
    lines = [line for came in receiver.taken for line in came.said["data"]]
    if is_ordered:
        order = list(dict.fromkeys(line["seq"] for line in lines))
        assert order == sorted(order)
    figures = reckoned(world.hub, party.system, watch.hook.id)
    assert figures.delivered == len({line["seq"] for line in lines}), "what the account says was delivered is what came"
    assert (figures.waiting, figures.failed) == (0, 0)
    if party.identity == "none":
        return
    check_that_all_is_there(world, party, lines, taken_under=taken_under(world.hub, watch.hook.id))
