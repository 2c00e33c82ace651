"""Figures for Prometheus, by route and by kind. The page is public: no names of systems, nothing of a person."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daumoi.core.figures import AllProcesses
from daumoi.core.meters import counter
from daumoi.core.problems import CALL_CODES
from daumoi.core.settings import Settings
from daumoi.core.storage import free_bytes
from daumoi.exchange.heads import HeadWatch
from daumoi.intake.receipts import Receipt
from daumoi.kinds.registry import KINDS

OUTCOMES = ("accepted", "corrected", "withdrawn", "repeated", "held")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_METHODS = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"})


PROBLEMS = counter("daumoi_problems", "Problems answered, by code.", ("code",))
for _code in CALL_CODES:
    PROBLEMS.labels(_code)


class Meters:
    """All meters of one server process, in a registry of their own; the page gives those of the other processes too."""

    def __init__(self, watch: HeadWatch, settings: Settings) -> None:
        """Make the meters; every kind stands at zero from the beginning, so that its first record is an increase."""
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "daumoi_http_requests", "Calls answered.", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "daumoi_http_request_seconds",
            "Time from the first byte of a call to the last of its answer, in seconds.",
            ("route",),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._records = Counter(
            "daumoi_records", "Rows received, by what became of them.", ("kind", "outcome"), registry=self.registry
        )
        self.bodies = Gauge("daumoi_bodies_in_flight", "Bulk bodies under way to intake.", registry=self.registry)
        self.polls = Gauge("daumoi_long_polls_open", "Readers who wait for records.", registry=self.registry)
        self.streams = Gauge("daumoi_streams_open", "Open streams of server-sent events.", registry=self.registry)
        self._by_outcome = {
            (kind, outcome): self._records.labels(kind, outcome) for kind in KINDS for outcome in OUTCOMES
        }
        self._by_call: dict[tuple[str, str, int], Counter] = {}
        self._by_route: dict[str, Histogram] = {}
        self._ready = Gauge(
            "daumoi_ready",
            "What taking records needs, as /readyz sees it: 1 when it is there.",
            ("check",),
            registry=self.registry,
        )
        self.registry.register(_Heads(watch))
        self._machine = _Machine(settings)
        self.registry.register(self._machine)
        self.registry.register(AllProcesses(settings.data_dir, "server"))

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

    def note_checks(self, checks: Mapping[str, str]) -> None:
        """Note what /readyz would say."""
        for name, said in checks.items():
            self._ready.labels(name).set(said == "ok")

    def note_certificate(self, ends_at: datetime | None) -> None:
        """Note until when the certificate that was read at the start is valid."""
        self._machine.certificate_ends_at = ends_at

    def page(self) -> bytes:
        """Write the figures as Prometheus reads them."""
        return generate_latest(self.registry)


class _Heads(Collector):
    """Reads where the kinds stand at the time of asking."""

    def __init__(self, watch: HeadWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        heads = GaugeMetricFamily("daumoi_log_head", "The newest number of a kind.", labels=("kind",))
        for kind, seq in sorted(self._watch.heads.items()):
            heads.add_metric((kind,), seq)
        yield heads


class _Machine(Collector):
    """Reads clock, disk and certificate at the time of asking."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.certificate_ends_at: datetime | None = None

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "daumoi_clock_timestamp_seconds", "This machine's clock; Prometheus compares it with its own.", time.time()
        )
        free = free_bytes(self._settings)
        yield GaugeMetricFamily(
            "daumoi_disk_free_bytes", "Free bytes of the fullest disk that the hub writes to.", free
        )
        yield GaugeMetricFamily(
            "daumoi_disk_limit_bytes",
            "With less free than this, no records are taken (storage_low).",
            self._settings.storage_low_bytes,
        )
        ends_at = self.certificate_ends_at
        yield GaugeMetricFamily(
            "daumoi_tls_certificate_expiry_timestamp_seconds",
            "Until when the TLS certificate is valid; none when no certificate was given.",
            None if ends_at is None else ends_at.timestamp(),
        )
