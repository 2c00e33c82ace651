"""An agreement that changes, a database that is busy and a receiver that hangs while messages are under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from daumoi.areas.unit import TODAY
from daumoi.core.database import connect
from daumoi.core.hub import Hub
from daumoi.exchange import lifecycle, lineage, roll
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.posting import TOTAL_S
from daumoi.exchange.webhooks.schedule import STEPS_S
from daumoi.exchange.webhooks.taking import SILENT_S, Stand
from daumoi.exchange.webhooks.writing import take
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.webhooks.receiving import (
    KIND,
    Hook,
    Looking,
    Received,
    Receiver,
    a_receiver,
    a_webhook,
    looking,
    move,
    reports,
)
from tests.integration.exchange.worlds import reckoned
from tests.integration.sending import READER, a_report, a_system, send

INSIDE, OUTSIDE = {"scheme": TODAY, "code": "00004"}, {"scheme": TODAY, "code": "25747"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


def suspend(hub: Hub, agreement: int) -> None:
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.suspend(connection, agreement=agreement, by="member:4", reason="Nghi lộ dữ liệu", at=hub.clock.now())


@pytest.mark.parametrize("total_s", [0.4, pytest.param(TOTAL_S, marks=pytest.mark.soak)])
def test_a_delivery_that_hangs_ends_in_time_when_its_agreement_is_suspended_and_is_listed(
    hub: Hub, sender: System, total_s: float
) -> None:
    assert TOTAL_S <= 15, "a suspension ends open deliveries within 15 s"
    reader = a_system(hub, "narrow")
    agreement = agreed(hub, reader, terms_of(KIND))
    arrived, ending = threading.Event(), threading.Event()

    def hang(_: Received) -> int:
        arrived.set()
        ending.wait(30)
        return 200

    with a_receiver(hang) as receiver, looking(hub, total_s=total_s) as looks:
        hook = a_webhook(hub, reader, receiver.url)
        reports(hub, sender, 3)
        began = time.monotonic()
        assert looks.dispatcher.look(looks.connection) == 1
        assert arrived.wait(5)
        suspend(hub, agreement)
        reports(hub, sender, 2, begin=3)
        looks.until_quiet()
        assert time.monotonic() - began < total_s + 1
        assert hook.attempts == [(None, "timeout")]
        for hours in (1, 24):
            move(hub, hours=hours)
            assert looks.until_quiet() == 0
        ending.set()
        assert len(receiver.requests) == 1
    with hub.pool.connection() as connection:
        (left,) = roll.left(connection, agreement)
    assert (left.destination, left.first, left.last, left.records) == (hook.id, 1, 3, 3)


def test_a_result_that_could_not_be_written_down_at_once_is_written_later(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url)
    looks.until_quiet()
    looks.connection.execute("SET lock_timeout = '50ms'")
    reports(hub, sender, 1)
    with connect(hub.dsn, "a long statement") as other, other.transaction():
        other.execute("LOCK TABLE webhook_attempt IN EXCLUSIVE MODE")
        looks.dispatcher.look(looks.connection)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            looks.until_quiet()
    reports(hub, sender, 1, begin=1)
    looks.until_quiet()
    assert receiver.seqs == [1, 2]
    assert hook.delivered == 2


def test_a_correction_that_lies_outside_by_now_goes_as_a_withdrawal_when_it_is_tried_again(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "narrow")
    agreement = agreed(hub, reader, terms_of(KIND))
    a_webhook(hub, reader, receiver.url)
    send(hub, sender, KIND, [a_report("r-0", area=INSIDE)])
    looks.until_quiet()
    receiver.behaviour = lambda came: 500
    rows = [a_report("r-0", revision=2, area=OUTSIDE), a_report("r-1", area=OUTSIDE), a_report("r-2", area=INSIDE)]
    send(hub, sender, KIND, rows)
    looks.until_quiet()
    amended(hub, agreement, terms_of(KIND, areas=[(TODAY, "00004")]))
    receiver.behaviour = lambda came: 200
    move(hub, seconds=6)
    looks.until_quiet()
    given = [(line["seq"], line["op"], "data" in line) for line in receiver.taken[-1].said["data"]]
    assert given == [(2, "withdraw", False), (4, "assert", True)]


def test_a_message_that_is_tried_again_waits_for_the_delay_of_the_agreement_of_now(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "narrow")
    agreement = agreed(hub, reader, terms_of(KIND))
    receiver.behaviour = lambda came: 500
    a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 1)
    looks.until_quiet()
    amended(hub, agreement, terms_of(KIND, delay_s=3600))
    receiver.behaviour = lambda came: 200
    move(hub, minutes=50)
    assert looks.until_quiet() == 0
    move(hub, minutes=11)
    looks.dispatcher._waiting.clear()
    looks.until_quiet()
    assert receiver.seqs == [1]


def stands_of(hub: Hub, hooks: list[Hook], kind: int) -> list[Stand]:
    endpoints = {hook.id: hook.do(lambda connection, held: held.endpoint) for hook in hooks}
    return [Stand(hook.id, hook.system.id, endpoints[hook.id], kind, 0) for hook in hooks]


def taken(hub: Hub, looks: Looking, hooks: list[Hook]) -> dict[int, int]:
    """Take what comes behind 0 for all at once; records by destination."""
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        found = connection.execute("SELECT kind FROM head WHERE name = %s", (KIND,)).fetchone()
    assert found is not None
    more: dict[str, Any] = {"kind": KIND, "after": 0, "memory": looks.dispatcher._memory, "monotonic": 0.0}
    outgoing = take(hub, looks.connection, known, stands_of(hub, hooks, found[0]), **more)
    return {each.message.destination: each.message.records for each in outgoing}


def test_a_delay_that_has_just_come_into_force_holds_also_where_several_share_one_read(
    hub: Hub, sender: System, looks: Looking, receiver: Receiver
) -> None:
    hooks = []
    for code, delay_s in (("at-once", 0), ("later", 3600)):
        system = a_system(hub, code)
        agreed(hub, system, terms_of(KIND, delay_s=delay_s))
        hooks.append(a_webhook(hub, system, receiver.url))
    reports(hub, sender, 2)
    assert taken(hub, looks, hooks) == {hooks[0].id: 2}


def test_several_webhooks_of_a_receiver_share_the_quota_of_its_agreement(
    hub: Hub, sender: System, looks: Looking, receiver: Receiver
) -> None:
    system = a_system(hub, "little")
    agreed(hub, system, terms_of(KIND, records_per_day=5))
    hooks = [a_webhook(hub, system, receiver.url), a_webhook(hub, system, receiver.url.replace("/in", "/into"))]
    reports(hub, sender, 4)
    assert taken(hub, looks, hooks) == {hooks[0].id: 4, hooks[1].id: 1}
    assert taken(hub, looks, hooks) == {}
    move(hub, days=1)
    looks.dispatcher._memory.waits_until.clear()
    looks.until_quiet()
    assert hooks[1].delivered == 4


def test_that_nothing_was_given_is_written_down_also_where_nothing_new_comes(
    hub: Hub, sender: System, looks: Looking, receiver: Receiver
) -> None:
    reader = a_system(hub, "narrow")
    agreed(hub, reader, terms_of(KIND, areas=[(TODAY, "00004")]))
    hook = a_webhook(hub, reader, receiver.url, kinds=(KIND,))
    reports(hub, sender, 3, area=OUTSIDE)
    assert looks.until_quiet() == 0
    assert hook.delivered == 0
    silent = looks.dispatcher._memory.silent
    silent.update({key: each._replace(since=each.since - SILENT_S) for key, each in silent.items()})
    assert looks.until_quiet() == 0
    assert hook.delivered == 3, "it waits for nothing"


def test_what_fails_keeps_its_steps_while_others_of_the_same_webhook_are_taken(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: (429, {"Retry-After": "600"}) if came.said["first_seq"] == 1 else 200
    a_webhook(hub, reader, receiver.url, ordered=False)
    for begin in range(15):
        reports(hub, sender, 1, begin=begin)
        looks.until_quiet()
    assert len(receiver.requests) == 15, "the first was tried once, and is not asked again before the time it said"
    receiver.behaviour = lambda came: 200
    move(hub, seconds=661)
    looks.until_quiet()
    assert receiver.seqs == [*range(2, 16), 1]


def test_an_hour_of_a_dead_receiver_costs_unordered_messages_no_more_than_until_its_first_success(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 502
    hook = a_webhook(hub, reader, receiver.url, ordered=False)
    for minute in range(60):
        reports(hub, sender, 1, begin=minute)
        looks.until_quiet()
        move(hub, minutes=1)
    first = {came.said["first_seq"]: came.id for came in receiver.requests}
    receiver.behaviour = lambda came: 200
    move(hub, hours=2)
    looks.until_quiet()
    assert sorted(receiver.seqs) == list(range(1, 61))
    assert hook.delivered == 60
    assert all(first.get(came.said["first_seq"], came.id) == came.id for came in receiver.taken)


def test_a_thin_message_that_is_tried_again_counts_what_is_given_now(hub: Hub, sender: System) -> None:
    reader = a_system(hub, "reader")
    agreement = agreed(hub, reader, terms_of(KIND))
    answers = iter([500, 200, 200])
    with a_receiver(lambda came: next(answers)) as receiver, looking(hub) as looks:
        hook = a_webhook(hub, reader, receiver.url, content="thin")
        send(hub, sender, KIND, [a_report("in", area=INSIDE), a_report("out", area=OUTSIDE)])
        looks.until_quiet()
        amended(hub, agreement, terms_of(KIND, areas=[(TODAY, "00004")]))
        move(hub, hours=1)
        looks.until_quiet()
        assert [came.said["records"] for came in receiver.requests] == [2, 1]
        figures = reckoned(hub, reader, hook.id)
        assert (figures.delivered, figures.filtered) == (1, 1)
        with hub.pool.connection() as connection:
            lineages = [
                lineage.of_record(hub, kind=KIND, seq=seq, asker=asker, reader=READER)
                for seq in (1, 2)
                for asker in (None, reader.id)
            ]
            assert connection.closed is False
        states = [[each.state for each in found.deliveries] if found else None for found in lineages]
        assert states == [["delivered"], ["delivered"], ["withheld"], None], "its receiver learns nothing of the second"


def test_a_message_asked_for_again_while_its_last_try_is_under_way_is_not_given_up(hub: Hub, sender: System) -> None:
    reader = a_system(hub, "reader")
    agreed(hub, reader, terms_of(KIND))
    held, going = threading.Event(), threading.Event()

    def answer(_: Received) -> int:
        if len(receiver.requests) == len(STEPS_S):
            held.set()
            going.wait(10)
        return 200 if len(receiver.requests) > len(STEPS_S) else 500

    with a_receiver(answer) as receiver, looking(hub) as looks:
        hook = a_webhook(hub, reader, receiver.url, ordered=False)
        reports(hub, sender, 2)
        for step in STEPS_S[1:]:
            looks.until_quiet()
            move(hub, seconds=1.2 * step + 1)
        looks.dispatcher.look(looks.connection)
        assert held.wait(5)
        move(hub, hours=1)
        assert hook.do(services.replay, kind=KIND, after=0, since=None, at=hub.clock.now()) == 1
        going.set()
        for _ in range(3):
            looks.until_quiet()
            move(hub, hours=27)
        figures = reckoned(hub, reader, hook.id)
        assert (figures.delivered, figures.failed, figures.waiting) == (2, 0, 0)
