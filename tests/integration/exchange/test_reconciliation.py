"""In scope = delivered + waiting + failed + filtered by change, to the unit, whatever happened in thirty days."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.core.clock import VIET_NAM_TIME, FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import agreements, feeds, reading, reconciliation
from daumoi.exchange.reconciliation import Figures
from daumoi.exchange.recounting import Recount
from tests.integration.exchange.agreeing import agreed, amended, page, terms_of
from tests.integration.exchange.areas_by_hand import unit_of
from tests.integration.exchange.naive_recount import recount
from tests.integration.exchange.test_what_is_given import Row, organisations_of, suspend, write_records
from tests.integration.sending import a_system

KIND, NUMBER = "citizen_report", 3
BEGINS = datetime(2021, 7, 31, 17, 0, tzinfo=UTC)
DAYS = 30


class Receiver:
    """One receiver and what is decided for it by chance."""

    def __init__(self, hub: Hub, chance: random.Random, code: str, pool: list[Any], **terms: Any) -> None:
        self.hub, self.chance, self.pool, self.more = hub, chance, pool, terms
        self.provider = terms.pop("provider", None)
        self.system = a_system(hub, code)
        self.agreement = agreed(hub, self.system, self.terms(), provider=self.provider)
        self.after, self.suspended = 0, False

    def terms(self) -> Any:
        within = self.chance.sample(self.pool, self.chance.choice([0, 1, 2, 4]))
        return terms_of(KIND, areas=within, **self.more)

    def act(self) -> None:
        """Read and acknowledge a part, jump ahead, give up a stretch, change the agreement, suspend it."""
        match self.chance.randrange(10):
            case 0:
                amended(self.hub, self.agreement, self.terms())
            case 1:
                self.suspended = not self.suspended
                suspend(self.hub, self.agreement, on=self.suspended)
            case 2 if not self.suspended and "none" not in self.more.values():
                self.after = max(0, self.read(self.after + self.chance.randint(0, 9)))
            case 3:
                self.give_up(self.chance.choice(["now()", "NULL"]))
            case _ if not self.suspended:
                self.after = self.read(max(0, self.after - self.chance.choice([0, 0, 2])))

    def read(self, after: int) -> int:
        try:
            found = page(self.hub, self.system, KIND, after=after, limit=self.chance.choice([1, 3, 20]))
        except CallProblem:
            return after
        with self.hub.pool.connection() as connection:
            today = self.hub.clock.now().astimezone(VIET_NAM_TIME).date()
            agreement = agreements.load(connection).of(self.system.id, KIND, on=today)
        assert agreement is not None
        if self.chance.random() < 0.6:
            feeds.acknowledge(self.hub, agreement=agreement, seq=after + self.chance.randint(0, 3))
        return found.next

    def give_up(self, at: str) -> None:
        with self.hub.pool.connection() as connection:
            connection.execute(
                f"UPDATE stretch SET failed_at = {at} WHERE records > 0 AND destination_id ="
                " (SELECT id FROM destination WHERE receiver = %s) AND first_seq %% 5 = 0",
                (self.system.id,),
            )


def days() -> Iterator[date]:
    first = BEGINS.astimezone(VIET_NAM_TIME).date()
    return (first + timedelta(days=number) for number in range(DAYS))


def reckoned(hub: Hub, receiver: Receiver) -> tuple[int | None, dict[date, Figures]]:
    with hub.pool.connection() as connection:
        found = reconciliation.destinations(connection, receiver=receiver.system.id)
        if not found:
            return None, {}
        kind = reading.head(connection, KIND)
        by_day = {}
        for on in days():
            day = reconciliation.day_of(connection, kind=kind, kind_name=KIND, day=on)
            by_day[on] = reconciliation.reckon(hub, connection, found[0], day).total
            at = reconciliation.standing(connection, found[0], kind.kind)
            assert Recount(hub, connection, found[0], day, at).run() == by_day[on], "the recount of the night"
        return found[0].id, by_day


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 8))])
def test_reconciliation_equals_a_naive_recount_of_the_raw_log_over_thirty_days(
    make_hub: Callable[..., Hub], seed: int
) -> None:
    chance = random.Random(seed)
    hub = make_hub(clock=FixedClock(BEGINS))
    systems = {code: a_system(hub, code) for code in ("dov", "cora")}
    rows: list[Row] = []
    pool = some_areas(chance)
    receivers = [
        Receiver(hub, chance, "one", pool),
        Receiver(hub, chance, "two", pool, identity="none"),
        Receiver(hub, chance, "three", pool, provider=organisations_of(hub)["dov"]),
    ]
    seen: set[str] = set()
    for number in range(DAYS):
        for _ in range(3):
            hub.clock.move(timedelta(minutes=chance.randint(60, 470)))  # type: ignore[attr-defined]
            write_records(hub, chance, systems, pool, rows)
            for receiver in receivers:
                receiver.act()
        hub.clock.move(BEGINS + timedelta(days=number + 1) - hub.clock.now())  # type: ignore[attr-defined]
        if number in (9, 14, 19, DAYS - 1):
            for receiver in receivers:
                seen |= same_by_both(hub, receiver)
    assert seen == {"delivered", "waiting", "failed", "filtered", "passed_over"}


def same_by_both(hub: Hub, receiver: Receiver) -> set[str]:
    """Compare every day so far; returns which figures there were."""
    destination, by_day = reckoned(hub, receiver)
    if destination is None:
        return set()
    with hub.pool.connection() as connection:
        naive = recount(
            connection, destination=destination, receiver=receiver.system.id, kind=NUMBER, now=hub.clock.now()
        )
    for on in days():
        expected = Figures(**naive.get(on, {}))
        assert by_day[on] == expected, (receiver.system.code, on)
    return {name for counted in naive.values() for name, records in counted.items() if records}


def some_areas(chance: random.Random) -> list[Any]:
    old = [code for code in areas.codes_of(BEFORE) if unit_of((BEFORE, code)).path.startswith("VN.79")]
    return [
        *((BEFORE, code) for code in chance.sample(old, 4)),
        (BEFORE, "79"),
        (BEFORE, "74"),
        (TODAY, "79"),
        (TODAY, "31"),
    ]
