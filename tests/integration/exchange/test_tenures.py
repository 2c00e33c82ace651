"""Which version held for a kind at an instant: what is worked out of the past ends where the tables stand now."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from daumoi.core.clock import VIET_NAM_TIME, FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange import agreements, lifecycle
from daumoi.exchange.tenures import at_instant, puts, tenures
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.sending import a_system

KINDS = ("citizen_report", "health_declaration", IDENTITY_CHANGE)
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)


def test_the_past_that_is_worked_out_is_what_held_then(make_hub: Callable[..., Hub]) -> None:
    chance = random.Random(1)
    hub = make_hub(clock=FixedClock(NOON))
    receiver = a_system(hub, "near")
    open_ones: list[int] = []
    held: dict[tuple[datetime, str], tuple[int, int] | None] = {}
    for _ in range(60):
        hub.clock.move(timedelta(hours=chance.randint(1, 20)))  # type: ignore[attr-defined]
        now = hub.clock.now()
        kinds = chance.choice([("*",), ("citizen_report",), ("health_declaration",), KINDS[:2]])
        validity = {"valid_to": date(2021, 8, 20)} if chance.random() < 0.2 else {}
        terms = terms_of(*kinds, identity=chance.choice(["pseudonym", "none"]), **validity)
        try:
            match chance.randrange(4):
                case 0:
                    open_ones.append(agreed(hub, receiver, terms))
                case 1 if open_ones:
                    amended(hub, chance.choice(open_ones), terms)
                case 2 if open_ones:
                    with hub.pool.connection() as connection, connection.transaction():
                        lifecycle.end(connection, agreement=chance.choice(open_ones), at=now)
                case _:
                    with hub.pool.connection() as connection, connection.transaction():
                        lifecycle.stand(connection, system_id=receiver.id, kinds=kinds, identity=terms.identity, at=now)
        except (lifecycle.Overlaps, lifecycle.NotNow):
            pass
        with hub.pool.connection() as connection:
            found = agreements.load(connection)
        for kind in KINDS:
            known = found.of(receiver.id, kind, on=now.astimezone(VIET_NAM_TIME).date())
            held[now, kind] = (known.id, known.version) if known else None
    with hub.pool.connection() as connection:
        past = puts(connection, receiver=receiver.id)
    for kind in KINDS:
        known_past = tenures(past, receiver=receiver.id, kind=kind)
        for (at, each), expected in held.items():
            if each == kind:
                then = at_instant(known_past, at)
                assert ((then.id, then.version) if then else None) == expected, (at, kind)
    assert len({each for each in held.values() if each}) > 5
