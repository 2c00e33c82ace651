"""What the worker and `daumoi doctor` say of the audit log: how far sealing lags, and what the last check found."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric

from daumoi.audit.verifying import Report
from daumoi.core import facts
from daumoi.core.database import Connection

_FACT = "audit_verified"


class Verified(msgspec.Struct, frozen=True):
    """What the last check of the whole chain found."""

    at: datetime
    last: int
    faults: int


class AuditFigures(NamedTuple):
    """One look."""

    waiting: int
    lag_s: float
    """Age of the oldest entry that is not sealed; 0 when none waits."""
    lines: int
    """The number the chain ends with."""
    verified: Verified | None


def look(connection: Connection, *, now: datetime) -> AuditFigures:
    """Read the figures: three statements, none of them long."""
    row = connection.execute("SELECT count(*), min(at) FROM audit_entry").fetchone()
    end = connection.execute("SELECT number FROM audit_chain").fetchone()
    said = facts.read(connection, _FACT)
    assert row is not None
    lag = max(0.0, (now - row[1]).total_seconds()) if row[1] is not None else 0.0
    verified = msgspec.json.decode(said, type=Verified) if said else None
    return AuditFigures(row[0], lag, end[0] if end else 0, verified)


def note_verified(connection: Connection, report: Report, *, at: datetime) -> None:
    """Keep what a check of the whole chain found."""
    facts.write(connection, _FACT, msgspec.json.encode(Verified(at, report.last, report.faults_found)).decode())


def families(found: AuditFigures | None) -> Iterable[Metric]:
    """Write the figures for Prometheus; without figures, their names alone."""
    waiting = GaugeMetricFamily("daumoi_audit_unsealed_lines", "Lines of the audit log that wait for their seal.")
    lag = GaugeMetricFamily(
        "daumoi_audit_seal_lag_seconds",
        "Age of the oldest line of the audit log that waits for its seal; 0 for none.",
    )
    faults = GaugeMetricFamily(
        "daumoi_audit_chain_faults", "Faults that the last check of the whole audit chain found; none before the first."
    )
    verified = GaugeMetricFamily(
        "daumoi_audit_verified_timestamp_seconds", "When the whole audit chain was last checked; none before the first."
    )
    if found is not None:
        waiting.add_metric((), found.waiting)
        lag.add_metric((), found.lag_s)
        if found.verified is not None:
            faults.add_metric((), found.verified.faults)
            verified.add_metric((), found.verified.at.timestamp())
    yield from (waiting, lag, faults, verified)
