"""Contract, section 3: revisions, withdrawals, and which line is current."""

from __future__ import annotations

import pytest

from tests.contract.records import a_checkpoint, a_declaration, a_ref, a_report, a_withdrawal, put_at
from tests.hubs import Caller, Record, counts


def lines_of(dov: Caller, kind: str, ref: str, after: int) -> list[tuple[str, int, bool]]:
    """op, revision and current of each line of a ref, in the order of the log."""
    lines = dov.feed(kind, after=after, limit=10_000).lines
    return [(line["op"], line["revision"], line["current"]) for line in lines if line["ref"] == ref]


@pytest.mark.parametrize("revision", [1, 5, 2_000_000_000])
def test_the_first_arrival_of_a_ref_is_accepted_whatever_its_revision(dov: Caller, revision: int) -> None:
    assert counts(dov.receipt("citizen_report", a_report(revision=revision))) == {"accepted": 1}


def test_any_other_new_revision_is_corrected_also_one_that_comes_late(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = a_report(revision=5)
    outcomes = [
        counts(dov.receipt("citizen_report", put_at({**row, "revision": revision}, "/data/text", f"Lần {revision}")))
        for revision in (5, 7, 3, 6, 8)
    ]
    assert outcomes == [{"accepted": 1}] + [{"corrected": 1}] * 4
    assert lines_of(dov, "citizen_report", row["ref"], head) == [
        ("assert", 5, True),
        ("correct", 7, True),
        ("correct", 3, False),
        ("correct", 6, False),
        ("correct", 8, True),
    ]


def test_a_new_revision_with_the_same_content_is_corrected(dov: Caller) -> None:
    row = a_report()
    dov.receipt("citizen_report", row)
    assert counts(dov.receipt("citizen_report", {**row, "revision": 2})) == {"corrected": 1}


def test_revisions_in_one_body_are_taken_in_line_order(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = a_report()
    receipt = dov.receipt("citizen_report", {**row, "revision": 2}, {**row, "revision": 1}, {**row, "revision": 3})
    assert counts(receipt) == {"accepted": 1, "corrected": 2}
    assert lines_of(dov, "citizen_report", row["ref"], head) == [
        ("assert", 2, True),
        ("correct", 1, False),
        ("correct", 3, True),
    ]


def test_a_withdrawal_takes_a_record_back(dov: Caller) -> None:
    head = dov.head("health_declaration")
    row = a_declaration()
    dov.receipt("health_declaration", row)
    assert counts(dov.receipt("health_declaration", a_withdrawal(row["ref"], 2))) == {"withdrawn": 1}
    assert lines_of(dov, "health_declaration", row["ref"], head) == [("assert", 1, True), ("withdraw", 2, True)]


def test_a_withdrawal_has_no_subject_and_no_data(dov: Caller) -> None:
    row = a_declaration()
    dov.receipt("health_declaration", row)
    receipt = dov.receipt("health_declaration", a_withdrawal(row["ref"], 2))
    line = dov.get(f"/api/v1/records/health_declaration/{receipt['first_seq']}").json()
    assert not line.get("subject")
    assert not line.get("data")


def test_a_withdrawal_sent_again_is_repeated(dov: Caller) -> None:
    row = a_report()
    dov.receipt("citizen_report", row, a_withdrawal(row["ref"], 2))
    assert counts(dov.receipt("citizen_report", a_withdrawal(row["ref"], 2))) == {"repeated": 1}


def test_a_withdrawal_of_the_same_revision_is_revision_conflict(dov: Caller) -> None:
    row = a_report(revision=2)
    dov.receipt("citizen_report", row)
    assert dov.one_problem("citizen_report", a_withdrawal(row["ref"], 2))["code"] == "revision_conflict"


def test_a_withdrawal_of_a_lower_revision_takes_nothing_back(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = a_report(revision=5)
    dov.receipt("citizen_report", row)
    dov.receipt("citizen_report", a_withdrawal(row["ref"], 4))
    current = [line for line in lines_of(dov, "citizen_report", row["ref"], head) if line[2]]
    assert current == [("assert", 5, True)]


def test_a_withdrawal_may_come_first_and_a_higher_assert_brings_the_record_back(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = a_report()
    outcomes = [
        counts(dov.receipt("citizen_report", each))
        for each in (a_withdrawal(row["ref"], 2), {**row, "revision": 1}, {**row, "revision": 3})
    ]
    assert outcomes == [{"withdrawn": 1}, {"corrected": 1}, {"corrected": 1}]
    assert lines_of(dov, "citizen_report", row["ref"], head) == [
        ("withdraw", 2, True),
        ("correct", 1, False),
        ("correct", 3, True),
    ]


def test_a_withdrawal_needs_only_ref_revision_and_op(dov: Caller) -> None:
    rows: list[Record] = [a_withdrawal(a_ref("gone"), 1), {"ref": a_ref("gone"), "op": "withdraw"}]
    assert counts(dov.receipt("health_declaration", *rows)) == {"withdrawn": 2}


def test_a_record_asserted_and_withdrawn_in_one_body_is_withdrawn(dov: Caller) -> None:
    row = a_report()
    receipt = dov.receipt("citizen_report", row, a_withdrawal(row["ref"], 2), {**row, "revision": 3})
    assert counts(receipt) == {"accepted": 1, "withdrawn": 1, "corrected": 1}


def test_a_withdrawn_checkpoint_that_comes_back_may_be_passed_again(dov: Caller) -> None:
    from tests.contract.records import a_passage

    gate = a_checkpoint()
    dov.receipt("checkpoint", gate, a_withdrawal(gate["ref"], 2), {**gate, "revision": 3})
    assert counts(dov.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))) == {"accepted": 1}


def test_a_reader_who_keeps_the_highest_revision_of_each_ref_ends_right_in_any_order(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = a_report()
    texts = {revision: f"Lần {revision}" for revision in (4, 1, 3, 2)}
    for revision, text in texts.items():
        dov.receipt("citizen_report", put_at({**row, "revision": revision}, "/data/text", text))
    lines = [line for line in dov.feed("citizen_report", after=head).lines if line["ref"] == row["ref"]]
    highest = max(lines, key=lambda line: line["revision"])
    assert highest["data"]["text"] == "Lần 4"
    assert [line["current"] for line in lines] == [True, False, False, False]
