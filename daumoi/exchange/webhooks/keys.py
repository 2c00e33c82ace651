"""Keys of webhooks, sealed with the hub's master key and bound to their destination."""

from collections.abc import Collection
from datetime import datetime, timedelta

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange.webhooks.signing import Form, SigningKey, make_key

OLD_KEY_LASTS = timedelta(hours=24)
"""How long the keys before sign beside the new ones."""
_SQL = statements("daumoi.exchange", "webhooks")
_FORMS: tuple[Form, ...] = ("hmac", "ed25519")


def _context(destination: int, form: str) -> bytes:
    return f"webhook-key/{destination}/{form}".encode()


def add_keys(hub: Hub, connection: Connection, *, destination: int, at: datetime) -> list[SigningKey]:
    """Make a shared secret and an Ed25519 key; those before end a day later. Part of the caller's transaction."""
    connection.execute(_SQL["forget_keys"], {"destination": destination, "at": at})
    connection.execute(_SQL["end_keys"], {"destination": destination, "until": at + OLD_KEY_LASTS})
    made = [make_key(form) for form in _FORMS]
    for key in made:
        sealed = hub.keys.seal(key.raw, _context(destination, key.form))
        connection.execute(_SQL["add_key"], {"destination": destination, "form": key.form, "sealed": sealed, "at": at})
    return made


def open_keys(hub: Hub, connection: Connection, destinations: Collection[int]) -> dict[int, list[SigningKey]]:
    """Return the keys that sign for destinations now, the oldest first."""
    found: dict[int, list[SigningKey]] = {}
    values = {"destinations": sorted(destinations), "at": hub.clock.now()}
    for destination, form, sealed in connection.execute(_SQL["keys"], values):
        raw = hub.keys.open(bytes(sealed), _context(destination, form))
        found.setdefault(destination, []).append(SigningKey(form, raw))
    return found
