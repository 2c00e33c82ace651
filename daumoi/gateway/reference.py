"""GET /api/v1/openapi.json, and GET /api/v1/docs: the same to read, without a script or an outside download."""

from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from daumoi.gateway.answers import JSON
from daumoi.gateway.gate import Gate
from daumoi.gateway.openapi.document import document
from daumoi.gateway.openapi.page import page

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HOUR = "public, max-age=3600"


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of the reference; each is written once, at the start."""
    text = msgspec.json.encode(document())
    html = page(document()).encode()
    style = (files("daumoi.gateway") / "static" / "reference.css").read_bytes()

    @get("/api/v1/openapi.json")
    async def openapi(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the OpenAPI document."""
        return ASGIResponse(body=text, media_type=JSON)

    @get("/api/v1/docs", media_type="text/html")
    async def docs(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the reference to read."""
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return ASGIResponse(body=html, media_type="text/html", headers=headers)

    @get("/api/v1/docs/style.css", media_type="text/css")
    async def docs_style(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the look of the reference."""
        return ASGIResponse(body=style, media_type="text/css", headers={"Cache-Control": _HOUR})

    return [openapi, docs, docs_style]
