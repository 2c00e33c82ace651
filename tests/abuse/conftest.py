"""One hub with small bounds for all that abuses it, and what its processes cost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.costs import Costs
from tests.hubs import Caller, HubServer

HEAD_S = 1
BODY_IDLE_S = 2
BODY_LEAST_BYTES_PER_S = 2000
OF_ONE_ADDRESS = 620
HELD_MAX = 1500


@pytest.fixture(scope="session")
def abused(workspace: Path, prepared: Path) -> Iterator[HubServer]:
    """A hub whose patience is short, so that the tests are."""
    server = HubServer(
        workspace / "abused",
        prepared=prepared,
        DAUMOI_HEAD_SECONDS=str(HEAD_S),
        DAUMOI_BODY_IDLE_SECONDS=str(BODY_IDLE_S),
        DAUMOI_BODY_MIN_BYTES_PER_SECOND=str(BODY_LEAST_BYTES_PER_S),
        DAUMOI_CONNECTIONS_PER_ADDRESS_MAX=str(OF_ONE_ADDRESS),
        DAUMOI_HELD_ROWS_MAX=str(HELD_MAX),
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mallory(abused: HubServer) -> Caller:
    """A partner whose system has gone wrong, or who means ill: may send and read all."""
    return abused.new_system(send="all", read="all")


@pytest.fixture(scope="session")
def dov_beside(abused: HubServer) -> Caller:
    """A partner who does nothing wrong while others do."""
    return abused.new_system(send="all", read="all")


@pytest.fixture
def costs(abused: HubServer) -> Costs:
    """What the server and the intake process cost from here on."""
    return Costs(abused)


@pytest.fixture(scope="session")
def cora_beside(abused: HubServer) -> Caller:
    """Another good partner, of a system of its own."""
    return abused.new_system(send="all", read="all")
