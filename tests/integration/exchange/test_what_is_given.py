"""What an agreement gives equals what a naive oracle says, for random agreements, areas of both schemes and records."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import lifecycle
from tests.integration.exchange.agreeing import agreed, amended, lines_of, page, terms_of
from tests.integration.exchange.areas_by_hand import Area, lies_in, unit_of
from tests.integration.sending import a_report, a_system, send

KIND = "citizen_report"
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)


@dataclass
class Row:
    """One record as the oracle knows it."""

    seq: int
    sender: str
    ref: str
    op: str
    area: Area | None


class Oracle:
    """Says what a receiver gets, record by record, from what it had."""

    def __init__(self, everyone: set[str]) -> None:
        self.everyone = everyone
        self.had: set[tuple[str, str]] = set()
        self.known: dict[tuple[Area, Area], bool] = {}

    def gives(self, row: Row, within: list[Area], senders: set[str]) -> str | None:
        key = (row.sender, row.ref)
        inside = not within or (row.area is not None and any(self.lies(row.area, each) for each in within))
        if row.op != "withdraw" and inside and row.sender in senders:
            self.had.add(key)
            return row.op
        if row.op == "assert" or row.sender not in senders:
            return None
        is_all = not within and senders == self.everyone
        return "withdraw" if key in self.had or is_all else None

    def lies(self, area: Area, within: Area) -> bool:
        if (area, within) not in self.known:
            self.known[area, within] = lies_in(area, within)
        return self.known[area, within]


def some_areas(chance: random.Random) -> list[Area]:
    """Units of a few provinces, old and new, wide and narrow, some of them divided."""
    old = [code for code in areas.codes_of(BEFORE) if unit_of((BEFORE, code)).path.startswith(("VN.79", "VN.31"))]
    new = [code for code in areas.codes_of(TODAY) if unit_of((TODAY, code)).path.startswith(("VN.79", "VN.31"))]
    wide = [(BEFORE, "74"), (BEFORE, "79"), (BEFORE, "30"), (TODAY, "79"), (TODAY, "31")]
    return [
        *((BEFORE, code) for code in chance.sample(old, 12)),
        *((TODAY, code) for code in chance.sample(new, 12)),
        *wide,
    ]


def write_records(
    hub: Hub,
    chance: random.Random,
    systems: dict[str, Any],
    pool: list[Area],
    rows: list[Row],
    *,
    of_people: bool = False,
) -> None:
    """Some further records: new ones, corrections that move, withdrawals; with somebody's identity and place on request."""
    for _ in range(chance.randint(1, 12)):
        sender = chance.choice(list(systems))
        before = [row for row in rows if row.sender == sender]
        ref = chance.choice(before).ref if before and chance.random() < 0.5 else f"r-{len(rows)}"
        revision = sum(row.ref == ref and row.sender == sender for row in rows) + 1
        area = chance.choice([*pool, None])
        if revision > 1 and chance.random() < 0.3:
            sent: dict[str, Any] = {"ref": ref, "revision": revision, "op": "withdraw"}
            op = "withdraw"
        else:
            sent = a_report(ref, revision=revision)
            if area is not None:
                sent["area"] = {"scheme": area[0], "code": area[1]}
            if of_people:
                sent["subject"] = {"national_id": f"0010870{len(rows):05d}", "full_name": "Lê Thị Mẫu"}
                if area is not None:
                    sent["location"] = {"lat": 21.03, "lon": 105.85}
            op = "assert" if revision == 1 else "correct"
        receipt = send(hub, systems[sender], KIND, [sent])
        assert receipt.first_seq == len(rows) + 1
        rows.append(Row(len(rows) + 1, sender, ref, op, None if op == "withdraw" else area))


@pytest.mark.parametrize("seed", range(8))
def test_a_receiver_gets_what_the_oracle_says_whatever_changes_meanwhile(
    make_hub: Callable[..., Hub], seed: int
) -> None:
    chance = random.Random(seed)
    hub = make_hub(clock=FixedClock(NOON))
    systems = {code: a_system(hub, code) for code in ("dov", "cora")}
    receiver = a_system(hub, "reader")
    organisations = organisations_of(hub)
    oracle, rows, pool = Oracle(set(systems)), [], some_areas(chance)
    provider = chance.choice([None, "dov"])
    senders = set(systems) if provider is None else {provider}
    within = chance.sample(pool, chance.choice([0, 1, 3]))
    agreement = agreed(hub, receiver, terms_of(KIND, areas=within), provider=organisations.get(provider or ""))
    after, suspended, expected, got = 0, False, [], []
    for _ in range(25):
        hub.clock.move(timedelta(minutes=chance.randint(1, 400)))  # type: ignore[attr-defined]
        match chance.randrange(5):
            case 0 | 1:
                write_records(hub, chance, systems, pool, rows)
            case 2 if not suspended:
                within = chance.sample(pool, chance.choice([0, 1, 2, 5]))
                amended(hub, agreement, terms_of(KIND, areas=within))
            case 3 if chance.random() < 0.5:
                suspended = not suspended
                suspend(hub, agreement, on=suspended)
            case _:
                if suspended:
                    with pytest.raises(CallProblem, match="no_agreement"):
                        page(hub, receiver, KIND, after=after)
                    continue
                found = page(hub, receiver, KIND, after=after, limit=chance.choice([1, 3, 50]))
                got += [(line["seq"], line["op"]) for line in lines_of(found)]
                for row in rows[after : found.next]:
                    op = oracle.gives(row, within, senders)
                    expected += [(row.seq, op)] if op else []
                assert found.next <= found.head <= len(rows)
                assert found.records or found.next == len(rows), "an empty page means nothing more up to the head"
                after = found.next
    assert got == expected


def test_who_was_told_of_an_end_alone_is_told_nothing_of_what_comes_behind_it(make_hub: Callable[..., Hub]) -> None:
    """A record outside of the agreement, withdrawn while it gave all, and corrected when it gives a part again."""
    hub = make_hub(clock=FixedClock(NOON))
    sender, receiver = a_system(hub, "dov"), a_system(hub, "reader")
    outside, narrow = {"scheme": TODAY, "code": "25747"}, terms_of(KIND, areas=[(TODAY, "00004")])
    agreement = agreed(hub, receiver, narrow)
    send(hub, sender, KIND, [a_report("r-0", area=outside)])
    assert page(hub, receiver, KIND).records == 0
    amended(hub, agreement, terms_of(KIND))
    send(hub, sender, KIND, [{"ref": "r-0", "revision": 2, "op": "withdraw"}])
    assert [line["op"] for line in lines_of(page(hub, receiver, KIND, after=1))] == ["withdraw"]
    amended(hub, agreement, narrow)
    send(hub, sender, KIND, [a_report("r-0", revision=3, area=outside)])
    assert page(hub, receiver, KIND, after=2).records == 0


def suspend(hub: Hub, agreement: int, *, on: bool) -> None:
    with hub.pool.connection() as connection, connection.transaction():
        if on:
            lifecycle.suspend(
                connection, agreement=agreement, by="member:4", reason="Nghi lộ dữ liệu", at=hub.clock.now()
            )
        else:
            lifecycle.resume(connection, agreement=agreement, reason="Đã kiểm tra")


def organisations_of(hub: Hub) -> dict[str, int]:
    with hub.pool.connection() as connection:
        return dict(connection.execute("SELECT code, id FROM organisation").fetchall())
