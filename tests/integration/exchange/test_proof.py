"""What a receiver and a sender can prove: statements that anybody verifies, stretches, and where one record went."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange import lifecycle, lineage, recounting, statements
from daumoi.exchange.deliveries import deliveries
from daumoi.organisations.registry import System
from tests.integration.console.desk import statements_of
from tests.integration.exchange.agreeing import agreed, amended, page, read_all, terms_of
from tests.integration.exchange.test_what_is_given import organisations_of
from tests.integration.sending import READER, a_report, a_system, read_up_to, send

KIND = "citizen_report"
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
TODAY = date(2021, 8, 1)
HA_NOI, HUE = {"scheme": "vn-2025", "code": "00004"}, {"scheme": "vn-2025", "code": "19777"}
IN_HA_NOI = [("vn-2025", "01")]


class World:
    """A sender, and receivers of all kinds of agreements, on one hub at noon."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.dov = a_system(hub, "dov")
        own = organisations_of(hub)["dov"]
        self.near, self.far, self.blind = (a_system(hub, code) for code in ("near", "far", "blind"))
        self.agreement = agreed(hub, self.near, terms_of(KIND, areas=IN_HA_NOI), provider=own)
        agreed(hub, self.far, terms_of(KIND))
        agreed(hub, self.blind, terms_of(KIND, identity="none", areas=IN_HA_NOI))

    def lineage(self, seq: int, asker: System | None = None, *, check: bool = False) -> lineage.Lineage | None:
        number = None if asker is None else asker.id
        return lineage.of_record(self.hub, kind=KIND, seq=seq, asker=number, reader=READER, check=check)

    def statement(self, system: System, day: date = TODAY) -> tuple[dict[str, Any], statements.SignedStatement]:
        with self.hub.pool.connection() as connection:
            signed = statements.statement(self.hub, connection, system=system, day=day)
        given = statements.as_given(self.hub, signed)
        return json.loads(given.said), given


@pytest.fixture
def world(make_hub: Callable[..., Hub]) -> World:
    return World(make_hub(clock=FixedClock(NOON)))


def test_a_statement_is_verified_with_cryptography_alone_and_adds_up(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HUE), a_report("c", area=HA_NOI)])
    page(hub, world.near, KIND, limit=1)
    read_up_to(hub, world.near, KIND, 1)
    said, signed = world.statement(world.near)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
    key.verify(bytes.fromhex(signed.signature), b"daumoi statement 1\n" + signed.said.encode())
    with pytest.raises(InvalidSignature):
        key.verify(
            bytes.fromhex(signed.signature), b"daumoi statement 1\n" + signed.said.replace("near", "fear").encode()
        )
    (given,) = said["given"]
    assert (given["in_scope"], given["delivered"], given["waiting"], given["filtered"]) == (2, 1, 1, 0)
    assert not said["closed"]
    assert said["system"] == "near"


def test_a_sender_learns_what_was_accepted_and_of_receivers_as_their_agreements_allow(world: World) -> None:
    send(world.hub, world.dov, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HUE)])
    send(world.hub, world.dov, KIND, [a_report("a", area=HA_NOI, revision=2)])
    read_all(world.hub, world.near, KIND)
    read_all(world.hub, world.far, KIND)
    (sent,) = world.statement(world.dov)[0]["sent"]
    assert sent == {
        "kind": KIND,
        "accepted": 2,
        "corrected": 1,
        "withdrawn": 0,
        "receivers": 2,
        "named": ["near"],
    }


def test_the_statement_of_a_closed_day_stays_as_it_was_signed_and_a_changed_stretch_is_found(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HUE), a_report("c", area=HA_NOI)])
    read_all(hub, world.near, KIND)
    hub.clock.move(timedelta(days=1))  # type: ignore[attr-defined]
    assert recounting.prove(hub).differing == 0
    assert statements.keep_missing(hub, days=2) == 2, "the day, and the day before it, of the one who has a way out"
    said, before = world.statement(world.near)
    assert said["closed"]
    assert said["given"][0]["waiting"] == 2
    read_up_to(hub, world.near, KIND, 3)
    assert world.statement(world.near)[1] == before
    assert statements.keep_missing(hub, days=2) == 0
    with hub.pool.connection() as connection:
        connection.execute("UPDATE stretch SET records = records - 1 WHERE records > 0")
    found = recounting.prove(hub)
    assert found.differing == 1
    with hub.pool.connection() as connection:
        assert recounting.proved(connection, today=TODAY + timedelta(days=1)).differing == 1


def test_one_record_is_followed_through_correction_move_and_withdrawal(world: World) -> None:
    hub = world.hub
    receipt = send(hub, world.dov, KIND, [a_report("a", area=HA_NOI)])
    read_all(hub, world.near, KIND)
    read_all(hub, world.far, KIND)
    send(hub, world.dov, KIND, [a_report("x", area=HUE), a_report("a", area=HUE, revision=2)])
    send(hub, world.dov, KIND, [{"ref": "a", "op": "withdraw", "revision": 3}])
    read_all(hub, world.near, KIND, after=1)
    first, moved, gone = (world.lineage(seq) for seq in (1, 3, 4))
    assert first is not None
    assert moved is not None
    assert gone is not None
    assert [str(each.submission_id) for each in first.submissions] == [str(receipt.submission_id)]
    assert [(each.seq, each.revision, each.op) for each in moved.revisions] == [
        (1, 1, "assert"),
        (3, 2, "correct"),
        (4, 3, "withdraw"),
    ]
    assert [(went.receiver, went.op, went.state) for went in first.deliveries] == [
        ("near", "assert", "waiting"),
        ("far", "assert", "waiting"),
    ]
    assert [(went.receiver, went.op, went.place) for went in moved.deliveries] == [("near", "withdraw", 1)]
    assert [(went.receiver, went.op) for went in gone.deliveries] == [("near", "withdraw")]
    stranger = world.lineage(2)
    assert stranger is not None
    assert stranger.deliveries == []


def test_each_asker_learns_of_a_record_what_concerns_it(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report("x", area=HUE), a_report("a", area=HA_NOI)])
    for receiver in (world.near, world.far, world.blind):
        read_all(hub, receiver, KIND)
    by_sender = world.lineage(2, world.dov)
    assert by_sender is not None
    assert ([went.receiver for went in by_sender.deliveries], by_sender.other_receivers) == (["near"], 2)
    by_far = world.lineage(2, world.far)
    assert by_far is not None
    assert ([went.receiver for went in by_far.deliveries], by_far.other_receivers) == (["far"], 0)
    assert by_far.submissions == []
    assert by_far.revisions == []
    assert world.lineage(1, world.near) is None
    by_blind = world.lineage(1, world.blind)
    assert by_blind is not None
    assert (by_blind.seq, by_blind.id, by_blind.deliveries[0].first, by_blind.deliveries[0].last) == (1, None, 1, 1)
    assert world.lineage(2, world.blind) is None


def test_a_changed_stretch_is_found_when_a_record_is_checked(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report(ref, area=HA_NOI) for ref in "abc"])
    for receiver in (world.near, world.far, world.blind):
        read_all(hub, receiver, KIND)
    checked = world.lineage(2, check=True)
    assert checked is not None
    assert [went.check for went in checked.deliveries] == ["same"] * 3
    with hub.pool.connection() as connection:
        connection.execute("UPDATE record SET area_code = '00008' WHERE seq = 3")
    again = world.lineage(2, check=True)
    assert again is not None
    assert [went.check for went in again.deliveries] == ["changed"] * 3


def test_a_receiver_lists_its_stretches_without_a_gap_in_its_own_numbers(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report(str(place), area=HUE if place % 2 else HA_NOI) for place in range(8)])
    read_all(hub, world.near, KIND, limit=2)
    read_all(hub, world.blind, KIND, limit=2)
    ask = {"system_id": world.near.id, "kind": KIND, "limit": 1}
    first = deliveries(hub, after=0, **ask)  # type: ignore[arg-type]
    assert first.next is not None
    second = deliveries(hub, after=first.next, **ask)  # type: ignore[arg-type]
    assert second.deliveries[0].first == first.deliveries[0].last + 1
    assert first.deliveries[0].delivered is False
    own = deliveries(hub, system_id=world.blind.id, kind=KIND, after=0, limit=100).deliveries
    assert [(each.first, each.last) for each in own] == [(1, 2), (3, 4)]
    assert deliveries(hub, system_id=world.dov.id, kind=KIND, after=0, limit=5).deliveries == []


def test_what_ends_or_changes_before_it_is_taken_is_filtered(world: World) -> None:
    hub = world.hub
    send(hub, world.dov, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HA_NOI)])
    page(hub, world.near, KIND, limit=1)
    hub.clock.move(timedelta(minutes=5))  # type: ignore[attr-defined]
    amended(hub, world.agreement, terms_of(KIND, areas=[("vn-2025", "46")]))
    given = world.statement(world.near)[0]["given"]
    assert [(each["version"], each["in_scope"], each["waiting"], each["filtered"]) for each in given] == [(1, 2, 1, 1)]
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.end(connection, agreement=world.agreement, at=hub.clock.now())
    assert world.statement(world.near)[0]["given"] == given


def test_proof_costs_few_statements_however_much_went_out(world: World) -> None:
    hub = world.hub

    def costs() -> list[int]:
        return [
            len(statements_of(act))
            for act in (
                lambda: world.statement(world.far),
                lambda: world.lineage(1, world.far),
                lambda: deliveries(hub, system_id=world.far.id, kind=KIND, after=0, limit=100),
            )
        ]

    send(hub, world.dov, KIND, [a_report("first", area=HA_NOI)])
    read_all(hub, world.far, KIND)
    few = costs()
    send(hub, world.dov, KIND, [a_report(str(place), area=HA_NOI) for place in range(30)])
    read_all(hub, world.far, KIND, after=1, limit=2)
    assert costs() == few
    assert all(cost <= most for cost, most in zip(few, (20, 15, 5), strict=True)), few
