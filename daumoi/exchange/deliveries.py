"""What went out to a receiver, stretch by stretch, as the receiver itself may see it."""

from datetime import date, datetime

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import reading
from daumoi.exchange.tenures import puts, tenures

_SQL = statements("daumoi.exchange", "deliveries")
LIMIT_MAX = 1000


class Delivery(msgspec.Struct, frozen=True):
    """One stretch: numbers of one day of receipt (UTC+7) that were taken out together, under one version."""

    way: str
    name: str
    first: int
    last: int
    records: int | None
    """Given, withdrawals among them; None where the receiver asked for later numbers without taking these."""
    withdrawals: int | None
    digest: str | None
    """SHA-256 of the lines as sent, 64 hexadecimal digits; None where none were."""
    agreement: int
    version: int
    day: date
    taken_at: datetime
    failed_at: datetime | None
    delivered: bool


class DeliveriesPage(msgspec.Struct, frozen=True):
    """Stretches in the order of their last numbers; ask on with `after=next`, until it is null."""

    kind: str
    deliveries: list[Delivery]
    next: int | None


def deliveries(hub: Hub, *, system_id: int, kind: str, after: int, limit: int) -> DeliveriesPage:
    """Return a receiver's stretches that end behind a number; raises CallProblem unknown_kind. Three statements.

    A receiver that is shown nobody sees numbers of its own. What went out under an agreement that has ended is shown.
    """
    with hub.pool.connection() as connection:
        number = reading.head(connection, kind).kind
        name = "listed_own" if hides_numbers(connection, system_id=system_id, kind=kind) else "listed"
        values = {"receiver": system_id, "kind": number, "after": after, "limit": limit}
        rows = connection.execute(_SQL[name], values).fetchall()
    found = [
        Delivery(way, name, first, last, records, withdrawals, digest.hex() if digest is not None else None, *rest)
        for way, name, first, last, records, withdrawals, digest, *rest in rows
    ]
    return DeliveriesPage(kind, found, found[-1].last if len(found) >= limit else None)


def hides_numbers(connection: Connection, *, system_id: int, kind: str) -> bool:
    """Tell whether a receiver knows records of a kind by numbers of its own: by the last version that held for it."""
    held = tenures(puts(connection, receiver=system_id), receiver=system_id, kind=kind)
    return bool(held) and held[-1].agreement.hides_numbers
