"""Contract, section 4: every field that the kinds name is taken, and every value of the lists written out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.records import (
    BA_DINH,
    CHECKPOINT_TYPES,
    DECISIONS,
    DIRECTIONS,
    EXPOSURES,
    FORMS,
    HANOI,
    LEG_MODES,
    METHODS,
    a_checkpoint,
    a_declaration,
    a_leg,
    a_movement,
    a_passage,
    a_person,
    a_report,
    an_area_count,
    put_at,
    take_out,
)
from tests.hubs import Caller, Record, counts


@pytest.fixture(scope="module")
def gate(dov: Caller) -> str:
    """The code of a checkpoint that is there."""
    row = a_checkpoint()
    dov.receipt("checkpoint", row)
    return str(row["data"]["code"])


@pytest.fixture(scope="module")
def consent(dov: Caller) -> Record:
    """A consent as the example of a declaration shows it."""
    value: Record = dov.get("/api/v1/kinds/health_declaration/example").json()["data"]["consent"]
    assert value.keys() == {"basis", "text_version"}
    return value


def check_listed(dov: Caller, kind: str, row: Record, pointer: str, values: tuple[str, ...]) -> None:
    """Every value of a list is taken, another is not_in_list at its place."""
    rows = [put_at({**row, "revision": number}, pointer, value) for number, value in enumerate(values, 1)]
    receipt = dov.receipt(kind, *rows)
    assert receipt["problems"] == []
    problem = dov.one_problem(kind, put_at({**row, "revision": 99}, pointer, "no_such_value"))
    assert (problem["code"], problem["pointer"]) == ("not_in_list", pointer)


def test_the_forms_of_a_health_declaration(dov: Caller) -> None:
    values = tuple(form for form in FORMS if form != "entry")  # `entry` asks for its arrival, see below
    check_listed(dov, "health_declaration", a_declaration(), "/data/form", values)


def test_the_exposures_of_a_health_declaration(dov: Caller) -> None:
    row = a_declaration({"exposures": {name: place % 2 == 0 for place, name in enumerate(EXPOSURES)}})
    assert counts(dov.receipt("health_declaration", row)) == {"accepted": 1}


def test_an_exposure_that_is_none_is_refused(dov: Caller) -> None:
    problem = dov.one_problem("health_declaration", a_declaration({"exposures": {"bad_dream": True}}))
    assert problem["code"] in {"not_in_list", "unknown_field", "unknown_code"}
    assert problem["pointer"] in {"/data/exposures", "/data/exposures/bad_dream"}


def test_a_symptom_that_is_none_is_unknown_code(dov: Caller) -> None:
    problem = dov.one_problem("health_declaration", a_declaration({"symptoms": {"no_such_symptom": True}}))
    assert (problem["code"], problem["pointer"]) == ("unknown_code", "/data/symptoms/no_such_symptom")


@pytest.mark.parametrize("value", ["yes", 1, None, {}])
def test_a_symptom_is_true_or_false(dov: Caller, value: object) -> None:
    problem = dov.one_problem("health_declaration", a_declaration({"symptoms": {"fever": value}}))
    assert (problem["code"], problem["pointer"]) == ("wrong_type", "/data/symptoms/fever")


def test_a_symptom_not_answered_stays_absent_and_is_never_false(dov: Caller) -> None:
    symptoms = {"cough": True}
    receipt = dov.receipt("health_declaration", a_declaration({"symptoms": symptoms}))
    line = dov.get(f"/api/v1/records/health_declaration/{receipt['first_seq']}").json()
    assert line["data"]["symptoms"] == symptoms


def test_a_declaration_without_symptoms_gives_none_back(dov: Caller) -> None:
    row = a_declaration()
    del row["data"]["symptoms"]
    receipt = dov.receipt("health_declaration", row)
    if receipt["accepted"]:
        line = dov.get(f"/api/v1/records/health_declaration/{receipt['first_seq']}").json()
        assert not line["data"].get("symptoms")
    else:
        assert receipt["problems"][0]["code"] == "missing_field"


def test_an_entry_declaration_with_every_field_is_accepted(dov: Caller, consent: Record) -> None:
    data = {
        "form": "entry",
        "symptoms": {"fever": True, "cough": False},
        "temperature_c": 38.2,
        "exposures": {"confirmed_case": False, "animal_market": True},
        "travel": [
            {"area": HANOI, "from": "2021-07-20", "to": "2021-07-25", "place": "Phố cổ"},
            {"country": "NZ", "from": "2021-07-01", "to": "2021-07-19"},
        ],
        "lookback_days": 21,
        "address": {"area": BA_DINH, "line": "số 1, phố Trúc Bạch"},
        "arrival": {
            "gate": "Nội Bài",
            "transport": {"mode": "plane", "number": "VN18", "seat": "23A"},
            "from_country": "NZ",
            "transit_countries": ["SG", "TH"],
            "entered_on": "2021-07-31",
            "stay": {"area": BA_DINH, "line": "khách sạn Hồ Tây"},
        },
        "consent": consent,
        "note": "Khách đi cùng đoàn.",
    }
    receipt = dov.receipt("health_declaration", a_declaration(data))
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


def values_of(dov: Caller, kind: str, *path: str) -> list[Any]:
    """The values that the schema of a kind lists at a place of its data; empty when the place is free."""
    schema = dov.get(f"/api/v1/kinds/{kind}/schema").json()

    def seek(part: Record, steps: tuple[str, ...]) -> list[Any]:
        while "$ref" in part:
            at: Any = schema
            for step in part["$ref"].split("/")[1:]:
                at = at[step]
            part = at
        options = part.get("anyOf", []) + part.get("oneOf", []) + part.get("allOf", [])
        if not steps:
            return part.get("enum", []) or next((found for each in options if (found := seek(each, ()))), [])
        inner = part.get("items") if steps[0] == "*" else part.get("properties", {}).get(steps[0])
        if inner is not None and (found := seek(inner, steps[1:])):
            return found
        return next((found for each in options if (found := seek(each, steps))), [])

    return seek(schema, ("data", *path))


def test_vaccinations_and_tests_are_accepted(dov: Caller) -> None:
    def listed(*path: str, otherwise: str) -> str:
        return str((values_of(dov, "health_declaration", *path) or [otherwise])[0])

    example = dov.get("/api/v1/kinds/health_declaration/example").json()["data"]
    shown = {name: (example.get(name) or [{}])[0] for name in ("vaccinations", "tests")}
    data = {
        "vaccinations": [
            {
                "product": shown["vaccinations"].get("product")
                or listed("vaccinations", "*", "product", otherwise="astrazeneca"),
                "dose_number": 1,
                "given_on": "2021-07-01",
            }
        ],
        "tests": [
            {
                "type": shown["tests"].get("type") or listed("tests", "*", "type", otherwise="pcr"),
                "result": listed("tests", "*", "result", otherwise="negative"),
                "sampled_at": "2021-07-30T09:00:00+07:00",
                "laboratory": "CDC Hà Nội",
            }
        ],
    }
    receipt = dov.receipt("health_declaration", a_declaration(data))
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


def test_a_movement_with_every_field_is_accepted(dov: Caller, consent: Record) -> None:
    leg = a_leg(
        **{"from": {"area": HANOI, "gate": "Bến xe Giáp Bát"}},
        to={"area": {"scheme": "vn-2024", "code": "79"}, "gate": "Bến xe Miền Đông"},
        arrives_at="2021-08-03T18:00:00+07:00",
        transport={"mode": "coach", "number": "29B-123.45", "seat": "A07"},
    )
    purpose = dov.get("/api/v1/kinds/movement_declaration/example").json()["data"]["purpose"]
    data = {
        "legs": [leg, a_leg(departs_at="2021-08-04T06:00:00+07:00")],
        "purpose": purpose,
        "companions": [a_person(full_name="Nguyễn Thị An"), {"full_name": "Nguyễn Bé", "birth_date": "2019"}],
        "valid_until": "2021-08-07T00:00:00+07:00",
        "symptoms": {"fever": False},
        "exposures": {"symptomatic_person": False},
        "consent": consent,
    }
    receipt = dov.receipt("movement_declaration", a_movement(data))
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


def test_the_modes_of_a_leg(dov: Caller) -> None:
    check_listed(dov, "movement_declaration", a_movement(), "/data/legs/0/transport/mode", LEG_MODES)


@pytest.mark.parametrize("count", [1, 20])
def test_a_movement_has_1_to_20_legs(dov: Caller, count: int) -> None:
    row = a_movement({"legs": [a_leg()] * count})
    assert counts(dov.receipt("movement_declaration", row)) == {"accepted": 1}


@pytest.mark.parametrize("count", [0, 21])
def test_a_movement_of_another_number_of_legs_is_out_of_range(dov: Caller, count: int) -> None:
    problem = dov.one_problem("movement_declaration", a_movement({"legs": [a_leg()] * count}))
    assert (problem["code"], problem["pointer"]) == ("out_of_range", "/data/legs")


def test_legs_keep_their_order(dov: Caller) -> None:
    legs = [a_leg(transport={"mode": mode}) for mode in LEG_MODES]
    receipt = dov.receipt("movement_declaration", a_movement({"legs": legs}))
    line = dov.get(f"/api/v1/records/movement_declaration/{receipt['first_seq']}").json()
    assert [leg["transport"]["mode"] for leg in line["data"]["legs"]] == list(LEG_MODES)


@pytest.mark.parametrize("field", ["from", "to", "departs_at", "transport"])
def test_a_leg_needs_where_from_where_to_when_and_how(dov: Caller, field: str) -> None:
    row = take_out(a_movement(), f"/data/legs/0/{field}")
    problem = dov.one_problem("movement_declaration", row)
    assert (problem["code"], problem["pointer"]) == ("missing_field", f"/data/legs/0/{field}")


def test_a_citizen_report_may_be_anonymous(dov: Caller) -> None:
    receipt = dov.receipt("citizen_report", a_report())
    line = dov.get(f"/api/v1/records/citizen_report/{receipt['first_seq']}").json()
    assert not line.get("subject")


def test_a_citizen_report_may_have_a_reporter(dov: Caller) -> None:
    person = a_person()
    receipt = dov.receipt("citizen_report", a_report(subject=person))
    line = dov.get(f"/api/v1/records/citizen_report/{receipt['first_seq']}").json()
    assert line["subject"]["identity"] == person


def test_a_citizen_report_with_every_field_is_accepted(dov: Caller) -> None:
    data = {
        "title": "Tụ tập đông người",
        "address": {"area": BA_DINH, "line": "đầu ngõ 5 phố Châu Long"},
        "contact_allowed": True,
        "attachments": [],
        "external_status": "received",
        "external_agency": "UBND phường",
        "closed_at": "2021-08-02T10:00:00+07:00",
    }
    receipt = dov.receipt("citizen_report", a_report(data, subject=a_person()))
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


@pytest.mark.parametrize("length", [1, 5000])
def test_the_text_of_a_report_has_1_to_5000_characters_not_bytes(dov: Caller, length: int) -> None:
    assert counts(dov.receipt("citizen_report", a_report({"text": "ộ" * length}))) == {"accepted": 1}


@pytest.mark.parametrize("length", [0, 5001])
def test_the_text_of_a_report_of_another_length_is_out_of_range(dov: Caller, length: int) -> None:
    problem = dov.one_problem("citizen_report", a_report({"text": "ộ" * length}))
    assert (problem["code"], problem["pointer"]) == ("out_of_range", "/data/text")


def test_attachments_stay_empty_until_there_is_a_door_for_media(dov: Caller) -> None:
    receipt = dov.receipt("citizen_report", a_report({"attachments": ["anh.jpg"]}))
    assert counts(receipt) == {"held": 1}
    assert receipt["problems"][0]["pointer"].startswith("/data/attachments")


def test_the_types_of_a_checkpoint(dov: Caller) -> None:
    check_listed(dov, "checkpoint", a_checkpoint(), "/data/type", CHECKPOINT_TYPES)


def test_a_checkpoint_with_every_field_is_accepted(dov: Caller) -> None:
    contact = {"contact": "Trực ban chốt"}
    listed = dov.get("/api/v1/kinds/checkpoint/example").json()["data"].get("contact")
    data = {
        "operator": "Công an phường Phúc Xá",
        "opened_on": "2021-07-24",
        "closed_on": "2021-12-31",
        "capacity": 40,
        **({"contact": listed} if listed is not None else contact),
    }
    row = a_checkpoint(data, location={"lat": 21.0437, "lon": 105.8588, "accuracy_m": 5})
    receipt = dov.receipt("checkpoint", row)
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


@pytest.mark.parametrize("pointer", ["/area", "/data/code", "/data/name", "/data/type"])
def test_a_checkpoint_needs_area_code_name_and_type(dov: Caller, pointer: str) -> None:
    problem = dov.one_problem("checkpoint", take_out(a_checkpoint(), pointer))
    assert (problem["code"], problem["pointer"]) == ("missing_field", pointer)


def test_a_checkpoint_without_location_is_accepted(dov: Caller) -> None:
    assert "location" not in a_checkpoint()
    assert counts(dov.receipt("checkpoint", a_checkpoint())) == {"accepted": 1}


def test_the_directions_of_a_passage(dov: Caller, gate: str) -> None:
    check_listed(dov, "checkpoint_passage", a_passage(gate), "/data/direction", DIRECTIONS)


def test_the_methods_of_a_passage(dov: Caller, gate: str) -> None:
    check_listed(dov, "checkpoint_passage", a_passage(gate), "/data/method", METHODS)


def test_the_decisions_of_a_passage(dov: Caller, gate: str) -> None:
    check_listed(dov, "checkpoint_passage", a_passage(gate), "/data/decision", DECISIONS)


def test_a_passage_with_every_field_is_accepted(dov: Caller, gate: str) -> None:
    reason = dov.get("/api/v1/kinds/checkpoint_passage/example").json()["data"].get("reason", "sốt trên 38 độ")
    data = {
        "decision": "referred",
        "reason": reason,
        "device_id": "may-quet-07",
        "device_time": "2021-08-01T07:58:00+07:00",
        "sequence": 88213,
        "temperature_c": 38.4,
        "vehicle_plate": "29A-123.45",
    }
    receipt = dov.receipt("checkpoint_passage", a_passage(gate, data))
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])


@pytest.mark.parametrize("field", ["checkpoint", "direction", "method", "decision"])
def test_a_passage_needs_checkpoint_direction_method_and_decision(dov: Caller, gate: str, field: str) -> None:
    problem = dov.one_problem("checkpoint_passage", take_out(a_passage(gate), f"/data/{field}"))
    assert (problem["code"], problem["pointer"]) == ("missing_field", f"/data/{field}")


def test_a_wrong_device_clock_is_kept_as_it_is(dov: Caller, gate: str) -> None:
    row = a_passage(gate, {"device_time": "2035-01-01T00:00:00+07:00"})
    assert counts(dov.receipt("checkpoint_passage", row)) == {"accepted": 1}


def test_the_checkpoint_of_another_system_is_unknown(cora: Caller, gate: str) -> None:
    problem = cora.one_problem("checkpoint_passage", a_passage(gate))
    assert (problem["code"], problem["pointer"]) == ("unknown_checkpoint", "/data/checkpoint")


INDICATORS = ("cases", "deaths", "recovered", "tests", "vaccinated", "beds_free")


def test_the_indicators_of_an_official_figure(dov: Caller) -> None:
    rows = [an_area_count({"indicator": indicator, "span": "instant"}) for indicator in INDICATORS]
    assert counts(dov.receipt("area_count", *rows)) == {"accepted": len(INDICATORS)}


def test_the_spans_of_an_official_figure(dov: Caller) -> None:
    check_listed(dov, "area_count", an_area_count(), "/data/span", ("day", "to_date", "instant"))


def test_an_official_figure_that_is_corrected_keeps_both_numbers(dov: Caller) -> None:
    row = an_area_count({"value": 9574, "publication": "Bản tin 18 giờ"})
    first = dov.receipt("area_count", row)["first_seq"]
    again = put_at({**row, "revision": 2}, "/data/value", 4787)
    assert counts(dov.receipt("area_count", again)) == {"corrected": 1}
    lines = [line for line in dov.feed("area_count", after=first - 1).lines if line["ref"] == row["ref"]]
    assert [(line["op"], line["data"]["value"]) for line in lines] == [("assert", 9574), ("correct", 4787)]


@pytest.mark.parametrize("field", ["day", "indicator", "value", "reported_at"])
def test_an_official_figure_needs_its_fields(dov: Caller, field: str) -> None:
    problem = dov.one_problem("area_count", take_out(an_area_count(), f"/data/{field}"))
    assert (problem["code"], problem["pointer"]) == ("missing_field", f"/data/{field}")
