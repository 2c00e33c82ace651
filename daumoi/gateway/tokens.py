"""POST /api/v1/oauth/token: a client's id and secret for a token (RFC 6749, section 4.4; contract, section 2)."""

import asyncio
import base64
import binascii
import hmac
import time
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.core.problems import CallProblem
from daumoi.gateway import bodies
from daumoi.gateway.admission import header
from daumoi.gateway.answers import json_answer
from daumoi.gateway.attempts import Attempts
from daumoi.gateway.calls import call_of
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import Query
from daumoi.organisations import tokens
from daumoi.organisations.registry import Client
from daumoi.organisations.services import secret_hash

FORM = "application/x-www-form-urlencoded"
GRANT = "client_credentials"
_FORM_MAX_BYTES = 16 * 1024
_FIELDS_MAX = 20
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NOBODY = secret_hash("")
_FRESH_S = 0.05
_FRESH_WAIT_S = 1.0


class Offered(NamedTuple):
    """What a caller signs in with."""

    client_id: str
    secret: str


def refusal(error: str, detail: str, *, code: str = "malformed_body") -> CallProblem:
    """Make a refusal that speaks both RFC 6749 (section 5.2) and RFC 9457."""
    headers = dict(_NO_STORE)
    if code == "unauthorized":
        headers["WWW-Authenticate"] = 'Basic realm="daumoi", charset="UTF-8"'
    return CallProblem(code, detail, extra={"error": error, "error_description": detail}, headers=headers)


def _not_signed_in() -> CallProblem:
    detail = "The client is not known, is suspended, or its secret is wrong."
    return refusal("invalid_client", detail, code="unauthorized")


def read_form(body: bytes) -> dict[str, str]:
    """Read form fields; raises CallProblem for a field given twice or text that is none."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise refusal("invalid_request", "The body cannot be read as form fields.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise refusal("invalid_request", "A form field is given twice.")
    return form


def offered(authorization: bytes | None, form: dict[str, str]) -> Offered:
    """Return id and secret from HTTP Basic or from the form, never from both (RFC 6749, section 2.3)."""
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            detail = "Give the client's id and secret, by HTTP Basic or as form fields."
            raise refusal("invalid_client", detail, code="unauthorized")
        return Offered(form["client_id"], form["client_secret"])
    if "client_secret" in form:
        raise refusal("invalid_request", "Give the client's secret once: by HTTP Basic or as a form field.")
    scheme, _, value = authorization.strip().partition(b" ")
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _not_signed_in() from None
    if scheme.lower() != b"basic" or not colon:
        raise _not_signed_in()
    return Offered(unquote_plus(client_id), unquote_plus(secret))


def require_grant(form: dict[str, str]) -> None:
    """Raise CallProblem unless the one grant of this hub is asked for."""
    grant = form.get("grant_type")
    if not grant:
        raise refusal("invalid_request", f"grant_type is missing; this hub gives {GRANT}.")
    if grant != GRANT:
        raise refusal("unsupported_grant_type", f"This hub gives grant_type={GRANT} and no other.")


def _proven(gate: Gate, given: Offered) -> Client | None:
    """Return the client whose secret was given. An unknown id costs the same time as a wrong secret."""
    client = gate.active(given.client_id)
    try:
        proof = secret_hash(given.secret)
    except UnicodeEncodeError:
        return None
    fits = hmac.compare_digest(proof, client.secret_hash if client else _NOBODY)
    return client if fits and client is not None else None


async def _look_again(gate: Gate) -> None:
    """Wait for a fresh look at the registry: a client made a moment ago by the command line may not be known here yet.

    Every failure waits alike, so the time tells nothing, and guessing is slow.
    """
    asked = time.monotonic()
    while gate.watch.looked_at < asked + _FRESH_S and time.monotonic() < asked + _FRESH_WAIT_S:
        await asyncio.sleep(0.02)


async def _sign_in(gate: Gate, attempts: Attempts, given: Offered) -> Client:
    client = _proven(gate, given)
    if client is None:
        await _look_again(gate)
        client = _proven(gate, given)
    if client is not None:
        return client
    seconds = attempts.fail(given.client_id, gate.hub.clock.now())
    if seconds is not None:
        detail = "Too many sign-ins of this client failed within a minute. Check the secret, then try again."
        headers = _NO_STORE | {"Retry-After": str(seconds)}
        extra = {"error": "invalid_client", "error_description": detail}
        raise CallProblem("rate_limited", detail, headers=headers, extra=extra)
    raise _not_signed_in()


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the token endpoint."""
    attempts = Attempts()

    @post("/api/v1/oauth/token")
    async def token(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give a token."""
        Query(request.scope["query_string"])
        bodies.require_type(request.scope, FORM)
        encoded = bodies.encoding(request.scope)
        sent = await bodies.whole(request.receive, limit=_FORM_MAX_BYTES, settings=gate.hub.settings)
        body = bodies.plain(sent, encoded, limit=_FORM_MAX_BYTES)
        form = read_form(body)
        client = await _sign_in(gate, attempts, offered(header(request.scope, b"authorization"), form))
        call_of(request.scope).client = client
        require_grant(form)
        seconds = gate.hub.settings.token_seconds
        made = tokens.issue(gate.hub.keys, client_id=client.client_id, at=gate.hub.clock.now(), seconds=seconds)
        return json_answer({"access_token": made, "token_type": "Bearer", "expires_in": seconds}, dict(_NO_STORE))

    return [token]
