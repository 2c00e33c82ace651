"""How fast a system may call: so many calls a second, and what it saved up for a few seconds at once.

The state is in the memory of the one server process: a restart gives every system its whole burst again.
"""

import math
import time

from daumoi.core.settings import Settings
from daumoi.organisations.registry import System

BURST_S = 5
"""A system that was silent may make the calls of so many seconds at once."""


class Rates:
    """A token bucket for each system, kept as the time at which it would be full (GCRA, ITU-T I.371): one number."""

    def __init__(self, settings: Settings) -> None:
        """Begin with every bucket full."""
        self._default = settings.calls_per_second
        self._full_at: dict[int, float] = {}

    def take(self, system: System, now: float | None = None) -> int | None:
        """Take one call; returns None, or after how many seconds one will be free. `now` is monotonic. Below 1 µs.

        A call that is refused costs nothing, so a caller that waits as long as it was told is let in.
        """
        rate = system.calls_per_second or self._default
        at = time.monotonic() if now is None else now
        full_at = max(self._full_at.get(system.id, 0.0), at) + 1 / rate
        over = full_at - at - BURST_S
        if over > 1e-9:
            return max(1, math.ceil(over))
        self._full_at[system.id] = full_at
        return None
