"""Lets calls in: everything needs a token except the few addresses that stand open (contract, section 2).

Decided before routing and by address alone, so that an endpoint added tomorrow is closed until it is named here.
"""

import re
from typing import Any

from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7
from daumoi.core.problems import CallProblem
from daumoi.gateway.calls import Call
from daumoi.gateway.gate import Gate
from daumoi.organisations import tokens

PUBLIC_PATHS = frozenset(
    {
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/oauth/token",
        "/api/v1/openapi.json",
        "/api/v1/docs",
        "/api/v1/docs/style.css",
        "/api/v1/problems",
    }
)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{8,64}", re.ASCII)
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)", re.ASCII)


def header(scope: Any, name: bytes) -> bytes | None:
    """Return a header that is given once; None when it is absent or given more than once."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else None


def is_public(path: str) -> bool:
    """Tell whether an address stands open."""
    return path in PUBLIC_PATHS or (path.endswith("/") and path[:-1] in PUBLIC_PATHS)


def request_id(hub: Hub, scope: Any) -> str:
    """Return the caller's own id of the call when it has the shape of one, else a new id."""
    given = header(scope, b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return str(uuid7(hub.clock.now()))


def admit(gate: Gate, scope: Any, call: Call) -> CallProblem | None:
    """Find the caller by its token; returns the refusal, or None when the call may go on."""
    if is_public(scope["path"]):
        return None
    given = header(scope, b"authorization")
    match = _BEARER.fullmatch(given.strip()) if given is not None else None
    if match is None:
        return CallProblem("unauthorized", "Send the token of your client: Authorization: Bearer …")
    client_id = tokens.read(gate.hub.keys, match[1].decode("ascii"), gate.hub.clock.now())
    client = gate.active(client_id) if client_id is not None else None
    if client is None:
        detail = "The token is not valid, has ended, or its client is suspended. Get a new one at /api/v1/oauth/token."
        headers = {"WWW-Authenticate": 'Bearer realm="daumoi", error="invalid_token"'}
        return CallProblem("unauthorized", detail, headers=headers)
    call.client = client
    wait_s = gate.rates.take(client.system)
    if wait_s is not None:
        rate = client.system.calls_per_second or gate.hub.settings.calls_per_second
        detail = f"Your system may make {rate} calls a second. Wait as long as Retry-After says, then go on."
        return CallProblem("rate_limited", detail, headers={"Retry-After": str(wait_s)})
    return None
