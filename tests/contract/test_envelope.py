"""Contract, section 3: the envelope that every kind shares, and the identity object."""

from __future__ import annotations

import pytest

from tests.contract.records import (
    BA_DINH,
    SEXES,
    a_checkpoint,
    a_declaration,
    a_movement,
    a_national_id,
    a_passage,
    a_person,
    a_ref,
    a_report,
    put_at,
    take_out,
)
from tests.hubs import Caller, Record, counts


@pytest.mark.parametrize("length", [1, 128])
def test_a_ref_has_1_to_128_characters(dov: Caller, length: int) -> None:
    ref = a_ref("")[1:].rjust(length, "ạ") if length > 1 else "ợ"
    assert len(ref) == length
    receipt = dov.receipt("checkpoint", a_checkpoint(ref=ref))
    assert counts(receipt) == {"accepted": 1}


@pytest.mark.parametrize("ref", ["", "x" * 129])
def test_a_ref_of_another_length_is_refused(dov: Caller, ref: str) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(ref=ref))
    assert problem["code"] in {"out_of_range", "bad_identifier"}
    assert problem["pointer"] == "/ref"


def test_a_record_without_ref_is_missing_field(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", take_out(a_checkpoint(), "/ref"))
    assert (problem["code"], problem["pointer"]) == ("missing_field", "/ref")


def test_a_ref_with_markup_and_spaces_comes_back_as_sent(dov: Caller) -> None:
    ref = a_ref("<b>á'\"\\ & %2F?#")
    receipt = dov.receipt("checkpoint", a_checkpoint(ref=ref))
    assert dov.get(f"/api/v1/records/checkpoint/{receipt['first_seq']}").json()["ref"] == ref


@pytest.mark.parametrize(
    ("ref", "identity"),
    [
        ("001087654321", {"national_id": "001087654321"}),
        ("012345678", {"old_national_id": "012345678"}),
        ("0912345678", {"phone": "0912345678", "full_name": "Lê Thị Dung"}),
        ("0912345678", {"phone": "+84912345678", "full_name": "Lê Thị Dung"}),
        ("+84912345678", {"phone": "0912 345 678", "full_name": "Lê Thị Dung"}),
        ("C1234567", {"passport": {"number": "C1234567", "country": "VN"}}),
        ("c1234567", {"passport": {"number": "C1234567", "country": "VN"}}),
        ("DN4790123456789", {"health_insurance_no": "DN4790123456789"}),
    ],
)
def test_a_ref_that_is_an_identifier_in_the_record_is_ref_is_personal(dov: Caller, ref: str, identity: Record) -> None:
    problem = dov.one_problem("health_declaration", a_declaration(ref=ref, subject=identity))
    assert (problem["code"], problem["pointer"]) == ("ref_is_personal", "/ref")


def test_a_ref_that_identifies_the_declarant_is_ref_is_personal(dov: Caller) -> None:
    national_id = a_national_id()
    row = a_declaration(ref=national_id, declarant={"national_id": national_id})
    assert dov.one_problem("health_declaration", row)["code"] == "ref_is_personal"


def test_a_ref_that_identifies_a_companion_is_ref_is_personal(dov: Caller) -> None:
    national_id = a_national_id()
    row = a_movement({"companions": [{"national_id": national_id}]}, ref=national_id)
    assert dov.one_problem("movement_declaration", row)["code"] == "ref_is_personal"


@pytest.mark.parametrize(
    ("revision", "code"),
    [(0, "out_of_range"), (-1, "out_of_range"), ("1", "wrong_type"), (1.5, "wrong_type"), (True, "wrong_type")],
)
def test_a_revision_is_an_integer_from_1(dov: Caller, revision: object, code: str) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(revision=revision))
    assert (problem["code"], problem["pointer"]) == (code, "/revision")


def test_an_op_is_assert_or_withdraw(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(op="delete"))
    assert (problem["code"], problem["pointer"]) == ("not_in_list", "/op")


def test_an_assert_says_when_it_happened(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", take_out(a_checkpoint(), "/occurred_at"))
    assert (problem["code"], problem["pointer"]) == ("missing_field", "/occurred_at")


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("health_declaration", a_declaration(subject=None)),
        ("movement_declaration", a_movement(subject=None)),
        ("checkpoint_passage", a_passage("X", subject=None)),
    ],
)
def test_a_kind_about_a_person_needs_its_subject(dov: Caller, kind: str, row: Record) -> None:
    problem = dov.one_problem(kind, row)
    assert (problem["code"], problem["pointer"]) == ("missing_field", "/subject")


def test_a_checkpoint_is_about_no_person(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(subject=a_person()))
    assert (problem["code"], problem["pointer"]) == ("unknown_field", "/subject")


@pytest.mark.parametrize("subject", [{}, {"birth_date": "1987", "sex": "male"}, {"nationality": "VN"}])
def test_an_identity_without_identifier_and_name_is_no_identity(dov: Caller, subject: Record) -> None:
    problem = dov.one_problem("health_declaration", a_declaration(subject=subject))
    assert (problem["code"], problem["pointer"]) == ("no_identity", "/subject")


@pytest.mark.parametrize(
    "subject",
    [
        {"national_id": "001087000001"},
        {"national_id": "999999999999"},
        {"national_id": "000000000000"},
        {"old_national_id": "012345678"},
        {"passport": {"number": "B12345678", "country": "VN"}},
        {"health_insurance_no": "DN4790123456789"},
        {"health_insurance_no": "0123456789"},
        {"phone": "0912345678"},
        {"phone": "+84912345678"},
        {"phone": "+6421123456"},
        {"full_name": "H'Lan Niê"},
        {"full_name": "Y Blăm Êban"},
        {"full_name": "An"},
        {"system_person_id": "bn-0001"},
    ],
)
def test_one_identifier_or_a_name_is_enough(dov: Caller, subject: Record) -> None:
    assert counts(dov.receipt("health_declaration", a_declaration(subject=subject))) == {"accepted": 1}


def test_a_whole_identity_is_accepted(dov: Caller) -> None:
    subject = {
        "national_id": a_national_id(),
        "old_national_id": "012345678",
        "passport": {"number": "C1234567", "country": "VN"},
        "health_insurance_no": "DN4790123456789",
        "phone": "0912345678",
        "full_name": "Nguyễn Văn Bình",
        "birth_date": "1987-05-17",
        "sex": "male",
        "nationality": "VN",
        "system_person_id": "bn-0002",
    }
    receipt = dov.receipt("health_declaration", a_declaration(subject=subject))
    assert (counts(receipt), receipt["warnings"]) == ({"accepted": 1}, [])


@pytest.mark.parametrize("sex", SEXES)
def test_a_sex_is_one_of_four(dov: Caller, sex: str) -> None:
    row = a_declaration(subject={"full_name": "Phạm An", "sex": sex})
    assert counts(dov.receipt("health_declaration", row)) == {"accepted": 1}


def test_a_declarant_stands_beside_the_subject(dov: Caller) -> None:
    row = a_declaration(declarant=a_person(full_name="Nguyễn Thị Mẹ"))
    assert counts(dov.receipt("health_declaration", row)) == {"accepted": 1}


@pytest.mark.parametrize(
    "area",
    [
        {"scheme": "vn-2025", "code": "01"},
        {"scheme": "vn-2025", "code": "00004"},
        {"scheme": "vn-2024", "code": "01"},
        {"scheme": "vn-2024", "code": "001"},
        {"scheme": "vn-2024", "code": "00001"},
        {"scheme": "vn-2024", "code": "74"},
        {"scheme": "iso-3166", "code": "NZ"},
        {"scheme": "iso-3166", "code": "NZ-AUK"},
    ],
)
def test_an_area_may_be_a_unit_of_any_level(dov: Caller, area: Record) -> None:
    receipt = dov.receipt("citizen_report", a_report(area=area))
    assert counts(receipt) == {"accepted": 1}
    line = dov.get(f"/api/v1/records/citizen_report/{receipt['first_seq']}").json()
    assert {name: line["area"][name] for name in area} == area


@pytest.mark.parametrize(
    "area",
    [
        {"scheme": "vn-2025", "code": "1"},
        {"scheme": "vn-2025", "code": "001"},
        {"scheme": "vn-2025", "code": "74"},
        {"scheme": "vn-2025", "code": "99999"},
        {"scheme": "vn-2024", "code": "00"},
        {"scheme": "vn-2025", "code": ""},
        {"scheme": "iso-3166", "code": "XX"},
        {"scheme": "iso-3166", "code": "NZ-QQQ"},
        {"scheme": "iso-3166", "code": "nz"},
    ],
)
def test_an_area_that_is_not_in_its_scheme_is_unknown_area(dov: Caller, area: Record) -> None:
    problem = dov.one_problem("citizen_report", a_report(area=area))
    assert (problem["code"], problem["pointer"]) == ("unknown_area", "/area/code")


def test_an_area_code_is_a_string_because_numbers_lose_their_zeros(dov: Caller) -> None:
    problem = dov.one_problem("citizen_report", a_report(area={"scheme": "vn-2025", "code": 4}))
    assert (problem["code"], problem["pointer"]) == ("wrong_type", "/area/code")


def test_a_scheme_that_is_none_is_not_in_list(dov: Caller) -> None:
    problem = dov.one_problem("citizen_report", a_report(area={"scheme": "vn-2026", "code": "01"}))
    assert (problem["code"], problem["pointer"]) == ("not_in_list", "/area/scheme")


@pytest.mark.parametrize(
    "location",
    [
        {"lat": 21.0437, "lon": 105.8588, "accuracy_m": 12.5},
        {"lat": -90, "lon": 180},
        {"lat": 0, "lon": 0, "accuracy_m": 0},
    ],
)
def test_a_location_is_accepted(dov: Caller, location: Record) -> None:
    assert counts(dov.receipt("checkpoint", a_checkpoint(location=location))) == {"accepted": 1}


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/location/lat", 90.0001, "out_of_range"),
        ("/location/lat", "21.04", "wrong_type"),
        ("/location/lon", -180.5, "out_of_range"),
        ("/location/accuracy_m", -1, "out_of_range"),
        ("/location/accuracy", 5, "unknown_field"),
    ],
)
def test_a_location_off_the_earth_is_refused(dov: Caller, pointer: str, value: object, code: str) -> None:
    row = put_at(a_checkpoint(location={"lat": 21.0, "lon": 105.8}), pointer, value)
    problem = dov.one_problem("checkpoint", row)
    assert (problem["code"], problem["pointer"]) == (code, pointer)


@pytest.mark.parametrize("pointer", ["/location/lat", "/location/lon"])
def test_half_a_location_is_missing_field(dov: Caller, pointer: str) -> None:
    problem = dov.one_problem("checkpoint", take_out(a_checkpoint(location={"lat": 21, "lon": 105}), pointer))
    assert (problem["code"], problem["pointer"]) == ("missing_field", pointer)


def test_data_is_needed(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", take_out(a_checkpoint(), "/data"))
    assert (problem["code"], problem["pointer"]) == ("missing_field", "/data")


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        ({"national_id": "001087000001", "sex": "female"}, "/subject/sex"),
        ({"national_id": "001087000001", "birth_date": "1993"}, "/subject/birth_date"),
        ({"national_id": "999087000001"}, "/subject/national_id"),
    ],
)
def test_a_number_that_speaks_against_the_person_is_a_warning_and_stored(
    dov: Caller, subject: Record, about: str
) -> None:
    row = a_declaration(subject=subject, area=BA_DINH)
    receipt = dov.receipt("health_declaration", row)
    assert (counts(receipt), receipt["problems"]) == ({"accepted": 1}, [])
    assert len(receipt["warnings"]) >= 1, f"a doubt about {about} is expected"
    warning = receipt["warnings"][0]
    assert {"row", "ref", "code", "pointer", "message"} <= warning.keys()
    assert (warning["row"], warning["ref"]) == (1, row["ref"])
    assert warning["pointer"].startswith("/subject")
    assert "001087" not in warning["message"]
