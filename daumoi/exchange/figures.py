"""What the nightly recount of deliveries found, for Prometheus. The table `reconciled` tells of which receivers."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from daumoi.exchange.recounting import Proved


def families(found: Proved | None) -> Iterable[Metric]:
    """Write the figures; before the first recount, their names alone."""
    differing = GaugeMetricFamily(
        "daumoi_reconciliation_differing_days",
        "Days of a way out and kind, of the last seven, whose account differed from the log when counted again.",
    )
    compared = GaugeMetricFamily(
        "daumoi_reconciliation_days", "Days of a way out and kind, of the last seven, that were counted again."
    )
    ended = GaugeMetricFamily(
        "daumoi_reconciliation_timestamp_seconds", "When an account was last counted again from the log."
    )
    if found is not None and found.at is not None:
        differing.add_metric((), found.differing)
        compared.add_metric((), found.compared)
        ended.add_metric((), found.at.timestamp())
    yield from (differing, compared, ended)
