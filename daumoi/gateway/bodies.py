"""Reads request bodies off the socket: their declared form, small ones whole, large ones piece by piece."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, get_args

from daumoi.core.problems import CallProblem
from daumoi.core.settings import Settings
from daumoi.gateway.admission import header
from daumoi.gateway.answers import JSON, NDJSON
from daumoi.gateway.gate import Gate
from daumoi.intake.bodies import BodyBroken, ContentType, Encoding, HubStopping, decompressed
from daumoi.intake.pipe import SenderGone

_ENCODINGS: dict[bytes, Encoding] = {b"": None, b"identity": None, b"gzip": "gzip", b"x-gzip": "gzip", b"zstd": "zstd"}
_TYPES: dict[str, ContentType] = {name: name for name in get_args(ContentType)}

Receive = Callable[[], Any]


class Pace:
    """How long a body may let us wait: nothing for so many seconds, or too slow on the whole, and it is given up.

    Only waiting counts, not the time in which we were busy with what had come. A body may be silent for the idle time
    in all, and for one second more for each so many bytes that came.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin with the whole idle time left."""
        self._idle_s = float(settings.body_idle_seconds)
        self._least = settings.body_min_bytes_per_second
        self._left_s = self._idle_s

    @property
    def patience_s(self) -> float:
        """How long to wait for the next piece."""
        return max(0.0, min(self._idle_s, self._left_s))

    def note(self, *, waited_s: float, received: int) -> None:
        """Count a wait and what it brought."""
        self._left_s += received / self._least - waited_s


def _media_type(scope: Any) -> str:
    """Return the media type in small letters; empty when it is absent or says another charset than UTF-8."""
    main, *parameters = (header(scope, b"content-type") or b"").decode("latin-1").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('" ') not in ("utf-8", "utf8"):
            return ""
    return main.strip()


def content_type(scope: Any) -> ContentType:
    """Return the type of a body of records; raises CallProblem unsupported_media_type."""
    found = _TYPES.get(_media_type(scope))
    if found is None:
        detail = f"A body of records is {JSON} (one record or an array) or {NDJSON} (one a line), in UTF-8."
        raise CallProblem("unsupported_media_type", detail)
    return found


def require_type(scope: Any, wanted: str) -> None:
    """Raise CallProblem unsupported_media_type unless the body has the wanted type."""
    if _media_type(scope) != wanted:
        raise CallProblem("unsupported_media_type", f"The body of this call is {wanted}, in UTF-8.")


def encoding(scope: Any) -> Encoding:
    """Return the encoding of a body; raises CallProblem unsupported_media_type."""
    given = [value.strip().lower() for name, value in scope["headers"] if name == b"content-encoding"]
    if len(given) > 1 or (given and given[0] not in _ENCODINGS):
        raise CallProblem("unsupported_media_type", "Content-Encoding is gzip, zstd or identity, once.")
    return _ENCODINGS[given[0]] if given else None


def length(scope: Any) -> int | None:
    """Return how long a body says to be; None when it comes in chunks."""
    given = header(scope, b"content-length")
    if given is not None and given.isdigit():
        return int(given)
    return None if header(scope, b"transfer-encoding") is not None else 0


async def whole(receive: Receive, *, limit: int, settings: Settings) -> bytes:
    """Read a body that must not be longer than the limit; raises CallProblem body_too_large and malformed_body."""
    body = bytearray()
    more = True
    pace = Pace(settings)
    while more:
        began = time.monotonic()
        try:
            async with asyncio.timeout(pace.patience_s):
                message = await receive()
        except TimeoutError:
            raise CallProblem("malformed_body", "The body came too slowly; nothing was stored.") from None
        pace.note(waited_s=time.monotonic() - began, received=len(message.get("body", b"")))
        if message["type"] != "http.request":
            raise CallProblem("malformed_body", "The body broke off; nothing was stored.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    return bytes(body)


def plain(body: bytes, encoded: Encoding, *, limit: int) -> bytes:
    """Decompress a small body whole; raises CallProblem malformed_body, and body_too_large for what it grows to."""
    found = bytearray()
    try:
        for piece in decompressed([body] if body else [], encoded):
            found += piece
            if len(found) > limit:
                raise _too_large(limit)
    except BodyBroken:
        raise CallProblem("malformed_body", f"The body is not whole {encoded}; nothing was stored.") from None
    return bytes(found)


def _too_large(limit: int) -> CallProblem:
    return CallProblem("body_too_large", f"The body of this call has at most {limit} bytes; nothing was stored.")


async def pieces(gate: Gate, receive: Receive) -> AsyncGenerator[bytes, None]:
    """Yield a body as it comes; raises SenderGone when it breaks off or falls silent, HubStopping when the server ends.

    Only one piece is in memory: the server reads on when intake has taken it.
    """
    stopping = asyncio.ensure_future(gate.stopping.wait())
    try:
        more = True
        pace = Pace(gate.hub.settings)
        while more:
            arriving = asyncio.ensure_future(receive())
            began = time.monotonic()
            await asyncio.wait({arriving, stopping}, timeout=pace.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if not arriving.done():
                arriving.cancel()
                raise HubStopping if stopping.done() else SenderGone
            message = arriving.result()
            pace.note(waited_s=time.monotonic() - began, received=len(message.get("body", b"")))
            if message["type"] != "http.request":
                raise SenderGone
            more = message.get("more_body", False)
            if more and gate.stopping.is_set():
                raise HubStopping
            if message.get("body"):
                yield message["body"]
    finally:
        stopping.cancel()
