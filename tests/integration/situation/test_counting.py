"""What is counted as records arrive is what the log says, at every moment, whatever was corrected or withdrawn."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from daumoi.accounts.scope import EVERYWHERE
from daumoi.core.clock import FixedClock
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log.consumers import advance
from daumoi.log.retention import drop_by_hand
from daumoi.organisations.registry import System
from daumoi.situation import board
from daumoi.situation.counting import COUNTERS, count_all, counting
from daumoi.situation.moments import Known, known_at, known_now
from daumoi.situation.units import keep_table
from tests.integration.sending import TESTER, a_passage, a_report, a_system, send
from tests.integration.situation import naive

NIGHT = datetime(2021, 8, 1, 16, 40, tzinfo=UTC)  # 23:40 in Hà Nội: the day turns within the hour
FIRST, LAST = date(2021, 7, 1), date(2021, 9, 30)
PASSAGE, REPORT, DECLARATION = "checkpoint_passage", "citizen_report", "health_declaration"
MakeHub = Callable[..., Hub]
AREAS = [
    {"scheme": "vn-2025", "code": "00004"},
    {"scheme": "vn-2025", "code": "79"},
    {"scheme": "vn-2024", "code": "74"},  # Bình Dương, today in Hồ Chí Minh City
    {"scheme": "vn-2024", "code": "001"},
    {"scheme": "vn-2024", "code": "27691"},  # a divided ward
    {"scheme": "iso-3166", "code": "NZ"},
    {"scheme": "iso-3166", "code": "VN"},
    None,
]


def a_declaration(ref: str, **changes: Any) -> dict[str, Any]:
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {"national_id": "001087000001"},
        "data": {"form": "daily", "symptoms": {"fever": False}},
    } | changes


def some_row(chance: random.Random, kind: str, ref: str) -> dict[str, Any]:
    """A row of a kind as one of its senders may say it, somewhere, in July or August."""
    at = datetime(2021, 7, 30, tzinfo=UTC) + timedelta(minutes=chance.randrange(3 * 24 * 60))
    changes: dict[str, Any] = {"occurred_at": at.isoformat()}
    if area := chance.choice(AREAS):
        changes["area"] = area
    if kind == PASSAGE:
        row = a_passage(ref, **changes)
        row["data"]["decision"] = chance.choice(["allowed", "allowed", "denied", "referred"])
    elif kind == REPORT:
        row = a_report(ref, **changes)
        row["data"] = row["data"] | ({"closed_at": at.isoformat()} if chance.random() < 0.4 else {})
    else:
        row = a_declaration(ref, **changes)
        row["data"] = {"form": "daily"} | chance.choice(
            [{}, {"symptoms": {}}, {"symptoms": {"fever": False}}, {"symptoms": {"cough": False, "fever": True}}]
        )
    return row


def count_on(chance: random.Random, hub: Hub, most: int | None = None) -> None:
    """Count a range or two of each kind, of some length."""
    with hub.pool.connection() as connection:
        for name in (PASSAGE, REPORT, DECLARATION, "checkpoint"):
            for _ in range(chance.randrange(1, 3)):
                advance(
                    connection,
                    name=COUNTERS,
                    kind=KINDS[name].number,
                    at=hub.clock.now(),
                    most=most or chance.choice([1, 3, 50]),
                    work=counting(hub.keys),
                )


def live(chance: random.Random, hub: Hub, systems: list[System], *, steps: int) -> list[datetime]:
    """Send, correct, withdraw, come late and come back, while time goes on; returns some instants of it."""
    assert isinstance(hub.clock, FixedClock)
    instants = []
    for _ in range(steps):
        hub.clock.move(timedelta(minutes=chance.choice([0, 1, 7, 25, 90])))
        kind = chance.choice([PASSAGE, REPORT, DECLARATION])
        rows = []
        for _ in range(chance.randrange(1, 6)):
            ref = f"{kind}-{chance.randrange(12)}"
            if chance.random() < 0.2:
                rows.append({"ref": ref, "op": "withdraw", "revision": chance.randrange(1, 9)})
            else:
                rows.append(some_row(chance, kind, ref) | {"revision": chance.randrange(1, 9)})
        send(hub, chance.choice(systems), kind, rows)
        if chance.random() < 0.5:
            count_on(chance, hub)
        instants.append(hub.clock.now())
    return instants


def ready(make_hub: MakeHub) -> tuple[Hub, list[System]]:
    hub = make_hub(clock=FixedClock(NIGHT))
    systems = [a_system(hub, code) for code in ("dov", "cora")]
    for system in systems:
        send(hub, system, "checkpoint", [KINDS["checkpoint"].example])
    with hub.pool.connection() as connection:
        keep_table(connection)
    return hub, systems


def count_everything(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        count_all(connection, hub.keys, [kind.number for kind in KINDS.values()], hub.clock.now())


def told(connection: Connection, known: Known, kind: str) -> dict[str, Any]:
    """What the board says of a kind, four ways."""
    scope, days = EVERYWHERE, {"first": FIRST, "last": LAST}
    by_day = board.by_day(connection, scope, known, **days, kinds=[kind])
    now = board.provinces(connection, scope, known, scheme="vn-2025", **days, kinds=[kind])
    old = board.provinces(connection, scope, known, scheme="vn-2024", **days, kinds=[kind])
    hanoi = board.wards(connection, scope, known, province="01", **days, kinds=[kind])
    return {
        "days": {day: sums for (day, _), sums in by_day.items() if any(sums)},
        "34": {one.code: one.measures for one in now.figures if any(one.measures)},
        "63": {one.code: one.measures for one in old.figures if any(one.measures)},
        "uncertain": {one.code: one.measures for one in old.uncertain if any(one.measures)},
        "wards": {one.code: one.measures for one in hanoi if any(one.measures)},
    }


def expected(connection: Connection, at: datetime, kind: str) -> dict[str, Any]:
    rows = naive.standing(naive.rows_of(connection, KINDS[kind].number), at)
    inside = [row for row in rows if naive.province_of(row).startswith("VN.")]
    return {
        "days": {key: sums for (key,), sums in naive.summed(kind, rows, naive.day_of).items()},
        "34": {key[3:]: sums for (key,), sums in naive.summed(kind, inside, naive.province_of).items()},
        "63": {key: sums for (key,), sums in naive.summed(kind, inside, naive.before_of).items() if key},
        "uncertain": {
            province[3:]: sums
            for (before, province), sums in naive.summed(kind, inside, naive.before_of, naive.province_of).items()
            if not before
        },
        "wards": {
            ward: sums
            for (province, ward), sums in naive.summed(kind, inside, naive.province_of, naive.ward_of).items()
            if province == "VN.01"
        },
    }


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_those_of_the_log_at_every_moment(make_hub: MakeHub, seed: int) -> None:
    chance = random.Random(seed)
    hub, systems = ready(make_hub)
    instants = live(chance, hub, systems, steps=40)
    count_everything(hub)
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(timedelta(seconds=1))
    strokes = [at.replace(minute=0) for at in instants]
    with hub.pool.connection() as connection:
        for at in [*chance.sample(instants, 8), *chance.sample(strokes, 3)]:
            known = known_at(connection, at, now=hub.clock.now())
            assert known.at == at
            upto = at - timedelta(microseconds=1) if at.minute == 0 else at
            for kind in (PASSAGE, REPORT, DECLARATION):
                assert told(connection, known, kind) == expected(connection, upto, kind), (seed, at, kind)
        now = known_now(connection, now=hub.clock.now())
        assert now.at == hub.clock.now()
        for kind in (PASSAGE, REPORT, DECLARATION):
            assert told(connection, now, kind) == expected(connection, now.at, kind)


def test_what_retention_dropped_stays_counted_and_its_correction_moves_no_figure(make_hub: MakeHub) -> None:
    hub = make_hub(clock=FixedClock(NIGHT), DAUMOI_SEGMENT_ROWS="1000")
    dov = a_system(hub)
    send(hub, dov, REPORT, [a_report(f"r{number}") for number in range(1002)])
    count_everything(hub)
    drop_by_hand(hub, kind=REPORT, before=1002, actor=TESTER)
    send(hub, dov, REPORT, [a_report("r1", revision=2), a_report("r1001", revision=2)])
    count_everything(hub)
    send(hub, dov, REPORT, [a_report("r1", revision=3), {"ref": "r2", "revision": 2, "op": "withdraw"}])
    count_everything(hub)
    with hub.pool.connection() as connection:
        together, _ = board.reports(connection, EVERYWHERE, known_now(connection, now=hub.clock.now()))
    assert together.open == 1002
