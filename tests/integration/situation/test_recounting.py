"""The recount proves the figures, tells when they are not those of the log, and puts them right."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from daumoi.cli.processes.observing import Observer
from daumoi.cli.processes.worker import prove_figures
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.situation.recounting import last_result, recount
from tests.integration.situation.test_counting import count_everything, live, ready

MakeHub = Callable[..., Hub]
TABLES = (
    "province_figure",
    "ward_figure",
    "place_figure",
    "flow_figure",
    "latency_figure",
)


@pytest.fixture
def busy(make_hub: MakeHub) -> Hub:
    """A hub that has seen corrections and withdrawals, all counted, its last hour over."""
    hub, systems = ready(make_hub)
    live(random.Random(7), hub, systems, steps=40)
    count_everything(hub)
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(timedelta(hours=1))
    return hub


def figures_of(hub: Hub) -> dict[str, float]:
    observer = Observer(hub, ())
    with hub.pool.connection() as connection:
        observer.look(connection)
    return {sample.name: sample.value for metric in observer.collect() for sample in metric.samples}


def test_figures_that_are_right_are_proved(busy: Hub) -> None:
    with busy.pool.connection() as connection:
        heads = connection.execute("SELECT sum(seq) FROM head").fetchone()
    assert "daumoi_recount_timestamp_seconds" not in figures_of(busy)
    prove_figures(busy)
    with busy.pool.connection() as connection:
        found = last_result(connection)
    assert found is not None
    assert (found.differing, found.records, found.doubtful_hours) == ({}, heads[0] if heads else None, 0)
    assert found.hours > 5
    seen = figures_of(busy)
    assert seen["daumoi_recount_differing_rows"] == 0
    assert seen["daumoi_recount_timestamp_seconds"] == busy.clock.now().timestamp()


def test_each_table_that_is_wrong_is_told_and_put_right(busy: Hub) -> None:
    for table in TABLES:
        with busy.pool.connection() as connection:
            column = "accepted" if table == "flow_figure" else "records"
            connection.execute(
                f"UPDATE {table} SET {column} = {column} + 1 WHERE ctid = (SELECT min(ctid) FROM {table})"
            )
    # A sum by day is no more the sum of its hours; once the hours are put right, it is again.
    wrong = dict.fromkeys(TABLES, 2)
    assert recount(busy).differing == wrong | {"day_figure": 1}
    assert figures_of(busy)["daumoi_recount_differing_rows"] == 2 * len(TABLES) + 1
    assert recount(busy, mend=True).differing == wrong
    assert recount(busy).differing == {}
    with busy.pool.connection() as connection:
        connection.execute("DELETE FROM day_figure WHERE ctid = (SELECT min(ctid) FROM day_figure)")
    assert recount(busy, mend=True).differing == {"day_figure": 1}
    assert recount(busy).differing == {}


def test_a_range_counted_twice_or_left_out_and_a_lost_mark_are_seen(busy: Hub) -> None:
    with busy.pool.connection() as connection:
        connection.execute("DELETE FROM ward_figure WHERE ctid = (SELECT min(ctid) FROM ward_figure)")
        marks = connection.execute(
            "DELETE FROM state_replaced x USING record r WHERE r.kind = x.kind AND r.seq = x.seq AND r.op = 2"
        ).rowcount
    assert marks > 3
    found = recount(busy)
    assert found.differing["state_replaced"] == marks
    assert found.differing["ward_figure"] >= 1


def test_an_hour_that_is_not_over_is_not_compared(make_hub: MakeHub) -> None:
    hub, systems = ready(make_hub)
    live(random.Random(8), hub, systems, steps=20)
    with hub.pool.connection() as connection:
        connection.execute(
            "DELETE FROM province_figure WHERE received_hour = date_trunc('hour', %s)", (hub.clock.now(),)
        )
    count_everything(hub)
    assert recount(hub).differing == {}
