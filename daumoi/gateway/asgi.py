"""The machine API as one ASGI application: every call gets an id, is let in or refused, answered, measured, logged."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar

from daumoi.core.hub import Hub
from daumoi.gateway import (
    areas,
    deliveries,
    feeds,
    files,
    health,
    held,
    kinds,
    problems,
    records,
    reference,
    submissions,
    tokens,
    webhooks,
)
from daumoi.gateway.access_log import AccessLog, Proxies
from daumoi.gateway.admission import admit, is_public, request_id
from daumoi.gateway.answers import as_problem, on_error, problem_answer
from daumoi.gateway.calls import Call, attach
from daumoi.gateway.gate import Gate
from daumoi.intake.sockets import socket_path

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

NO_ROUTE = "(none)"
_CLOSED_CLIENT = 499
_GROUPS = (
    *(tokens, records, submissions, held, feeds, files, webhooks, deliveries),
    *(kinds, areas, problems, reference, health),
)


class Gateway:
    """The application. A call without a right answer of its own still gets a problem, never a library's words."""

    def __init__(self, hub: Hub, *, intake_socket: Path) -> None:
        """Register the endpoints; the lifespan starts what they need."""
        self.gate = Gate(hub, intake_socket=intake_socket)
        self.app = make_routes(self.gate)
        self._proxies = Proxies(hub.settings.trusted_proxies)
        self._access = AccessLog()

    async def stop_waiting(self) -> None:
        """Call this when the server is told to end, before its connections are waited for.

        Long polls and streams are answered at once, and bulk bodies get their receipt so far.
        """
        await self.gate.stop_waiting()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI server."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)  # type: ignore[arg-type]
            self._access.flush()
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(request_id(self.gate.hub, scope), address=self._proxies.address_of(scope))
        public = is_public(scope["path"])
        if public and scope["method"] == "HEAD":
            # The server leaves the body out by its own copy of the method.
            scope = {**scope, "method": "GET"}
        attach(scope, call)
        answer = _marking(send, call, public=public)
        try:
            await self._answer(scope, receive, answer, call)
        except Exception as error:
            problem = as_problem(error.__cause__ if isinstance(error.__cause__, Exception) else error)
            if call.status:
                # Half an answer is out; the server closes the connection, and the reader sees that it is not whole.
                return
            await problem_answer(problem, call.request_id)(scope, receive, answer)  # type: ignore[arg-type]
        finally:
            self._note(scope, call)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
        refusal = admit(self.gate, scope, call)
        if refusal is None:
            await self.app(scope, receive, send)  # type: ignore[arg-type]
        else:
            await problem_answer(refusal, call.request_id)(scope, receive, send)  # type: ignore[arg-type]

    def _note(self, scope: Scope, call: Call) -> None:
        seconds = time.perf_counter() - call.began
        status = call.status or _CLOSED_CLIENT
        route = scope.get("path_template") or NO_ROUTE
        self.gate.meters.count_call(route=route, method=scope["method"], status=status, seconds=seconds)
        self._access.note(
            {
                "timestamp": self.gate.hub.clock.now(),
                "level": "info",
                "event": "call",
                "request_id": call.request_id,
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "system": call.client.system.code if call.client else None,
                "address": call.address,
            }
        )


def _marking(send: Send, call: Call, *, public: bool) -> Send:
    """Note the status of an answer, and add what every answer carries."""
    marks = [(b"x-request-id", call.request_id.encode()), (b"x-content-type-options", b"nosniff")]

    async def marking(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.status = message["status"]
            headers = [*message.get("headers", ()), *marks]
            if not public and not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await send(message)

    return marking


def make_routes(gate: Gate) -> Litestar:
    """Register every endpoint. The OpenAPI document is written by hand beside them, and a test compares the two."""

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        await gate.open()
        try:
            yield
        finally:
            await gate.close()

    return Litestar(
        route_handlers=[handler for group in _GROUPS for handler in group.handlers(gate)],
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: on_error},
        request_max_body_size=None,
        debug=False,
    )


def build_app(hub: Hub, *, intake_socket: Path | None = None) -> Gateway:
    """Make the machine API of a hub; `intake_socket` is where its intake process listens, unless at its usual place."""
    return Gateway(hub, intake_socket=intake_socket or socket_path(hub.settings, "intake"))
