"""Contract, section 3: what is the same row, and what is the same content."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.contract.records import (
    KINDS,
    a_checkpoint,
    a_declaration,
    a_movement,
    a_passage,
    a_person,
    a_ref,
    a_report,
    put_at,
    the_bytes,
)
from tests.hubs import Caller, Record, a_receipt, counts, ndjson


def sent_twice(dov: Caller, kind: str, first: Record | bytes, again: Record | bytes) -> dict[str, int]:
    """The outcome of the second sending."""
    assert counts(dov.receipt(kind, first)) == {"accepted": 1}
    return counts(dov.receipt(kind, again))


def test_a_row_sent_again_is_repeated_and_gets_no_number(dov: Caller) -> None:
    row = a_checkpoint()
    dov.receipt("checkpoint", row)
    head = dov.head("checkpoint")
    assert counts(dov.receipt("checkpoint", row)) == {"repeated": 1}
    assert dov.head("checkpoint") == head


def test_a_row_twice_in_one_body_is_stored_once(dov: Caller) -> None:
    row = a_checkpoint()
    assert counts(dov.receipt("checkpoint", row, row, row)) == {"accepted": 1, "repeated": 2}


def test_the_same_ref_and_revision_with_other_content_is_held_as_revision_conflict(dov: Caller) -> None:
    row = a_checkpoint()
    dov.receipt("checkpoint", row)
    problem = dov.one_problem("checkpoint", put_at(row, "/data/name", "Chốt cầu Chương Dương"))
    assert problem["code"] == "revision_conflict"
    assert problem["ref"] == row["ref"]


def test_a_ref_that_stands_twice_in_a_body_is_decided_in_line_order(dov: Caller) -> None:
    row = a_checkpoint()
    other = put_at(row, "/data/name", "Tên khác")
    receipt = dov.receipt("checkpoint", row, other, row)
    assert counts(receipt) == {"accepted": 1, "repeated": 1, "held": 1}
    assert [(problem["row"], problem["code"]) for problem in receipt["problems"]] == [(2, "revision_conflict")]
    line = dov.get(f"/api/v1/records/checkpoint/{receipt['first_seq']}").json()
    assert line["data"]["name"] == row["data"]["name"]


def test_the_order_of_keys_does_not_count(dov: Caller) -> None:
    row = a_declaration()
    turned = {key: row[key] for key in reversed(row)}
    turned["data"] = {key: row["data"][key] for key in reversed(row["data"])}
    turned["subject"] = {key: row["subject"][key] for key in reversed(row["subject"])}
    assert sent_twice(dov, "health_declaration", row, turned) == {"repeated": 1}


def test_white_space_does_not_count(dov: Caller) -> None:
    row = a_checkpoint()
    body = json.dumps(row, indent=4, ensure_ascii=False).replace("\n", "\r").encode()
    assert sent_twice(dov, "checkpoint", row, body) == {"repeated": 1}


def test_escapes_do_not_count(dov: Caller) -> None:
    row = a_checkpoint({"name": "Chốt cầu/đường 😀"})
    escaped = json.dumps(row, ensure_ascii=True).replace("/", "\\/").replace("c", "\\u0063").encode()
    assert b"\\u0063" in escaped
    assert b"\\ud83d\\ude00" in escaped
    assert sent_twice(dov, "checkpoint", row, escaped) == {"repeated": 1}


@pytest.mark.parametrize("spelling", ["250", "250.0", "2.5e2", "2.5E+2", "2500e-1", "250.000"])
def test_the_spelling_of_a_whole_number_does_not_count(dov: Caller, spelling: str) -> None:
    row = the_bytes(a_checkpoint({"capacity": 250}))
    assert sent_twice(dov, "checkpoint", row, row.replace(b"250", spelling.encode())) == {"repeated": 1}


@pytest.mark.parametrize("spelling", ["1", "1.0", "1e0", "10e-1", "0.1e1"])
def test_the_spelling_of_a_revision_does_not_count(dov: Caller, spelling: str) -> None:
    row = the_bytes(a_checkpoint(revision=1))
    again = row.replace(b'"revision":1', b'"revision":' + spelling.encode())
    assert sent_twice(dov, "checkpoint", row, again) == {"repeated": 1}
    fresh = the_bytes(a_checkpoint(revision=1)).replace(b'"revision":1', b'"revision":' + spelling.encode())
    assert sent_twice(dov, "checkpoint", fresh, fresh) == {"repeated": 1}


@pytest.mark.parametrize("spelling", ["37.5", "37.50", "3.75e1", "375e-1", "37.5000000000"])
def test_the_spelling_of_a_decimal_does_not_count(dov: Caller, spelling: str) -> None:
    row = the_bytes(a_declaration({"temperature_c": 37.5}))
    assert sent_twice(dov, "health_declaration", row, row.replace(b"37.5", spelling.encode())) == {"repeated": 1}


@pytest.mark.parametrize("spelling", ["0", "0.0", "-0", "-0.0", "0e5"])
def test_zero_is_zero(dov: Caller, spelling: str) -> None:
    row = the_bytes(a_checkpoint(location={"lat": 0, "lon": 105}))
    assert sent_twice(dov, "checkpoint", row, row.replace(b'"lat":0', b'"lat":' + spelling.encode())) == {"repeated": 1}


def test_another_number_is_other_content(dov: Caller) -> None:
    row = a_declaration({"temperature_c": 37.5})
    assert sent_twice(dov, "health_declaration", row, put_at(row, "/data/temperature_c", 37.6)) == {"held": 1}


@pytest.mark.parametrize(
    "instant",
    [
        "2021-08-01T01:00:00Z",
        "2021-08-01T01:00:00.000Z",
        "2021-08-01T01:00:00.000000+00:00",
        "2021-08-01T01:00:00-00:00",
        "2021-07-31T20:00:00-05:00",
        "2021-08-01T06:30:00+05:30",
    ],
)
def test_equal_instants_are_equal(dov: Caller, instant: str) -> None:
    row = a_checkpoint(occurred_at="2021-08-01T08:00:00+07:00")
    assert sent_twice(dov, "checkpoint", row, {**row, "occurred_at": instant}) == {"repeated": 1}


def test_equal_instants_deep_in_the_data_are_equal(dov: Caller) -> None:
    row = a_movement()
    again = put_at(row, "/data/legs/0/departs_at", "2021-08-01T23:00:00Z")
    assert sent_twice(dov, "movement_declaration", row, again) == {"repeated": 1}


def test_an_instant_one_microsecond_later_is_other_content(dov: Caller) -> None:
    row = a_checkpoint(occurred_at="2021-08-01T01:00:00Z")
    assert sent_twice(dov, "checkpoint", row, {**row, "occurred_at": "2021-08-01T01:00:00.000001Z"}) == {"held": 1}


def test_two_texts_that_look_like_equal_instants_are_two_texts(dov: Caller) -> None:
    row = a_checkpoint({"name": "2021-08-01T08:00:00+07:00"})
    again = put_at(row, "/data/name", "2021-08-01T01:00:00Z")
    assert sent_twice(dov, "checkpoint", row, again) == {"held": 1}


def test_a_default_written_out_equals_a_default_left_out(dov: Caller) -> None:
    row = a_checkpoint()
    assert sent_twice(dov, "checkpoint", row, {**row, "revision": 1, "op": "assert"}) == {"repeated": 1}
    row = {**a_checkpoint(), "op": "assert", "revision": 1}
    assert sent_twice(dov, "checkpoint", row, {k: v for k, v in row.items() if k not in {"op", "revision"}}) == {
        "repeated": 1
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_of_the_schema_written_out_equals_it_left_out(dov: Caller, cora: Caller, kind: str) -> None:
    schema = dov.get(f"/api/v1/kinds/{kind}/schema").json()
    if kind == "checkpoint_passage":
        cora.receipt("checkpoint", cora.get("/api/v1/kinds/checkpoint/example").json())
    row = cora.get(f"/api/v1/kinds/{kind}/example").json()
    for pointer, value in defaults_of(schema):
        *path, last = pointer
        at: Any = row
        for step in path:
            at = at.get(step, {}) if isinstance(at, dict) else {}
        at.pop(last, None)
        left_out = {**row, "ref": a_ref("default")}
        if kind == "checkpoint":
            left_out = put_at(left_out, "/data/code", a_ref("DEF"))
        if not at and path:
            continue
        written_out = put_at(left_out, "/" + "/".join(pointer), value)
        assert sent_twice(cora, kind, left_out, written_out) == {"repeated": 1}, pointer


def defaults_of(schema: Record) -> list[tuple[tuple[str, ...], Any]]:
    """Where the envelope and the data of a JSON Schema name a default, and which."""

    def properties(part: Record) -> dict[str, Record]:
        while "$ref" in part:
            at: Any = schema
            for step in part["$ref"].split("/")[1:]:
                at = at[step]
            part = at
        found: dict[str, Record] = part.get("properties", {})
        for option in part.get("anyOf", []) + part.get("oneOf", []) + part.get("allOf", []):
            found = {**properties(option), **found}
        return found

    envelope = properties(schema)
    pairs = [((name,), part["default"]) for name, part in envelope.items() if "default" in part]
    inner = properties(envelope.get("data", {})).items()
    return pairs + [(("data", name), part["default"]) for name, part in inner if "default" in part]


@pytest.mark.parametrize(
    ("pointer", "value", "other"),
    [
        ("/subject/phone", "0912345678", "+84912345678"),
        ("/subject/full_name", "Nguyễn Văn Bình", "NGUYEN VAN BINH"),
        ("/subject/full_name", "Hòa", "Hoà"),
        ("/subject/birth_date", "1987", "1987-01"),
        ("/area", {"scheme": "vn-2025", "code": "01"}, {"scheme": "vn-2024", "code": "01"}),
    ],
)
def test_what_the_hub_derives_is_never_part_of_the_content(
    dov: Caller, pointer: str, value: object, other: object
) -> None:
    row = put_at(a_declaration(), pointer, value)
    assert sent_twice(dov, "health_declaration", row, put_at(row, pointer, other)) == {"held": 1}


def test_a_symptom_answered_no_is_not_a_symptom_not_answered(dov: Caller) -> None:
    row = a_declaration({"symptoms": {"cough": True}})
    again = put_at(row, "/data/symptoms", {"cough": True, "fever": False})
    assert sent_twice(dov, "health_declaration", row, again) == {"held": 1}


def test_the_order_of_a_list_counts(dov: Caller) -> None:
    people = [a_person(), a_person()]
    row = a_movement({"companions": people})
    assert sent_twice(dov, "movement_declaration", row, put_at(row, "/data/companions", people[::-1])) == {"held": 1}


def test_a_ref_is_a_ref_of_its_kind(dov: Caller) -> None:
    ref = a_ref("shared")
    assert counts(dov.receipt("health_declaration", a_declaration(ref=ref))) == {"accepted": 1}
    assert counts(dov.receipt("movement_declaration", a_movement(ref=ref))) == {"accepted": 1}


def test_a_ref_is_a_ref_of_its_system(dov: Caller, cora: Caller) -> None:
    row = a_report()
    dov.receipt("citizen_report", row)
    assert counts(cora.receipt("citizen_report", row)) == {"accepted": 1}


def test_refs_that_differ_by_case_or_by_composition_are_two(dov: Caller) -> None:
    ref = a_ref("hòa")
    rows = [a_report(ref=each) for each in (ref, ref.upper(), ref.replace("ò", "o\u0300"), ref + " ")]
    assert counts(dov.receipt("citizen_report", *rows)) == {"accepted": 4}


def test_a_single_post_and_a_bulk_body_know_each_other(dov: Caller) -> None:
    rows = [a_checkpoint() for _ in range(1500)]
    answer = dov.post_body("checkpoint", the_bytes(rows[700]), content_type="application/json")
    assert counts(a_receipt(answer)) == {"accepted": 1}
    assert counts(dov.receipt("checkpoint", *rows)) == {"accepted": 1499, "repeated": 1}
    answer = dov.post_body("checkpoint", the_bytes(rows[0]), content_type="application/json")
    assert counts(a_receipt(answer)) == {"repeated": 1}


def test_one_body_sent_by_four_at_once_is_stored_once(dov: Caller) -> None:
    body = ndjson([a_passage_person(dov, number) for number in range(600)])
    receipts: list[Record] = []

    def post() -> None:
        receipts.append(a_receipt(dov.post_body("health_declaration", body)))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(receipt[outcome] for receipt in receipts) for outcome in ("accepted", "repeated", "held")] == [
        600, 1800, 0,
    ]  # fmt: skip


def a_passage_person(dov: Caller, number: int) -> Record:
    """Declarations of few people, so that the same new person comes in by several bodies at once."""
    return a_declaration(subject={"national_id": f"0010870{number % 40:05d}", "full_name": "Trần Chung"})


def test_the_same_passage_twice_by_two_people_at_one_gate_is_two(dov: Caller) -> None:
    gate = a_checkpoint()
    dov.receipt("checkpoint", gate)
    rows = [a_passage(gate["data"]["code"]), a_passage(gate["data"]["code"])]
    assert counts(dov.receipt("checkpoint_passage", *rows)) == {"accepted": 2}
