"""Figures of webhooks, without a name of a destination."""

from daumoi.core.meters import counter, gauge

ATTEMPTS = counter("daumoi_webhook_attempts", "Attempts to deliver a message, by result.", ("result",))
SLOWEST = gauge("daumoi_webhook_slowest_seconds", "Age of the oldest message that an active webhook has not taken.")
OPEN_CIRCUITS = gauge("daumoi_webhook_open_circuits", "Webhooks that get one probe at a time after failures in a row.")
DESTINATIONS = gauge(
    "daumoi_webhook_destinations",
    "Webhooks by how they stand: good, failing (since less than a day), warned, disabled, paused.",
    ("standing",),
)
