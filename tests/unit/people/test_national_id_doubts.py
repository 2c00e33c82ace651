"""What a national id says, and what speaks against it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.people.documents import PROVINCES_OF_REGISTRATION, read_national_id
from daumoi.people.doubts import doubts
from daumoi.people.folding import is_placeholder
from tests.unit.people.numbers import PROVINCE_CODES, national_ids

# A man born in 1987, his birth registered in Hà Nội.
HANOI_1987 = "001087000001"


def codes(number: str, *, sex: str | None = None, birth_year: int | None = None, phone: str | None = None) -> list[str]:
    return [doubt.code for doubt in doubts(number, sex=sex, birth_year=birth_year, phone_key=phone)]


def test_a_number_gives_place_sex_century_and_year() -> None:
    facts = read_national_id(HANOI_1987)
    assert facts is not None
    assert (facts.place_code, facts.place, facts.province_name) == ("001", "province", "Hà Nội")
    assert (facts.sex, facts.century, facts.birth_year) == ("male", 20, 1987)


@pytest.mark.parametrize(
    ("digit", "sex", "year"),
    [("0", "male", 1900), ("1", "female", 1900), ("2", "male", 2000), ("3", "female", 2000), ("4", "male", 2100),
     ("5", "female", 2100), ("8", "male", 2300), ("9", "female", 2300)],
)  # fmt: skip
def test_the_fourth_digit_counts_centuries_and_sexes(digit: str, sex: str, year: int) -> None:
    facts = read_national_id(f"079{digit}15000001")
    assert facts is not None
    assert (facts.sex, facts.birth_year) == (sex, year + 15)


@pytest.mark.parametrize("text", ["", "001", "0010870000011", "٠٠١٠٨٧٠٠٠٠٠١", "00108700000A", "001087000001\n"])
def test_what_is_not_12_digits_is_not_read(text: str) -> None:
    assert read_national_id(text) is None
    assert doubts(text, sex="male", birth_year=1987) == ()


def test_the_table_holds_the_63_provinces() -> None:
    assert len(PROVINCES_OF_REGISTRATION) == 63
    assert (PROVINCE_CODES[0], PROVINCE_CODES[-1]) == ("001", "096")


def test_a_number_that_agrees_raises_no_doubt() -> None:
    assert codes(HANOI_1987, sex="male", birth_year=1987, phone="+84912345678") == []


def test_another_sex_is_a_doubt() -> None:
    assert codes(HANOI_1987, sex="female") == ["national_id_sex"]


@pytest.mark.parametrize("sex", ["other", "unknown", None])
def test_a_sex_that_no_number_can_carry_is_no_doubt(sex: str | None) -> None:
    assert codes(HANOI_1987, sex=sex) == []


def test_another_birth_year_is_a_doubt() -> None:
    assert codes("001093000001", birth_year=1987) == ["national_id_birth_year"]


def test_the_right_year_of_the_wrong_century_is_a_doubt() -> None:
    assert codes(HANOI_1987, birth_year=2087) == ["national_id_birth_year"]


def test_a_year_that_has_not_come_is_a_doubt_without_any_birth_date() -> None:
    assert codes("001487000001") == ["national_id_birth_year"]


@pytest.mark.parametrize("code", ["000", "003", "097", "099", "999", "400"])
def test_a_code_of_no_province_is_a_doubt(code: str) -> None:
    assert codes(f"{code}087000001") == ["national_id_province"]


def test_a_birth_registered_abroad_is_no_doubt() -> None:
    facts = read_national_id("101087000001")
    assert facts is not None
    assert (facts.place, facts.province_name) == ("abroad", None)
    assert codes("101087000001") == []


def test_a_merged_province_stays_valid_for_life() -> None:
    assert codes("074087000001") == []  # Bình Dương, part of Hồ Chí Minh City since 1 July 2025


def test_all_doubts_are_said_at_once() -> None:
    expected = ["national_id_sex", "national_id_birth_year", "national_id_province"]
    assert codes("999087000001", sex="female", birth_year=1993) == expected


def test_a_placeholder_is_the_only_doubt_about_an_invented_number() -> None:
    assert codes("000000000000", sex="female", birth_year=1993) == ["placeholder_number"]
    assert codes("000912345678", phone="+84912345678") == ["placeholder_number"]


@given(national_ids())
def test_a_genuine_number_agrees_with_its_own_facts(number: str) -> None:
    facts = read_national_id(number)
    assert facts is not None
    assert not is_placeholder(number, None)
    assert codes(number, sex=facts.sex, birth_year=facts.birth_year) == []


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.sampled_from(["male", "female"]), st.integers(1850, 2199))
def test_a_doubt_names_the_field_and_repeats_no_value(number: str, sex: str, birth_year: int) -> None:
    for doubt in doubts(number, sex=sex, birth_year=birth_year):
        assert doubt.pointer == "/national_id"
        assert number not in doubt.message
        assert str(birth_year) not in doubt.message.replace("2099", "")
