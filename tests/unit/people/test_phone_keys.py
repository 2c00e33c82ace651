"""Phone numbers in E.164."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.people.folding import phone_key
from tests.unit.people.numbers import landlines, mobiles


@pytest.mark.parametrize(
    "sent",
    [
        "0912345678", "84912345678", "0084912345678", "912345678", "+84912345678", "0912 345 678", "0912.345.678",
        "0912-345-678", "(0912) 345 678", "+84 (0) 912 345 678", "+840912345678", "(+84) 912 345 678",
        "(84) 0912.345.678", "0912\u00a0345\u2011678", "\u202a+84912345678\u202c", " 0912345678 ",
    ],
)  # fmt: skip
def test_one_mobile_number_in_many_spellings_is_one(sent: str) -> None:
    assert phone_key(sent) == "+84912345678"


@pytest.mark.parametrize("sent", ["024 3822 1234", "(024) 38221234", "+84 24 3822 1234", "842438221234", "2438221234"])
def test_a_landline_is_a_phone(sent: str) -> None:
    assert phone_key(sent) == "+842438221234"


@pytest.mark.parametrize("sent", ["01234567890", "+841234567890", "0120 345 6789", "0168 234 5678"])
def test_a_mobile_number_of_11_digits_from_before_2018_is_no_phone_today(sent: str) -> None:
    assert phone_key(sent) is None


@pytest.mark.parametrize("sent", ["04 3822 1234", "0511 382 1234", "031 382 1234 5"])
def test_a_landline_with_the_area_code_from_before_2017_is_no_phone_today(sent: str) -> None:
    assert phone_key(sent) is None


@pytest.mark.parametrize("sent", ["113", "114", "115", "1022", "84113", "+84113"])
def test_an_emergency_number_is_nobodys_phone(sent: str) -> None:
    assert phone_key(sent) is None


@pytest.mark.parametrize(
    "sent",
    [
        "", " ", "không có", "+", "00", "0", "()", "0000000000", "9999", "091234567", "09123456789", "091234567a",
        "++84912345678", "0912345678 / 0987654321", "0912345678x12", "+0912345678", "84", "+84", "0912345678\x00",
        "+1234567890123456", "+12345", "6421123456",
    ],
)  # fmt: skip
def test_a_text_that_is_no_phone_has_no_key(sent: str) -> None:
    assert phone_key(sent) is None


@pytest.mark.parametrize(
    "sent", ["٠٩١٢٣٤٥٦٧٨", "\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "091234567²"]
)
def test_digits_that_are_not_ascii_are_no_phone(sent: str) -> None:
    assert phone_key(sent) is None


def test_a_number_that_begins_like_the_country_code_is_read_as_the_mobile_number_it_is() -> None:
    assert phone_key("841234567") == phone_key("0841234567") == phone_key("84841234567") == "+84841234567"


def test_the_hotline_a_hotel_guest_leaves_is_taken() -> None:
    assert phone_key("1900 1234") == "+8419001234"


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("+64 21 123 4567", "+64211234567"),
        ("0064 21 123 4567", "+64211234567"),
        ("+855 12 345 678", "+85512345678"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+6834001", "+6834001"),
    ],
)
def test_a_foreign_number_needs_its_country_code_and_only_the_shape(sent: str, key: str) -> None:
    assert phone_key(sent) == key


@given(mobiles | landlines, st.sampled_from(" .-"), st.integers(1, 8))
def test_all_formats_of_a_number_agree(number: str, separator: str, at: int) -> None:
    spellings = [number, f"0{number}", f"84{number}", f"+84{number}", f"0084{number}", f"+84 (0){number}"]
    spellings += [spelling[:at] + separator + spelling[at:] for spelling in spellings if spelling[0] != "+"]
    assert {phone_key(spelling) for spelling in spellings} == {f"+84{number}"}


@given(st.text() | st.text("0123456789+() .-") | st.from_regex(r"\+?[0-9]{7,16}", fullmatch=True))
def test_any_text_gives_none_or_e164_and_the_key_of_a_key_is_the_key(text: str) -> None:
    key = phone_key(text)
    if key is not None:
        assert key[0] == "+"
        assert key.isascii()
        assert key[1:].isdigit()
        assert 7 <= len(key) - 1 <= 15
        assert phone_key(key) == key
