"""GET /api/v1/feeds/{kind} and …/stream: records in the order of their numbers (contract, section 5).

Who waits holds a place in the event loop and nothing else: no thread, no connection to the database.
"""

import re
import time
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import cloudevents, feeds, meters
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.feeds import LIMIT_MAX, FeedPage
from daumoi.exchange.reading import Reader
from daumoi.gateway.admission import header
from daumoi.gateway.answers import NDJSON, as_problem, problem_body
from daumoi.gateway.calls import Call, call_of
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import SEQ_MAX, Query, whole_number
from daumoi.organisations.registry import Registry

LIMIT = 1000
WAIT_MAX_S = 60
HEARTBEAT_S = 15.0
_STREAM_PAGE = 500
_SEQ = re.compile(rb'"seq":([0-9]+)', re.ASCII)


class Acknowledged:
    """What readers have acknowledged, as far as this process knows: spares a write for each poll without news."""

    def __init__(self) -> None:
        """Begin with nothing; a first acknowledgement is always written."""
        self._upto: dict[tuple[int, str], int] = {}

    def is_new(self, agreement: Agreement, seq: int) -> bool:
        """Tell whether a reader acknowledges more than before."""
        return seq > self._upto.get((agreement.system_id, agreement.kind), 0)

    def note(self, agreement: Agreement, seq: int) -> None:
        """Keep what was written."""
        self._upto[agreement.system_id, agreement.kind] = seq


def _page(
    hub: Hub,
    registry: Registry,
    known: Acknowledged,
    *,
    agreement: Agreement,
    reader: Reader,
    after: int,
    limit: int,
    asked: bool,
) -> FeedPage:
    """Read a page; an `after` that the reader itself asked with acknowledges all up to it."""
    with meters.PAGE.labels(agreement.kind).time():
        found = feeds.page(hub, registry, agreement=agreement, reader=reader, after=after, limit=limit)
    meters.RECORDS.labels(agreement.kind).inc(found.records)
    meters.BYTES.labels(agreement.kind).inc(len(found.body))
    if asked and known.is_new(agreement, min(after, found.head)):
        feeds.acknowledge(hub, agreement=agreement, seq=after)
        known.note(agreement, min(after, found.head))
    return found


async def _wait(gate: Gate, agreement: Agreement, seen: int, seconds: float) -> None:
    with gate.meters.polls.track_inprogress():
        await gate.watch.wait_for_news(agreement, seen, seconds)


def _feed_handler(gate: Gate, known: Acknowledged) -> HTTPRouteHandler:
    @get("/api/v1/feeds/{kind:str}")
    async def feed(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the records after a number, waiting for them when there are none yet."""
        call = call_of(request.scope)
        agreement = gate.agreement(call.system, request.path_params["kind"])
        query = Query(request.scope["query_string"], ("after", "limit", "wait"))
        after = query.whole("after", 0, low=0, high=SEQ_MAX)
        limit = query.whole("limit", LIMIT, low=1, high=LIMIT_MAX)
        wait = query.whole("wait", 0, low=0, high=WAIT_MAX_S)
        ends = time.monotonic() + wait
        seen = gate.watch.heads.get(agreement.kind, 0)
        if wait and agreement.gives_all and seen <= after:
            await _wait(gate, agreement, after, wait)

        async def read(after: int, *, asked: bool) -> FeedPage:
            return await gate.read(
                _page,
                gate.hub,
                gate.watch.registry,
                known,
                agreement=agreement,
                reader=Reader(call.actor),
                after=after,
                limit=limit,
                asked=asked,
            )

        page = await read(after, asked=True)
        while not page.records and page.next >= page.head and not gate.watch.stopping:
            # Records came, and none of them was for this reader: it goes on waiting.
            left = ends - time.monotonic()
            if left <= 0:
                break
            await _wait(gate, agreement, seen, left)
            seen = gate.watch.heads.get(agreement.kind, 0)
            page = await read(page.next, asked=False)
        headers = {"Daumoi-Next": str(page.next), "Daumoi-Head": str(page.head), "Vary": "Accept"}
        if wants_events(request.scope):
            body = await gate.read(cloudevents.batch, page.body)
            return ASGIResponse(body=body, media_type=cloudevents.BATCH, headers=headers)
        return ASGIResponse(body=page.body, media_type=NDJSON, headers=headers)

    return feed


def wants_events(scope: Any) -> bool:
    """Tell whether a reader asks for a batch of CloudEvents by its Accept header; what it likes less does not count."""
    asked = (header(scope, b"accept") or b"").decode("latin-1").lower()
    return any(part.partition(";")[0].strip() == cloudevents.BATCH for part in asked.split(","))


def stream_query(scope: Any) -> Query:
    """Return the query parameters of a stream; raises CallProblem bad_parameter."""
    return Query(scope["query_string"], ("after", "cloudevents"))


def begin_after(scope: Any) -> int:
    """Return where a stream begins: Last-Event-ID goes before `after`; raises CallProblem bad_parameter."""
    after = stream_query(scope).whole("after", 0, low=0, high=SEQ_MAX)
    given = header(scope, b"last-event-id")
    if given is None:
        return after
    last = whole_number(given.decode("latin-1"), low=0, high=SEQ_MAX)
    if last is None:
        raise CallProblem("bad_parameter", "Last-Event-ID is the id of an event of this stream: a number.")
    return last


def events(body: bytes, *, as_cloudevents: bool = False) -> bytes:
    """Write lines of a feed as server-sent events. A line holds no line end of its own, so each is one `data:`."""
    return b"".join(
        b"id: %b\ndata: %b\n\n" % (match[1], cloudevents.event(line) if as_cloudevents else line)
        for line in body.split(b"\n")
        if line and (match := _SEQ.search(line)) is not None
    )


class _Reader:
    """One open stream."""

    def __init__(self, gate: Gate, known: Acknowledged, call: Call, kind: str, *, as_cloudevents: bool) -> None:
        self._gate, self._known, self._call, self._kind = gate, known, call, kind
        self._as_cloudevents = as_cloudevents
        self._seen = 0

    def _agreement(self) -> Agreement:
        """Ask anew what the reader may see, so that an agreement that ends is ended."""
        if self._gate.active(self._call.caller.client_id) is None:
            raise CallProblem("unauthorized")
        return self._gate.agreement(self._call.system, self._kind)

    async def page(self, after: int, *, asked: bool = False) -> FeedPage:
        """Read on."""
        gate, agreement = self._gate, self._agreement()
        self._seen = gate.watch.heads.get(self._kind, 0)
        return await gate.read(
            _page,
            gate.hub,
            gate.watch.registry,
            self._known,
            agreement=agreement,
            reader=Reader(self._call.actor),
            after=after,
            limit=_STREAM_PAGE,
            asked=asked,
        )

    async def run(self, page: FeedPage) -> AsyncIterator[bytes]:
        """Yield events and heartbeats until the reader goes, the hub stops, or the right to read ends."""
        with self._gate.meters.streams.track_inprogress():
            yield b": daumoi\n\n"
            try:
                while not self._gate.watch.stopping:
                    if page.body:
                        yield events(page.body, as_cloudevents=self._as_cloudevents)
                    if page.next >= page.head and not await self._gate.watch.wait_for_news(
                        self._agreement(), self._seen, HEARTBEAT_S
                    ):
                        yield b": heartbeat\n\n"
                    page = await self.page(page.next)
            except Exception as error:
                # The status is sent already; the reader learns the reason as an event, and its next try as a status.
                said = problem_body(as_problem(error), self._call.request_id)
                yield b"event: problem\ndata: %b\n\n" % said


def _stream_handler(gate: Gate, known: Acknowledged) -> HTTPRouteHandler:
    @get("/api/v1/feeds/{kind:str}/stream", media_type="text/event-stream")
    async def stream(request: Request[Any, Any, Any]) -> Stream:
        """Give the feed as server-sent events."""
        call = call_of(request.scope)
        kind = request.path_params["kind"]
        gate.agreement(call.system, kind)
        as_cloudevents = stream_query(request.scope).flag("cloudevents")
        reader = _Reader(gate, known, call, kind, as_cloudevents=as_cloudevents)
        first = await reader.page(begin_after(request.scope), asked=True)
        headers = {"X-Accel-Buffering": "no"}
        return Stream(reader.run(first), media_type="text/event-stream", headers=headers)

    return stream


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of feeds."""
    known = Acknowledged()
    return [_feed_handler(gate, known), _stream_handler(gate, known)]
