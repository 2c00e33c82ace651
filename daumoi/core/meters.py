"""Meters of one process: each room makes its own (`<room>/meters.py`), all of them in one registry.

A meter is touched once a chunk, a group, a call or a page, never once a row of a body: one touch costs a microsecond or
two. How the figures of a process reach `/metrics` is `daumoi.core.figures`.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

# The time each counter began would double the page and tells nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

PROCESS = CollectorRegistry()
"""All meters of this process."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of stages: a statement takes about 1 ms, a chunk 20 to 100 ms, and 10 s is the longest transaction."""

ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Upper bounds of rows: 1,000 is the most that one transaction holds (but a refused body: one transaction, 10,000)."""

ProcessCollector(namespace="daumoi", registry=PROCESS)


def counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    """Make a counter; its name gets `_total`."""
    return Counter(name, help_text, labels, registry=PROCESS)


def gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
    """Make a figure that goes up and down."""
    return Gauge(name, help_text, labels, registry=PROCESS)


def histogram(name: str, help_text: str, labels: Sequence[str] = (), *, bounds: Sequence[float] = SECONDS) -> Histogram:
    """Make a histogram with the given upper bounds."""
    return Histogram(name, help_text, labels, registry=PROCESS, buckets=bounds)
