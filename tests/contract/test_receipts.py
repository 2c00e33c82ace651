"""Contract, section 3: receipts, options, problems."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.records import (
    ENVELOPE_COUNTS,
    a_checkpoint,
    a_declaration,
    a_passage,
    a_ref,
    a_withdrawal,
    put_at,
    the_bytes,
)
from tests.hubs import Caller, Record, a_problem, a_receipt, check_equation, counts, items_of, ndjson

RECEIPT_FIELDS = {*ENVELOPE_COUNTS, "submission_id", "kind", "first_seq", "last_seq", "problems", "warnings"}


def a_bad_checkpoint(**envelope: Any) -> Record:
    return a_checkpoint(area={"scheme": "vn-2025", "code": "99999"}, **envelope)


def test_one_record_is_accepted_as_json(dov: Caller) -> None:
    answer = dov.post_body("checkpoint", the_bytes(a_checkpoint()), content_type="application/json")
    assert counts(a_receipt(answer)) == {"accepted": 1}


def test_an_array_of_records_is_accepted_as_json(dov: Caller) -> None:
    body = json.dumps([a_checkpoint(), a_checkpoint(), a_checkpoint()], indent=2).encode()
    assert counts(a_receipt(dov.post_body("checkpoint", body, content_type="application/json"))) == {"accepted": 3}


def test_one_record_a_line_is_accepted_as_ndjson(dov: Caller) -> None:
    assert counts(dov.receipt("checkpoint", a_checkpoint(), a_checkpoint())) == {"accepted": 2}


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_a_media_type_may_have_parameters_and_capitals(dov: Caller, content_type: str) -> None:
    answer = dov.post_body("checkpoint", the_bytes(a_checkpoint()), content_type=content_type)
    assert counts(a_receipt(answer)) == {"accepted": 1}


def test_a_receipt_has_its_fields(dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", a_checkpoint(), a_checkpoint())
    assert receipt.keys() >= RECEIPT_FIELDS
    assert receipt["kind"] == "checkpoint"
    assert receipt["last_seq"] == receipt["first_seq"] + 1
    assert receipt["problems"] == receipt["warnings"] == []
    assert isinstance(receipt["submission_id"], str)


def test_an_accepted_record_is_on_disk_and_can_be_read_at_once(dov: Caller) -> None:
    row = a_checkpoint()
    receipt = dov.receipt("checkpoint", row)
    answer = dov.get(f"/api/v1/records/checkpoint/{receipt['first_seq']}")
    assert (answer.status_code, answer.json()["ref"]) == (200, row["ref"])


def test_first_seq_and_last_seq_are_null_when_no_number_was_given(dov: Caller) -> None:
    row = a_checkpoint()
    dov.receipt("checkpoint", row)
    receipt = dov.receipt("checkpoint", row, a_bad_checkpoint())
    assert counts(receipt) == {"repeated": 1, "held": 1}
    assert (receipt["first_seq"], receipt["last_seq"]) == (None, None)


def test_a_problem_says_row_ref_code_pointer_message_and_held_id(dov: Caller) -> None:
    bad = a_bad_checkpoint()
    receipt = dov.receipt("checkpoint", a_checkpoint(), bad)
    (problem,) = receipt["problems"]
    assert problem.keys() >= {"row", "ref", "code", "pointer", "message", "held_id"}
    assert (problem["row"], problem["ref"]) == (2, bad["ref"])
    assert (problem["code"], problem["pointer"]) == ("unknown_area", "/area/code")
    assert len(problem["message"].split()) >= 3
    assert problem["held_id"]


def test_rows_are_counted_from_1_and_blank_lines_count_but_are_not_received(dov: Caller) -> None:
    body = b"\n" + the_bytes(a_checkpoint()) + b"\n \t\n\r\n" + the_bytes(a_bad_checkpoint()) + b"\n\n"
    receipt = a_receipt(dov.post_body("checkpoint", body))
    assert receipt["received"] == 2
    assert receipt["problems"][0]["row"] == 5


def test_the_row_of_an_array_is_its_element(dov: Caller) -> None:
    body = json.dumps([a_checkpoint(), a_checkpoint(), a_bad_checkpoint()], indent=1).encode()
    receipt = a_receipt(dov.post_body("checkpoint", body, content_type="application/json"))
    assert [problem["row"] for problem in receipt["problems"]] == [3]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", "application/x-ndjson"), (b"\n\n", "application/x-ndjson"), (b"[]", "application/json")],
)
def test_a_body_without_records_gives_a_receipt_of_zeros(dov: Caller, body: bytes, content_type: str) -> None:
    receipt = a_receipt(dov.post_body("checkpoint", body, content_type=content_type))
    assert receipt["received"] == 0
    assert (receipt["first_seq"], receipt["last_seq"], receipt["problems"]) == (None, None, [])


def test_a_receipt_shows_the_first_100_problems_and_the_rest_stand_behind_the_submission(dov: Caller) -> None:
    rows = [a_bad_checkpoint() for _ in range(130)]
    receipt = dov.receipt("checkpoint", *rows)
    assert receipt["held"] == 130
    assert [problem["row"] for problem in receipt["problems"]] == list(range(1, 101))
    shown = items_of(dov.get(f"/api/v1/submissions/{receipt['submission_id']}/problems").json())
    assert {problem["row"] for problem in shown} == set(range(1, 131))


def test_a_receipt_has_one_entry_a_row_and_the_list_has_every_fault_of_it(dov: Caller) -> None:
    row = put_at(put_at(a_bad_checkpoint(), "/data/type", "bridge"), "/occurred_at", "yesterday")
    receipt = dov.receipt("checkpoint", row)
    assert len(receipt["problems"]) == 1
    answer = dov.get(f"/api/v1/submissions/{receipt['submission_id']}/problems")
    expected = {("/area/code", "unknown_area"), ("/data/type", "not_in_list"), ("/occurred_at", "bad_instant")}
    assert expected <= faults_in(answer.json())


def faults_in(body: Any) -> set[tuple[str, str]]:
    """Every pair of pointer and code anywhere in an answer."""
    found: set[tuple[str, str]] = set()
    if isinstance(body, dict):
        if "code" in body and "pointer" in body:
            found.add((body["pointer"], body["code"]))
        for value in body.values():
            found |= faults_in(value)
    elif isinstance(body, list):
        for value in body:
            found |= faults_in(value)
    return found


def test_the_problems_of_a_submission_are_there_for_its_sender_alone(dov: Caller, cora: Caller) -> None:
    receipt = dov.receipt("checkpoint", a_bad_checkpoint())
    for path in ("", "/problems"):
        a_problem(cora.get(f"/api/v1/submissions/{receipt['submission_id']}{path}"), 404)


@pytest.mark.parametrize("submission_id", ["01970000-0000-7000-8000-000000000000", "x", "1", "%00"])
def test_a_submission_that_is_none_is_not_found(dov: Caller, submission_id: str) -> None:
    answer = dov.get(f"/api/v1/submissions/{submission_id}")
    assert answer.status_code in {400, 404}
    a_problem(answer, answer.status_code)


def test_a_warning_stands_outside_the_equation(dov: Caller) -> None:
    row = a_declaration(subject={"national_id": "001087000001", "sex": "female"})
    receipt = dov.receipt("health_declaration", row, a_declaration())
    assert (receipt["received"], receipt["accepted"], len(receipt["warnings"])) == (2, 2, 1)


def test_a_passage_at_a_closed_checkpoint_is_stored_with_a_warning(dov: Caller) -> None:
    closed = a_checkpoint({"opened_on": "2021-07-01", "closed_on": "2021-07-15"})
    dov.receipt("checkpoint", closed)
    receipt = dov.receipt("checkpoint_passage", a_passage(closed["data"]["code"]))
    assert counts(receipt) == {"accepted": 1}
    assert [warning["pointer"] for warning in receipt["warnings"]] == ["/data/checkpoint"]


def test_a_dry_run_gives_the_same_counts_and_stores_nothing(dov: Caller) -> None:
    known = a_checkpoint()
    dov.receipt("checkpoint", known)
    head = dov.head("checkpoint")
    held = len(dov.held(kind="checkpoint"))
    rows = [a_checkpoint(), known, a_bad_checkpoint(), {**known, "revision": 2}, a_withdrawal(known["ref"], 3)]
    tried = dov.receipt("checkpoint", *rows, dry_run="true")
    assert (tried["submission_id"], tried["first_seq"], tried["last_seq"]) == (None, None, None)
    assert (dov.head("checkpoint"), len(dov.held(kind="checkpoint"))) == (head, held)
    stored = dov.receipt("checkpoint", *rows)
    assert counts(tried) == counts(stored)
    assert counts(stored) == {"accepted": 1, "repeated": 1, "held": 1, "corrected": 1, "withdrawn": 1}


def test_a_dry_run_knows_a_ref_that_stands_twice_in_its_body(dov: Caller) -> None:
    row = a_checkpoint()
    rows = [row, row, {**row, "revision": 2}, put_at(row, "/data/name", "Chốt khác")]
    tried = dov.receipt("checkpoint", *rows, dry_run="true")
    assert counts(tried) == counts(dov.receipt("checkpoint", *rows))


def test_a_dry_run_of_a_bad_row_has_no_held_id(dov: Caller) -> None:
    (problem,) = dov.receipt("checkpoint", a_bad_checkpoint(), dry_run="true")["problems"]
    assert problem.get("held_id") is None


@pytest.mark.parametrize(("name", "value"), [("dry_run", "perhaps"), ("on_problem", "ignore")])
def test_an_option_with_another_value_is_refused(dov: Caller, name: str, value: str) -> None:
    answer = dov.send("checkpoint", a_checkpoint(), **{name: value})
    a_problem(answer, 400)


def test_reject_stores_all_when_all_are_good(dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", a_checkpoint(), a_checkpoint(), on_problem="reject")
    assert counts(receipt) == {"accepted": 2}


def test_reject_stores_nothing_and_holds_nothing_when_one_row_is_bad(dov: Caller) -> None:
    head = dov.head("checkpoint")
    held = len(dov.held(kind="checkpoint"))
    good = [a_checkpoint() for _ in range(3)]
    answer = dov.send("checkpoint", *good, a_bad_checkpoint(), on_problem="reject")
    problem = a_problem(answer, 422, "rows_refused")
    assert faults_in(problem) >= {("/area/code", "unknown_area")}
    assert (dov.head("checkpoint"), len(dov.held(kind="checkpoint"))) == (head, held)
    assert counts(dov.receipt("checkpoint", *good)) == {"accepted": 3}


def test_reject_is_one_transaction_also_when_the_fault_comes_late(dov: Caller) -> None:
    head = dov.head("checkpoint")
    rows = [a_checkpoint() for _ in range(2500)]
    rows.append(put_at(rows[0], "/data/name", "Cùng ref, nội dung khác"))
    a_problem(dov.send("checkpoint", *rows, on_problem="reject"), 422, "rows_refused")
    assert dov.head("checkpoint") == head


def test_reject_takes_10000_rows_and_not_one_more(dov: Caller) -> None:
    head = dov.head("citizen_report")
    row = b'{"ref":"%d"}\n'
    answer = dov.post_body("citizen_report", b"".join(row % n for n in range(10_001)), on_problem="reject")
    assert 400 <= answer.status_code < 500
    problem = a_problem(answer, answer.status_code)
    assert problem["code"] in {"body_too_large", "rows_refused"}
    assert dov.head("citizen_report") == head


def test_received_at_never_goes_back(dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", *[a_checkpoint() for _ in range(5)])
    lines = dov.feed("checkpoint", after=receipt["first_seq"] - 1).lines
    instants = [datetime.datetime.fromisoformat(line["received_at"]) for line in lines]
    assert instants == sorted(instants)


LINES = st.sampled_from(
    ["good", "again", "other content", "higher", "lower", "withdraw", "unknown area", "no ref", "broken", "not utf-8",
     "array", "number", "blank", "unknown field", "twice"]
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.lists(st.tuples(LINES, st.integers(0, 3)), max_size=40), reject=st.booleans())
def test_received_is_the_sum_of_the_five_outcomes(dov: Caller, body: list[tuple[str, int]], reject: bool) -> None:
    rows = [a_checkpoint(ref=a_ref("mix"), revision=3) for _ in range(4)]
    lines = [a_line(sort, rows[which]) for sort, which in body]
    blank = sum(sort == "blank" for sort, _ in body)
    if reject:
        answer = dov.post_body("checkpoint", ndjson(lines), on_problem="reject")
        if answer.status_code == 422:
            refused = a_problem(answer, 422, "rows_refused")
            if refused.get("receipt"):
                check_equation(refused["receipt"])
            return
        receipt = a_receipt(answer)
        assert receipt["held"] == 0
    else:
        receipt = a_receipt(dov.post_body("checkpoint", ndjson(lines)))
    assert receipt["received"] == len(lines) - blank
    assert len(receipt["problems"]) == receipt["held"]
    again = a_receipt(dov.post_body("checkpoint", ndjson(lines)))
    assert again["held"] == receipt["held"]
    assert again["repeated"] == again["received"] - again["held"]
    assert [problem["held_id"] for problem in again["problems"]] == [
        problem["held_id"] for problem in receipt["problems"]
    ]


def a_line(sort: str, row: Record) -> bytes | Record:
    """A line of the random bodies; `row` has revision 3 and a ref of its own."""
    name = row["data"]["name"]
    lines: dict[str, bytes | Record] = {
        "good": row,
        "again": json.dumps(row, indent=None, separators=(" , ", " : ")).encode(),
        "other content": put_at(row, "/data/name", name + " khác"),
        "higher": {**row, "revision": 7},
        "lower": {**row, "revision": 2},
        "withdraw": a_withdrawal(row["ref"], 9),
        "unknown area": put_at(row, "/area/code", "99999"),
        "no ref": {key: value for key, value in row.items() if key != "ref"},
        "broken": the_bytes(row)[:-1],
        "not utf-8": the_bytes(row).replace(b"Ch\xe1\xbb\x91t", b"\xff\xfe"),
        "array": b"[" + the_bytes(row) + b"]",
        "number": b"1",
        "blank": b"  ",
        "unknown field": {**row, "areaa": 1},
        "twice": b'{"ref":"x",' + the_bytes(row)[1:],
    }
    return lines[sort]
