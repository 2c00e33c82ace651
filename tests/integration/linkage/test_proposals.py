"""Merge and split: proposed with a reason, decided by somebody else, kept, undone; a rejected pair does not return."""

from __future__ import annotations

import datetime
import itertools
import json

import psycopg
import pytest

from daumoi.intake.erasure import erase_person
from daumoi.intake.identity_changes import NothingToMove, join_people
from daumoi.linkage import proposals
from daumoi.linkage.candidates import Scored, candidates, drop_not_found, keep_scored
from daumoi.linkage.proposals import (
    AlreadyProposed,
    Decided,
    FourEyes,
    KeptApart,
    NotYours,
    Proposal,
    Stale,
    approve,
    decisions_on,
    propose_merge,
    propose_split,
    propose_undo,
    reject,
    reject_candidate,
    withdraw,
)
from daumoi.linkage.selectors import NotVisible
from daumoi.log.identity_change import KIND_NUMBER
from tests.integration.linkage.people import ADA, ALL, BEN, HAI_PHONG, Cast
from tests.scopes import under

WHY = "cùng số điện thoại, đã gọi hỏi"
NOTE = "đã so với thẻ căn cước"


def two_people(cast: Cast) -> tuple[int, int, int, int]:
    """Two people without a number in common; returns their claims, and who they are."""
    one = cast.declare({"national_id": cast.national_id(), "full_name": "Bùi Thị Đôi", "birth_date": "1990-01-02"})
    two = cast.declare({"full_name": "Bùi Thị Đôi", "birth_date": "1990-01-02"})
    return one, two, cast.person(one), cast.person(two)


def merged(cast: Cast, keep: int, other: int) -> int:
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    approve(ALL, cast.hub, proposal=number, by=BEN, note=NOTE)
    return number


def entries(cast: Cast, seqs: list[int]) -> list[dict[str, object]]:
    with cast.hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT body::text FROM record WHERE kind = %s AND seq = ANY(%s) ORDER BY seq", (KIND_NUMBER, seqs)
        ).fetchall()
    return [json.loads(row[0]) for row in rows]


def the(cast: Cast, number: int) -> Proposal:
    found, _ = proposals.proposals(ALL, cast.hub, open_only=False, before=number + 1, limit=1)
    return found[0]


def score(cast: Cast, *pairs: tuple[int, int]) -> int:
    with cast.hub.pool.connection() as connection:
        scored = [Scored(*sorted(pair), 0.97, {"name": "same"}) for pair in pairs]
        return keep_scored(connection, scored, cast.hub.clock.now())


def pairs(cast: Cast) -> set[tuple[int, int]]:
    found, after = candidates(ALL, cast.hub, limit=2)
    while after:
        more, after = candidates(ALL, cast.hub, after=after, limit=2)
        found += more
    assert len({(one.low, one.high) for one in found}) == len(found)
    return {(one.low, one.high) for one in found}


def test_a_merge_moves_nothing_before_somebody_else_has_approved_it(cast: Cast):
    _, two, keep, other = two_people(cast)
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    assert cast.person(two) == other
    with pytest.raises(FourEyes):
        approve(ALL, cast.hub, proposal=number, by=ADA, note=NOTE)
    assert cast.person(two) == other
    seqs = approve(ALL, cast.hub, proposal=number, by=BEN, note=NOTE)
    assert cast.person(two) == keep
    assert entries(cast, seqs) == [{"claim": two, "from": other, "to": keep, "reason": "join"}]
    done = the(cast, number)
    assert (done.outcome, done.proposed_by, done.decided_by, done.reason, done.note) == (
        "approved",
        "ada",
        "ben",
        WHY,
        NOTE,
    )


@pytest.mark.parametrize("outcome", ["approved", "rejected"])
def test_the_database_itself_holds_the_four_eyes(cast: Cast, outcome: str):
    _, _, keep, other = two_people(cast)
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    with cast.hub.pool.connection() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE identity_proposal SET outcome = %s, decided_by = 'ada', decided_at = proposed_at, note = 'x'"
            " WHERE id = %s",
            (outcome, number),
        )


def test_a_merge_is_undone_by_the_inverse_entries_and_the_pair_does_not_come_back(cast: Cast):
    one, two, keep, other = two_people(cast)
    number = merged(cast, keep, other)
    undo = propose_undo(ALL, cast.hub, proposal=number, by=BEN, reason="hai người khác nhau")
    seqs = approve(ALL, cast.hub, proposal=undo, by=ADA, note=NOTE)
    assert entries(cast, seqs) == [{"claim": two, "from": keep, "to": other, "reason": "split"}]
    assert (cast.person(one), cast.person(two)) == (keep, other)
    assert the(cast, number).undone
    assert score(cast, (keep, other)) == 0
    with pytest.raises(Decided):
        propose_undo(ALL, cast.hub, proposal=number, by=BEN, reason=WHY)
    again = propose_undo(ALL, cast.hub, proposal=undo, by=ADA, reason="đúng là một người")
    approve(ALL, cast.hub, proposal=again, by=BEN, note=NOTE)
    assert cast.person(two) == keep


def test_an_undone_merge_gives_back_only_what_is_still_there(cast: Cast):
    _, two, keep, other = two_people(cast)
    number = merged(cast, keep, other)
    join_people(cast.hub, keep=cast.person(cast.declare({"full_name": "Ai Đó"})), join=keep)
    undo = propose_undo(ALL, cast.hub, proposal=number, by=BEN, reason=WHY)
    with pytest.raises(Stale):
        approve(ALL, cast.hub, proposal=undo, by=ADA, note=NOTE)
    assert the(cast, undo).outcome is None
    assert cast.person(two) not in (keep, other)


def test_a_split_gives_claims_a_person_of_their_own_and_is_undone_by_a_join(cast: Cast):
    number = cast.national_id()
    one = cast.declare({"national_id": number, "full_name": "Lý Một"})
    two = cast.declare({"national_id": number, "full_name": "Lý Hai"}, system=cast.hotline)
    person = cast.person(one)
    asked = propose_split(ALL, cast.hub, person=person, claims=[two], by=ADA, reason=WHY)
    seqs = approve(ALL, cast.hub, proposal=asked, by=BEN, note=NOTE)
    made = cast.person(two)
    assert made != person == cast.person(one)
    assert entries(cast, seqs) == [{"claim": two, "from": person, "to": made, "reason": "split"}]
    assert score(cast, (person, made)) == 0
    undo = propose_undo(ALL, cast.hub, proposal=asked, by=ADA, reason=WHY)
    (entry,) = entries(cast, approve(ALL, cast.hub, proposal=undo, by=BEN, note=NOTE))
    assert entry["reason"] == "join"
    assert cast.person(two) == person


def test_a_split_leaves_something_behind_and_takes_what_is_there(cast: Cast):
    one, two, keep, other = two_people(cast)
    for claims in ([], [one], [two], [one, two]):
        with pytest.raises(NothingToMove):
            propose_split(ALL, cast.hub, person=keep, claims=claims, by=ADA, reason=WHY)
    with pytest.raises(NothingToMove):
        propose_merge(ALL, cast.hub, keep=other, other=other, by=ADA, reason=WHY)


def test_a_rejected_pair_never_returns_whoever_its_claims_are_joined_with_later(cast: Cast):
    _, _, keep, other = two_people(cast)
    assert score(cast, (keep, other)) == 1
    reject_candidate(ALL, cast.hub, one=other, another=keep, by=ADA, note=NOTE)
    assert (keep, other) not in pairs(cast)
    _, _, third, fourth = two_people(cast)
    join_people(cast.hub, keep=third, join=keep)
    join_people(cast.hub, keep=fourth, join=other)
    assert score(cast, (third, fourth)) == 0
    with pytest.raises(KeptApart):
        propose_merge(ALL, cast.hub, keep=fourth, other=third, by=ADA, reason=WHY)


def test_a_rejected_pair_returns_when_a_new_strong_identifier_names_both(cast: Cast):
    number = cast.national_id()
    one = cast.declare({"national_id": number, "full_name": "Đào Một"})
    two = cast.declare({"system_person_id": "P-900", "full_name": "Đào Một"})
    keep, other = cast.person(one), cast.person(two)
    reject_candidate(ALL, cast.hub, one=keep, another=other, by=ADA, note=NOTE)
    both = cast.person(cast.declare({"national_id": number, "system_person_id": "P-900"}))
    assert both not in (keep, other)
    merged(cast, other, both)
    assert score(cast, (keep, other)) == 1
    assert tuple(sorted((keep, other))) in pairs(cast)
    merged(cast, keep, other)
    assert cast.person(one) == cast.person(two)


def test_a_strong_identifier_that_both_had_when_it_was_decided_brings_nothing_back(cast: Cast):
    number = cast.national_id()
    one = cast.declare({"national_id": number, "full_name": "Mai Cha", "sex": "male", "birth_date": "1960"})
    two = cast.declare({"national_id": number, "full_name": "Tô Con", "sex": "female", "birth_date": "1990"})
    keep, other = sorted((cast.person(one), cast.person(two)))
    assert (keep, other) in pairs(cast)
    reject_candidate(ALL, cast.hub, one=keep, another=other, by=ADA, note=NOTE)
    assert (keep, other) not in pairs(cast)
    assert score(cast, (keep, other)) == 0


def test_a_rejection_can_be_undone(cast: Cast):
    _, _, keep, other = two_people(cast)
    rejected = reject_candidate(ALL, cast.hub, one=keep, another=other, by=ADA, note=NOTE)
    undo = propose_undo(ALL, cast.hub, proposal=rejected, by=BEN, reason="nhầm")
    assert approve(ALL, cast.hub, proposal=undo, by=ADA, note=NOTE) == []
    assert score(cast, (keep, other)) == 1
    merged(cast, keep, other)


def test_pairs_follow_the_people_that_a_merge_moves(cast: Cast):
    _, _, keep, other = two_people(cast)
    _, _, third, _ = two_people(cast)
    assert score(cast, (keep, other), (other, third)) == 2
    merged(cast, keep, other)
    mine = {pair for pair in pairs(cast) if {keep, other, third} & set(pair)}
    assert mine == {tuple(sorted((keep, third)))}


def test_what_a_later_comparison_does_not_find_is_dropped_and_what_a_person_decided_is_not(cast: Cast):
    _, _, keep, other = two_people(cast)
    score(cast, (keep, other))
    cast.hub.clock.move(datetime.timedelta(minutes=1))  # type: ignore[attr-defined]
    with cast.hub.pool.connection() as connection:
        assert drop_not_found(connection, cast.hub.clock.now()) >= 1
    assert (keep, other) not in pairs(cast)


def test_only_one_proposal_waits_for_a_pair_and_only_its_author_withdraws_it(cast: Cast):
    _, _, keep, other = two_people(cast)
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    for one, another in itertools.permutations((keep, other)):
        with pytest.raises(AlreadyProposed):
            propose_merge(ALL, cast.hub, keep=one, other=another, by=BEN, reason=WHY)
    with pytest.raises(NotYours):
        withdraw(ALL, cast.hub, proposal=number, by=BEN, note=NOTE)
    withdraw(ALL, cast.hub, proposal=number, by=ADA, note="gửi nhầm")
    with pytest.raises(Decided):
        approve(ALL, cast.hub, proposal=number, by=BEN, note=NOTE)
    propose_merge(ALL, cast.hub, keep=keep, other=other, by=BEN, reason=WHY)


def test_a_rejected_proposal_keeps_its_pair_apart_and_its_history(cast: Cast):
    _, _, keep, other = two_people(cast)
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    with pytest.raises(FourEyes):
        reject(ALL, cast.hub, proposal=number, by=ADA, note=NOTE)
    reject(ALL, cast.hub, proposal=number, by=BEN, note=NOTE)
    assert [one.id for one in decisions_on(ALL, cast.hub, person=keep)] == [number]
    assert score(cast, (keep, other)) == 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_nothing_is_proposed_without_a_reason(cast: Cast, reason: str):
    _, _, keep, other = two_people(cast)
    with pytest.raises(ValueError, match="reason of 1 to 500"):
        propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=reason)


def test_who_does_not_see_both_neither_proposes_nor_decides_nor_learns_of_it(cast: Cast):
    one = cast.declare({"full_name": "Cao Ở Hai"})
    two = cast.declare({"full_name": "Cao Ở Hai"}, area=HAI_PHONG)
    cast.follow()
    keep, other = cast.person(one), cast.person(two)
    score(cast, (keep, other))
    with cast.hub.pool.connection() as connection:
        path = connection.execute("SELECT path FROM record WHERE subject = %s", (one,)).fetchone()
    assert path is not None
    officer = under(".".join(path[0].split(".")[:2]))
    assert (keep, other) not in {(pair.low, pair.high) for pair in candidates(officer, cast.hub, limit=1000)[0]}
    with pytest.raises(NotVisible):
        propose_merge(officer, cast.hub, keep=keep, other=other, by=BEN, reason=WHY)
    number = propose_merge(ALL, cast.hub, keep=keep, other=other, by=ADA, reason=WHY)
    assert number not in {done.id for done in proposals.proposals(officer, cast.hub, open_only=True, limit=1000)[0]}
    for act in (approve, reject, withdraw):
        with pytest.raises(NotVisible):
            act(officer, cast.hub, proposal=number, by=BEN, note=NOTE)  # type: ignore[operator]


def test_an_erasure_takes_the_claims_and_the_words_out_of_decisions_and_leaves_that_it_was_decided(cast: Cast):
    one, two, keep, other = two_people(cast)
    number = merged(cast, keep, other)
    cast.follow()
    erase_person(cast.hub, person=keep, reason="yêu cầu 17")
    done = the(cast, number)
    assert (done.outcome, done.reason, done.note) == ("approved", "(erased)", "(erased)")
    with cast.hub.pool.connection() as connection:
        for table in ("identity_proposal_claim", "identity_proposal_move", "appearance"):
            left = connection.execute(
                f"SELECT count(*) FROM {table} WHERE claim = ANY(%s)",
                ([one, two],),  # type: ignore[arg-type]
            ).fetchone()
            assert left == (0,), table
