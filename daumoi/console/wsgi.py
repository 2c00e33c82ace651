"""The pages as one WSGI application."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

from daumoi.console import settings
from daumoi.console.board import Board
from daumoi.console.security import HEADERS
from daumoi.core.hub import Hub

if TYPE_CHECKING:
    from wsgiref.headers import Headers
    from wsgiref.types import StartResponse, WSGIEnvironment

WSGIApp = Callable[[Any, Any], Iterable[bytes]]

_STATIC_MAX_AGE_S = 86_400
"""A page names its files with a digest of their content, so a new release is seen at once."""


def build_app(hub: Hub) -> WSGIApp:
    """Return the pages of a hub.

    The static files are served from the checkout as they stand: no step gathers them first.
    """
    settings.configure(hub)
    django = WSGIHandler()
    board = Board(hub)
    behind_proxy = bool(hub.settings.trusted_proxies)

    def pages(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["daumoi.board"] = board
        environ["daumoi.hub"] = hub
        environ["daumoi.behind_proxy"] = behind_proxy
        if behind_proxy and environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            # Who forges it deceives nobody but themselves: it marks their own cookie and the address shown to them.
            environ["wsgi.url_scheme"] = "https"
        return django(environ, start_response)

    served: WSGIApp = WhiteNoise(
        pages,
        root=settings.STATIC_FOLDER,
        prefix="static/",
        max_age=_STATIC_MAX_AGE_S,
        allow_all_origins=False,
        add_headers_function=_add_headers,
    )
    return served


def _add_headers(headers: "Headers", _path: str, _url: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
