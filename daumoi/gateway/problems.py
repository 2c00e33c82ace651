"""GET /api/v1/problems: every code, with what it means and what to do, in English and Vietnamese."""

from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from daumoi.core.problems import CALL_CODES, ROW_CODES
from daumoi.gateway.answers import JSON
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import Query


def listed() -> dict[str, Any]:
    """Return all codes: those of calls with their status, and those of rows."""
    calls = [
        {
            "code": code,
            "type": f"/api/v1/problems#{code}",
            "status": said.status,
            "title": said.title,
            "en": said.en,
            "vi": said.vi,
        }
        for code, said in CALL_CODES.items()
    ]
    rows = [{"code": code, "en": said.en, "vi": said.vi} for code, said in ROW_CODES.items()]
    return {"calls": calls, "rows": rows}


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoint of problems."""
    body = msgspec.json.encode(listed())

    @get("/api/v1/problems")
    async def problems(request: Request[Any, Any, Any]) -> ASGIApp:
        """List all codes."""
        Query(request.scope["query_string"])
        return ASGIResponse(body=body, media_type=JSON)

    return [problems]
