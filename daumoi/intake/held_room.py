"""Whether a system may have more rows held. Looked at only when a bad row comes, and at most every few seconds."""

import threading
import time

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.organisations.registry import System

_SQL = statements("daumoi.intake", "held")
LOOK_EVERY_S = 5.0


class HeldRoom:
    """Remembers, for one process, which systems hold as much as they may."""

    def __init__(self) -> None:
        """Begin without having looked."""
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}
        self._guard = threading.Lock()

    def is_known_full(self, hub: Hub, system: System) -> bool:
        """Tell whether the last look, if it is fresh, found no room; reads nothing."""
        looked_at, left = self._seen.get((hub.dsn, system.id), (0.0, 0))
        return left < 0 and time.monotonic() - looked_at < LOOK_EVERY_S

    def is_full(self, hub: Hub, connection: Connection, system: System, *, bad: int) -> bool:
        """Tell whether a system has no room for the bad rows that this transaction has just held.

        The look counts entries of one index up to the limit, some 15 ms at 100,000; it is made anew after
        LOOK_EVERY_S, or when what it found free may be used up.
        """
        key, now = (hub.dsn, system.id), time.monotonic()
        with self._guard:
            looked_at, left = self._seen.get(key, (float("-inf"), 0))
            fresh = now - looked_at < LOOK_EVERY_S
            if fresh and left >= bad:
                self._seen[key] = (looked_at, left - bad)
                return False
        most = hub.settings.held_rows_max
        row = connection.execute(_SQL["open_up_to"], (system.id, most + 1)).fetchone()
        assert row is not None
        with self._guard:
            self._seen[key] = (now, most - row[0])
        return bool(row[0] > most)


HELD_ROOM = HeldRoom()


def refusal(hub: Hub, receipt: object = None) -> CallProblem:
    """Make the answer to bad rows of a system that has no room for them."""
    detail = (
        f"More than {hub.settings.held_rows_max} rows of your system wait for mending, and this body brings further "
        "bad rows. Mend or replay those that are held (GET /api/v1/held, POST /api/v1/held/replay), or send them again "
        "corrected; good rows are taken as ever."
    )
    return CallProblem("too_many_bad_rows", detail, receipt=receipt)
