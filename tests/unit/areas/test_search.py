"""Places as people write them. `spellings.tsv` was written and looked through by hand; each line is one test."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.areas.catalogue import catalogue
from daumoi.areas.points import nearest
from daumoi.areas.search import search
from daumoi.areas.selectors import centre, full_name, successors
from daumoi.areas.unit import BEFORE, TODAY

LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "spellings.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "certain", "units"), LINES, ids=[line[0] for line in LINES])
def test_a_place_as_written_gives_its_unit_or_its_candidates(text: str, certain: str, units: str) -> None:
    found = search(text)
    assert [f"{match.unit.scheme}:{match.unit.code}" for match in found.matches] == units.split()
    assert found.certain == (certain == "yes")


def test_there_are_two_hundred_spellings() -> None:
    assert len({line[0] for line in LINES}) == len(LINES) >= 200


def test_every_unit_is_found_by_its_full_name() -> None:
    """Its own name with all it lies in never leads elsewhere."""
    for (scheme, code), unit in catalogue().units.items():
        if scheme in (TODAY, BEFORE):
            found = {(match.unit.scheme, match.unit.code) for match in search(full_name(unit)).matches}
            assert (scheme, code) in found, full_name(unit)


def test_what_is_certain_is_one_unit_of_today() -> None:
    for (scheme, _), unit in catalogue().units.items():
        if scheme == BEFORE and unit.level == "ward" and len(successors(BEFORE, unit.code)) > 1:
            found = search(full_name(unit))
            assert not found.certain, full_name(unit)


@pytest.mark.parametrize(
    ("text", "on", "scheme"),
    [
        ("Phường Tân Định, TP HCM", datetime.date(2025, 6, 30), BEFORE),
        ("Phường Tân Định, TP HCM", datetime.date(2025, 7, 1), TODAY),
        ("Hà Nội", datetime.date(2021, 8, 1), BEFORE),
    ],
)
def test_with_a_day_only_units_of_that_day_are_found(text: str, on: datetime.date, scheme: str) -> None:
    assert {match.unit.scheme for match in search(text, on=on).matches} == {scheme}


def test_parts_that_name_no_unit_are_said() -> None:
    found = search("Số 12, ngõ 3, phường Hàng Bạc, Hoàn Kiếm, Hà Nội")
    assert found.unread == ("Số 12", "ngõ 3")
    assert found.certain


def test_a_text_that_contradicts_itself_is_never_certain() -> None:
    found = search("Phường Bến Nghé, Quận 1, Hà Nội")
    assert not found.certain


@given(st.text(max_size=400) | st.text(alphabet="phường xãq1 ,.-/thàohuyệnTP", max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    found = search(text)
    assert not found.certain or found.matches


def test_the_nearest_wards_come_by_distance() -> None:
    found = nearest(21.0285, 105.8542, count=3)
    assert [round(distance, 1) for _, distance in found] == sorted(round(distance, 1) for _, distance in found)
    assert found[0][0].name == "Phường Hoàn Kiếm"


def test_the_centre_of_a_ward_is_its_own_nearest() -> None:
    for code in ("00004", "26740", "31078"):
        where = centre(code)
        assert where is not None
        ((unit, distance),) = nearest(*where, count=1)
        assert (unit.code, distance) == (code, 0.0)
