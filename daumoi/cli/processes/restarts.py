"""Counts what had to be started again; the only figures of the supervisor, so in a registry of their own."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter


class Restarts:
    """How often each process of the hub ended and was started again, since `daumoi up`."""

    def __init__(self, names: Iterable[str]) -> None:
        """Begin at zero for each, so that the first one is an increase."""
        self.registry = CollectorRegistry()
        self._counter = Counter(
            "daumoi_restarts", "Times a process had ended and was started again.", ("child",), registry=self.registry
        )
        for name in names:
            self._counter.labels(name)

    def count(self, name: str) -> None:
        """Count one start after an end."""
        self._counter.labels(name).inc()
