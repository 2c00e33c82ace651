"""Keeps the figures for a second, so that a crowd of readers costs the database as little as one."""

import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import psycopg
import structlog

from daumoi.console import selectors
from daumoi.core.database import sqlstate_of
from daumoi.core.hub import Hub

KEPT_S = 1.0
_log = structlog.get_logger("daumoi.console")


class Look(NamedTuple):
    """The newest figures there are; `reachable` is false when the database did not answer just now."""

    figures: selectors.Figures | None
    reachable: bool


class Board:
    """The figures of one hub in one process; safe for threads."""

    def __init__(self, hub: Hub, *, tick: Callable[[], float] = time.monotonic) -> None:
        """Take a hub; `tick` tells the age of what is kept, in seconds."""
        self._hub = hub
        self._tick = tick
        self._guard = Lock()
        self._look = Look(None, reachable=False)
        self._looked_at = float("-inf")

    def look(self) -> Look:
        """Return figures at most KEPT_S old, or the last ones there were when the database does not answer."""
        with self._guard:
            if self._tick() - self._looked_at >= KEPT_S:
                self._look = self._read()
                self._looked_at = self._tick()
            return self._look

    def _read(self) -> Look:
        try:
            return Look(selectors.figures(self._hub), reachable=True)
        except psycopg.Error as error:
            _log.warning("figures cannot be read", reason=sqlstate_of(error))
            return Look(self._look.figures, reachable=False)
