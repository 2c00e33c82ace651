"""What a webhook gets: every record its agreement gives, at least once, with the same id, whatever the receiver does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from daumoi.areas.unit import TODAY
from daumoi.core.hub import Hub
from daumoi.exchange import lifecycle
from daumoi.exchange.webhooks import services
from daumoi.organisations.registry import System
from tests.contract.records import a_checkpoint
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.webhooks.receiving import (
    KIND,
    Looking,
    Receiver,
    a_dead_port,
    a_receiver,
    a_webhook,
    move,
    reports,
)
from tests.integration.sending import a_passage, a_report, a_system, send


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


def test_records_come_signed_and_in_order_under_ids_that_are_never_used_twice(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url, cloudevents=True)
    for begin in (0, 3, 700):
        reports(hub, sender, 3 if begin < 700 else 600, begin=begin)
        looks.until_quiet()
    assert receiver.seqs == list(range(1, 607))
    assert [each.said["records"] for each in receiver.taken] == [3, 3, 500, 100]
    assert len({each.id for each in receiver.taken}) == 4
    for came in receiver.taken:
        hook.verify(came)
        assert came.headers["ce-id"] == came.id
        assert came.headers["ce-specversion"] == "1.0"
        assert came.headers["ce-type"] == came.said["type"] == "records.given"
    assert hook.delivered == 606
    assert hook.attempts == [(204, None)] * 4


def test_of_people_only_numbers_are_told_unless_the_webhook_asks_for_more(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    a_webhook(hub, reader, receiver.url, content=None)
    send(hub, sender, "checkpoint", [a_checkpoint({"code": "EXAMPLE-1"})])
    send(hub, sender, "checkpoint_passage", [a_passage("p-1"), a_passage("p-2")])
    looks.until_quiet()
    said = next(each for each in receiver.taken if each.said["kind"] == "checkpoint_passage")
    assert said.said | {"timestamp": ""} == {
        "type": "records.available",
        "timestamp": "",
        "kind": "checkpoint_passage",
        "first_seq": 1,
        "last_seq": 2,
        "records": 2,
        "feed": "/api/v1/feeds/checkpoint_passage?after=0",
    }
    assert b"001087000001" not in said.body


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (500, (500, None)),
        (404, (404, None)),
        ((302, {"Location": "http://127.0.0.1:1/"}), (302, None)),
        ((308, {"Location": "/elsewhere"}), (308, None)),
        (None, (None, "broken_off")),
    ],
)
def test_a_receiver_that_fails_gets_the_same_message_again_and_then_the_rest_in_order(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking, answer: Any, noted: Any
) -> None:
    receiver.behaviour = lambda came: answer
    hook = a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 2)
    looks.until_quiet()
    reports(hub, sender, 2, begin=2)
    looks.until_quiet()
    assert len(receiver.requests) == 1, "the next message waits for the first"
    assert hook.delivered == 0
    receiver.behaviour = lambda came: 200
    move(hub, seconds=6)
    looks.until_quiet()
    assert receiver.seqs == [1, 2, 3, 4]
    assert receiver.requests[0].id == receiver.requests[1].id
    assert receiver.requests[0].body == receiver.requests[1].body
    assert hook.attempts == [noted, (200, None), (200, None)]
    assert hook.delivered == 4


def test_a_receiver_that_is_dead_for_an_hour_has_everything_when_it_is_back(
    hub: Hub, sender: System, reader: System, looks: Looking
) -> None:
    port = a_dead_port()
    hook = a_webhook(hub, reader, f"http://127.0.0.1:{port}/in")
    for minute in range(60):
        reports(hub, sender, 1, begin=minute)
        looks.until_quiet()
        move(hub, minutes=1)
    assert set(hook.attempts) == {(None, "refused")}
    assert len(hook.attempts) == 4, "at once, after 5 s, 5 min and 30 min"
    with a_receiver(port=port) as receiver:
        move(hub, hours=3)
        looks.until_quiet()
        assert receiver.seqs == list(range(1, 61))
    assert hook.delivered == 60


def test_after_five_failures_in_a_row_there_is_one_probe_at_a_time_and_a_success_frees_the_rest(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 503
    hook = a_webhook(hub, reader, receiver.url, ordered=False)
    for begin in range(8):
        reports(hub, sender, 1, begin=begin)
        looks.until_quiet()
    before = len(receiver.requests)
    assert before == 5
    assert hook.row("failures FROM webhook_health WHERE destination_id = %(id)s") == 5
    move(hub, seconds=7)
    looks.until_quiet()
    assert len(receiver.requests) == before + 1
    receiver.behaviour = lambda came: 200
    move(hub, hours=30)
    looks.until_quiet()
    assert sorted(receiver.seqs) == list(range(1, 9))
    assert hook.delivered == 8
    assert hook.row("failures FROM webhook_health WHERE destination_id = %(id)s") == 0


def test_an_unordered_webhook_sets_a_failed_message_aside_and_goes_on(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 500 if came.said["first_seq"] == 1 else 200
    hook = a_webhook(hub, reader, receiver.url, ordered=False)
    for begin in range(4):
        reports(hub, sender, 1, begin=begin)
        looks.until_quiet()
    assert receiver.seqs == [2, 3, 4]
    assert hook.delivered == 0, "as far as there is no gap"
    for _ in range(12):
        move(hub, hours=27)
        looks.until_quiet()
        reports(hub, sender, 1, begin=len(receiver.taken) + 1)
        looks.until_quiet()
    assert hook.row("state FROM webhook_message WHERE destination_id = %(id)s AND first_seq = 1") == "failed"
    assert hook.row("failed_at FROM stretch WHERE destination_id = %(id)s AND first_seq = 1") is not None
    assert len([each for each in receiver.requests if each.said["first_seq"] == 1]) == 10
    receiver.behaviour = lambda came: 200
    hook.do(
        lambda connection, held: services.resend(
            hub, connection, held, message=receiver.requests[0].id, at=hub.clock.now()
        )
    )
    looks.until_quiet()
    assert receiver.seqs[-1] == 1
    assert hook.delivered == len(receiver.seqs)
    assert hook.row("failed_at FROM stretch WHERE destination_id = %(id)s AND first_seq = 1") is None


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_says_by_retry_after_when_it_is_asked_again(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking, status: int
) -> None:
    receiver.behaviour = lambda came: (status, {"Retry-After": "3600"})
    a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 1)
    looks.until_quiet()
    receiver.behaviour = lambda came: 200
    move(hub, seconds=3590)
    assert looks.until_quiet() == 0
    move(hub, seconds=11)
    assert looks.until_quiet() == 1


def test_410_disables_at_once_and_its_owner_may_begin_again_where_it_stood(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 410
    hook = a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 2)
    looks.until_quiet()
    assert hook.state == "disabled"
    assert hook.row("actor FROM audit_entry WHERE action = 'webhook.disable'") == "hub"
    move(hub, days=1)
    assert looks.until_quiet() == 0
    receiver.behaviour = lambda came: 200
    hook.do(services.resume, at=hub.clock.now())
    looks.until_quiet()
    assert receiver.seqs == [1, 2]


def test_a_webhook_without_a_success_for_five_days_is_disabled_and_nothing_is_lost(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 500
    hook = a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 1)
    states = []
    for _ in range(11):
        looks.until_quiet()
        states.append(hook.state)
        move(hub, hours=13)
    assert states[:9] == ["active"] * 9
    assert states[-1] == "disabled"
    receiver.behaviour = lambda came: 200
    hook.do(services.resume, at=hub.clock.now())
    looks.until_quiet()
    assert receiver.seqs == [1]


def test_a_receiver_that_said_200_and_lost_all_gets_it_again_under_the_same_ids(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url)
    for begin in (0, 2, 4):
        reports(hub, sender, 2, begin=begin)
        looks.until_quiet()
    lost, receiver.taken = receiver.taken, []
    again = hook.do(services.replay, kind=KIND, after=2, since=None, at=hub.clock.now())
    reports(hub, sender, 1, begin=6)
    looks.until_quiet()
    assert again == 2
    assert receiver.seqs == [3, 4, 5, 6, 7], "in order, and nothing new before it"
    assert [each.id for each in receiver.taken[:2]] == [each.id for each in lost[1:]]
    assert hook.delivered == 7
    with hub.pool.connection() as connection:
        connection.execute("DELETE FROM webhook_message")
    receiver.taken = []
    hook.do(services.replay, kind=KIND, after=None, since=hub.clock.now() - timedelta(days=1), at=hub.clock.now())
    looks.until_quiet()
    assert [each.id for each in receiver.taken[:3]] == [each.id for each in lost], "also when they are forgotten here"


def test_when_an_agreement_is_suspended_nothing_leaves_any_more(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "narrow")
    agreement = agreed(hub, reader, terms_of(KIND))
    receiver.behaviour = lambda came: 500
    hook = a_webhook(hub, reader, receiver.url)
    reports(hub, sender, 1)
    looks.until_quiet()
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.suspend(connection, agreement=agreement, by="member:4", reason="Nghi lộ dữ liệu", at=hub.clock.now())
    receiver.behaviour = lambda came: 200
    move(hub, hours=1)
    reports(hub, sender, 1, begin=1)
    assert looks.until_quiet() == 0
    assert len(receiver.requests) == 1
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.resume(connection, agreement=agreement, reason="Đã kiểm tra")
    looks.dispatcher._waiting.clear()
    looks.until_quiet()
    assert receiver.seqs == [1, 2]
    assert hook.delivered == 2


def test_a_message_that_is_tried_again_gives_only_what_the_agreement_of_now_gives_too(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "narrow")
    agreement = agreed(hub, reader, terms_of(KIND))
    receiver.behaviour = lambda came: 500
    a_webhook(hub, reader, receiver.url)
    inside, outside = {"scheme": TODAY, "code": "00004"}, {"scheme": TODAY, "code": "25747"}
    send(hub, sender, KIND, [a_report("r-1", area=inside), a_report("r-2", area=outside)])
    looks.until_quiet()
    amended(hub, agreement, terms_of(KIND, areas=[(TODAY, "00004")], fields={KIND: ("category",)}))
    receiver.behaviour = lambda came: 200
    move(hub, seconds=6)
    looks.until_quiet()
    assert receiver.seqs == [1]
    assert receiver.taken[0].said["data"][0]["data"] == {"category": "crowd"}
    assert receiver.requests[0].id == receiver.requests[1].id


def test_many_destinations_of_different_areas_share_one_read_and_each_gets_its_own(
    hub: Hub, sender: System, looks: Looking
) -> None:
    codes = ["00004", "25747", None]
    areas = {code: [(TODAY, code)] if code else [] for code in codes}
    expected: dict[str | None, list[int]] = {code: [] for code in codes}
    with a_receiver() as one, a_receiver() as two, a_receiver() as three:
        receivers = dict(zip(codes, (one, two, three), strict=True))
        for code, receiver in receivers.items():
            reader = a_system(hub, f"reader-{code}")
            agreed(hub, reader, terms_of(KIND, areas=areas[code]))
            a_webhook(hub, reader, receiver.url)
        for number in range(12):
            code = codes[number % 2]
            send(hub, sender, KIND, [a_report(f"m-{number}", area={"scheme": TODAY, "code": code})])
            expected[code].append(number + 1)
            expected[None].append(number + 1)
            looks.until_quiet()
        # A correction that moves out of the area goes as a withdrawal to whoever had the record.
        moved = a_report("m-0", revision=2, area={"scheme": TODAY, "code": "25747"})
        send(hub, sender, KIND, [moved])
        looks.until_quiet()
        for code, receiver in receivers.items():
            assert receiver.seqs == [*expected[code], 13]
        last = {code: receivers[code].taken[-1].said["data"][-1]["op"] for code in codes}
    assert last == {"00004": "withdraw", "25747": "correct", None: "correct"}
    with hub.pool.connection() as connection:
        rows = connection.execute("SELECT destination_id, first_seq, last_seq FROM stretch ORDER BY 1, 2").fetchall()
    for before, after in pairwise(rows):
        assert after[0] != before[0] or after[1] == before[2] + 1, "stretches lie without a gap"


def test_where_nothing_is_given_no_row_is_written_at_each_look(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "narrow")
    agreed(hub, reader, terms_of(KIND, areas=[(TODAY, "00004")]))
    hook = a_webhook(hub, reader, receiver.url, kinds=(KIND,))
    for number in range(5):
        reports(hub, sender, 1, begin=number, area={"scheme": TODAY, "code": "25747"})
        assert looks.until_quiet() == 0
    assert (
        hook.row(
            "taken FROM progress WHERE destination_id = %(id)s AND kind = (SELECT kind FROM head WHERE name = 'citizen_report')"
        )
        == 0
    )
    reports(hub, sender, 1, begin=5, area={"scheme": TODAY, "code": "00004"})
    looks.until_quiet()
    assert receiver.seqs == [6]
    assert hook.row("first_seq, last_seq, records FROM stretch WHERE destination_id = %(id)s") == (1, 6, 1)


def test_a_receiver_that_is_shown_nobody_is_told_no_number_of_the_log(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "nobody")
    agreed(hub, reader, terms_of(KIND, identity="none", areas=[(TODAY, "00004")]))
    hook = a_webhook(hub, reader, receiver.url)
    for number in range(4):
        code = "00004" if number % 2 else "25747"
        reports(hub, sender, 1, begin=number, area={"scheme": TODAY, "code": code})
        looks.until_quiet()
    assert receiver.seqs == [1, 2]
    assert all("first_seq" not in each.said for each in receiver.taken)
    receiver.taken = []
    assert hook.do(services.replay, kind=KIND, after=1, since=None, at=hub.clock.now()) == 1
    looks.until_quiet()
    assert receiver.seqs == [2]


def test_a_ping_goes_also_to_a_paused_webhook_and_records_do_not(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url)
    hook.do(services.pause, at=hub.clock.now())
    reports(hub, sender, 1)
    message = hook.do(lambda connection, held: services.ping(hub, connection, held, at=hub.clock.now()))
    looks.until_quiet()
    (came,) = receiver.requests
    hook.verify(came)
    assert (came.id, came.said["type"]) == (message, "webhook.test")
    hook.do(services.resume, at=hub.clock.now())
    looks.until_quiet()
    assert receiver.seqs == [1]


def test_keys_are_sealed_and_for_a_day_the_old_ones_sign_beside_the_new(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url)
    old = hook.keys
    hook.keys = hook.do(lambda connection, held: services.rotate(hub, connection, held, at=hub.clock.now()))
    reports(hub, sender, 1)
    looks.until_quiet()
    with hub.pool.connection() as connection:
        sealed = [bytes(row[0]) for row in connection.execute("SELECT sealed FROM webhook_key")]
    assert len(sealed) == 4
    assert not [key for key in (*old, *hook.keys) for value in sealed if key.raw in value]
    (came,) = receiver.taken
    assert len(came.headers["webhook-signature"].split(" ")) == 4
    hook.verify(came)
    hook.keys, new = old, hook.keys
    hook.verify(came)
    move(hub, hours=25)
    reports(hub, sender, 1, begin=1)
    looks.until_quiet()
    assert len(receiver.taken[-1].headers["webhook-signature"].split(" ")) == 2
    hook.keys = new


def test_answers_are_kept_for_the_owner_unless_they_may_repeat_what_was_told_of_people(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    receiver.behaviour = lambda came: 200
    a_webhook(hub, reader, receiver.url, kinds=(KIND, "checkpoint"))
    reports(hub, sender, 1)
    send(hub, sender, "checkpoint", [a_checkpoint({"code": "EXAMPLE-1"})])
    looks.until_quiet()
    with hub.pool.connection() as connection:
        kept = dict(
            connection.execute(
                "SELECT h.name, a.answer FROM webhook_attempt a JOIN head h ON h.kind = a.kind"
            ).fetchall()
        )
    assert kept == {"checkpoint": "said", KIND: ""}
