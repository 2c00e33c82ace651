"""Units dissolved before the list of 2024: the table itself, and what a look-up by such a name says."""

from __future__ import annotations

import datetime
import itertools

import pytest

from daumoi.areas.catalogue import catalogue
from daumoi.areas.former import Former, all_formers, formers
from daumoi.areas.search import Match, search
from daumoi.areas.selectors import find, full_name
from daumoi.areas.unit import BEFORE, TODAY

TABLE = sorted(all_formers(), key=lambda each: each.full_name)
IDS = [each.full_name for each in TABLE]
CODES_GIVEN_AGAIN = {"Quận 2": "769", "Huyện Từ Liêm": "019", "Huyện Đất Đỏ": "753"}


def former_match(text: str) -> Match:
    (match,) = search(text).matches
    assert match.former is not None
    return match


@pytest.mark.parametrize("former", TABLE, ids=IDS)
def test_a_dissolved_unit_became_units_of_its_level_in_its_province(former: Former) -> None:
    parents = former.full_name.split(", ")[1:]
    assert former.became
    for unit in former.became:
        assert unit.scheme == BEFORE
        assert unit.level == former.level
        assert not parents or full_name(unit).endswith(parents[-1])
    assert [unit.code for unit in former.became] == sorted(unit.code for unit in former.became)


@pytest.mark.parametrize("former", TABLE, ids=IDS)
def test_a_dissolved_unit_ended_before_the_list_of_2024_and_after_its_act(former: Former) -> None:
    assert former.act_on <= former.valid_to < datetime.date(2025, 1, 1)
    assert former.act.startswith("Nghị quyết")


@pytest.mark.parametrize("former", TABLE, ids=IDS)
def test_a_dissolved_unit_is_not_in_the_list_of_2024(former: Former) -> None:
    same = {full_name(unit) for (scheme, _), unit in catalogue().units.items() if scheme == BEFORE}
    assert former.full_name not in same


def test_an_old_code_is_free_or_known_to_have_been_given_again() -> None:
    digits = {"province": 2, "district": 3, "ward": 5}
    again = {}
    for former in TABLE:
        if former.code is not None:
            assert len(former.code) == digits[former.level]
            if find(BEFORE, former.code) is not None:
                again[former.name] = former.code
    assert again == CODES_GIVEN_AGAIN


@pytest.mark.parametrize("former", TABLE, ids=IDS)
def test_every_dissolved_unit_is_found_by_its_full_name_with_what_it_became(former: Former) -> None:
    found = search(former.full_name)
    assert {match.unit for match in found.matches} >= set(former.became)
    assert former in [match.former for match in found.matches]


def test_quan_9_says_what_it_became_and_since_when() -> None:
    match = former_match("Quận 9, TP HCM")
    assert match.unit.name == "Thành phố Thủ Đức"
    assert len(match.today) == 12
    former = match.former
    assert former is not None
    assert (former.full_name, former.code) == ("Quận 9, Thành phố Hồ Chí Minh", "763")
    assert (former.valid_to, former.act_on) == (datetime.date(2020, 12, 31), datetime.date(2020, 12, 9))
    assert "1111/NQ-UBTVQH14" in former.act
    assert not search("Quận 9, TP HCM").certain, "it lies in twelve wards today"


def test_a_ward_whose_name_went_on_to_a_neighbour_is_never_picked() -> None:
    found = search("Phường An Khánh, Quận 2")  # what is called so since 2021 was Bình An and Bình Khánh
    assert not found.certain
    assert found.unit is None
    assert {"Phường An Khánh", "Phường Thủ Thiêm"} == {match.unit.name for match in found.matches}


def test_a_split_province_gives_all_it_was_split_into() -> None:
    found = search("tỉnh Sông Bé")
    assert [match.unit.name for match in found.matches] == ["Tỉnh Bình Phước", "Tỉnh Bình Dương"]
    assert not found.certain
    assert found.unit is None


def test_a_name_that_is_still_in_use_is_not_called_former() -> None:
    assert [match.former for match in search("Thành phố Thủ Đức").matches] == [None]
    assert all(match.former is None for match in search("Hà Nội").matches)


def test_with_a_day_of_today_no_dissolved_name_is_found() -> None:
    assert search("Quận 9", on=datetime.date(2026, 1, 1)).matches == ()
    assert search("Quận 9", on=datetime.date(2021, 8, 1)).matches != ()


def test_names_of_dissolved_units_are_looked_up_without_prefix_and_accents() -> None:
    assert [each.name for each in formers("ha tay")] == ["Tỉnh Hà Tây"]
    assert formers("khong co") == ()


def test_every_ward_of_the_merged_districts_is_certain_as_people_wrote_it() -> None:
    """The wards of Thành phố Thủ Đức by the district they lay in until 2020: all but one are found as before."""
    quan_2 = ["Thảo Điền", "An Phú", "Cát Lái", "Thạnh Mỹ Lợi", "Bình Trưng Đông", "Bình Trưng Tây", "Thủ Thiêm"]
    quan_9 = ["Phước Long A", "Phước Long B", "Tăng Nhơn Phú A", "Hiệp Phú", "Long Trường", "Phú Hữu", "Trường Thạnh"]
    for name, district in (*zip(quan_2, itertools.repeat("Q2")), *zip(quan_9, itertools.repeat("Quận 9"))):
        found = search(f"P. {name}, {district}, TP.HCM")
        assert name in {match.unit.name.removeprefix("Phường ") for match in found.matches}, name
        assert all(each.scheme == TODAY for match in found.matches for each in match.today)
        assert all(full_name(match.unit).endswith("Thành phố Hồ Chí Minh") for match in found.matches)
