"""What is looked up of a chunk while the one before is stored decides as if it had been looked up afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from daumoi.core.hub import Hub
from daumoi.intake import submissions
from daumoi.intake.ahead import Before, look_ahead, stored_as
from daumoi.intake.decoding import read_rows
from daumoi.intake.store import store_chunk
from daumoi.kinds.registry import KINDS
from daumoi.log.append import CHUNK_ROWS
from daumoi.organisations.registry import System
from tests.integration.sending import Record, a_report, a_system, ndjson_of, send

KIND = KINDS["citizen_report"]


def rows_of(hub: Hub, system: System, *records: Record) -> list[submissions.Row]:
    return read_rows(hub, system=system, kind=KIND, lines=list(enumerate(ndjson_of(records), 1)))


def store(hub: Hub, rows: list[submissions.Row], **options: object) -> list[str]:
    store_chunk(hub, KIND, rows, lambda _connection: None, **options)  # type: ignore[arg-type]
    return [row.outcome for row in rows]


def person(number: int) -> Record:
    return {"national_id": f"0010870{number:05d}", "full_name": f"Nguyễn Văn Mẫu {number}"}


def figures(hub: Hub) -> list[tuple[int, ...]]:
    with hub.pool.connection() as connection:
        return connection.execute(
            "SELECT h.seq, (SELECT count(*) FROM record r WHERE r.kind = h.kind),"
            " (SELECT count(*) FROM receipt), (SELECT count(*) FROM claim) FROM head h WHERE h.name = %s",
            (KIND.name,),
        ).fetchall()


def test_a_chunk_behind_one_of_the_same_body_uses_what_was_looked_up(hub: Hub) -> None:
    dov = a_system(hub)
    one, two = rows_of(hub, dov, a_report("a", subject=person(1))), rows_of(hub, dov, a_report("b", subject=person(1)))
    ahead = look_ahead(hub, KIND, two)
    assert ahead is not None
    assert store(hub, one) == ["accepted"]
    known = ahead.behind(stored_as(one), two)
    assert known is not None
    assert store(hub, two, ahead=known) == ["accepted"]
    assert figures(hub) == [(2, 2, 2, 1)]


def test_a_ref_of_the_chunk_before_makes_the_look_void(hub: Hub) -> None:
    dov = a_system(hub)
    one, two = rows_of(hub, dov, a_report("a")), rows_of(hub, dov, a_report("a"), a_report("b"))
    ahead = look_ahead(hub, KIND, two)
    assert ahead is not None
    store(hub, one)
    assert ahead.behind(stored_as(one), two) is None


def test_what_another_stored_meanwhile_is_seen_under_the_head(hub: Hub) -> None:
    dov, other = a_system(hub), a_system(hub, "other")
    two = rows_of(hub, dov, a_report("a"), a_report("b"))
    ahead = look_ahead(hub, KIND, two)
    assert ahead is not None
    send(hub, dov, KIND.name, [a_report("a")])
    send(hub, other, KIND.name, [a_report("a")])
    known = ahead.behind(Before(frozenset(), range(1, 2)), two)
    assert store(hub, two, ahead=known) == ["repeated", "accepted"]
    assert figures(hub)[0][:3] == (3, 3, 3)


def test_a_claim_that_was_destroyed_meanwhile_is_not_used(hub: Hub) -> None:
    from daumoi.intake.erasure import erase_person

    dov = a_system(hub)
    send(hub, dov, KIND.name, [a_report("before", subject=person(1))])
    two = rows_of(hub, dov, a_report("after", subject=person(1)))
    ahead = look_ahead(hub, KIND, two)
    assert ahead is not None
    assert len(ahead.claims) == 1
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT id, person FROM claim").fetchone()
    assert row is not None
    erase_person(hub, person=row[1], reason="test")
    assert store(hub, two, ahead=ahead) == ["accepted"]
    with hub.pool.connection() as connection:
        subjects = connection.execute(
            "SELECT r.subject, c.id FROM record r LEFT JOIN claim c ON c.id = r.subject WHERE r.ref = 'after'"
        ).fetchall()
    assert len(subjects) == 1
    assert subjects[0][0] == subjects[0][1] != row[0]


@pytest.mark.parametrize("seed", range(4))
def test_long_bodies_with_repeats_become_what_their_rows_would_one_by_one(
    make_hub: Callable[..., Hub], seed: int
) -> None:
    chance = random.Random(seed)
    rows = []
    for _ in range(3 * CHUNK_ROWS + 200):
        number = chance.randrange(2500)
        revision = chance.choice((1, 1, 1, 2))
        rows.append(a_report(f"R-{number}", revision=revision, subject=person(number % 700)))
    hub = make_hub()
    receipt = send(hub, a_system(hub), KIND.name, rows)
    seen: set[tuple[str, int]] = set()
    refs: set[str] = set()
    expected = {"accepted": 0, "corrected": 0, "repeated": 0}
    for row in rows:
        key = (row["ref"], row["revision"])
        outcome = "repeated" if key in seen else "corrected" if row["ref"] in refs else "accepted"
        expected[outcome] += 1
        seen.add(key)
        refs.add(row["ref"])
    assert {name: getattr(receipt, name) for name in expected} == expected
    assert figures(hub)[0][:3] == (len(seen),) * 3
