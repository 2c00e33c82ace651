"""Posts messages: to a checked address, without redirects, within a time in all.

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

from daumoi.exchange.webhooks.addresses import AddressRefused, Guard, NameUnknown, Target, target_of
from daumoi.exchange.webhooks.connections import Connections, Wire, seconds_left

TOTAL_S = 15.0
"""Seconds for all of it: resolving, connecting, TLS, sending and the answer."""
ANSWER_MAX_BYTES = 4096
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


class _Stale(Exception):
    """A kept connection had ended before anything of the answer came: the receiver need not have seen the message."""


class Poster:
    """Posts messages, also from many threads at once; connections are kept between them."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext, *, total_s: float = TOTAL_S) -> None:
        """Take who may be connected to, whose certificates are good, and the seconds for one attempt."""
        self._connections, self._total_s = Connections(guard, tls), total_s

    def close(self) -> None:
        """Close what is at rest."""
        self._connections.close()

    def sweep(self) -> None:
        """Close what has rested too long."""
        self._connections.sweep()

    def post(self, message: Post) -> Answer:
        """Make one attempt; never raises for what a receiver or its network does.

        A 2xx whose answer breaks off counts as no answer: the receiver may have died while it stored the message. A
        message that met a connection which had ended meanwhile goes once more over a new one.
        """
        began = time.monotonic()
        try:
            target = target_of(message.url)
            try:
                found = self._over(target, message, began, kept=True)
            except _Stale:
                found = self._over(target, message, began, kept=False)
        except NameUnknown:
            return Answer(None, "name_unknown", time.monotonic() - began)
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
        status, retry_after_s, body = found
        return Answer(status, None, time.monotonic() - began, retry_after_s, body)

    def _over(self, target: Target, message: Post, began: float, *, kept: bool) -> tuple[int, float | None, bytes]:
        until = began + self._total_s
        wire = self._connections.kept(target) if kept else None
        if wire is None:
            wire = self._connections.open(target, until)
        try:
            found = _exchange(wire, target, message, until)
        except BaseException as failed:
            wire.close()
            if isinstance(failed, TimeoutError) and wire.is_kept:
                self._connections.drop(target)
            raise
        self._connections.keep(target, wire)
        return found


def _exchange(wire: Wire, target: Target, message: Post, until: float) -> tuple[int, float | None, bytes]:
    client = wire.http
    named = {"Host": target.authority, "Content-Length": str(len(message.body)), **message.headers}
    sent = client.send(h11.Request(method="POST", target=target.path, headers=list(named.items()))) or b""
    sent += client.send(h11.Data(data=message.body)) or b""
    try:
        _send_all(wire.socket, sent + (client.send(h11.EndOfMessage()) or b""), until)
        came = _receive(wire.socket, until)
    except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        came = b""
        if not wire.is_kept:
            raise
    if not came and wire.is_kept:
        raise _Stale
    return _answer(wire, came, until)


def _answer(wire: Wire, came: bytes, until: float) -> tuple[int, float | None, bytes]:
    """Read the status, Retry-After and the first bytes; `came` is what has come of it already."""
    client = wire.http
    head: h11.Response | None = None
    body = b""
    while True:
        if not came and (head is None or not _ends_by_closing(head)):
            raise _NotWhole
        client.receive_data(came)
        while (event := client.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise _NotWhole
            if isinstance(event, h11.EndOfMessage) or len(body) >= ANSWER_MAX_BYTES:
                if head is None:
                    raise _NotWhole
                said = dict(head.headers).get(b"retry-after")
                return head.status_code, retry_after(said), body[:ANSWER_MAX_BYTES]
        came = _receive(wire.socket, until)


def _receive(wire: socket.socket, until: float) -> bytes:
    wire.settimeout(seconds_left(until))
    return wire.recv(_RECEIVE_BYTES)


def _ends_by_closing(head: h11.Response) -> bool:
    """Tell whether an answer has neither a length nor chunks: then the end of the connection is its end."""
    return not {b"content-length", b"transfer-encoding"} & {name for name, _ in head.headers}


def _send_all(wire: socket.socket, sent: bytes, until: float) -> None:
    """Send piece by piece: a receiver that takes a byte a second does not get more time than one that takes none."""
    view = memoryview(sent)
    while view:
        wire.settimeout(seconds_left(until))
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
