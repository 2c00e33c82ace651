"""Posts one message over a connection of its own: to a checked address, without redirects, within a time in all.

Only what is needed of the answer is read: the status, Retry-After, and the first bytes of the body.
"""

import email.utils
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import h11

from daumoi.exchange.webhooks.addresses import AddressRefused, Guard, Target, target_of

TOTAL_S = 15.0
"""Seconds for all of it: resolving, connecting, TLS, sending and the answer. A name that was resolved too late is not
connected to."""
ANSWER_MAX_BYTES = 4096
_HEAD_MAX_BYTES = 16 * 1024
_RECEIVE_BYTES = 4096


class Answer(NamedTuple):
    """What came of one attempt. Without a status, `error` is a code that says why there is none."""

    status: int | None
    error: str | None
    seconds: float
    retry_after_s: float | None = None
    body: bytes = b""
    """At most 4 KiB."""


class Post(NamedTuple):
    """One attempt that is to be made."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class _NotWhole(Exception):
    """The receiver closed before its answer was whole."""


def post(message: Post, guard: Guard, *, tls: ssl.SSLContext, total_s: float = TOTAL_S) -> Answer:
    """Make one attempt; never raises for what a receiver or its network does.

    A 2xx whose answer breaks off counts as no answer: the receiver may have died while it stored the message.
    """
    began = time.monotonic()
    until = began + total_s
    try:
        target = target_of(message.url)
        addresses = guard.checked(target)
        with _connect(target, addresses, tls, until) as wire:
            status, retry_after_s, body = _exchange(wire, target, message, until)
    except AddressRefused:
        return Answer(None, "address_refused", time.monotonic() - began)
    except TimeoutError:
        return Answer(None, "timeout", time.monotonic() - began)
    except ssl.SSLCertVerificationError:
        return Answer(None, "certificate", time.monotonic() - began)
    except ssl.SSLError:
        return Answer(None, "tls", time.monotonic() - began)
    except ConnectionRefusedError:
        return Answer(None, "refused", time.monotonic() - began)
    except (_NotWhole, OSError):
        return Answer(None, "broken_off", time.monotonic() - began)
    except h11.ProtocolError:
        return Answer(None, "not_http", time.monotonic() - began)
    return Answer(status, None, time.monotonic() - began, retry_after_s, body)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect(target: Target, addresses: list[str], tls: ssl.SSLContext, until: float) -> socket.socket:
    """Connect to the first address that answers; only addresses that were checked, never the name."""
    failed: OSError = ConnectionRefusedError()
    for address in addresses:
        try:
            wire = socket.create_connection((address, target.port), timeout=_left(until))
        except TimeoutError:
            raise
        except OSError as error:
            failed = error
            continue
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not target.is_tls:
                return wire
            wire.settimeout(_left(until))
            return tls.wrap_socket(wire, server_hostname=target.host)
        except BaseException:
            wire.close()
            raise
    raise failed


def _exchange(wire: socket.socket, target: Target, message: Post, until: float) -> tuple[int, float | None, bytes]:
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX_BYTES)
    named = {
        "Host": target.authority,
        "Content-Length": str(len(message.body)),
        "Connection": "close",
        **message.headers,
    }
    sent = client.send(h11.Request(method="POST", target=target.path, headers=list(named.items()))) or b""
    sent += client.send(h11.Data(data=message.body)) or b""
    _send_all(wire, sent + (client.send(h11.EndOfMessage()) or b""), until)
    head: h11.Response | None = None
    body = b""
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            wire.settimeout(_left(until))
            came = wire.recv(_RECEIVE_BYTES)
            if not came and (head is None or not _ends_by_closing(head)):
                raise _NotWhole
            client.receive_data(came)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
            if len(body) >= ANSWER_MAX_BYTES:
                break
        elif isinstance(event, h11.EndOfMessage):
            break
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            raise _NotWhole
    if head is None:
        raise _NotWhole
    return head.status_code, retry_after(dict(head.headers).get(b"retry-after")), body[:ANSWER_MAX_BYTES]


def _ends_by_closing(head: h11.Response) -> bool:
    """Tell whether an answer has neither a length nor chunks: then the end of the connection is its end."""
    return not {b"content-length", b"transfer-encoding"} & {name for name, _ in head.headers}


def _send_all(wire: socket.socket, sent: bytes, until: float) -> None:
    """Send piece by piece: a receiver that takes a byte a second does not get more time than one that takes none."""
    view = memoryview(sent)
    while view:
        wire.settimeout(_left(until))
        view = view[wire.send(view) :]


def retry_after(said: bytes | None, *, now: datetime | None = None) -> float | None:
    """Read Retry-After (RFC 9110, section 10.2.3) as seconds: a number of them, or an instant. Else None."""
    if said is None:
        return None
    text = said.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
