"""What every endpoint is handed: the hub, who may do what, the ways to intake, and the threads for slow work."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.heads import HeadWatch
from daumoi.gateway.metrics import Meters
from daumoi.gateway.rates import Rates
from daumoi.intake.setup import numbered_kinds
from daumoi.intake.single import GroupCommit
from daumoi.intake.submissions import over_quota
from daumoi.organisations.quotas import Quota
from daumoi.organisations.registry import Client, System

_BODY_THREADS = 3
_READ_THREADS = 4
_P = ParamSpec("_P")
_T = TypeVar("_T")
LOG_KINDS = tuple(name for name, _ in numbered_kinds())
"""Kinds that can be read: those that are sent, and the log's own."""


class Gate:
    """Shared by all endpoints of one server process."""

    def __init__(self, hub: Hub, *, intake_socket: Path) -> None:
        """Begin; nothing runs before `open`."""
        self.hub = hub
        self.intake_socket = intake_socket
        self.watch = HeadWatch(hub)
        self.commits = GroupCommit(hub)
        self.meters = Meters(self.watch, hub.settings)
        self.rates = Rates(hub.settings)
        self.quota = Quota(hub)
        self.stopping = asyncio.Event()
        # Readers and bodies have threads of their own, so that neither can shut the other out.
        self._body_threads = ThreadPoolExecutor(_BODY_THREADS, "gateway-body")
        self._read_threads = ThreadPoolExecutor(_READ_THREADS, "gateway-read")
        self._bulk: dict[str, int] = {}
        self._writing: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    async def open(self) -> None:
        """Start watching the heads, the registry and the agreements, and read what was sent today."""
        await self.watch.start()
        self.quota.start()

    async def stop_waiting(self) -> None:
        """Let all who wait answer: long polls, streams, and bulk bodies with their receipt so far."""
        self.stopping.set()
        await self.watch.stop()

    async def close(self) -> None:
        """Store what waits and end the threads."""
        await self.stop_waiting()
        await asyncio.to_thread(self.commits.close)
        await asyncio.to_thread(self.quota.close)
        self._body_threads.shutdown(wait=False)
        self._read_threads.shutdown(wait=False)

    async def read(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a reading call in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, lambda: work(*args, **kwargs))

    async def write(self, system: System, work: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a storing call of a system in a thread; a system has at most all but one of the threads."""
        place = self._writing.get(system.id)
        if place is None:
            place = self._writing[system.id] = asyncio.Semaphore(_BODY_THREADS - 1)
        async with place:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._body_threads, lambda: work(*args, **kwargs))

    def count_records(self, system: System, records: int) -> None:
        """Count records for the day of a system; raises CallProblem rate_limited when they are too many."""
        wait_s = self.quota.take(system, records)
        if wait_s is not None:
            raise over_quota(self.hub, system, wait_s)

    def agreement(self, system: System, kind: str) -> Agreement:
        """Return what a system may see of a kind; raises CallProblem unknown_kind and no_agreement."""
        if kind not in LOG_KINDS:
            raise CallProblem("unknown_kind")
        found = self.watch.agreements.of(system.id, kind, on=self.hub.clock.now().astimezone(VIET_NAM_TIME).date())
        if found is None:
            raise CallProblem("no_agreement")
        return found

    def active(self, client_id: str) -> Client | None:
        """Return a client that is not suspended, nor its system."""
        client = self.watch.registry.client(client_id)
        return None if client is None or client.suspended or client.system.suspended else client

    @contextmanager
    def bulk_place(self, client_id: str) -> Iterator[None]:
        """Hold one of the places for bulk bodies that a client has; raises CallProblem rate_limited."""
        most = self.hub.settings.bodies_per_client_max
        held = self._bulk.get(client_id, 0)
        if held >= most:
            detail = f"A client sends at most {most} bulk bodies at once. Wait until one has ended."
            raise CallProblem("rate_limited", detail, headers={"Retry-After": "1"})
        self._bulk[client_id] = held + 1
        self.meters.bodies.inc()
        try:
            yield
        finally:
            self.meters.bodies.dec()
            self._bulk[client_id] -= 1
            if not self._bulk[client_id]:
                del self._bulk[client_id]
