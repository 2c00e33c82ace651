"""What a connection may cost before, beside and after its calls: bounds that the HTTP server does not have by itself.

A call that is under way is the gateway's; here is what comes before (a request that never gets whole, too many
connections, headers without end), beside (requests in advance, chunks of nothing) and after (an answer that nobody
reads, a body that goes on behind its refusal). Who runs into a bound loses the connection and nothing else.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from daumoi.core.problems import CALL_CODES
from daumoi.core.settings import Settings
from daumoi.gateway.access_log import Proxies
from daumoi.gateway.answers import HEAD_MAX_BYTES, HEADERS_MAX, PROBLEM_JSON

PIPELINED_MAX = 64
"""Requests that wait behind the one being answered, on one connection."""
TINY_BYTES = 16
TINY_CHUNKS_MAX = 20_000
"""Chunks below TINY_BYTES in one body: each costs as much as a large one."""
UNREAD_S = 30.0
"""An answer of which so little is read in this time is given up."""
UNREAD_LEAST_BYTES = 4096
LINGER_S = 10.0
"""So long the rest of a body is read and thrown away after its refusal, so that its sender sees the answer."""
_TURN_AWAY_S = 0.5
_TURNED_AWAY_MAX = 64


@dataclass(frozen=True)
class Refusal:
    """Why a connection is turned away, in the words of the contract."""

    code: str
    detail: str

    def answer(self) -> bytes:
        """Write the whole answer."""
        said = CALL_CODES[self.code]
        problem = {
            "type": f"/api/v1/problems#{self.code}",
            "title": said.title,
            "status": said.status,
            "detail": self.detail,
            "code": self.code,
        }
        body = msgspec.json.encode(problem)
        retry = b"retry-after: 5\r\n" if said.status in (429, 503) else b""
        return b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%bconnection: close\r\n\r\n%b" % (
            said.status,
            said.title.encode("ascii"),
            PROBLEM_JSON.encode(),
            len(body),
            retry,
            body,
        )


NOT_HTTP = Refusal("malformed_body", "The request cannot be read as HTTP/1.1.")
HEAD_TOO_LARGE = Refusal(
    "headers_too_large", f"A request has at most {HEADERS_MAX} headers and {HEAD_MAX_BYTES} bytes of them."
)


class Door:
    """Counts the connections of one server process, in all and by address."""

    def __init__(self, settings: Settings, *, files_max: int) -> None:
        """Take the bounds; `files_max` is how many files the process may have open, which bounds it too."""
        self.head_s = float(settings.head_seconds)
        self._most = max(1, min(settings.connections_max, files_max - 200))
        self._most_of_one = settings.connections_per_address_max
        self._proxies = Proxies(settings.trusted_proxies)
        self._open: Counter[str] = Counter()
        self._all = 0
        self.turned_away = 0
        """Connections that were refused and are about to be closed."""

    def enter(self, address: str) -> Refusal | None:
        """Count a connection, or say why it may not come in.

        Behind a trusted proxy all come from one address: there only the bound for all holds, and the proxy bounds each.
        """
        if self._all >= self._most:
            return Refusal("not_ready", f"{self._most} connections are open, as many as the hub takes. Try again.")
        if self._open[address] >= self._most_of_one and not self._proxies.trusts(address):
            detail = f"{self._most_of_one} connections are open from your address. Use them, or close some."
            return Refusal("rate_limited", detail)
        self._all += 1
        self._open[address] += 1
        return None

    def leave(self, address: str) -> None:
        """Take a connection out of the count."""
        self._all -= 1
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `door` is set by `protocol_of`."""

    door: Door

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in or turn it away; the first request has to come soon."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._refused = False
        self._in_head = self._in_body = False
        self._head_bytes = self._fed_bytes = self._tiny_chunks = 0
        self._unread_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        refusal = self.door.enter(self._address)
        self._entered = refusal is None
        if refusal is not None:
            self._turn_away(refusal)
        else:
            self._end_after(self.door.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._entered:
            self._entered = False
            self.door.leave(self._address)
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the request gets whole in time and stays within its bounds."""
        if self._refused:
            return
        was_in_head = self._in_head
        self._fed_bytes = len(data)
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if self._in_head:
            # What came before the request in the same piece is not counted; a piece is bounded by the event loop.
            self._head_bytes = self._head_bytes + len(data) if was_in_head else 0
            if self._head_bytes > HEAD_MAX_BYTES:
                self._turn_away(HEAD_TOO_LARGE)
            elif self._deadline is None:
                self._end_after(self.door.head_s)
        elif self._deadline is None and self.timeout_keep_alive_task is None and self._is_idle():
            # Line ends between requests: they are no request, and stop the server's own clock.
            self._end_after(self.door.head_s)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the request in, unless its head is too large or too many came in advance."""
        self._in_head, self._in_body, self._tiny_chunks = False, True, 0
        if self._refused:
            return
        self._keep()
        if len(self.headers) > HEADERS_MAX or self._head_is_too_large():
            self._turn_away(HEAD_TOO_LARGE)
            return
        self._head_bytes = 0
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED_MAX:
            self._abort()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; a body of nothing but crumbs is given up."""
        if self._refused:
            return
        if len(body) < TINY_BYTES:
            self._tiny_chunks += 1
            if self._tiny_chunks > TINY_CHUNKS_MAX:
                self._abort()
                return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._in_body = False
        if self._refused:
            return
        if self.cycle.response_complete:
            self._keep()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request; of a body that was refused in its middle, not for long."""
        super().on_response_complete()
        if self._in_body and not self.pipeline and not self.transport.is_closing():
            self._end_after(LINGER_S)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; one with an unread answer would wait for its reader for ever."""
        if not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._abort()
        super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """Begin to watch whether the answer is read."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The answer is being read."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the words of the contract; `msg` is the library's."""
        if not self._refused:
            self._turn_away(NOT_HTTP)

    def _is_idle(self) -> bool:
        return not self._in_body and (self.cycle is None or self.cycle.response_complete)

    def _head_is_too_large(self) -> bool:
        if self._fed_bytes + self._head_bytes <= HEAD_MAX_BYTES:
            return False
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_MAX_BYTES

    def _watch_reader(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(UNREAD_S, self._mind_reader)

    def _mind_reader(self) -> None:
        if self.transport.get_write_buffer_size() > self._unread_bytes - UNREAD_LEAST_BYTES:
            self._abort()
        else:
            self._watch_reader()

    def _turn_away(self, refusal: Refusal) -> None:
        """Answer, and close a moment later: closed at once, the answer could be lost with what was not read."""
        self._refused = True
        self._stop_timers()
        if self.cycle is not None and not self.cycle.response_complete:
            self._abort()  # an answer to an earlier request is under way; another one would be taken for it
        elif self.door.turned_away >= _TURNED_AWAY_MAX:
            self._abort()
        else:
            self.door.turned_away += 1
            self.transport.write(refusal.answer())
            self.loop.call_later(_TURN_AWAY_S, self._let_go)

    def _let_go(self) -> None:
        self.door.turned_away -= 1
        if not self.transport.is_closing():
            self.transport.abort() if self.transport.get_write_buffer_size() else self.transport.close()

    def _end_after(self, seconds: float) -> None:
        self._keep()
        self._deadline = self.loop.call_later(seconds, self._abort)

    def _keep(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _abort(self) -> None:
        self._refused = True
        self._stop_timers()
        self.transport.abort()

    def _stop_timers(self) -> None:
        self._keep()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def protocol_of(door: Door) -> type[Any]:
    """Make the protocol of a server whose connections share a door."""
    return type("HubProtocol", (BoundedProtocol,), {"door": door})
