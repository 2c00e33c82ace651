"""Time is given, never taken: whoever needs the time is handed a clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Protocol

VIET_NAM_TIME = timezone(timedelta(hours=7))
"""One offset all year since 1975: a day of the hub, and the local day of an event, is a day of this offset."""


def midnight(day: date) -> datetime:
    """Return the first instant of a day of Viet Nam."""
    return datetime.combine(day, time(), VIET_NAM_TIME)


class Clock(Protocol):
    """Tells the time as an aware instant in UTC."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests and for replays at a date."""

    def __init__(self, at: datetime) -> None:
        """Stand at `at`, which must carry an offset."""
        if at.tzinfo is None:
            raise ValueError("a clock needs an instant with an offset")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self._at

    def move(self, by: timedelta) -> None:
        """Step forward, or back when `by` is negative."""
        self._at += by
