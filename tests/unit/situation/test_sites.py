"""Which checkpoints of several systems are one place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daumoi.situation.sites import Checkpoint, sites

WARD = "VN.01.00004"
PLACES = st.lists(
    st.builds(
        Checkpoint,
        place=st.integers(1, 10**6),
        system_id=st.integers(1, 3),
        name=st.sampled_from(["Chốt Pháp Vân", "CHỐT PHÁP VÂN", "Chốt cầu Giẽ"]),
        ward=st.sampled_from([WARD, "VN.01.00008", ""]),
        lat=st.none() | st.floats(20.99, 21.01),
        lon=st.none() | st.floats(105.79, 105.81),
    ),
    max_size=25,
    unique_by=lambda each: each.place,
)


def test_two_systems_at_one_gate_are_one_site_and_the_next_gate_is_another() -> None:
    one = Checkpoint(7, 1, "Chốt Pháp Vân", WARD, 20.9128, 105.8530)
    other = Checkpoint(9, 2, "Trạm thu phí Pháp Vân", WARD, 20.9133, 105.8534)
    further = Checkpoint(11, 2, "Chốt cầu Giẽ", WARD, 20.9160, 105.8530)
    assert sites([one, other, further]) == {7: 7, 9: 7, 11: 11}


def test_without_a_location_the_name_in_the_ward_tells() -> None:
    one = Checkpoint(7, 1, "Chốt Pháp Vân", WARD, None, None)
    assert sites([one, Checkpoint(9, 2, "CHỐT PHÁP VÂN", WARD, 20.9, 105.8)]) == {7: 7, 9: 7}
    assert sites([one, Checkpoint(9, 2, "Chốt Pháp Vân", "VN.01.00008", None, None)]) == {7: 7, 9: 9}
    assert sites([one, Checkpoint(9, 2, "Chốt Pháp Vân", "", None, None)]) == {7: 7, 9: 9}


def test_two_gates_of_one_system_are_never_one() -> None:
    gates = [Checkpoint(number, 1, "Cổng", WARD, 20.9, 105.8) for number in (1, 2, 3)]
    assert sites(gates) == {1: 1, 2: 2, 3: 3}


@given(PLACES)
def test_sites_do_not_depend_on_the_order_and_are_led_by_their_lowest(places: list[Checkpoint]) -> None:
    found = sites(places)
    assert found == sites(reversed(places))
    assert found.keys() == {each.place for each in places}
    assert all(found[site] == site <= place for place, site in found.items())


@given(PLACES)
def test_every_pair_that_is_near_is_one_wherever_the_grid_is_cut(places: list[Checkpoint]) -> None:
    import math

    found = sites(places)
    for one in places:
        for other in places:
            if one.system_id == other.system_id or None in (one.lat, one.lon, other.lat, other.lon):
                continue
            north = (one.lat - other.lat) * 111_195  # type: ignore[operator]
            east = (one.lon - other.lon) * 111_195 * math.cos(math.radians(21))  # type: ignore[operator]
            if math.hypot(north, east) < 149:
                assert found[one.place] == found[other.place]
