"""When a message is tried again, and what failures do to their destination: pure rules of instants, no clock.

Source of the steps: the Standard Webhooks specification 1.0.0, "Deliverability and reliability".
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
STEPS_S = (
    0,
    5,
    5 * MINUTE_S,
    30 * MINUTE_S,
    2 * HOUR_S,
    5 * HOUR_S,
    10 * HOUR_S,
    14 * HOUR_S,
    20 * HOUR_S,
    24 * HOUR_S,
)
"""Seconds before each try, counted from the one before."""
JITTER = 0.1
"""A wait is longer by up to this part of it, so that many messages that failed together do not come back together."""
RETRY_AFTER_MAX_S = DAY_S
OPENS_AFTER = 5
"""Failures in a row after which a destination gets one probe at a time and nothing else."""
WARNS_AFTER = timedelta(days=1)
DISABLES_AFTER = timedelta(days=5)
GONE = 410
_THROTTLED = (429, 503)

Result = Literal["delivered", "failed", "gone"]
Standing = Literal["good", "failing", "warned", "disabled"]


def result_of(status: int | None) -> Result:
    """Say what an answer means: 2xx is success, 410 an end, and anything else, also none at all, a failure."""
    if status is not None and 200 <= status < 300:
        return "delivered"
    return "gone" if status == GONE else "failed"


def wait_s(failures: int, *, chance: float, status: int | None = None, retry_after_s: float | None = None) -> float:
    """Return the seconds until the next try after so many failures in a row (one at least).

    `chance` lies in [0, 1) and is spread over the jitter. A receiver that answers 429 or 503 with Retry-After is asked
    again no sooner than it says, a day at most. Behind the last step the wait stays a day.
    """
    if failures < 1:
        return 0.0
    wait = STEPS_S[min(failures, len(STEPS_S) - 1)] * (1 + JITTER * chance)
    if status in _THROTTLED and retry_after_s is not None:
        wait = max(wait, min(max(retry_after_s, 0.0), RETRY_AFTER_MAX_S))
    return wait


def is_used_up(failures: int) -> bool:
    """Tell whether a message has had all its tries."""
    return failures >= len(STEPS_S)


@dataclass(frozen=True)
class Health:
    """What is known of a destination: its failures in a row, since when, and when it may be tried again."""

    failures: int = 0
    failing_since: datetime | None = None
    probe_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the circuit is open: one probe at a time, nothing else."""
        return self.failures >= OPENS_AFTER

    def may_try(self, now: datetime) -> bool:
        """Tell whether an attempt may begin, as far as the circuit is concerned."""
        return not self.is_open or self.probe_at is None or self.probe_at <= now

    def after_success(self) -> "Health":
        """Everything is well again."""
        return Health()

    def after_failure(self, now: datetime, *, again_at: datetime) -> "Health":
        """One more failure; `again_at` is when its message is tried again."""
        since = self.failing_since or now
        return replace(self, failures=self.failures + 1, failing_since=since, probe_at=again_at)

    def standing(self, now: datetime) -> Standing:
        """Say how the destination stands: a warning comes days before it is disabled."""
        if self.failing_since is None:
            return "good"
        lasts = now - self.failing_since
        if lasts >= DISABLES_AFTER:
            return "disabled"
        return "warned" if lasts >= WARNS_AFTER else "failing"
