"""Silence is told against a system's own rhythm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from daumoi.situation.flows import median_of_buckets
from daumoi.situation.rhythm import Rhythm, rhythm

NOW = datetime(2021, 8, 15, 10, 20, tzinfo=UTC)
BEGUN = NOW.replace(minute=0)


def hours(*of_day: int, days: int = 14, until: datetime = BEGUN) -> list[datetime]:
    """The hours of so many days in which a system sent, up to an instant."""
    found = [(BEGUN - timedelta(days=day)).replace(hour=hour) for day in range(days + 1) for hour in of_day]
    return [hour for hour in found if hour < until]


def state(active: list[datetime], now: datetime = NOW) -> Rhythm:
    return rhythm(active, last_at=max(active) + timedelta(minutes=59) if active else None, now=now)


def test_who_sends_every_hour_is_silent_after_one_whole_hour() -> None:
    assert state(hours(*range(24))) == Rhythm.SENDING
    assert state(hours(*range(24), until=BEGUN - timedelta(hours=1))) == Rhythm.SILENT


def test_who_rests_at_night_is_not_silent_at_night() -> None:
    by_day = hours(*range(1, 10))
    assert state(by_day, NOW.replace(hour=10) + timedelta(hours=12)) == Rhythm.SENDING
    assert state(by_day, NOW + timedelta(hours=16)) == Rhythm.SILENT


def test_who_sends_once_a_day_is_silent_when_its_hour_has_passed() -> None:
    nightly = hours(3)
    assert state(nightly, NOW + timedelta(hours=12)) == Rhythm.SENDING
    assert state(nightly, NOW + timedelta(hours=18)) == Rhythm.SILENT


def test_who_was_never_heard_of_has_no_rhythm_and_a_new_one_is_learnt() -> None:
    assert rhythm([], last_at=None, now=NOW) == Rhythm.NEVER
    assert state(hours(*range(24), days=1, until=BEGUN - timedelta(hours=3))) == Rhythm.LEARNING


def test_who_was_not_heard_of_for_two_weeks_is_silent() -> None:
    assert rhythm([], last_at=NOW - timedelta(days=15), now=NOW) == Rhythm.SILENT


@given(st.sets(st.integers(0, 14 * 24), max_size=80), st.integers(0, 59))
def test_a_record_of_this_hour_or_the_last_is_never_silence(ago: set[int], minute: int) -> None:
    active = [BEGUN - timedelta(hours=each) for each in ago | {1}]
    assert rhythm(active, last_at=BEGUN - timedelta(minutes=minute), now=NOW) == Rhythm.SENDING


@given(st.lists(st.floats(0, 10**7), min_size=1, max_size=60))
def test_the_median_of_buckets_lies_within_a_factor_of_that_of_the_values(values: list[float]) -> None:
    from math import floor, log2

    buckets: dict[int, int] = {}
    for value in values:
        bucket = floor(log2(1 + value))
        buckets[bucket] = buckets.get(bucket, 0) + 1
    told = median_of_buckets(list(buckets.items()))
    assert told is not None
    lower = sorted(values)[(len(values) - 1) // 2]
    assert 1 / 1.51 <= (1 + told) / (1 + lower) <= 1.51
