"""What the owner of webhooks sees of them: how each stands, how far it is, and every attempt."""

from datetime import datetime
from typing import Any

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange.webhooks import endpoint as settings
from daumoi.exchange.webhooks.messages import PING, message_id
from daumoi.exchange.webhooks.schedule import Health

ATTEMPTS_LISTED = 100
_NEWEST = 2**63 - 1
_SQL = statements("daumoi.exchange", "webhooks")
Shown = dict[str, Any]


def webhooks(connection: Connection, *, receiver: int, webhook: int | None, now: datetime) -> list[Shown]:
    """Return the webhooks of a system that have not ended, or the one of a number."""
    rows = connection.execute(_SQL["of_system"], {"receiver": receiver, "destination": webhook}).fetchall()
    return [_shown(row, now) for row in rows]


def _shown(row: tuple[Any, ...], now: datetime) -> Shown:
    number, name, kinds, said, state, why, state_at, created_at, failures, since, probe_at, succeeded_at = row[:12]
    endpoint = settings.read(said)
    health = Health(failures, since, probe_at)
    return {
        "id": number,
        "name": name,
        "url": endpoint.url,
        "kinds": kinds,
        "content": endpoint.content,
        "ordered": endpoint.ordered,
        "cloudevents": endpoint.cloudevents,
        "state": state,
        "state_reason": why,
        "state_at": state_at,
        "created_at": created_at,
        "standing": health.standing(now) if state == "active" else state,
        "failures_in_a_row": failures,
        "failing_since": since,
        "tried_again_at": probe_at if state == "active" else None,
        "succeeded_at": succeeded_at,
        "messages_open": row[12],
        "messages_failed": row[13],
    }


def attempts(hub: Hub, connection: Connection, *, webhook: int, before: int | None, limit: int) -> Shown:
    """Return attempts of a webhook, the newest first; `before` goes on behind a page."""
    values = {"destination": webhook, "before": before or _NEWEST, "limit": limit}
    rows = connection.execute(_SQL["attempts"], values).fetchall()
    items = [
        {
            "id": number,
            "message": message_id(hub.keys, webhook, kind, first),
            "kind": None if kind == PING else name,
            "at": at,
            "milliseconds": milliseconds,
            "status": status,
            "error": error,
            "answer": answer,
        }
        for number, kind, name, first, at, milliseconds, status, error, answer in rows
    ]
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}
