"""Contract, section 4: the list of kinds, their schemas and examples."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from tests.contract.records import KINDS, ROW_CODES, a_checkpoint, put_at, take_out
from tests.hubs import Caller, HubServer, Record, counts


@pytest.fixture(scope="module")
def schemas(dov: Caller) -> dict[str, Record]:
    return {kind: dov.get(f"/api/v1/kinds/{kind}/schema").json() for kind in KINDS}


@pytest.fixture(scope="module")
def examples(dov: Caller) -> dict[str, Record]:
    return {kind: dov.get(f"/api/v1/kinds/{kind}/example").json() for kind in KINDS}


@pytest.fixture(scope="module")
def teacher(hub_server: HubServer) -> Caller:
    """A system that sends the examples and reads them back."""
    return hub_server.new_system(send="all", read="all", identity="given")


def test_all_kinds_are_listed_with_versions_and_limits(dov: Caller) -> None:
    answer = dov.get("/api/v1/kinds")
    assert answer.status_code == 200
    text = json.dumps(answer.json())
    for word in (*KINDS, "version", "limits"):
        assert f'"{word}' in text or f'{word}"' in text, word


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_json_schema_2020_12(schemas: dict[str, Record], kind: str) -> None:
    schema = schemas[kind]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_takes_its_example(schemas: dict[str, Record], examples: dict[str, Record], kind: str) -> None:
    validator = jsonschema_rs.validator_for(schemas[kind])
    assert [str(error) for error in validator.iter_errors(examples[kind])] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_refuses_an_unknown_field_and_a_missing_ref(
    schemas: dict[str, Record], examples: dict[str, Record], kind: str
) -> None:
    validator = jsonschema_rs.validator_for(schemas[kind])
    assert not validator.is_valid({**examples[kind], "extra": 1})
    assert not validator.is_valid(take_out(examples[kind], "/ref"))
    assert not validator.is_valid(put_at(examples[kind], "/data/extra", 1))
    assert not validator.is_valid(put_at(examples[kind], "/op", "delete"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_takes_a_withdrawal(schemas: dict[str, Record], kind: str) -> None:
    validator = jsonschema_rs.validator_for(schemas[kind])
    assert validator.is_valid({"ref": "A-1", "revision": 2, "op": "withdraw"})


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_has_its_fixed_ref(examples: dict[str, Record], kind: str) -> None:
    assert examples[kind]["ref"] == "example-1"


def test_the_example_checkpoint_has_its_fixed_code(examples: dict[str, Record]) -> None:
    assert examples["checkpoint"]["data"]["code"] == "EXAMPLE-1"
    assert examples["checkpoint_passage"]["data"]["checkpoint"] == "EXAMPLE-1"


def test_every_example_is_accepted_by_a_hub_that_knows_nothing_of_its_sender(
    hub_server: HubServer, examples: dict[str, Record]
) -> None:
    sender = hub_server.new_system(send="all")
    for kind in KINDS:
        receipt = sender.receipt(kind, examples[kind])
        assert (counts(receipt), receipt["warnings"]) == ({"accepted": 1}, []), kind
    for kind in KINDS:
        assert counts(sender.receipt(kind, examples[kind])) == {"repeated": 1}, kind


def test_the_example_passage_waits_for_its_checkpoint(hub_server: HubServer, examples: dict[str, Record]) -> None:
    sender = hub_server.new_system(send="all")
    problem = sender.one_problem("checkpoint_passage", examples["checkpoint_passage"])
    assert (problem["code"], problem["pointer"]) == ("unknown_checkpoint", "/data/checkpoint")
    sender.receipt("checkpoint", examples["checkpoint"])
    assert counts(sender.receipt("checkpoint_passage", examples["checkpoint_passage"])) == {"accepted": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_example_shows_is_given_back_as_sent(teacher: Caller, examples: dict[str, Record], kind: str) -> None:
    teacher.receipt("checkpoint", examples["checkpoint"])
    receipt = teacher.receipt(kind, {**examples[kind], "revision": 2})
    line = teacher.get(f"/api/v1/records/{kind}/{receipt['first_seq']}").json()
    sent = examples[kind]
    assert without_instants(line["data"]) == without_instants(sent["data"])
    if "subject" in sent:
        assert line["subject"]["identity"] == sent["subject"]


def without_instants(value: Any) -> Any:
    """The value without texts that begin as an instant, which come back in UTC."""
    if isinstance(value, dict):
        return {key: without_instants(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_instants(each) for each in value]
    return "instant" if isinstance(value, str) and value[10:11] == "T" and value[4:5] == "-" else value


def objects_in(value: Any, pointer: str = "") -> list[str]:
    """Pointers of all fields in all objects of a record."""
    if isinstance(value, dict):
        return [
            each
            for key, inner in value.items()
            for each in (f"{pointer}/{key}", *objects_in(inner, f"{pointer}/{key}"))
        ]
    if isinstance(value, list):
        return [each for place, inner in enumerate(value) for each in objects_in(inner, f"{pointer}/{place}")]
    return []


@pytest.mark.parametrize("kind", KINDS)
def test_schema_and_hub_agree_on_every_field_left_out(
    dov: Caller, schemas: dict[str, Record], examples: dict[str, Record], kind: str
) -> None:
    validator = jsonschema_rs.validator_for(schemas[kind])
    example = examples[kind]
    differing = []
    for pointer in objects_in(example):
        if pointer.rsplit("/", 1)[1].isdigit():
            continue
        row = take_out(example, pointer)
        receipt = dov.receipt(kind, row, dry_run="true")
        codes = {problem["code"] for problem in receipt["problems"]} - {"unknown_checkpoint", "revision_conflict"}
        if validator.is_valid(row) == bool(codes):
            differing.append((pointer, codes))
        if codes:
            assert codes <= {"missing_field", "no_identity"}, (pointer, codes)
    assert differing == []


WRONG_VALUES: tuple[Any, ...] = (None, True, -1, 10**12, 1.5, "", "x", "\u0661", [], {}, [1], {"a": 1}, [{}], ["x"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_value_anywhere_is_a_problem_at_that_place_and_never_a_fault_of_the_hub(
    dov: Caller, examples: dict[str, Record], kind: str
) -> None:
    """Every field of the example with every kind of value: the receipt balances, pointers stay inside the place."""
    for pointer in objects_in(examples[kind]):
        rows = [put_at(examples[kind], pointer, value) for value in WRONG_VALUES]
        receipt = dov.receipt(kind, *rows, dry_run="true")
        assert receipt["received"] == len(rows)
        for problem in receipt["problems"]:
            assert problem["code"] in ROW_CODES, problem
            if problem["code"] not in {
                "unknown_checkpoint",
                "revision_conflict",
                "ref_is_personal",
                "no_identity",
                "code_in_use",
            }:
                place = problem["pointer"]
                inside = place.startswith(pointer) or pointer.startswith(place) or pointer in {"/op", "/data/form"}
                assert inside, (pointer, WRONG_VALUES[problem["row"] - 1], problem)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_schema_refuses_is_never_stored(
    dov: Caller, schemas: dict[str, Record], examples: dict[str, Record], kind: str
) -> None:
    validator = jsonschema_rs.validator_for(schemas[kind])
    stored = []
    for pointer in objects_in(examples[kind]):
        rows = [put_at(examples[kind], pointer, value) for value in WRONG_VALUES]
        receipt = dov.receipt(kind, *rows, dry_run="true")
        bad = {problem["row"] for problem in receipt["problems"]}
        stored += [
            (pointer, WRONG_VALUES[number - 1])
            for number, row in enumerate(rows, 1)
            if number not in bad and not validator.is_valid(row)
        ]
    assert stored == []


def test_a_checkpoint_code_taken_by_a_second_ref_is_code_in_use(dov: Caller) -> None:
    first = a_checkpoint()
    dov.receipt("checkpoint", first)
    problem = dov.one_problem("checkpoint", a_checkpoint({"code": first["data"]["code"]}))
    assert (problem["code"], problem["pointer"]) == ("code_in_use", "/data/code")


def test_a_checkpoint_code_twice_in_one_body_is_code_in_use(dov: Caller) -> None:
    first = a_checkpoint()
    receipt = dov.receipt("checkpoint", first, a_checkpoint({"code": first["data"]["code"]}))
    assert counts(receipt) == {"accepted": 1, "held": 1}
    assert receipt["problems"][0]["code"] == "code_in_use"


def test_a_corrected_checkpoint_keeps_its_code(dov: Caller) -> None:
    first = a_checkpoint()
    dov.receipt("checkpoint", first)
    again = put_at({**first, "revision": 2}, "/data/name", "Chốt cầu Long Biên 2")
    assert counts(dov.receipt("checkpoint", again)) == {"corrected": 1}


def test_two_systems_may_use_the_same_checkpoint_code(dov: Caller, cora: Caller) -> None:
    first = a_checkpoint()
    dov.receipt("checkpoint", first)
    assert counts(cora.receipt("checkpoint", first)) == {"accepted": 1}
