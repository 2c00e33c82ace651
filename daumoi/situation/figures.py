"""What the last recount found, for Prometheus."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from daumoi.situation.recounting import Result


def families(result: Result | None) -> Iterable[Metric]:
    """Write the figures; without a recount, their names alone."""
    differing = GaugeMetricFamily(
        "daumoi_recount_differing_rows",
        "Rows of stored figures that differed from the log at the last recount and were not put right.",
    )
    ended = GaugeMetricFamily("daumoi_recount_timestamp_seconds", "When the last recount of the stored figures ended.")
    hours = GaugeMetricFamily("daumoi_recount_hours", "Hours of a kind that the last recount compared.")
    if result is not None:
        differing.add_metric((), 0 if result.mended else sum(result.differing.values()))
        ended.add_metric((), result.ended_at.timestamp())
        hours.add_metric((), result.hours)
    yield from (differing, ended, hours)
