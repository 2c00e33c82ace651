"""How many records a system may send on a day of Viet Nam, counted by several processes and over restarts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from daumoi.core.hub import Hub
from daumoi.organisations.quotas import Quota
from daumoi.organisations.registry import System


def a_system(number: int = 1, records_per_day: int | None = 100) -> System:
    return System(number, f"dov-{number}", "Dov", "dov", frozenset(), False, None, records_per_day)


@pytest.fixture
def hub(hub_at_noon: Hub) -> Hub:
    return hub_at_noon


def test_records_up_to_the_quota_may_be_sent_and_not_one_more(hub: Hub) -> None:
    quota, system = Quota(hub), a_system()
    assert quota.take(system, 60) is None
    assert quota.take(system, 41) == 12 * 3600, "it is noon: the day ends in twelve hours"
    assert quota.take(system, 40) is None, "what was refused is not counted"
    assert quota.take(system, 1) is not None
    assert quota.take(a_system(2), 100) is None


def test_a_new_day_of_viet_nam_begins_with_nothing_sent(hub: Hub) -> None:
    quota, system = Quota(hub), a_system()
    assert quota.take(system, 100) is None
    hub.clock.move(timedelta(hours=11, minutes=59))  # type: ignore[attr-defined]
    assert quota.take(system, 1) == 60
    hub.clock.move(timedelta(minutes=1))  # type: ignore[attr-defined]
    assert quota.take(system, 100) is None
    quota.write()
    assert quota.take(system, 1) is not None, "both days were written down, each for itself"


def test_a_restart_forgets_nothing_that_was_written_down(hub: Hub) -> None:
    before = Quota(hub)
    assert before.take(a_system(), 90) is None
    before.write()
    after = Quota(hub)
    after.write()
    assert after.take(a_system(), 11) is not None
    assert after.take(a_system(), 10) is None


def test_processes_know_of_each_other_after_they_have_written(hub: Hub) -> None:
    server, intake = Quota(hub), Quota(hub)
    assert server.take(a_system(), 50) is None
    assert intake.take(a_system(), 50) is None
    for quota in (server, intake, server):
        quota.write()
    assert server.take(a_system(), 1) is not None
    assert intake.take(a_system(), 1) is not None


def test_what_is_counted_is_written_down_within_two_seconds_and_at_the_end(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub()
    quota = Quota(hub)
    quota.start()
    assert quota.take(a_system(), 5) is None
    until = time.monotonic() + 5
    while _sent(hub) != [(1, 5)]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert quota.take(a_system(2), 7) is None
    quota.close()
    assert _sent(hub) == [(1, 5), (2, 7)]


def test_a_database_that_is_away_delays_the_writing_and_loses_no_count(hub: Hub) -> None:
    away = dataclasses.replace(hub, pool=_closed_pool(hub))
    quota = Quota(away)
    assert quota.take(a_system(), 60) is None
    quota.write()
    assert quota.take(a_system(), 41) is not None, "still known in this process"


def _closed_pool(hub: Hub) -> object:
    from daumoi.core.database import open_pool

    pool = open_pool(hub.dsn)
    pool.close()
    return pool


def _sent(hub: Hub) -> list[tuple[int, int]]:
    with hub.pool.connection() as connection:
        return connection.execute("SELECT system_id, records FROM records_sent ORDER BY 1").fetchall()  # type: ignore[return-value]
