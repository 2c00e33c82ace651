"""The figures of the first page, from the selectors of the rooms that own them. Five queries, no names, no records."""

from dataclasses import dataclass
from datetime import datetime

from daumoi.core import storage
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.exchange.selectors import Readers, readers
from daumoi.intake.selectors import held_open
from daumoi.kinds.registry import KINDS
from daumoi.log.selectors import ConsumerLag, consumer_lags, heads
from daumoi.situation.board import received_on

CONNECTION_WAIT_S = 2.0


@dataclass(frozen=True)
class KindFigure:
    """One kind of record in figures. `received_today` follows the stored counters, so it may lag for a moment."""

    name: str
    records: int
    received_today: int
    newest_at: datetime | None
    held_open: int


@dataclass(frozen=True)
class Figures:
    """What a stranger may know of the hub at one instant."""

    at: datetime
    kinds: tuple[KindFigure, ...]
    consumers: tuple[ConsumerLag, ...]
    readers: Readers
    storage_low: bool


def figures(hub: Hub) -> Figures:
    """Read the figures; raises psycopg.Error when the database does not answer within CONNECTION_WAIT_S seconds."""
    at = hub.clock.now()
    with hub.pool.connection(timeout=CONNECTION_WAIT_S) as connection:
        standing = {head.kind: head for head in heads(connection)}
        today = received_on(connection, at.astimezone(VIET_NAM_TIME).date())
        waiting = held_open(connection)
        consumers = consumer_lags(connection)
        partners = readers(connection)
    return Figures(
        at=at,
        kinds=tuple(
            KindFigure(
                name=name,
                records=standing[name].last_seq if name in standing else 0,
                received_today=today.get(name, 0),
                newest_at=standing[name].received_at if name in standing else None,
                held_open=waiting.get(name, 0),
            )
            for name in KINDS
        ),
        consumers=tuple(consumers),
        readers=partners,
        storage_low=storage.is_low(hub.settings),
    )
