"""Figures for Prometheus, by route and by kind. The page is public: no names of systems, nothing of a person."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daumoi.exchange.heads import HeadWatch
from daumoi.intake.receipts import Receipt
from daumoi.kinds.registry import KINDS

OUTCOMES = ("accepted", "corrected", "withdrawn", "repeated", "held")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# The time each counter began would double the page and tells nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]
_METHODS = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"})


class Meters:
    """All meters of one server process, in a registry of their own."""

    def __init__(self, watch: HeadWatch) -> None:
        """Make the meters; every kind stands at zero from the beginning, so that its first record is an increase."""
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "daumoi_http_requests", "Calls answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "daumoi_http_request_seconds",
            "Time from the first byte of a call to the last of its answer, in seconds.",
            ("route",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._records = Counter(
            "daumoi_records", "Rows received, by what became of them.", ("kind", "outcome"), registry=self._registry
        )
        self.bodies = Gauge("daumoi_bodies_in_flight", "Bulk bodies under way to intake.", registry=self._registry)
        self.polls = Gauge("daumoi_long_polls_open", "Readers who wait for records.", registry=self._registry)
        self.streams = Gauge("daumoi_streams_open", "Open streams of server-sent events.", registry=self._registry)
        self._by_outcome = {
            (kind, outcome): self._records.labels(kind, outcome) for kind in KINDS for outcome in OUTCOMES
        }
        self._by_call: dict[tuple[str, str, int], Counter] = {}
        self._by_route: dict[str, Histogram] = {}
        self._registry.register(_Heads(watch))

    def count_call(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one call by its route's template; a route that is none is one label, so that nobody can make many."""
        key = (route, method if method in _METHODS else "other", status // 100)
        child = self._by_call.get(key)
        if child is None:
            child = self._by_call[key] = self._calls.labels(route, key[1], f"{key[2]}xx")
            self._by_route.setdefault(route, self._seconds.labels(route))
        child.inc()
        self._by_route[route].observe(seconds)

    def count_receipt(self, receipt: Receipt) -> None:
        """Count the rows of a receipt."""
        for outcome in OUTCOMES:
            rows = getattr(receipt, outcome)
            if rows and receipt.kind:
                self._by_outcome[receipt.kind, outcome].inc(rows)

    def page(self) -> bytes:
        """Write the figures as Prometheus reads them."""
        return generate_latest(self._registry)


class _Heads(Collector):
    """Reads where the kinds stand at the time of asking."""

    def __init__(self, watch: HeadWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        heads = GaugeMetricFamily("daumoi_log_head", "The newest number of a kind.", labels=("kind",))
        for kind, seq in sorted(self._watch.heads.items()):
            heads.add_metric((kind,), seq)
        yield heads
