"""Beside records stand events and people: what several systems sent of one event is marked, and people are distinct."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from daumoi.accounts.scope import EVERYWHERE
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.intake.identity_changes import join_people, split_claim
from daumoi.kinds.registry import KINDS
from daumoi.organisations.registry import System
from daumoi.situation.likeness import count_people, people
from daumoi.situation.units import keep_table
from tests.integration.sending import a_passage, a_system, send
from tests.integration.situation.test_counting import a_declaration, count_everything
from tests.scopes import under

NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
PASSAGE, DECLARATION = "checkpoint_passage", "health_declaration"
DAY = date(2021, 8, 1)
MakeHub = Callable[..., Hub]


@pytest.fixture
def gate(make_hub: MakeHub) -> tuple[Hub, System, System]:
    """A hub with one gate in the world that two systems know, each by a checkpoint of its own."""
    hub = make_hub(clock=FixedClock(NOON))
    dov, cora = a_system(hub, "dov"), a_system(hub, "cora")
    area = {"scheme": "vn-2025", "code": "00004"}
    for system, lat in ((dov, 20.9128), (cora, 20.9131)):
        place = KINDS["checkpoint"].example | {"area": area, "location": {"lat": lat, "lon": 105.8530}}
        send(hub, system, "checkpoint", [place])
    with hub.pool.connection() as connection:
        keep_table(connection)
    return hub, dov, cora


def counted(hub: Hub, kind: str, level: str = "country", scope: Any = None) -> dict[Any, tuple[int, int, int]]:
    count_everything(hub)
    count_people(hub)
    with hub.pool.connection() as connection:
        found = people(
            connection,
            scope or EVERYWHERE,
            level=level,
            first=DAY - timedelta(days=9),
            last=DAY + timedelta(days=9),
            kinds=[kind],
        )
    assert not any(figure.is_outdated for figure in found)
    assert {figure.as_of for figure in found} <= {hub.clock.now()}
    return {(figure.day, figure.area): (figure.records, figure.events, figure.people) for figure in found}


def at(minutes: int, national_id: str = "001087000001", **changes: Any) -> dict[str, Any]:
    occurred_at = (NOON + timedelta(minutes=minutes)).isoformat()
    ref = f"{national_id}-{minutes}-{len(changes)}"
    return a_passage(ref, national_id) | {"occurred_at": occurred_at} | changes


def test_a_passage_sent_by_two_systems_is_one_event_of_one_person(gate: tuple[Hub, System, System]) -> None:
    hub, dov, cora = gate
    out = at(1)
    out["data"] = out["data"] | {"direction": "out"}
    send(hub, dov, PASSAGE, [at(0), out, at(30), at(0, "001087000002")])
    send(hub, cora, PASSAGE, [at(4), at(9), at(36)])
    assert counted(hub, PASSAGE) == {(DAY, ""): (7, 5, 2)}
    with hub.pool.connection() as connection:
        marks = connection.execute("SELECT seq, first_seq FROM likely_same ORDER BY 1").fetchall()
    assert marks == [(5, 1), (6, 1)]


def test_declarations_of_a_day_are_one_event_of_each_person(gate: tuple[Hub, System, System]) -> None:
    hub, dov, cora = gate
    ba_dinh, hai_phong = {"scheme": "vn-2025", "code": "00004"}, {"scheme": "vn-2024", "code": "31"}
    send(
        hub,
        dov,
        DECLARATION,
        [a_declaration("a", area=ba_dinh), a_declaration("b", subject={"full_name": "Lê Thị Mẫu"})],
    )
    send(hub, cora, DECLARATION, [a_declaration("a", area=hai_phong, occurred_at="2021-08-01T09:00:00+07:00")])
    later = "2021-08-02T00:10:00+07:00"
    send(hub, cora, DECLARATION, [a_declaration("c", area=ba_dinh, occurred_at=later)])
    after = date(2021, 8, 2)
    assert counted(hub, DECLARATION) == {(DAY, ""): (3, 2, 2), (after, ""): (1, 1, 1)}
    # The event is counted where its first record is; the person in each province.
    assert counted(hub, DECLARATION, "province") == {
        (DAY, "01"): (1, 1, 1),
        (DAY, "31"): (1, 0, 1),
        (after, "01"): (1, 1, 1),
    }
    assert counted(hub, DECLARATION, "province_before", under("VN.31")) == {(DAY, "31"): (1, 0, 1)}
    assert counted(hub, DECLARATION, "ward", under("VN.31")) == {}
    assert counted(hub, DECLARATION, "country", under("VN.01")) == {}


def test_corrections_withdrawals_joins_and_splits_are_followed(gate: tuple[Hub, System, System]) -> None:
    hub, dov, _ = gate
    send(hub, dov, PASSAGE, [at(0), at(2, "001087000002"), at(60)])
    assert counted(hub, PASSAGE) == {(DAY, ""): (3, 3, 2)}
    send(hub, dov, PASSAGE, [{"ref": at(60)["ref"], "revision": 2, "op": "withdraw"}])
    send(hub, dov, PASSAGE, [at(0) | {"revision": 2, "occurred_at": "2021-07-31T12:00:00+07:00"}])
    earlier = date(2021, 7, 31)
    assert counted(hub, PASSAGE) == {(DAY, ""): (1, 1, 1), (earlier, ""): (1, 1, 1)}
    send(hub, dov, PASSAGE, [at(0) | {"revision": 3}])
    with hub.pool.connection() as connection:
        rows = connection.execute("SELECT id, person FROM claim ORDER BY id").fetchall()
    join_people(hub, keep=rows[0][1], join=rows[1][1])
    assert counted(hub, PASSAGE) == {(DAY, ""): (2, 1, 1)}
    split_claim(hub, claim=rows[1][0])
    assert counted(hub, PASSAGE) == {(DAY, ""): (2, 2, 2)}


def naive(hub: Hub) -> dict[date, tuple[int, int, int]]:
    """Passages at one site: records, events and people of each day, by going through them one after the other."""
    with hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (r.system_id, r.ref) r.op, r.occurred_at, c.person, r.body ->> 'direction', r.seq"
            " FROM record r LEFT JOIN claim c ON c.id = r.subject WHERE kind = %s"
            " ORDER BY r.system_id, r.ref, r.revision DESC",
            (KINDS[PASSAGE].number,),
        ).fetchall()
    hanoi = timedelta(hours=7)
    standing = sorted((when, seq, who, way) for op, when, who, way, seq in rows if op != 3)
    found: dict[date, list[Any]] = {}
    last: dict[Any, datetime] = {}
    for when, _, who, way in standing:
        day = (when + hanoi).date()
        records = found.setdefault(day, [0, 0, set()])
        key = day, who, way
        records[0] += 1
        records[1] += not (key in last and when - last[key] <= timedelta(minutes=5))
        records[2].add(who)
        last[key] = when
    return {day: (records, events, len(who)) for day, (records, events, who) in found.items()}


def test_events_and_people_are_those_that_counting_one_by_one_gives(gate: tuple[Hub, System, System]) -> None:
    hub, dov, cora = gate
    chance = random.Random(3)
    for _ in range(3):
        for system in (dov, cora):
            rows = []
            for _ in range(60):
                row = at(chance.randrange(11 * 60, 13 * 60), f"00108700000{chance.randrange(6)}")
                row["data"] = row["data"] | {"direction": chance.choice(["in", "in", "out"])}
                row |= {"ref": f"r{chance.randrange(80)}", "revision": chance.randrange(1, 9)}
                rows.append(
                    row if chance.random() < 0.9 else {**{k: row[k] for k in ("ref", "revision")}, "op": "withdraw"}
                )
            send(hub, system, PASSAGE, rows)
        assert {day: sums for (day, _), sums in counted(hub, PASSAGE).items()} == naive(hub)
