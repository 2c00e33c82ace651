"""The last minute, from the figures that the processes write: what grew, by how much, in how many seconds."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from daumoi.core.figures import Series, Snapshot, series_key

_LEAST_SPAN_S = 4.0
"""Figures of less time than this say nothing of a rate."""


_OLDER_THAN_THE_PROCESS = "daumoi_database_"
"""PostgreSQL's own counts did not begin with the process that tells them: seen for the first time, nothing grew."""


class Minute:
    """What grew in about the last minute; counters alone, and histograms, which are counters too."""

    def __init__(self, snapshots: Sequence[Snapshot], now: float) -> None:
        """Take the figures of processes that still write and have run for some seconds."""
        self._snapshots = [one for one in snapshots if one.is_fresh(now) and one.at - one.before_at >= _LEAST_SPAN_S]
        self.span_s = max((one.at - one.before_at for one in self._snapshots), default=0.0)
        """How long the minute is, in seconds; 0 when no process has run for some seconds."""

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return how much a sample grew, by one of its labels; other labels must have the values given."""
        found: dict[str, float] = defaultdict(float)
        for one, grown in self._grown(name, labels):
            found[one.labels.get(label, "")] += grown
        return dict(found)

    def grown(self, name: str, **labels: str) -> float:
        """Return how much a sample grew in all processes together."""
        return sum(grown for _, grown in self._grown(name, labels))

    def cores_of(self, process: str) -> float:
        """Return how many processor cores a process used, on average."""
        for snapshot in self._snapshots:
            if snapshot.process == process:
                seconds = sum(grown for _, grown in _grown_in(snapshot, "daumoi_process_cpu_seconds_total", {}))
                return seconds / (snapshot.at - snapshot.before_at)
        return 0.0

    def quantile(self, name: str, share: float, **labels: str) -> float | None:
        """Return the value below which a share of a histogram's new observations lie; None without new ones.

        As Prometheus does: within a bucket all values are as likely; what lies above the last bound is that bound.
        """
        buckets = self.by(f"{name}_bucket", "le", **labels)
        bounds = sorted((math.inf if bound == "+Inf" else float(bound), count) for bound, count in buckets.items())
        if not bounds or bounds[-1][1] <= 0:
            return None
        wanted = share * bounds[-1][1]
        low = below = 0.0
        for bound, count in bounds:
            if count >= wanted:
                if math.isinf(bound):
                    return low
                return low + (bound - low) * (wanted - below) / (count - below)
            low, below = bound, count
        return low

    def _grown(self, name: str, labels: dict[str, str]) -> Iterator[tuple[Series, float]]:
        for snapshot in self._snapshots:
            yield from _grown_in(snapshot, name, labels)


def _grown_in(snapshot: Snapshot, name: str, labels: dict[str, str]) -> Iterator[tuple[Series, float]]:
    for family in snapshot.families:
        if not name.startswith(family.name):
            continue
        for one in family.series:
            if one.name == name and all(one.labels.get(label) == value for label, value in labels.items()):
                before = snapshot.before.get(series_key(one.name, one.labels))
                if before is None and name.startswith(_OLDER_THAN_THE_PROCESS):
                    continue
                yield one, one.value - (before or 0.0)
