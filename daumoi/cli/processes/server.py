"""The server: the machine API and the pages behind one address."""

import resource
import signal
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from a2wsgi import WSGIMiddleware

from daumoi.cli.processes.connections import Door, protocol_of
from daumoi.console.wsgi import build_app as build_pages
from daumoi.core.certificates import ends_at
from daumoi.core.hub import Hub
from daumoi.gateway.asgi import Gateway
from daumoi.gateway.asgi import build_app as build_gateway
from daumoi.intake.sockets import socket_path

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

MACHINE_ROOTS = ("/api", "/healthz", "/readyz", "/metrics")
_PAGE_THREADS = 4
_GRACE_S = 7


def front(gateway: App, pages: App) -> App:
    """Choose by path: what machines ask goes to the gateway, the rest are pages.

    A function, because a mount at `/` of the gateway's framework cuts slashes and swallows routes.
    """

    async def choose(
        scope: Scope, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        path = scope.get("path", "")
        machine = scope["type"] != "http" or path.startswith("/api/") or path.rstrip("/") in MACHINE_ROOTS
        await (gateway if machine else pages)(scope, receive, send)

    return choose


class Server(uvicorn.Server):
    """Lets those who wait answer as soon as it is told to end; connections are waited for only after that."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        """Keep the gateway, to tell it."""
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: Any = None) -> None:
        """Answer long polls and break bulk bodies off, then end as usual."""
        await self._gateway.stop_waiting()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal; a second one does not cut the first one's ending short."""
        if not self.should_exit:
            super().handle_exit(sig, frame)


def _open_files_max() -> int:
    """Raise the bound on open files as far as this account may; returns it. Many systems begin with 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1_000_000


def run(hub: Hub, *, fd: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT.

    The socket is the supervisor's: while a server that died is started again, callers wait instead of being refused.
    """
    gateway = build_gateway(hub, intake_socket=socket_path(hub.settings, "intake"))
    if tls_cert is not None:
        gateway.gate.meters.note_certificate(ends_at(tls_cert))
    pages = WSGIMiddleware(build_pages(hub), workers=_PAGE_THREADS)
    config = uvicorn.Config(
        front(gateway, pages),  # type: ignore[arg-type]
        loop="uvloop",
        http=protocol_of(Door(hub.settings, files_max=_open_files_max())),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    server = Server(config, gateway)
    for name in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again when it has ended; with the default handler that would cut our own end short.
        signal.signal(name, server.handle_exit)
    server.run(sockets=[socket.socket(fileno=fd)])
