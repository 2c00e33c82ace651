"""/healthz, /readyz and /metrics: signs of life, without a token and without a name (contract, sections 1 and 2)."""

import asyncio
import time
from pathlib import Path
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp
from prometheus_client import CONTENT_TYPE_LATEST

from daumoi.core.problems import CallProblem
from daumoi.core.storage import is_low
from daumoi.gateway.answers import json_answer
from daumoi.gateway.gate import LOG_KINDS, Gate

_LOOK_MAX_AGE_S = 3.0
"""The heads are looked at four times a second; older than this, the database does not answer."""


_INTAKE_WAIT_S = 1.0


async def listens(socket_path: Path) -> bool:
    """Tell whether somebody listens at a socket; a process that was killed leaves its socket's file behind."""
    try:
        async with asyncio.timeout(_INTAKE_WAIT_S):
            _, writer = await asyncio.open_unix_connection(str(socket_path))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def checks(gate: Gate) -> dict[str, str]:
    """Tell for each thing that taking records needs whether it is there: "ok", or what is wrong with it."""
    settings = gate.hub.settings
    seen = bool(gate.watch.looked_at) and time.monotonic() - gate.watch.looked_at < _LOOK_MAX_AGE_S
    return {
        "server": "ok" if not gate.stopping.is_set() else "going down",
        "database": "ok" if seen else "does not answer",
        "log": "ok" if all(name in gate.watch.heads for name in LOG_KINDS) else "has no place for some kinds yet",
        "disk": "ok" if not is_low(settings) else "is nearly full",
        "intake": "ok" if await listens(gate.intake_socket) else "takes no bulk bodies yet",
    }


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the signs of life. Query parameters are ignored: probes of all sorts add their own."""

    @get("/healthz")
    async def healthz(request: Request[Any, Any, Any]) -> ASGIApp:
        """Answer as long as the server runs."""
        return json_answer({"status": "ok"})

    @get("/readyz")
    async def readyz(request: Request[Any, Any, Any]) -> ASGIApp:
        """Answer 200 only when records can be taken."""
        found = await checks(gate)
        wrong = [f"{name} {said}" for name, said in found.items() if said != "ok"]
        if wrong:
            raise CallProblem("not_ready", f"No records can be taken: {'; '.join(wrong)}.", extra={"checks": found})
        return json_answer({"status": "ready", "checks": found})

    @get("/metrics")
    async def metrics(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the figures for Prometheus."""
        gate.meters.note_checks(await checks(gate))
        page = await asyncio.to_thread(gate.meters.page)
        return ASGIResponse(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [healthz, readyz, metrics]
