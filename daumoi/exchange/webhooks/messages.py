"""Writes messages: thin ones that say what is there, full ones with the lines, and test pings; with their headers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from daumoi.core.crypto import Keys
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.exchange.webhooks.signing import headers as signed

PING = 0
"""The kind of test pings among messages."""
RECORDS_MAX = 500
BODY_MAX_BYTES = 256 * 1024
"""Of the lines of a full message. A single record that is longer goes alone."""
_USER_AGENT = "daumoi-webhooks/1"


class Message(NamedTuple):
    """One message: the records of one stretch. At every try it has the same numbers, and so the same id."""

    destination: int
    kind: int
    first: int
    last: int
    agreement: int
    version: int
    records: int
    first_own: int | None
    taken_at: datetime
    failures: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        """What names it in the database."""
        return self.destination, self.kind, self.first

    def id(self, keys: Keys) -> str:
        """Its id for the receiver, which tells no number of the log."""
        return message_id(keys, self.destination, self.kind, self.first)


def message_id(keys: Keys, destination: int, kind: int, first: int) -> str:
    """Return the id of a message for its receiver."""
    return f"msg_{keys.index('webhook-message', b'%d|%d|%d' % (destination, kind, first)).hex()}"


def thin(message: Message, kind: str) -> bytes:
    """Say that records are there. A receiver with numbers of its own is told none: its feed counts by itself."""
    said: dict[str, object] = {"type": "records.available", "timestamp": _instant(message.taken_at), "kind": kind}
    feed = f"/api/v1/feeds/{kind}"
    if message.first_own is None:
        said |= {"first_seq": message.first, "last_seq": message.last}
        feed += f"?after={message.first - 1}"
    return msgspec.json.encode(said | {"records": message.records, "feed": feed})


def full(message: Message, kind: str, lines: Sequence[bytes]) -> bytes:
    """Carry the lines as the feed gives them, under `data`."""
    said: dict[str, object] = {"type": "records.given", "timestamp": _instant(message.taken_at), "kind": kind}
    if message.first_own is None:
        said |= {"first_seq": message.first, "last_seq": message.last}
    begun = msgspec.json.encode(said | {"records": len(lines)})
    return b'%b,"data":[%b]}' % (begun[:-1], b",".join(line.rstrip(b"\n") for line in lines))


def ping(message: Message) -> bytes:
    """Say nothing but that the way is open."""
    return msgspec.json.encode({"type": "webhook.test", "timestamp": _instant(message.taken_at)})


def headers(
    endpoint: Endpoint,
    keys: Sequence[SigningKey],
    *,
    message: str,
    kind: str,
    taken_at: datetime,
    at: datetime,
    body: bytes,
) -> Mapping[str, str]:
    """Return the headers of one attempt; `kind` is empty for a ping."""
    named = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}
    if endpoint.cloudevents:
        source = f"/api/v1/feeds/{kind}" if kind else "/api/v1/webhooks"
        named |= {
            "ce-specversion": "1.0",
            "ce-id": message,
            "ce-source": source,
            "ce-type": str(msgspec.json.decode(body, type=_Typed).type),
            "ce-time": _instant(taken_at),
        }
    return named | signed(keys, message=message, at=at, body=body)


class _Typed(msgspec.Struct):
    type: str


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
