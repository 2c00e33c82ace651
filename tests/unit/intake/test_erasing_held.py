"""Which held rows are an erased person's: proof by identifier or by two facts, never by a phone or a name alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.intake.erasing_held import Sought
from daumoi.people.identifiers import Claimed, Passport

SYSTEM = 4
CLAIM = Claimed(
    national_id="001087000001",
    old_national_id="012345678",
    passport=Passport("C1234567", "VN"),
    health_insurance_no="DN4010012345678",
    phone="0912 345 678",
    full_name="Lê Thị Mẫu",
    birth_date="1987-01-02",
    system_person_id="emp-77",
)


@pytest.fixture
def sought() -> Sought:
    made = Sought()
    made.learn(SYSTEM, CLAIM)
    return made


def row(**subject: object) -> bytes:
    return json.dumps({"ref": "r", "subject": subject}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "raw",
    [
        row(national_id="001087000001"),
        row(national_id="001 087 000 001"),
        row(national_id=1087000001),
        row(wrong_field="001087000001"),
        row(old_national_id="012345678"),
        row(passport={"number": "c1234567"}),
        row(health_insurance_no="dn-4010012345678"),
        row(system_person_id="EMP-77"),
        row(full_name="LE THI MAU", phone="+84912345678"),
        row(full_name="Lê Thị Mẫu", birth_date="1987-01-02"),
        json.dumps([[{"data": {"companions": [{"national_id": "001087000001"}]}}]]).encode(),
        b'{"ref": "r", "subject": {"national_id": "001087000001"',
        b"r;001.087.000.001;\xff",
    ],
)
def test_a_row_with_an_identifier_or_with_name_and_phone_or_birth_date_is_theirs(sought: Sought, raw: bytes):
    assert sought.is_in(SYSTEM, raw)


@pytest.mark.parametrize(
    "raw",
    [
        row(full_name="Lê Thị Mẫu"),
        row(phone="0912345678"),
        row(birth_date="1987-01-02"),
        row(phone="0912345678", birth_date="1987-01-02"),
        row(full_name="Lê Thị Khác", phone="0912345678"),
        row(national_id="001087000002"),
        row(national_id=True, phone=7, full_name=["x"]),
        b'{"ref": "r", "subject": {"phone": "0912345678"',
        b"",
    ],
)
def test_a_row_of_somebody_with_the_same_name_or_phone_is_not(sought: Sought, raw: bytes):
    assert not sought.is_in(SYSTEM, raw)


def test_a_systems_own_id_is_looked_for_within_the_system_only(sought: Sought):
    assert not sought.is_in(SYSTEM + 1, row(system_person_id="emp-77"))


@given(st.binary(max_size=200))
def test_any_bytes_can_be_searched(raw: bytes):
    made = Sought()
    made.learn(SYSTEM, CLAIM)
    assert made.is_in(SYSTEM, raw) is False
