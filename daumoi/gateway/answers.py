"""Makes answers: JSON, NDJSON, and problems as RFC 9457 has them."""

from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse

from daumoi.core.database import UNREACHABLE, sqlstate_of
from daumoi.core.outages import outage
from daumoi.core.problems import CALL_CODES, CallProblem
from daumoi.gateway.calls import call_of
from daumoi.gateway.metrics import PROBLEMS

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
PROBLEM_JSON: Final = "application/problem+json"
HEAD_MAX_BYTES = 64 * 1024
"""Address and headers of one request; the server holds its connections to it."""
HEADERS_MAX = 100
_ENCODE = msgspec.json.Encoder().encode
_log = structlog.get_logger("daumoi.gateway")

_CODE_OF_STATUS = {
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "not_ready",
}
"""What the framework raises by itself, in the words of the contract."""


def json_answer(value: Any, headers: dict[str, str] | None = None) -> ASGIResponse:
    """Answer 200 with a value as JSON."""
    return ASGIResponse(body=_ENCODE(value), media_type=JSON, headers=headers)


def problem_body(problem: CallProblem, request_id: str) -> bytes:
    """Write a problem as RFC 9457 has it; what intake gives beside it (a receipt, problems) stands beside it."""
    said = CALL_CODES[problem.code]
    PROBLEMS.labels(problem.code).inc()
    body: dict[str, Any] = {
        "type": f"/api/v1/problems#{problem.code}",
        "title": said.title,
        "status": said.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
        **problem.extra,
    }
    if problem.receipt is not None:
        body["receipt"] = problem.receipt
    return bytes(_ENCODE(body))


def problem_headers(problem: CallProblem) -> dict[str, str]:
    """Return the headers of a problem; a 401 names the scheme that would be taken (RFC 9110, section 11.6.1)."""
    headers = dict(problem.headers)
    if problem.code == "unauthorized":
        headers.setdefault("WWW-Authenticate", 'Bearer realm="daumoi"')
    elif problem.status in (429, 503):
        headers.setdefault("Retry-After", "2")
    return headers


def problem_answer(problem: CallProblem, request_id: str) -> ASGIResponse:
    """Answer with a problem."""
    return ASGIResponse(
        body=problem_body(problem, request_id),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=problem_headers(problem),
    )


def as_problem(error: Exception) -> CallProblem:
    """Say any failure in the words of the contract; what is a fault of the hub is logged by its type alone.

    A library's message never reaches an answer or a log: it may repeat values of a record.
    """
    if isinstance(error, CallProblem):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _of_framework(error)
    if isinstance(error, UNREACHABLE):
        _log.warning("the database did not answer", reason=sqlstate_of(error))
        return outage(error)
    reason = sqlstate_of(error) if isinstance(error, psycopg.Error) else type(error).__name__
    _log.error("a call failed", reason=reason, at=_place_of(error))
    return CallProblem("internal_error")


def _of_framework(error: HTTPException) -> CallProblem:
    code = _CODE_OF_STATUS.get(error.status_code, "malformed_body")
    headers = {"Allow": error.headers["allow"]} if code == "method_not_allowed" and error.headers else {}
    detail = "The request cannot be read; see /api/v1/docs for its form." if code == "malformed_body" else None
    return CallProblem(code, detail, headers=headers)


def _place_of(error: BaseException) -> str:
    """Name the file and line an error came from; lines of code hold no values."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else "unknown"


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer whatever was raised in a call; the framework's handler of every exception."""
    problem = as_problem(error)
    return Response(
        problem_body(problem, call_of(request.scope).request_id),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=problem_headers(problem),
    )
