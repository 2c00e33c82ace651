"""Look-ups of administrative units: every code, its path, and what it became."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daumoi.areas.selectors import centre, codes_of, country, find, full_name, predecessors, successors
from daumoi.areas.unit import ABROAD, BEFORE, SCHEMES, TODAY, Unit


def unit(scheme: str, code: str) -> Unit:
    found = find(scheme, code)
    assert found is not None, (scheme, code)
    return found


def all_units(scheme: str) -> list[Unit]:
    return [unit(scheme, code) for code in codes_of(scheme)]


def unit_of_path(path: str) -> Unit | None:
    """The unit the last step of a path names, when all its steps hang together."""
    steps = path.split(".")
    if steps[0] != "VN":
        assert len(steps) <= 2
        found = find(ABROAD, steps[-1])
        return found if found is not None and country(steps[0]) and steps[-1].startswith(steps[0]) else None
    if len(steps) == 1:
        return country("VN")
    found = find(TODAY, steps[-1])
    assert len(steps) <= 3
    return found if found is not None and (len(steps) == 2 or found.parent == steps[1]) else None


@pytest.mark.parametrize(
    ("scheme", "counts"),
    [
        (TODAY, {"province": 34, "ward": 3_321}),
        (BEFORE, {"province": 63, "district": 696, "ward": 10_035}),
        (ABROAD, {"country": 249, "subdivision": 5_046}),
    ],
)
def test_a_scheme_has_as_many_units_as_its_source(scheme: str, counts: dict[str, int]) -> None:
    assert Counter(each.level for each in all_units(scheme)) == counts


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_path_names_a_unit_of_today(scheme: str) -> None:
    assert [each.code for each in all_units(scheme) if unit_of_path(each.path) is None] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_parent_is_a_unit_of_the_same_scheme(scheme: str) -> None:
    assert [each.code for each in all_units(scheme) if each.parent and find(scheme, each.parent) is None] == []


def test_codes_are_digits_with_their_zeros_by_level() -> None:
    digits = {"province": 2, "district": 3, "ward": 5}
    units = all_units(TODAY) + all_units(BEFORE)
    assert [each for each in units if not each.code.isdecimal() or len(each.code) != digits[each.level]] == []


def test_a_unit_of_today_is_its_own_path() -> None:
    assert [each.code for each in all_units(TODAY) if unit_of_path(each.path) != each] == []


def test_the_old_list_ends_the_day_before_the_new_one_begins() -> None:
    assert {(each.valid_from, each.valid_to) for each in all_units(TODAY)} == {(datetime.date(2025, 7, 1), None)}
    assert {(each.valid_from, each.valid_to) for each in all_units(BEFORE)} == {(None, datetime.date(2025, 6, 30))}


def test_old_wards_went_whole_or_were_divided_and_none_vanished() -> None:
    wards = [each for each in all_units(BEFORE) if each.level == "ward"]
    into = Counter(len(successors(BEFORE, each.code)) for each in wards)
    assert into == {1: 9_564, 2: 397, 3: 58, 4: 15, 5: 1}
    assert sum(into[count] for count in (2, 3, 4, 5)) == 471


def test_a_whole_ward_has_the_path_of_its_ward_of_today() -> None:
    for each in all_units(BEFORE):
        now = successors(BEFORE, each.code)
        if each.level == "ward" and len(now) == 1:
            assert each.path == now[0].path


def test_a_divided_ward_never_gets_a_silent_pick() -> None:
    for each in all_units(BEFORE):
        now = successors(BEFORE, each.code)
        if each.level == "ward" and len(now) > 1:
            assert {f"VN.{candidate.parent}" for candidate in now} == {each.path}, each.code
            assert [candidate.code for candidate in now] == sorted(candidate.code for candidate in now)


def test_every_ward_lies_in_the_province_of_today_of_its_old_province() -> None:
    for each in all_units(BEFORE):
        province = each
        while province.parent is not None:
            province = unit(BEFORE, province.parent)
        assert each.path.startswith(province.path), each.code


def test_every_unit_of_today_came_from_somewhere() -> None:
    assert [each.code for each in all_units(TODAY) if not predecessors(each.code)] == []


def test_predecessors_and_successors_agree() -> None:
    old = [each for each in all_units(BEFORE) if each.level == "ward"]
    forward = {(each.code, now.code) for each in old for now in successors(BEFORE, each.code)}
    backward = {
        (was.code, each.code) for each in all_units(TODAY) for was in predecessors(each.code) if was.level == "ward"
    }
    assert forward == backward


def test_a_reused_code_means_another_ward_in_each_scheme() -> None:
    assert unit(BEFORE, "00004").name == "Phường Trúc Bạch"
    assert unit(TODAY, "00004").name == "Phường Ba Đình"
    assert unit(BEFORE, "00004").path == unit(TODAY, "00004").path == "VN.01.00004"
    assert full_name(unit(BEFORE, "00004")) == "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội"


def test_thu_duc_is_a_city_without_a_ward_of_its_own_today() -> None:
    thu_duc = unit(BEFORE, "769")
    assert (thu_duc.name, thu_duc.level, thu_duc.path) == ("Thành phố Thủ Đức", "district", "VN.79")
    assert len(successors(BEFORE, "769")) == 12
    assert find(BEFORE, "762") is None, "Quận Thủ Đức ended before this list"


@pytest.mark.parametrize(
    ("district", "path"),
    [
        ("318", "VN.31.11948"),  # Bạch Long Vĩ
        ("471", "VN.44.19742"),  # Cồn Cỏ
        ("498", "VN.48.20333"),  # Hoàng Sa
        ("536", "VN.51.21548"),  # Lý Sơn
        ("755", "VN.79.26732"),  # Côn Đảo
        ("576", "VN.56.22736"),  # Trường Sa: three wards, all whole into one
        ("602", "VN.68.23272"),  # Phú Quí
        ("317", "VN.31.11914"),  # Cát Hải
    ],
)
def test_an_island_district_is_its_special_zone(district: str, path: str) -> None:
    assert unit(BEFORE, district).path == path
    assert [each.path for each in successors(BEFORE, district)] == [path]


def test_there_are_thirteen_special_zones() -> None:
    assert sum(each.name.startswith("Đặc khu ") for each in all_units(TODAY)) == 13


def test_an_old_district_has_the_path_of_a_province_or_of_the_one_ward_it_became() -> None:
    districts = [each for each in all_units(BEFORE) if each.level == "district"]
    assert Counter(each.path.count(".") for each in districts) == {1: 682, 2: 14}
    for each in districts:
        assert (each.path.count(".") == 2) == (len(successors(BEFORE, each.code)) == 1)


def test_a_merged_province_has_the_path_of_the_province_of_today() -> None:
    assert unit(BEFORE, "74").path == "VN.79", "Bình Dương"
    assert {each.name for each in predecessors("79")} == {
        "Thành phố Hồ Chí Minh",
        "Tỉnh Bình Dương",
        "Tỉnh Bà Rịa - Vũng Tàu",
    }


@pytest.mark.parametrize(
    ("code", "name", "path"),
    [
        ("NZ", "New Zealand", "NZ"),
        ("NZ-AUK", "Auckland", "NZ.NZ-AUK"),
        ("US-NY", "New York", "US.US-NY"),
        ("VN", "Việt Nam", "VN"),
        ("VN-SG", "Hồ Chí Minh", "VN.79"),
        ("VN-26", "Thừa Thiên-Huế", "VN.46"),
        ("VN-47", "Kiến Giang", "VN.91"),
        ("VN-57", "Bình Dương", "VN.79"),
    ],
)
def test_an_iso_code_resolves(code: str, name: str, path: str) -> None:
    assert (unit(ABROAD, code).name, unit(ABROAD, code).path) == (name, path)


def test_country_takes_countries_only() -> None:
    assert country("VN") == find(ABROAD, "VN")
    assert [country(code) for code in ("NZ-AUK", "vn", "XX", "", "VNM")] == [None] * 5


@pytest.mark.parametrize(
    ("scheme", "code"),
    [
        (TODAY, "001"),
        (TODAY, "1"),
        (TODAY, "4"),
        (TODAY, "99999"),
        (TODAY, " 00004"),
        (TODAY, "٠٠٠٠٤"),
        (TODAY, ""),
        (BEFORE, "1"),
        (BEFORE, "NZ"),
        (ABROAD, "nz-auk"),
        (ABROAD, "00004"),
        ("vn-2030", "00004"),
        ("", ""),
    ],
)
def test_an_unknown_code_is_none(scheme: str, code: str) -> None:
    assert find(scheme, code) is None
    assert successors(scheme, code) == ()


@given(scheme=st.sampled_from(SCHEMES) | st.text(), code=st.text())
@example(scheme=TODAY, code="\ud800")
@example(scheme=TODAY, code="\x00")
def test_no_text_makes_a_look_up_raise(scheme: str, code: str) -> None:
    found = find(scheme, code)
    assert found is None or (found.scheme, found.code) == (scheme, code)
    successors(scheme, code)
    predecessors(code)
    country(code)
    centre(code)


def test_a_centre_lies_in_viet_nam_and_only_doubtful_ones_are_missing() -> None:
    wards = [each.code for each in all_units(TODAY) if each.level == "ward"]
    known = [point for code in wards if (point := centre(code)) is not None]
    assert len(known) == 3_307
    assert all(8 < lat < 24 and 102 < lon < 115 for lat, lon in known)
    assert centre("00004") == (21.0386, 105.838)
    assert centre("30130") is None, "the source gives a namesake 100 km away"
