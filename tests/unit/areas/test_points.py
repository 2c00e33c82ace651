"""Where a point lies: provinces by their borders, wards by their centres."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daumoi.areas import points
from daumoi.areas.points import (
    BORDER_DOUBT_KM,
    OUTSIDE_MAX_KM,
    AtPoint,
    nearest,
    province_at,
    read_point,
    shapes_of,
)
from daumoi.areas.selectors import centre, codes_of, find, predecessors, successors
from daumoi.areas.unit import ABROAD, BEFORE, TODAY, Unit

LAT, LON = st.floats(-90, 90), st.floats(-180, 180)
AROUND = st.tuples(st.floats(8, 24), st.floats(102, 110))


def wards_with_centres() -> list[tuple[Unit, tuple[float, float]]]:
    units = [unit for code in codes_of(TODAY) if (unit := find(TODAY, code)) is not None]
    return [(unit, where) for unit in units if (where := centre(unit.code)) is not None]


def names(found: AtPoint) -> tuple[list[str], list[str]]:
    return [near.unit.name for near in found.today], [near.unit.name for near in found.before]


@pytest.mark.parametrize(
    ("lat", "lon", "today", "before"),
    [
        (21.0285, 105.8542, "Thành phố Hà Nội", "Thành phố Hà Nội"),  # Hoàn Kiếm
        (10.7769, 106.7009, "Thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        (9.2850, 105.7244, "Tỉnh Cà Mau", "Tỉnh Bạc Liêu"),
        (10.3460, 107.0843, "Thành phố Hồ Chí Minh", "Tỉnh Bà Rịa - Vũng Tàu"),  # Vũng Tàu
        (20.9370, 106.3146, "Thành phố Hải Phòng", "Tỉnh Hải Dương"),
        (22.8233, 104.9836, "Tỉnh Tuyên Quang", "Tỉnh Hà Giang"),
        (21.9510, 103.8880, "Tỉnh Lai Châu", "Tỉnh Lai Châu"),  # Than Uyên, of Lào Cai until 2003
        (10.2166, 103.9597, "Tỉnh An Giang", "Tỉnh Kiên Giang"),  # Phú Quốc
        (8.6920, 106.6060, "Thành phố Hồ Chí Minh", "Tỉnh Bà Rịa - Vũng Tàu"),  # Côn Đảo
        (16.8350, 112.3370, "Thành phố Đà Nẵng", "Thành phố Đà Nẵng"),  # Hoàng Sa
        (8.6450, 111.9200, "Tỉnh Khánh Hòa", "Tỉnh Khánh Hòa"),  # Trường Sa
        (11.4290, 114.3310, "Tỉnh Khánh Hòa", "Tỉnh Khánh Hòa"),  # Song Tử Tây
    ],
)
def test_a_place_lies_in_its_province_of_today_and_of_before(lat: float, lon: float, today: str, before: str) -> None:
    found = province_at(lat, lon)
    assert names(found) == ([today], [before])
    assert found.relation in ("inside", "outside"), "islands of a few hundred metres may lie beside their shape"


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (19.5, 107.5),
        (17.9667, 102.6),
        (11.5564, 104.9282),
        (22.8170, 108.3665),
        (0.0, 0.0),
        (-90.0, 0.0),
        (90.0, 180.0),
    ],
    ids=["the gulf", "Vientiane", "Phnom Penh", "Nanning", "Guinea", "south pole", "north pole"],
)
def test_a_point_at_sea_or_abroad_has_no_province(lat: float, lon: float) -> None:
    assert province_at(lat, lon) == AtPoint("none", False, (), ())


def test_near_a_border_both_provinces_are_candidates() -> None:
    found = province_at(10.95, 106.83)  # the river Đồng Nai, between Biên Hòa and Bình Dương
    assert found.relation == "near_border"
    assert not found.certain
    assert names(found) == (["Tỉnh Đồng Nai", "Thành phố Hồ Chí Minh"], ["Tỉnh Đồng Nai", "Tỉnh Bình Dương"])
    assert [near.distance_km == 0 for near in found.today] == [True, False]


def test_a_border_that_is_no_more_makes_today_certain() -> None:
    found = province_at(10.8800, 106.7300)  # between Hồ Chí Minh City and Bình Dương, one province today
    assert (found.relation, found.certain) == ("near_border", True)
    assert names(found)[0] == ["Thành phố Hồ Chí Minh"]
    assert set(names(found)[1]) == {"Thành phố Hồ Chí Minh", "Tỉnh Bình Dương"}


def test_off_the_shore_the_nearest_province_is_given_and_said_to_be_outside() -> None:
    found = province_at(12.2500, 109.2400)  # the bay of Nha Trang
    assert names(found) == (["Tỉnh Khánh Hòa"], ["Tỉnh Khánh Hòa"])
    if found.relation == "outside":
        assert 0 < found.today[0].distance_km <= OUTSIDE_MAX_KM
    assert province_at(12.2500, 109.9000).relation == "none"


def test_the_wards_of_today_lie_in_their_own_province() -> None:
    """By their centres: at least 97.5 % inside, and all but 0.6 % have it among their candidates."""
    wards = wards_with_centres()
    inside = candidates = certain = wrong = 0
    for unit, where in wards:
        found = province_at(*where)
        own = [near.distance_km for near in found.today if near.unit.code == unit.parent]
        inside += own == [0.0]
        candidates += bool(own)
        certain += found.certain
        wrong += found.certain and not own
    assert inside / len(wards) >= 0.975
    assert candidates / len(wards) >= 0.994
    assert certain / len(wards) >= 0.88
    assert wrong / len(wards) <= 0.005


def test_the_old_province_of_a_ward_is_among_the_candidates() -> None:
    wards = [(unit, where) for unit, where in wards_with_centres() if len(old_provinces(unit)) == 1]
    found = sum(
        old_provinces(unit) & {near.unit.code for near in province_at(*where).before} != set() for unit, where in wards
    )
    assert found / len(wards) >= 0.99


def old_provinces(ward: Unit) -> set[str]:
    found = set()
    for unit in predecessors(ward.code):
        while unit.parent is not None and (parent := find(unit.scheme, unit.parent)) is not None:
            unit = parent
        found.add(unit.code)
    return found


@given(AROUND)
def test_what_is_found_hangs_together(point: tuple[float, float]) -> None:
    found = province_at(*point)
    assert [near.distance_km for near in found.before] == sorted(near.distance_km for near in found.before)
    assert {successors(BEFORE, near.unit.code)[0] for near in found.before} == {near.unit for near in found.today}
    most = BORDER_DOUBT_KM if found.relation in ("inside", "near_border") else OUTSIDE_MAX_KM
    assert all(near.distance_km <= most for near in found.before)
    within = [near for near in found.before if near.distance_km == 0]
    assert len(within) == (found.relation in ("inside", "near_border"))
    assert not found.certain or len(found.today) == 1
    assert (found.relation == "none") == (not found.before)


def test_a_point_between_three_neighbouring_wards_of_a_province_lies_in_it() -> None:
    """The middle of each ward's centre and the two nearest of its province: 99.5 % have it among their candidates."""
    wards = [(unit, where) for unit, where in wards_with_centres() if province_at(*where).certain]
    of_province: dict[str | None, list[tuple[float, float]]] = {}
    for unit, where in wards:
        of_province.setdefault(unit.parent, []).append(where)
    found = 0
    for unit, (lat, lon) in wards:
        three = sorted(of_province[unit.parent], key=lambda other: math.dist(other, (lat, lon)))[:3]
        middle = sum(each[0] for each in three) / 3, sum(each[1] for each in three) / 3
        found += unit.parent in {near.unit.code for near in province_at(*middle).today}
    assert found / len(wards) >= 0.995


@given(LAT, LON)
def test_no_point_is_too_odd(lat: float, lon: float) -> None:
    province_at(lat, lon)
    assert len(nearest(lat, lon, count=2)) == 2


def test_every_province_has_a_shape_of_closed_rings() -> None:
    for scheme, count in ((BEFORE, 63), (TODAY, 34)):
        shapes = shapes_of(scheme)
        assert [code for code, _ in shapes] == [
            code for code in codes_of(scheme) if (unit := find(scheme, code)) is not None and unit.level == "province"
        ]
        assert len(shapes) == count
        for code, rings in shapes:
            assert rings, code
            for ring in rings:
                assert len(ring) >= 4
                assert ring[0] == ring[-1]
                assert all(102 < lon < 115.5 and 6.5 < lat < 23.5 for lon, lat in ring)
    assert shapes_of(ABROAD) == ()


def area(rings: list[points.Ring]) -> float:
    """Square degrees, by the shoelace formula; rings inside others are none here."""
    return sum(abs(sum(x * v - u * y for (x, y), (u, v) in itertools.pairwise(ring))) / 2 for ring in rings)


def test_the_shapes_of_today_are_those_of_before_joined() -> None:
    before = dict(shapes_of(BEFORE))
    for code, rings in shapes_of(TODAY):
        parts = [old.code for old in predecessors(code) if old.level == "province"]
        assert area(rings) == pytest.approx(sum(area(before[part]) for part in parts), rel=0.005), code


@settings(max_examples=300)
@given(AROUND)
def test_no_point_lies_in_two_provinces(point: tuple[float, float]) -> None:
    assert sum(near.distance_km == 0 for near in province_at(*point).before) <= 1


def test_the_two_archipelagos_are_drawn() -> None:
    hoang_sa = [ring for ring in dict(shapes_of(TODAY))["48"] if all(lon > 111 for lon, _ in ring)]
    truong_sa = [ring for ring in dict(shapes_of(TODAY))["56"] if all(lon > 111 for lon, _ in ring)]
    assert len(hoang_sa) >= 5
    assert len(truong_sa) >= 8


def test_wards_of_the_province_come_first() -> None:
    lat, lon = 10.95, 106.83
    inside = nearest(lat, lon, count=5, first_in={"75"})
    assert {unit.parent for unit, _ in inside} == {"75"}
    anywhere = nearest(lat, lon, count=5)
    assert [distance for _, distance in anywhere] == sorted(distance for _, distance in anywhere)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("21.0285, 105.8542", (21.0285, 105.8542)),
        ("21.0285 105.8542", (21.0285, 105.8542)),
        (" (21.0285;105.8542) ", (21.0285, 105.8542)),
        ("21.0285°, 105.8542°", (21.0285, 105.8542)),
        ("105.8542, 21.0285", (21.0285, 105.8542)),
        ("-33.9, 18.4", (-33.9, 18.4)),
        ("12, 13", None),
        ("12.5", None),
        ("105.1, 106.2", None),
        ("21.0, 190.0", None),
        ("P. 12, Q. 3", None),
        ("", None),
    ],
)
def test_a_point_as_written_is_read(text: str, point: tuple[float, float] | None) -> None:
    assert read_point(text) == point


@given(st.text(max_size=40))
def test_no_text_makes_reading_a_point_fail(text: str) -> None:
    found = read_point(text)
    assert found is None or (abs(found[0]) <= 90 and abs(found[1]) <= 180)
