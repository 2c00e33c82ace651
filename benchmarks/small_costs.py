"""What is paid for each record or look-up in memory: rate, quota, a province by its border, loading the areas."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.own_hub import own_hub
from benchmarks.table import Table
from daumoi.areas import catalogue
from daumoi.areas.points import province_at
from daumoi.gateway.rates import Rates
from daumoi.organisations.quotas import Quota
from daumoi.organisations.registry import System

_MANY = 10_000
_SYSTEM = System(1, "dov", "Dov", "dov", frozenset(), False, 1_000_000, 10**12)


def _best_us(work: Callable[[int], object], many: int) -> float:
    """Microseconds of one piece of work: the best of five rounds, as others disturb and nobody helps."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for number in range(many):
            work(number)
        best = min(best, time.perf_counter() - began)
    return best / many * 1e6


def measure(table: Table) -> None:
    """Measure each on an empty hub of its own and say it."""
    with own_hub(datetime.now(UTC)) as hub:
        rates, quota = Rates(hub.settings), Quota(hub)
        _say_all(rates, quota, table)


def _say_all(rates: Rates, quota: Quota, table: Table) -> None:
    for what, microseconds, limit in (
        ("a check of a client's rate", _best_us(lambda _: rates.take(_SYSTEM), _MANY), "3 µs"),
        ("counting records of a client's quota", _best_us(lambda _: quota.take(_SYSTEM, 1), _MANY), "3 µs"),
        (
            "the province of a point by its border",
            _best_us(lambda step: province_at(9 + step % 200 * 0.07, 105 + step % 200 * 0.015), 200),
            "10,000 µs",
        ),
        ("loading the areas of all schemes", _best_us(lambda _: catalogue.load(), 1), "150,000 µs"),
    ):
        table.say(what, f"{microseconds:,.2f} µs", limit)
