"""How records flow in: each system and kind, with its rate, its rhythm, its errors and its delay."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.intake.selectors import held_by_flow, held_open
from daumoi.kinds.registry import BY_NUMBER
from daumoi.log.selectors import ConsumerLag, consumer_lags
from daumoi.organisations import registry
from daumoi.situation.reach import reach
from daumoi.situation.rhythm import DAYS, Rhythm, rhythm

_SQL = statements("daumoi.situation", "board")
HOURS = 24
"""Of the sparkline, and of the sums beside it."""
ERROR_SHARE = 0.1
ERROR_ROWS = 20
"""Errors are told when more than a tenth of the day's rows were held, and at least twenty."""
_HOUR = timedelta(hours=1)


class Flow(NamedTuple):
    """One system and kind over the last HOURS hours, the begun one included."""

    system_id: int
    kind: str
    accepted: int
    corrected: int
    withdrawn: int
    held: int
    """Rows of these hours that were held, mended since or not."""
    held_open: int
    """Rows of any age that wait."""
    per_hour: float
    """Records an hour, over the whole hours."""
    last_seen: datetime | None
    """When its last record was received; None when it may send the kind and never has."""
    latency_s: float | None
    """Median time from the event to the receipt in seconds, within a factor of 1.5; None without an accepted record."""
    sparkline: tuple[int, ...]
    """Records received in each of the hours, oldest first."""
    rhythm: Rhythm
    has_errors: bool


class Waiting(NamedTuple):
    """What waits inside the hub."""

    held: dict[str, int]
    """Rows that wait for mending, by kind."""
    lags: list[ConsumerLag]


def waiting(connection: Connection) -> Waiting:
    """Return what waits inside the hub: figures without an area, for anybody."""
    return Waiting(held_open(connection), consumer_lags(connection))


def flows(connection: Connection, scope: Scope, *, now: datetime) -> list[Flow]:
    """Return the flows of all systems, by system and kind; a right to send a kind without a record is one too.

    Flows are of systems, not of areas: who does not see the whole country is told none. Six queries.
    """
    if not reach(scope).everything:
        return []
    begun = now.replace(minute=0, second=0, microsecond=0)
    since = begun - (HOURS - 1) * _HOUR
    hours: dict[tuple[int, int], dict[datetime, tuple[int, int, int]]] = defaultdict(dict)
    learnt = {"since": begun - timedelta(days=DAYS), "until": begun + _HOUR}
    for hour, kind, system, accepted, corrected, withdrawn, _ in connection.execute(_SQL["flows"], learnt):
        hours[system, kind][hour] = accepted, corrected, withdrawn
    last = {(system, kind): at for kind, system, at in connection.execute(_SQL["last_seen"])}
    delays: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for kind, system, bucket, records in connection.execute(_SQL["latencies"], learnt | {"since": since}):
        delays[system, kind].append((bucket, records))
    held = held_by_flow(connection, since=since)
    rights = {
        (system.id, number)
        for system in registry.load(connection).systems.values()
        for number, kind in BY_NUMBER.items()
        if system.may_send(kind.name) and not system.suspended
    }
    found = []
    for system, kind in sorted(rights | hours.keys() | last.keys() | held.keys()):
        if kind not in BY_NUMBER:
            continue
        of_hours = hours.get((system, kind), {})
        shown = [of_hours.get(since + number * _HOUR, (0, 0, 0)) for number in range(HOURS)]
        accepted, corrected, withdrawn = (sum(column) for column in zip(*shown, strict=True))
        lately, still = held.get((system, kind), (0, 0))
        last_at = last.get((system, kind))
        found.append(
            Flow(
                system_id=system,
                kind=BY_NUMBER[kind].name,
                accepted=accepted,
                corrected=corrected,
                withdrawn=withdrawn,
                held=lately,
                held_open=still,
                per_hour=sum(map(sum, shown[:-1])) / (HOURS - 1),
                last_seen=last_at,
                latency_s=median_of_buckets(delays.get((system, kind), [])),
                sparkline=tuple(map(sum, shown)),
                rhythm=rhythm(of_hours, last_at=last_at, now=now),
                has_errors=lately >= ERROR_ROWS and lately > ERROR_SHARE * (lately + accepted + corrected + withdrawn),
            )
        )
    return found


def days_of(
    connection: Connection, scope: Scope, *, system_id: int, now: datetime, days: int = DAYS
) -> dict[tuple[date, str], tuple[int, int, int]]:
    """Return (accepted, corrected, withdrawn) of one system by day of receipt (UTC+7) and kind, today included.

    A day without a row is no data. Who does not see the whole country is told none. One query.
    """
    if not reach(scope).everything:
        return {}
    midnight = now.astimezone(VIET_NAM_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"system": system_id, "since": midnight - timedelta(days=days - 1), "until": midnight + timedelta(days=1)}
    found: dict[tuple[date, str], tuple[int, int, int]] = {}
    for hour, kind, *rows in connection.execute(_SQL["system_hours"], values):
        if kind in BY_NUMBER:
            key = hour.astimezone(VIET_NAM_TIME).date(), BY_NUMBER[kind].name
            accepted, corrected, withdrawn = found.get(key, (0, 0, 0))
            found[key] = accepted + rows[0], corrected + rows[1], withdrawn + rows[2]
    return found


def median_of_buckets(buckets: list[tuple[int, int]]) -> float | None:
    """Return the median of values counted in buckets from 2^n - 1 to 2^(n+1) - 1; the middle of the bucket it is in."""
    half = sum(records for _, records in buckets) / 2
    seen = 0
    for bucket, records in sorted(buckets):
        seen += records
        if seen >= half:
            return 1.5 * 2.0**bucket - 1
    return None
