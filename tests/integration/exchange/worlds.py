"""Random worlds of sharing: senders, areas of both schemes, receivers whose agreements change; and what may be given of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from daumoi.core.hub import Hub
from daumoi.exchange import reading, reconciliation
from daumoi.exchange.reconciliation import Figures
from daumoi.exchange.recounting import Recount
from daumoi.exchange.terms import Terms
from daumoi.organisations.registry import System
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.areas_by_hand import Area
from tests.integration.exchange.test_what_is_given import (
    KIND,
    Oracle,
    Row,
    organisations_of,
    some_areas,
    suspend,
    write_records,
)
from tests.integration.sending import a_system

SENDERS = ("dov", "cora")
IDENTITIES = ("pseudonym", "given", "none")
Asked = tuple[list[Area], Terms]


@dataclass
class Party:
    """A receiver: what its agreement says now and said before, and how far it has read."""

    system: System
    identity: str
    senders: set[str]
    within: list[Area]
    terms: Terms
    agreement: int = 0
    suspended: bool = False
    history: dict[int, tuple[list[Area], Terms]] = field(default_factory=dict)
    oracle: Oracle = field(default_factory=lambda: Oracle(set(SENDERS)))
    after: int = 0
    own_after: int = 0

    def __post_init__(self) -> None:
        self.history[1] = (self.within, self.terms)

    def is_inside(self, row: Row, within: list[Area]) -> bool:
        return not within or (row.area is not None and any(self.oracle.lies(row.area, each) for each in within))


@dataclass
class World:
    """Senders, receivers and what was sent."""

    hub: Hub
    chance: random.Random
    systems: dict[str, System]
    pool: list[Area]
    rows: list[Row]
    delays_s: Sequence[int] = (0,)

    def write(self) -> None:
        write_records(self.hub, self.chance, self.systems, self.pool, self.rows, of_people=True)

    def some_terms(self, identity: str) -> tuple[list[Area], Terms]:
        within = self.chance.sample(self.pool, self.chance.choice([0, 1, 3, 6]))
        more: dict[str, Any] = {"location": self.chance.random() < 0.5, "delay_s": self.chance.choice(self.delays_s)}
        if self.chance.random() < 0.5:
            more["fields"] = {KIND: self.chance.choice([("category",), ("text",), ("category", "title")])}
        return within, terms_of(KIND, identity=identity, areas=within, **more)

    def a_party(self, number: int) -> Party:
        identity = IDENTITIES[number % len(IDENTITIES)]
        provider = self.chance.choice([None, None, "dov"])
        within, terms = self.some_terms(identity)
        system = a_system(self.hub, f"reader-{number}")
        party = Party(system, identity, {provider} if provider else set(SENDERS), within, terms)
        organisation = organisations_of(self.hub)[provider] if provider else None
        party.agreement = agreed(self.hub, system, terms, provider=organisation)
        return party

    def change(self, party: Party) -> None:
        """Give its agreement other terms, suspend it, or let it go on."""
        if self.chance.random() < 0.6:
            party.within, party.terms = self.some_terms(party.identity)
            party.history[amended(self.hub, party.agreement, party.terms)] = (party.within, party.terms)
        else:
            party.suspended = not party.suspended
            suspend(self.hub, party.agreement, on=party.suspended)


def a_world(hub: Hub, seed: int, *, delays_s: Sequence[int] = (0,)) -> World:
    chance = random.Random(seed)
    systems = {code: a_system(hub, code) for code in SENDERS}
    return World(hub, chance, systems, some_areas(chance), [], delays_s)


def fault_of(world: World, party: Party, line: dict[str, Any], *, asked: Asked | None) -> str | None:
    """Say why a line may not be given under what was asked (None: suspended); None where it may."""
    if asked is None:
        return "given while suspended"
    within, terms = asked
    if line["system"] not in party.senders:
        return "of a sender that is not given"
    received_at = datetime.fromisoformat(line["received_at"])
    if world.hub.clock.now() < received_at + timedelta(seconds=terms.delay_s):
        return "before its delay has passed"
    if line["op"] == "withdraw":
        return "more than the end of a record" if {"data", "area", "subject", "location"} & set(line) else None
    area = line["area"] and (line["area"]["scheme"], line["area"]["code"])
    if party.identity != "none":
        row = world.rows[line["seq"] - 1]
        if (row.op, row.area) != (line["op"], area):
            return "another record than was sent"
    if within and not (area and any(party.oracle.lies(area, each) for each in within)):
        return f"{area} lies outside"
    if KIND in terms.fields and set(line["data"]) - set(terms.fields[KIND]):
        return "a field that is not given"
    if "location" in line and not terms.location:
        return "coordinates that are not given"
    if "identity" in line.get("subject", {}) and party.identity != "given":
        return "an identity that is not given"
    return "a pseudonym" if party.identity == "none" and "subject" in line else None


def check_that_all_is_there(
    world: World, party: Party, lines: Iterable[dict[str, Any]], *, taken_under: list[int]
) -> None:
    """All is there that the version it was taken under and every later one give; what was corrected does not stand as it was.

    `taken_under`: the version of each record, by the account.
    """
    got = {line["seq"]: line["op"] for line in lines}
    for row, version in zip(world.rows, taken_under, strict=True):
        asked = [within for later, (within, _) in party.history.items() if later >= version]
        if row.op != "withdraw" and row.sender in party.senders and all(party.is_inside(row, each) for each in asked):
            assert got.get(row.seq) == row.op, (row, version)
    for row in world.rows:
        later = [each for each in world.rows if (each.sender, each.ref) == (row.sender, row.ref) and each.seq > row.seq]
        if got.get(row.seq) in ("assert", "correct") and later:
            assert later[-1].seq in got, ("a revision that was given stands although there is a newer one", row)


def taken_under(hub: Hub, destination: int) -> list[int]:
    """The version each record was taken under, by the account."""
    with hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT last_seq - first_seq + 1, version FROM stretch WHERE destination_id = %s ORDER BY first_seq",
            (destination,),
        ).fetchall()
    return [version for count, version in rows for _ in range(count)]


def reckoned(hub: Hub, receiver: System, destination: int) -> Figures:
    """All days of a way out together; each has to be what the recount of the night finds in the raw log."""
    total = Figures()
    with hub.pool.connection() as connection:
        (found,) = (each for each in reconciliation.destinations(connection) if each.id == destination)
        assert found.receiver == receiver.id
        kind = reading.head(connection, KIND)
        days = connection.execute(
            "SELECT DISTINCT (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM record WHERE kind = %s",
            (kind.kind,),
        ).fetchall()
        for (on,) in days:
            day = reconciliation.day_of(connection, kind=kind, kind_name=KIND, day=on)
            at = reconciliation.standing(connection, found, kind.kind)
            said = reconciliation.reckon(hub, connection, found, day, at=at).total
            assert Recount(hub, connection, found, day, at).run() == said, (receiver.code, on)
            total += said
        check_what_left(connection)
    return total


def check_what_left(connection: Any) -> None:
    """What has left under each agreement, as it is summed up on the way, is what its stretches say."""
    by_stretches = connection.execute(
        "SELECT agreement_id, destination_id, kind, min(first_seq), max(last_seq), coalesce(sum(records), 0)::bigint,"
        " count(*) FILTER (WHERE records IS NULL) FROM stretch WHERE records > 0 OR records IS NULL GROUP BY 1, 2, 3"
        " ORDER BY 1, 2, 3"
    ).fetchall()
    summed = connection.execute(
        "SELECT agreement_id, destination_id, kind, first_seq, last_seq, records, passed FROM agreement_given ORDER BY 1, 2, 3"
    ).fetchall()
    assert summed == by_stretches
