"""What a page says of identities: masked, compared, and warned of where twins may be meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.console.people.identities import HIDDEN, birth_in_words, compared, iso_birth, masked, may_be_twins
from daumoi.linkage.selectors import Origin
from daumoi.people.identifiers import Claimed

DIGITS = st.text("0123456789", min_size=1, max_size=20)


@given(DIGITS)
def test_a_masked_number_hides_its_first_six_signs_and_at_least_half(number: str) -> None:
    shown = masked(number)

    hidden = len(shown) - len(shown.lstrip(HIDDEN))
    assert len(shown) == len(number)
    assert hidden >= min(6, len(number))
    assert hidden * 2 >= len(number)
    assert shown.lstrip(HIDDEN) == number[hidden:]


@pytest.mark.parametrize(
    ("number", "shown"),
    [("001087000001", "••••••000001"), ("0912345678", "••••••5678"), ("C1234567", "••••••67"), ("P-71", "••••")],
)
def test_numbers_are_masked_as_the_national_qr_is_shown(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.dates())
def test_a_birth_date_is_read_as_it_is_written_and_masked_to_its_year(day: datetime) -> None:
    iso = f"{day:%Y-%m-%d}".rjust(10, "0")

    assert iso_birth(birth_in_words(iso, whole=True)) == iso
    assert birth_in_words(iso, whole=False) == f"••/••/{iso[:4]}"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("3/2/1987", "1987-02-03"),
        ("03.02.1987", "1987-02-03"),
        ("2/1987", "1987-02"),
        (" 1987 ", "1987"),
        ("1987-02-03", "1987-02-03"),
        ("87", None),
        ("hôm qua", None),
        ("٣/٢/١٩٨٧", None),
    ],
)
def test_a_birth_date_may_be_written_in_several_ways(text: str, iso: str | None) -> None:
    assert iso_birth(text) == iso


@given(st.text(max_size=12))
def test_whatever_is_typed_for_a_birth_date_comes_out_in_one_form_or_not_at_all(text: str) -> None:
    iso = iso_birth(text)

    assert iso is None or re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", iso)


@pytest.mark.parametrize(
    ("field", "ours", "theirs", "mark"),
    [
        ("health_insurance_no", "dn 4 01 0123456789", "DN4010123456789", "same"),
        ("national_id", "001087000001", "001087000002", "differs"),
        ("phone", "+84 912 345 678", "0912345678", "same"),
        ("full_name", "Đỗ Thị Lan", "LAN DO THI", "near"),
        ("full_name", "Đỗ Thị Lan", "Đỗ Thị Loan", "differs"),
        ("birth_date", "1987", "1987-02-03", "near"),
        ("birth_date", "1987-03-02", "1987-02-03", "differs"),
        ("system_person_id", "7", "7", ""),
    ],
)
def test_two_sides_agree_nearly_agree_or_differ(field: str, ours: str, theirs: str, mark: str) -> None:
    assert compared(field, [ours], [theirs]) == compared(field, [theirs], [ours]) == mark
    assert compared(field, [ours], []) == ""


def said(name: str, birth: str = "2010-06-07", **more: str) -> list[Origin]:
    return [Origin(1, 1, datetime(2021, 8, 1, tzinfo=UTC), Claimed(full_name=name, birth_date=birth, **more))]


@pytest.mark.parametrize(
    ("left", "right", "twins"),
    [
        (said("Trần Văn Hùng"), said("Trần Văn Dũng"), True),
        (said("Ngô Văn Hùng"), said("Ngô Văn Hưng"), True),
        (said("Ngô Văn Hùng"), said("NGO VAN HUNG"), False),
        (said("Ngô Văn Hùng"), said("Hùng Ngô Văn"), False),
        (said("Trần Văn Hùng"), said("Trần Văn Dũng", "2010-06-08"), False),
        (said("Trần Văn Hùng", "2010"), said("Trần Văn Dũng", "2010"), False),
        (said("Bùi Lan", national_id="001301000451"), said("Bùi Loan", national_id="001301000451"), False),
        (said("Bùi Lan", national_id="001301000451"), said("Bùi Loan", national_id="001301000452"), True),
        (said("Bùi Lan"), [], False),
    ],
)
def test_twins_share_a_day_of_birth_and_neither_name_nor_number(
    left: list[Origin], right: list[Origin], twins: bool
) -> None:
    assert may_be_twins(left, right) == may_be_twins(right, left) == twins
