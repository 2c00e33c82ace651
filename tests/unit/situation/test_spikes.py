"""What stands out of a series of daily figures, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.situation.spikes import SMALLEST_EXCESS, flags

SERIES = st.lists(st.none() | st.integers(0, 10**7), max_size=60)


def marks(values: list[int | None]) -> list[tuple[int, str]]:
    return [(flag.day, flag.mark) for flag in flags(values)]


def test_a_bulk_entry_among_quiet_days_is_a_spike() -> None:
    assert marks([40, 55, 48, 61, 50, 47, 52, 151_919, 49, 44, 58, 51, 46, 50, 53]) == [(7, "spike")]


def test_a_bulk_entry_after_days_without_entry_is_a_spike_and_the_days_are_gaps() -> None:
    days = [4100, 5571, 4400, 4692, 0, 4500, 4300, 4250, 16_024, 5396, 4555, 5997, 6318, 4449, 4592, 4282]
    assert marks(days) == [(4, "gap"), (8, "spike")]


def test_a_bulk_entry_among_many_gaps_is_found_all_the_same() -> None:
    """Hồ Chí Minh City, 15 to 31 July 2021."""
    days = [625, 5571, 1769, 2318, 0, 10_011, 0, 0, 16_024, 5396, 4555, 5997, 6318, 4449, 4592, 4282, 4180]
    assert (8, "spike") in marks(days)
    assert [place for place, mark in marks(days) if mark == "gap"] == [4, 6, 7]


def test_a_wave_that_doubles_every_third_day_is_none() -> None:
    assert marks([round(10 * 2 ** (day / 3)) for day in range(40)]) == []


def test_a_family_in_a_quiet_province_is_none() -> None:
    assert marks([0, 1, 0, 2, 0, 1, 0, 21, 0, 0, 1, 0, 2, 0, 1]) == []


def test_without_days_around_nothing_is_said() -> None:
    assert marks([None, None, 5, None, 900_000, None, 3, None, None]) == []


@given(st.lists(st.integers(0, 10**6), min_size=15, max_size=30))
def test_days_without_a_report_are_not_taken_as_zero(values: list[int]) -> None:
    holes: list[int | None] = [None] * 20
    told = marks([*values, *holes, *values])
    alone = marks(list(values))
    assert [mark for mark in told if mark[0] < len(values)] == alone
    assert [(place - len(values) - 20, mark) for place, mark in told if place >= len(values)] == alone


@given(SERIES)
def test_only_days_that_were_reported_are_flagged_and_each_flag_says_why(values: list[int | None]) -> None:
    found = flags(values)
    assert [flag.day for flag in found] == sorted({flag.day for flag in found})
    for flag in found:
        assert flag.value == values[flag.day]
        assert flag.deviations >= 5
        if flag.mark == "spike":
            assert flag.value >= flag.usual + SMALLEST_EXCESS
            assert flag.value > 3 * flag.usual
        else:
            assert flag.value == 0 < flag.usual


@given(SERIES)
def test_the_rule_does_not_know_the_direction_of_time(values: list[int | None]) -> None:
    turned = [(len(values) - 1 - index, mark) for index, mark in marks(values[::-1])]
    assert marks(values) == turned[::-1]


@given(st.lists(st.integers(0, 10**6), min_size=12, max_size=40), st.integers(2, 50))
def test_a_steady_series_is_never_flagged(noise: list[int], level: int) -> None:
    assert marks([level + each % 3 for each in noise]) == []


def test_a_window_of_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        flags([1, 2, 3], window_days=0)
