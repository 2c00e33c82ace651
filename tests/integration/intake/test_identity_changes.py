"""Joins and splits by a person's decision: claims move, records stay, and each move is an entry of the log."""

import json

import pytest

from daumoi.core.hub import Hub
from daumoi.exchange import feeds
from daumoi.intake.identity_changes import NothingToMove, join_people, split_claim
from daumoi.log.identity_change import KIND_NAME, KIND_NUMBER
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.sending import READER, a_system, an_agreement, send

Line = dict[str, object]


def declare(hub: Hub, system: System, *people: str) -> None:
    rows = [
        {
            "ref": f"d-{number}",
            "occurred_at": "2021-08-01T08:00:00+07:00",
            "subject": {"national_id": number, "full_name": "Nguyễn Văn Mẫu"},
            "data": {"form": "daily"},
        }
        for number in people
    ]
    assert send(hub, system, "health_declaration", rows).accepted == len(people)


def read(hub: Hub, system: System, kind: str) -> list[Line]:
    with hub.pool.connection() as connection:
        systems = registry.load(connection)
    agreement = an_agreement(system, kind, "pseudonym")
    page = feeds.page(hub, systems, agreement=agreement, reader=READER, after=0, limit=1000)
    return [json.loads(line) for line in page.body.splitlines()]


def persons(hub: Hub) -> list[tuple[int, int]]:
    with hub.pool.connection() as connection:
        return connection.execute("SELECT id, person FROM claim ORDER BY id").fetchall()


def pseudonyms(hub: Hub, system: System) -> list[object]:
    return [line["subject"]["pseudonym"] for line in read(hub, system, "health_declaration")]  # type: ignore[index]


def test_a_join_gives_both_records_one_pseudonym_and_a_reader_can_follow_it(hub: Hub):
    system = a_system(hub)
    declare(hub, system, "001087000001", "001087000002")
    (_, one), (_, two) = persons(hub)
    kept, gone = pseudonyms(hub, system)
    assert join_people(hub, keep=one, join=two) == [1]
    assert pseudonyms(hub, system) == [kept, kept]
    (change,) = read(hub, system, KIND_NAME)
    assert (change["op"], change["revision"], change["current"]) == ("assert", 1, True)
    assert change["data"]["reason"] == "join"  # type: ignore[index]
    assert (change["data"]["from"], change["data"]["to"]) == (gone, kept)  # type: ignore[index]


def test_a_split_gives_the_claim_a_pseudonym_nobody_had(hub: Hub):
    system, other = a_system(hub), a_system(hub, "other")
    declare(hub, system, "001087000001")
    declare(hub, other, "001087000001")
    (_, person), (second, same) = persons(hub)
    assert person == same
    before = set(pseudonyms(hub, system))
    made, seqs = split_claim(hub, claim=second)
    assert seqs == [1]
    assert persons(hub)[1] == (second, made)
    kept, new = pseudonyms(hub, system)
    assert before == {kept}
    assert new not in before
    (change,) = read(hub, system, KIND_NAME)
    assert change["data"]["reason"] == "split"  # type: ignore[index]
    assert (change["data"]["from"], change["data"]["to"]) == (kept, new)  # type: ignore[index]


def test_a_join_and_its_undoing_leave_the_records_as_they_were(hub: Hub):
    system = a_system(hub)
    declare(hub, system, "001087000001", "001087000002")
    with hub.pool.connection() as connection:
        before = connection.execute("SELECT * FROM record WHERE kind <> %s ORDER BY seq", (KIND_NUMBER,)).fetchall()
    (_, one), (moved, two) = persons(hub)
    join_people(hub, keep=one, join=two)
    split_claim(hub, claim=moved)
    with hub.pool.connection() as connection:
        after = connection.execute("SELECT * FROM record WHERE kind <> %s ORDER BY seq", (KIND_NUMBER,)).fetchall()
    assert after == before
    assert [line["seq"] for line in read(hub, system, KIND_NAME)] == [1, 2]


def test_a_claim_that_comes_later_joins_where_its_number_now_belongs(hub: Hub):
    system, other = a_system(hub), a_system(hub, "other")
    declare(hub, system, "001087000001", "001087000002")
    (_, one), (_, two) = persons(hub)
    join_people(hub, keep=one, join=two)
    declare(hub, other, "001087000002")
    assert {person for _, person in persons(hub)} == {one}


@pytest.mark.parametrize(("keep", "join"), [(1, 1), (1, 999_999), (999_999, 1)])
def test_a_join_of_nobody_is_refused_and_leaves_no_entry(hub: Hub, keep: int, join: int):
    system = a_system(hub)
    declare(hub, system, "001087000001")
    person = persons(hub)[0][1]
    with pytest.raises(NothingToMove):
        join_people(hub, keep=person if keep == 1 else keep, join=person if join == 1 else join)
    with pytest.raises(NothingToMove):
        split_claim(hub, claim=999_999)
    assert read(hub, system, KIND_NAME) == []
