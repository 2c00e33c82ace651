"""Whether a system is silent: held against its own last days, because each sends in a rhythm of its own."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

DAYS = 14
"""How many days back the rhythm is learnt from."""
DAYS_NEEDED = 3
"""Days that a system must have been seen for before it is called silent."""
SHARE = 0.9
"""On how many of those days it must have sent something at these hours."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Rhythm(StrEnum):
    """How a system keeps to its rhythm. Silent is no data, never zero."""

    SENDING = "sending"
    SILENT = "silent"
    LEARNING = "learning"
    NEVER = "never"


def rhythm(active: Collection[datetime], *, last_at: datetime | None, now: datetime) -> Rhythm:
    """Tell whether a system is silent: whether at these hours it has nearly always sent something before.

    active: beginnings of the hours (UTC) of the last DAYS days in which something came. last_at: when the last came.
    The time since then is compared, day by day, with the same hours of the days before: a system that rests at night or
    sends once a day is not silent then. An hour that has begun is not counted against it. A day counts when the system
    had been heard of before it. Silent for more than DAYS days is always silent.
    """
    if last_at is None:
        return Rhythm.NEVER
    first_missing = _hour(last_at) + _HOUR
    upto = _hour(now)
    if upto <= first_missing:
        return Rhythm.SENDING
    if now - last_at > DAYS * _DAY:
        return Rhythm.SILENT
    known_since = min(active, default=None)
    observed = sent = 0
    for days in range(1, DAYS + 1):
        begins, ends = first_missing - days * _DAY, upto - days * _DAY
        if known_since is None or begins < known_since:
            break
        observed += 1
        sent += any(begins <= hour < ends for hour in active)
    if observed < DAYS_NEEDED:
        return Rhythm.LEARNING
    return Rhythm.SILENT if sent >= SHARE * observed else Rhythm.SENDING


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
