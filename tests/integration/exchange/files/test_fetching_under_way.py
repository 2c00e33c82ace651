"""A file that is being fetched breaks off when its agreement is changed or suspended, and does not count as fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange.files import fetching
from daumoi.gateway.calls import Call
from daumoi.gateway.files import pieces
from daumoi.gateway.gate import Gate
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.files.filing import MORNING, close_day, files_for, names
from tests.integration.exchange.test_what_is_given import suspend
from tests.integration.sending import TESTER, a_report, a_system, send

KIND = "citizen_report"


def file_of(hub: Hub, receiver: System) -> dict[str, Any]:
    (file,) = [each for each in names(hub, receiver, kind=KIND) if not each["is_manifest"]]
    return file


@pytest.mark.parametrize("change", ["none", "version", "suspension"])
def test_a_fetch_breaks_off_when_its_agreement_changes(
    make_hub: Callable[..., Hub], tmp_path: Path, change: str
) -> None:
    hub = make_hub(clock=FixedClock(MORNING))
    sender, receiver = a_system(hub, "dov"), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of(KIND, identity="given"))
    files_for(hub, receiver, kinds=[KIND])
    long = {"category": "crowd", "text": "Tụ tập đông người. " * 200}
    send(hub, sender, KIND, [a_report(f"r-{number}", data=long) for number in range(140)])
    close_day(hub)
    file = file_of(hub, receiver)
    assert file["bytes"] > 2 * 256 * 1024

    def begin_change() -> None:
        if change == "version":
            amended(hub, agreement, terms_of(KIND, fields={KIND: ("category",)}))
        elif change == "suspension":
            suspend(hub, agreement, on=True)

    async def fetched() -> int:
        gate = Gate(hub, intake_socket=tmp_path / "none")
        await gate.open()
        found = 0
        try:
            client = next(each for each in gate.watch.registry.clients.values() if each.system.id == receiver.id)
            opened = fetching.open_file(hub, system=receiver, name=file["name"], by=TESTER)
            async for piece in pieces(gate, Call("request", client), file["name"], opened):
                found += len(piece)
                if found == len(piece):
                    await asyncio.to_thread(begin_change)
                    await seen(gate)
            return found
        finally:
            await gate.close()

    async def seen(gate: Gate) -> None:
        with hub.pool.connection() as connection:
            version = registry.version(connection)
        while gate.watch.registry.version != version:
            await asyncio.sleep(0.01)

    if change == "none":
        assert asyncio.run(fetched()) == file["bytes"]
    else:
        with pytest.raises(CallProblem, match="no_agreement"):
            asyncio.run(fetched())
    assert (file_of(hub, receiver)["fetched_at"] is not None) == (change == "none")
