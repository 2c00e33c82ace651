"""Watches the heads of the log for those who wait: one look for all, however many wait (design, section 3).

A notice from a writer is a hint; the look every quarter of a second is the guarantee. The registry and the
agreements are kept fresh by the same look, so that a suspended client is out within it. Of those whose agreement gives
a part only, the ones that new records concern are woken: one pass over the records finds them all.
"""

import asyncio
import threading
import time
from typing import NamedTuple

import psycopg
import structlog

from daumoi.core.database import Connection, connect, sqlstate_of
from daumoi.core.faults import way_of
from daumoi.core.hub import Hub
from daumoi.exchange import agreements
from daumoi.exchange.agreements import Agreement, Agreements
from daumoi.exchange.matching import Routes
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.notices import CHANNEL
from daumoi.log.selectors import HeadFigure, heads, places
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

LOOK_EVERY_S = 0.25
_DELAYED_EVERY_S = 1.0
_LEAP = 20_000
"""Records between two looks beyond which everybody who waits is woken instead of reading them."""
_REST_EACH_S, _REST_MOST_S = 0.004, 0.25
"""For each reader of a part that was woken nobody of them is for so long: the more there are, the more records each of
their pages is to hold."""
_RETRY_S = 0.5
_log = structlog.get_logger("daumoi.exchange")


class Concerned:
    """Readers that wait for records of a part of the country, and which of them new records concern."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._guard = threading.Lock()
        self._waiting: dict[str, dict[asyncio.Event, Agreement]] = {}

    def add(self, agreement: Agreement) -> asyncio.Event:
        """Let a reader wait."""
        event = asyncio.Event()
        with self._guard:
            self._waiting.setdefault(agreement.kind, {})[event] = agreement
        return event

    def remove(self, agreement: Agreement, event: asyncio.Event) -> None:
        """Let it wait no longer."""
        with self._guard:
            self._waiting.get(agreement.kind, {}).pop(event, None)

    def all(self) -> list[asyncio.Event]:
        """Return the events of all who wait."""
        with self._guard:
            return [event for waiting in self._waiting.values() for event in waiting]

    def of(self, kind: str) -> dict[asyncio.Event, Agreement]:
        """Return who waits for records of a kind."""
        with self._guard:
            return dict(self._waiting.get(kind, {}))

    @staticmethod
    def by(
        connection: Connection, figure: HeadFigure, before: int | None, waiting: dict[asyncio.Event, Agreement]
    ) -> list[asyncio.Event]:
        """Return the events of those who wait whom the records behind `before` concern.

        A correction or a withdrawal may concern whoever had the record before, and so everybody; a leap is not read.
        """
        if not waiting:
            return []
        events = list(waiting)
        if before is None or figure.last_seq - before > _LEAP:
            return events
        routes = Routes([agreement.matcher for agreement in waiting.values()])
        found: set[int] = set()
        for system_id, path, scheme, code, is_first in places(
            connection, kind=figure.number, after=before, last=figure.last_seq
        ):
            if not is_first:
                return events
            found.update(routes.of((path, scheme, code), system_id))
        return [events[number] for number in sorted(found)]


class _News(NamedTuple):
    """Whom records of a kind up to a number concern, and who was asked about."""

    kind: str
    last: int
    woken: list[asyncio.Event]
    asked: frozenset[asyncio.Event]


class HeadWatch:
    """One thread looks; the event loop's waiters are woken."""

    def __init__(self, hub: Hub) -> None:
        """Begin without knowing anything; `start` makes the first look."""
        self._hub = hub
        self.registry = Registry(0, {}, {})
        self.agreements = Agreements()
        self.heads: dict[str, int] = {}
        self.looked_at = 0.0
        """Monotonic time of the last look that succeeded; readiness is measured by it."""
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: dict[str, asyncio.Event] = {}
        self._concerned = Concerned()
        self._told: dict[str, int] = {}
        """By kind, up to which number it was looked whom records concern among those who wait for a part."""
        self._rests_until = 0.0

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
        for event in (*self._changed.values(), *self._concerned.all()):
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

    async def wait_for_news(self, agreement: Agreement, after: int, timeout_s: float) -> bool:
        """Wait until records behind a number may concern a reader; False when the time is over or the hub stops.

        `after` is the head up to which the reader has looked. An agreement with a delay is looked at every second.
        """
        if agreement.terms.delay_s:
            timeout_s = min(timeout_s, _DELAYED_EVERY_S)
        elif not agreement.gives_all and agreement.kind != IDENTITY_CHANGE and not agreement.hides_numbers:
            if self._told.get(agreement.kind, 0) > after:
                return True
            event = self._concerned.add(agreement)
            try:
                await asyncio.wait_for(event.wait(), timeout_s)
            except TimeoutError:
                return False
            finally:
                self._concerned.remove(agreement, event)
            return not self._ending.is_set()
        return await self.wait_beyond(agreement.kind, after, timeout_s)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with connect(self._hub.dsn, "daumoi head watch") as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._look_on(connection)
            except psycopg.Error as error:
                _log.warning("the database cannot be watched", reason=sqlstate_of(error))
                self._ending.wait(_RETRY_S)
            except Exception as error:
                # Without this thread nobody learns of anything any more, so a fault of ours does not end it.
                _log.error("heads: not handled", reason=type(error).__name__, way=way_of(error.__traceback__))
                self._ending.wait(_RETRY_S)

    def _look_on(self, connection: Connection) -> None:
        while not self._ending.is_set():
            self._look(connection)
            rests = self._rests_until - time.monotonic()
            for _ in connection.notifies(timeout=min(LOOK_EVERY_S, rests) if rests > 0 else LOOK_EVERY_S, stop_after=1):
                pass

    def _look(self, connection: Connection) -> None:
        if registry.version(connection) != self.registry.version:
            # The registry first, with the version it was read at: a change in between is seen at the next look.
            found = registry.load(connection)
            self.agreements = agreements.load(connection)
            self.registry = found
        figures = heads(connection)
        moved = {each.kind: each.last_seq for each in figures if self.heads.get(each.kind) != each.last_seq}
        news = [] if time.monotonic() < self._rests_until else self._news(connection, figures)
        self.looked_at = time.monotonic()
        if (moved or news) and self._loop is not None:
            self._rests_until = self.looked_at + min(_REST_MOST_S, _REST_EACH_S * sum(len(each.woken) for each in news))
            self._loop.call_soon_threadsafe(self._wake, moved, news)

    def _news(self, connection: Connection, found: list[HeadFigure]) -> list["_News"]:
        """Find out whom records concern that came since this was asked last."""
        news = []
        for figure in found:
            before = self._told.get(figure.kind)
            if before != figure.last_seq:
                waiting = self._concerned.of(figure.kind)
                woken = self._concerned.by(connection, figure, before, waiting)
                news.append(_News(figure.kind, figure.last_seq, woken, frozenset(waiting)))
        return news

    def _wake(self, moved: dict[str, int], news: list["_News"]) -> None:
        self.heads.update(moved)
        for each in news:
            self._told[each.kind] = each.last
            # Who began to wait meanwhile was not asked about.
            for waiter in (*each.woken, *(self._concerned.of(each.kind).keys() - each.asked)):
                waiter.set()
        for kind in moved:
            event = self._changed.pop(kind, None)
            if event is not None:
                event.set()
