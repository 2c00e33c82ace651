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
    records = GaugeMetricFamily("daumoi_recount_records", "Records that the last recount counted again.")
    if result is not None:
        differing.add_metric((), 0 if result.mended else sum(result.differing.values()))
        ended.add_metric((), result.ended_at.timestamp())
        records.add_metric((), result.records)
    yield from (differing, ended, records)
