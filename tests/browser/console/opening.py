"""Pages of a hub of the test's own behind a socket, opened by members in a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from playwright.sync_api import Browser, BrowserContext, Page

from daumoi.console.settings import SESSION_COOKIE
from daumoi.console.wsgi import build_app
from daumoi.core.hub import Hub

Opener = Callable[..., Page]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are no output of a test."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def served(hub: Hub) -> Iterator[str]:
    """Serve the pages of a hub, one thread a connection; gives their address."""
    with make_server("127.0.0.1", 0, build_app(hub), server_class=_Server, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def opened(browser: Browser, address: str, session_of: Callable[[str], str]) -> Iterator[Opener]:
    """Open pages as members: `opener("ada", "/console/", viewport=PHONE)`; what the browser complains about fails.

    `session_of` makes a session of a member, by name.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def opener(name: str, path: str, *, language: str = "vi", theme: Any = "light", **options: Any) -> Page:
        context = browser.new_context(base_url=address, color_scheme=theme, reduced_motion="reduce", **options)
        contexts.append(context)
        # In a thread of its own: Playwright keeps an event loop in this one, and Django refuses to work beside it.
        with ThreadPoolExecutor(1) as beside:
            session = beside.submit(session_of, name).result()
        cookies = {SESSION_COOKIE: session, "daumoi_language": language}
        context.add_cookies([{"name": key, "value": value, "url": address} for key, value in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []
