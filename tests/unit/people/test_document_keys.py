"""Keys of documents' numbers, and numbers that were typed to fill a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.people.folding import (
    health_insurance_key,
    is_placeholder,
    national_id_key,
    old_national_id_key,
    passport_key,
    passport_number_of,
    system_person_id_key,
)
from tests.unit.people.numbers import mobiles, national_ids


def test_a_national_id_keeps_its_leading_zeros() -> None:
    assert national_id_key("001087000001") == "001087000001"


@pytest.mark.parametrize(
    "sent", ["", "1087000001", "00108700000", "0010870000011", "00108700000A", "001087000001\n", "001 087 000 001"]
)
def test_a_national_id_is_exactly_12_digits(sent: str) -> None:
    assert national_id_key(sent) is None


def test_an_old_national_id_is_exactly_9_digits() -> None:
    assert old_national_id_key("012345678") == "012345678"
    assert old_national_id_key("12345678") is None
    assert old_national_id_key("0123456789") is None


@pytest.mark.parametrize("zero", ["٠", "\uff10", "०"])
def test_digits_of_another_script_are_no_digits(zero: str) -> None:
    assert national_id_key(zero + "01087000001") is None
    assert old_national_id_key(zero + "12345678") is None
    assert health_insurance_key(zero + "123456789") is None
    assert passport_key("C123456" + zero, "VN") is None


@pytest.mark.parametrize("sent", ["C1234567", "c1234567", "C 123 4567", "C-1234567", " c1234567 "])
def test_one_passport_in_many_spellings_is_one(sent: str) -> None:
    assert passport_key(sent, "vn") == passport_key("C1234567", "VN")


def test_one_passport_number_from_two_countries_is_two() -> None:
    assert passport_key("123456789", "GB") != passport_key("123456789", "US")


def test_the_number_can_be_taken_out_of_a_passports_key() -> None:
    key = passport_key("B 1234 5678", "VN")
    assert key is not None
    assert passport_number_of(key) == "B12345678"


@pytest.mark.parametrize("sent", ["", "-", "1234", "không có", "C1234567/8", "A" * 21, "ſ1234567"])
def test_a_text_that_is_no_passport_number_has_no_key(sent: str) -> None:
    assert passport_key(sent, "VN") is None


@pytest.mark.parametrize("country", ["", "V", "VNM", "84", "V|"])
def test_a_passport_needs_a_country_of_two_letters(country: str) -> None:
    assert passport_key("C1234567", country) is None


@pytest.mark.parametrize("sent", ["DN4790123456789", "dn 4 79 01 2345 6789", "0123456789", "001087000001"])
def test_a_health_insurance_number_has_three_forms(sent: str) -> None:
    assert health_insurance_key(sent) == sent.replace(" ", "").upper()


@pytest.mark.parametrize("sent", ["", "DN479012345678", "DN47901234567890", "D14790123456789", "01234567890", "đn1"])
def test_a_text_of_another_form_is_no_health_insurance_number(sent: str) -> None:
    assert health_insurance_key(sent) is None


def test_a_systems_own_id_is_opaque_and_case_counts() -> None:
    assert system_person_id_key(" bn-Ab12 ") == "bn-Ab12"
    assert system_person_id_key("AB") != system_person_id_key("ab")
    assert system_person_id_key("Hoa\u0300") == system_person_id_key("Ho\u00e0")


@pytest.mark.parametrize("sent", ["", "  ", "a\x00b", "\ud800", "a" * 129])
def test_a_systems_own_id_that_cannot_be_one_has_no_key(sent: str) -> None:
    assert system_person_id_key(sent) is None


@given(st.text(), st.text(max_size=3) | st.just("VN"))
def test_no_text_breaks_a_key_and_the_key_of_a_key_is_the_key(text: str, country: str) -> None:
    for key_of in (national_id_key, old_national_id_key, health_insurance_key, system_person_id_key):
        key = key_of(text)
        assert key is None or key_of(key) == key
    passport = passport_key(text, country)
    assert passport is None or passport_key(passport_number_of(passport), passport[:2]) == passport


@given(st.from_regex(r"[A-Za-z]{0,2}[0-9 -]{5,12}", fullmatch=True))
def test_the_number_of_a_passports_key_gives_the_key_again(number: str) -> None:
    key = passport_key(number, "VN")
    assert key is None or passport_key(passport_number_of(key), "VN") == key


@pytest.mark.parametrize("number", ["000000000000", "111111111111", "999999999", "0000000000", "C0000000", "XXXXXXX"])
def test_one_repeated_digit_is_a_placeholder(number: str) -> None:
    assert is_placeholder(number, None)


@pytest.mark.parametrize("number", ["KHONGCO", "UNKNOWN", "PASSPORT"])
def test_a_remark_in_the_passport_field_is_a_placeholder(number: str) -> None:
    assert is_placeholder(number, None)


@pytest.mark.parametrize(
    "number", ["912345678", "0912345678", "84912345678", "000912345678", "084912345678", "091234567800"]
)
def test_the_records_own_phone_is_a_placeholder(number: str) -> None:
    assert is_placeholder(number, "+84912345678")


def test_a_foreign_phone_in_the_id_field_is_a_placeholder() -> None:
    assert is_placeholder("064211234567", "+64211234567")


def test_a_mobile_number_filled_up_with_zeros_is_a_placeholder_whoever_owns_it() -> None:
    assert is_placeholder("000912345678", None)
    assert is_placeholder("000912345678", "+84987654321")


@given(national_ids(), st.none() | mobiles)
def test_a_genuine_national_id_is_no_placeholder(number: str, phone: str | None) -> None:
    assert not is_placeholder(number, phone and f"+84{phone}")


def test_a_national_id_from_tra_vinh_that_looks_like_a_phone_with_country_code_is_genuine() -> None:
    assert not is_placeholder("084312345678", None)


@pytest.mark.parametrize("number", ["C1234567", "B12345678", "012345678", "DN4790123456789", "0123456789", "C0000001"])
def test_a_number_with_some_equal_digits_is_no_placeholder(number: str) -> None:
    assert not is_placeholder(number, "+84912345678")


@given(mobiles)
def test_every_mobile_number_typed_as_an_id_is_found(number: str) -> None:
    phone = f"+84{number}"
    assert all(is_placeholder(form, phone) for form in (number, f"0{number}", f"84{number}", number.zfill(12)))
    assert is_placeholder(number.zfill(12), None)


@given(st.text(), st.none() | st.text())
def test_no_text_breaks_the_search_for_placeholders(number: str, phone: str | None) -> None:
    assert is_placeholder(number, phone) in (True, False)
