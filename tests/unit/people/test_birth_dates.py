"""Dates of birth as exact as they are known."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.people.folding import BirthDate, parse_birth_date


def test_a_year_alone_is_a_birth_date() -> None:
    assert parse_birth_date("1987") == BirthDate(1987, None, None, "year")


def test_a_month_is_a_birth_date() -> None:
    assert parse_birth_date("1987-05") == BirthDate(1987, 5, None, "month")


def test_the_first_of_january_stays_what_was_sent() -> None:
    assert parse_birth_date("1987-01-01") == BirthDate(1987, 1, 1, "day")


def test_the_29th_of_february_exists_in_leap_years_only() -> None:
    assert parse_birth_date("1988-02-29") == BirthDate(1988, 2, 29, "day")
    assert parse_birth_date("1987-02-29") is None
    assert parse_birth_date("1900-02-29") is None


def test_the_years_are_bounded() -> None:
    assert parse_birth_date("1849") is None
    assert parse_birth_date("1850") is not None
    assert parse_birth_date("2199-12-31") is not None
    assert parse_birth_date("2200") is None
    assert parse_birth_date("2530-05-17") is None  # the Buddhist era


@pytest.mark.parametrize(
    "sent",
    [
        "", "87", "19877", "1987-13", "1987-00", "1987-5", "1987-05-00", "1987-05-32", "29/02/1988", "17-05-1987",
        "1987/05/17", "1987-05-17T00:00:00", "1987-05-17\n", " 1987", "1987-", "١٩٨٧", "\uff11\uff19\uff18\uff17",
        "19870517", "+1987", "1987-05-1²",
    ],
)  # fmt: skip
def test_another_form_is_no_birth_date(sent: str) -> None:
    assert parse_birth_date(sent) is None


@given(st.dates(datetime.date(1850, 1, 1), datetime.date(2199, 12, 31)))
def test_every_day_of_the_calendar_is_read(day: datetime.date) -> None:
    assert parse_birth_date(day.isoformat()) == BirthDate(day.year, day.month, day.day, "day")


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = parse_birth_date(text)
    assert found is None or text.startswith(str(found.year))
