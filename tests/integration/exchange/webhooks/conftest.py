"""One hub whose clock stands until it is moved, who sends to it, who reads it, and what sends to the receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.organisations.registry import System
from tests.integration.exchange.webhooks.receiving import ALLOWED, Looking, looking
from tests.integration.sending import a_system


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub(clock=FixedClock(datetime.now(UTC)), **ALLOWED)


@pytest.fixture
def sender(hub: Hub) -> System:
    return a_system(hub, "sender")


@pytest.fixture
def reader(hub: Hub, sender: System) -> System:
    return a_system(hub, "reader", read="*", identity="pseudonym")


@pytest.fixture
def looks(hub: Hub, reader: System) -> Iterator[Looking]:
    with looking(hub) as found:
        yield found
