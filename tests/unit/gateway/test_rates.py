"""How fast a system may call."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from daumoi.core.settings import load
from daumoi.gateway.rates import BURST_S, Rates
from daumoi.organisations.registry import System


def a_system(calls_per_second: int | None = None, number: int = 1) -> System:
    return System(number, f"dov-{number}", "Dov", "dov", frozenset(), False, calls_per_second)


def rates() -> Rates:
    return Rates(load({}, data_dir=Path()))


def test_a_silent_system_may_make_a_burst_and_no_call_more() -> None:
    bucket, system = rates(), a_system(10)
    answers = [bucket.take(system, now=100.0) for _ in range(10 * BURST_S + 1)]
    assert answers[:-1] == [None] * (10 * BURST_S)
    assert answers[-1] == 1


def test_a_system_of_one_call_a_second_waits_a_second() -> None:
    bucket, system = rates(), a_system(1)
    while bucket.take(system, now=0.0) is None:
        pass
    assert bucket.take(system, now=0.0) == 1
    assert bucket.take(system, now=1.0) is None


def test_systems_are_counted_apart() -> None:
    bucket, one, other = rates(), a_system(1), a_system(1, number=2)
    while bucket.take(one, now=0.0) is None:
        pass
    assert bucket.take(other, now=0.0) is None


@given(st.integers(1, 5000), st.lists(st.floats(0, 3), max_size=300))
def test_who_waits_as_long_as_told_is_let_in_and_nobody_goes_faster_than_the_rate(
    rate: int, pauses: list[float]
) -> None:
    bucket, system, now, let_in = rates(), a_system(rate), 1000.0, 0
    for pause in pauses:
        now += pause
        wait_s = bucket.take(system, now=now)
        if wait_s is None:
            let_in += 1
        else:
            assert wait_s >= 1
            assert bucket.take(system, now=now + wait_s) is None
            now, let_in = now + wait_s, let_in + 1
    assert let_in <= rate * (BURST_S + now - 1000.0) + 1
