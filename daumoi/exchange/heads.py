"""Watches the heads of the log for those who wait: one look for all, however many wait (design, section 3).

A notice from a writer is a hint; the look every quarter of a second is the guarantee. The registry and the
agreements are kept fresh by the same look, so that a suspended client is out within it.
"""

import asyncio
import threading
import time

import psycopg
import structlog

from daumoi.core.database import Connection, connect, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.exchange import agreements
from daumoi.exchange.agreements import Agreements
from daumoi.log.notices import CHANNEL
from daumoi.log.selectors import heads
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

LOOK_EVERY_S = 0.25
_RETRY_S = 0.5
_log = structlog.get_logger("daumoi.exchange")


class HeadWatch:
    """One thread looks; the event loop's waiters are woken."""

    def __init__(self, hub: Hub) -> None:
        """Begin without knowing anything; `start` makes the first look."""
        self._hub = hub
        self.registry = Registry(0, {}, {})
        self.agreements = Agreements({})
        self.heads: dict[str, int] = {}
        self.looked_at = 0.0
        """Monotonic time of the last look that succeeded; readiness is measured by it."""
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        """Look once, then go on in a thread."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="head-watch", daemon=True)
        self._thread.start()
        for _ in range(40):
            if self.looked_at:
                return
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop looking, and let all who wait answer."""
        self._ending.set()
        for event in self._changed.values():
            event.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 2)

    @property
    def stopping(self) -> bool:
        """Tell whether the server is going down."""
        return self._ending.is_set()

    async def wait_beyond(self, kind: str, after: int, timeout_s: float) -> bool:
        """Wait until the head of a kind lies beyond a number; False when the time is over or the hub stops."""
        ends = time.monotonic() + timeout_s
        while self.heads.get(kind, 0) <= after:
            left = ends - time.monotonic()
            if left <= 0 or self._ending.is_set():
                return False
            event = self._changed.setdefault(kind, asyncio.Event())
            try:
                await asyncio.wait_for(event.wait(), left)
            except TimeoutError:
                return False
        return True

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with connect(self._hub.dsn, "daumoi head watch") as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._look_on(connection)
            except psycopg.Error as error:
                _log.warning("the database cannot be watched", reason=sqlstate_of(error))
                self._ending.wait(_RETRY_S)

    def _look_on(self, connection: Connection) -> None:
        while not self._ending.is_set():
            self._look(connection)
            for _ in connection.notifies(timeout=LOOK_EVERY_S, stop_after=1):
                pass

    def _look(self, connection: Connection) -> None:
        if registry.version(connection) != self.registry.version:
            # The registry first, with the version it was read at: a change in between is seen at the next look.
            found = registry.load(connection)
            self.agreements = agreements.load(connection)
            self.registry = found
        moved = {}
        for figure in heads(connection):
            if self.heads.get(figure.kind) != figure.last_seq:
                moved[figure.kind] = figure.last_seq
        self.looked_at = time.monotonic()
        if moved and self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake, moved)

    def _wake(self, moved: dict[str, int]) -> None:
        self.heads.update(moved)
        for kind in moved:
            event = self._changed.pop(kind, None)
            if event is not None:
                event.set()
