"""Writes docs/metrics.md from the meters themselves: `.venv/bin/python scripts/describe_metrics.py > docs/metrics.md`.

A test compares the page with what this writes.
"""

import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from psycopg_pool import ConnectionPool

from daumoi.cli.processes.observing import Observer
from daumoi.cli.processes.restarts import Restarts
from daumoi.core.clock import SystemClock
from daumoi.core.crypto import Keys
from daumoi.core.figures import AllProcesses
from daumoi.core.hub import Hub
from daumoi.core.meters import PROCESS
from daumoi.core.settings import load
from daumoi.exchange.heads import HeadWatch
from daumoi.gateway.metrics import Meters

ROOMS = (
    "daumoi.people.meters",
    "daumoi.audit.meters",
    "daumoi.log.meters",
    "daumoi.intake.meters",
    "daumoi.exchange.meters",
    "daumoi.exchange.webhooks.meters",
)
HEAD = """\
# Metrics

`GET /metrics` gives the figures of all processes of a hub in the text form of Prometheus. It asks for no token: figures
by kind, no record and no name of a system. This page is written by `scripts/describe_metrics.py`; a test compares them.

The server answers. Intake, worker, supervisor and a running import write theirs into `figures/` of the data directory
every two seconds; the server reads them there and puts the label `process` on them. Figures of PostgreSQL, of internal
readers and of rows that wait are looked up by the worker every 15 seconds. Counters begin at zero when a process
starts.

[prometheus.yml](../deploy/prometheus/prometheus.yml) tells Prometheus where the hub is,
[alerts.yml](../deploy/prometheus/alerts.yml) when to call somebody; each alert has its [runbook](runbooks/README.md).
`daumoi doctor` reads the same figures and says in sentences what limits now.
"""


class Described(NamedTuple):
    """One metric as Prometheus knows it."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


def a_hub(folder: Path) -> Hub:
    """A hub that is never opened: its meters are asked for their names alone."""
    pool = ConnectionPool("", open=False)
    return Hub(load({}, data_dir=folder), "", pool, Keys.from_master(bytes(32)), SystemClock())


def of_registry(registry: CollectorRegistry, more: tuple[str, ...] = ()) -> Iterator[Described]:
    """Name the metrics of a registry, with the labels that their makers gave them."""
    for collector in list(registry._collector_to_names):
        if not isinstance(collector, AllProcesses):
            yield from _of_collector(collector, more)


def _of_collector(collector: object, more: tuple[str, ...]) -> Iterator[Described]:
    for metric in collector.collect():  # type: ignore[attr-defined]
        own = getattr(collector, "_labelnames", None) or getattr(metric, "_labelnames", ())
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        yield Described(name, metric.type, (*more, *own), metric.documentation)


def rows(found: Iterable[Described]) -> Iterator[str]:
    """Write a table."""
    yield "| metric | type | labels | meaning |"
    yield "|---|---|---|---|"
    for one in sorted(found):
        labels = ", ".join(f"`{label}`" for label in one.labels) or "none"
        yield f"| `{one.name}` | {one.type} | {labels} | {one.meaning} |"


def page() -> str:
    """Write the page."""
    for room in ROOMS:
        import_module(room)
    with tempfile.TemporaryDirectory() as folder:
        hub = a_hub(Path(folder))
        meters = Meters(HeadWatch(hub), hub.settings)
        up = [next(iter(_of_collector(AllProcesses(hub.settings.data_dir, "server"), ())))]
        of_server = [*of_registry(meters.registry), *up]
        of_each = [*of_registry(PROCESS, ("process",)), *of_registry(Restarts([]).registry, ("process",))]
        seen = list(_of_collector(Observer(hub, ()), ("process",)))
    parts = [HEAD, "## Of the server\n", *rows(of_server), ""]
    parts += ["## Of each process\n", *rows(of_each), "", "## Looked up by the worker\n", *rows(seen)]
    return "\n".join(parts)


if __name__ == "__main__":
    print(page())
