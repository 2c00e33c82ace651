"""Counts failed sign-ins by client id, so that guessing is slowed down."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

FAILURES_MAX = 10
WINDOW = timedelta(minutes=1)
_IDS_MAX = 10_000


class Attempts:
    """Failures of the last minute. Memory is bounded: of many ids the one longest untouched is forgotten first.

    Only failures are refused. A right secret is always taken: else a stranger could shut a partner out by guessing.
    """

    def __init__(self) -> None:
        """Begin with no failures."""
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()

    def fail(self, client_id: str, at: datetime) -> int | None:
        """Note a failure; returns how many seconds to wait when there were too many, else None."""
        failures = self._failed.setdefault(client_id, deque(maxlen=FAILURES_MAX))
        self._failed.move_to_end(client_id)
        while failures and failures[0] <= at - WINDOW:
            failures.popleft()
        if len(failures) == FAILURES_MAX:
            return max(1, round((failures[0] + WINDOW - at).total_seconds()))
        failures.append(at)
        if len(self._failed) > _IDS_MAX:
            self._failed.popitem(last=False)
        return None
