"""When a message is tried again: bounds that hold for any failures, any jitter and any answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.exchange.webhooks.schedule import (
    DAY_S,
    DISABLES_AFTER,
    JITTER,
    OPENS_AFTER,
    STEPS_S,
    WARNS_AFTER,
    Health,
    is_used_up,
    result_of,
    wait_s,
)

NOON = datetime(2021, 8, 1, 5, tzinfo=UTC)
CHANCES = st.floats(0, 1, exclude_max=True)


def test_without_jitter_the_waits_are_those_of_the_specification() -> None:
    hours = [wait_s(failures, chance=0) / 3600 for failures in range(10)]
    assert [round(wait, 4) for wait in hours] == [0, 0.0014, 0.0833, 0.5, 2, 5, 10, 14, 20, 24]
    assert [is_used_up(failures) for failures in (9, 10)] == [False, True]


@given(failures=st.integers(1, 200), chance=CHANCES)
def test_jitter_only_lengthens_and_never_by_more_than_its_part(failures: int, chance: float) -> None:
    step = STEPS_S[min(failures, len(STEPS_S) - 1)]
    assert step <= wait_s(failures, chance=chance) <= step * (1 + JITTER)


@given(
    failures=st.integers(1, 20),
    chance=CHANCES,
    status=st.sampled_from([429, 503]),
    said=st.floats(-1e12, 1e12, allow_nan=False),
)
def test_retry_after_is_never_undercut_and_holds_for_a_day_at_most(
    failures: int, chance: float, status: int, said: float
) -> None:
    own = wait_s(failures, chance=chance)
    wait = wait_s(failures, chance=chance, status=status, retry_after_s=said)
    assert wait >= min(said, DAY_S)
    assert own <= wait <= max(own, DAY_S)


@given(failures=st.integers(1, 20), chance=CHANCES, status=st.sampled_from([200, 404, 500, None]))
def test_other_answers_cannot_say_when_they_are_asked_again(failures: int, chance: float, status: int | None) -> None:
    own = wait_s(failures, chance=chance)
    assert wait_s(failures, chance=chance, status=status, retry_after_s=9e9) == own


@given(st.one_of(st.none(), st.integers(100, 999)))
def test_2xx_is_success_410_is_the_end_and_anything_else_a_failure(status: int | None) -> None:
    said = result_of(status)
    assert (said == "delivered") == (status is not None and status // 100 == 2)
    assert (said == "gone") == (status == 410)


@given(st.lists(st.one_of(st.just(True), st.integers(1, 200_000)), max_size=40))
def test_the_circuit_is_open_exactly_behind_five_failures_in_a_row(events: list[int]) -> None:
    """True is a success, a number a failure whose message is tried again after so many seconds."""
    health, now, in_a_row = Health(), NOON, 0
    for event in events:
        now += timedelta(seconds=7)
        if event is True:
            health, in_a_row = health.after_success(), 0
            assert health.may_try(now)
            continue
        health, in_a_row = health.after_failure(now, again_at=now + timedelta(seconds=event)), in_a_row + 1
        assert health.is_open == (in_a_row >= OPENS_AFTER)
        assert health.may_try(now) == (not health.is_open)
        assert health.may_try(now + timedelta(seconds=event))
    assert (health.standing(now) == "good") == (in_a_row == 0)


@pytest.mark.parametrize(
    ("after", "standing"),
    [
        (timedelta(0), "failing"),
        (WARNS_AFTER - timedelta(seconds=1), "failing"),
        (WARNS_AFTER, "warned"),
        (DISABLES_AFTER - timedelta(seconds=1), "warned"),
        (DISABLES_AFTER, "disabled"),
    ],
)
def test_a_warning_comes_days_before_the_end(after: timedelta, standing: str) -> None:
    health = Health().after_failure(NOON, again_at=NOON)
    later = health.after_failure(NOON + timedelta(hours=1), again_at=NOON)
    assert later.standing(NOON + after) == standing
    assert later.after_success().standing(NOON + after) == "good"
