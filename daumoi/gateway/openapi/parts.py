"""The parts that operations are put together from: parameters, answers, problems, bodies."""

from collections.abc import Sequence
from typing import Any

from daumoi.core.problems import CALL_CODES
from daumoi.gateway.answers import JSON, PROBLEM_JSON
from daumoi.gateway.openapi.schemas import ref

Part = dict[str, Any]
_COMMON = ("unauthorized", "bad_parameter", "rate_limited", "not_ready", "internal_error")


def parameter(
    name: str, place: str, schema: Part, description: str, *, required: bool = False, example: Any = None
) -> Part:
    """Make a parameter of the query, the path or the header."""
    made: Part = {"name": name, "in": place, "description": description, "schema": schema}
    if required or place == "path":
        made["required"] = True
    if example is not None:
        made["example"] = example
    return made


def query(name: str, schema: Part, description: str) -> Part:
    """Make a query parameter."""
    return parameter(name, "query", schema, description)


def answer(
    description: str, media_type: str, schema: Part, *, headers: dict[str, Part] | None = None, example: Any = None
) -> Part:
    """Make an answer; each carries the id of its request."""
    content: Part = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {
        "description": description,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}, **(headers or {})},
        "content": {media_type: content},
    }


def problems(codes: Sequence[str]) -> dict[str, Part]:
    """Make the problem answers of an operation, one a status, with an example a code."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CALL_CODES[code].status, []).append(code)
    return {str(status): _problem(status, found) for status, found in sorted(by_status.items())}


def _problem(status: int, codes: Sequence[str]) -> Part:
    made = answer(" ".join(f"`{code}`: {CALL_CODES[code].en}" for code in codes), PROBLEM_JSON, ref("problem"))
    made["content"][PROBLEM_JSON]["examples"] = {code: {"value": problem_example(code)} for code in codes}
    if status in (429, 503):
        made["headers"]["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if status == 401:
        made["headers"]["WWW-Authenticate"] = {"schema": {"type": "string"}, "description": "RFC 9110, section 11.6.1."}
    if status == 410:
        made["headers"]["Daumoi-Oldest"] = {"$ref": "#/components/headers/Daumoi-Oldest"}
    return made


def problem_example(code: str) -> Part:
    """Write one problem as it is answered."""
    said = CALL_CODES[code]
    return {
        "type": f"/api/v1/problems#{code}",
        "title": said.title,
        "status": said.status,
        "detail": said.en,
        "code": code,
        "request_id": "01970000-0000-7000-8000-000000000000",
    }


def operation(
    name: str,
    tag: str,
    summary: str,
    description: str,
    *,
    answers: dict[str, Part],
    parameters: Sequence[Part] = (),
    body: Part | None = None,
    codes: Sequence[str] = (),
    public: bool = False,
) -> Part:
    """Make an operation; those behind the token share what any call may be refused for."""
    refused = tuple(codes) if public else (*_COMMON, *codes)
    made: Part = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": [*parameters, {"$ref": "#/components/parameters/X-Request-Id"}],
        "responses": {**answers, **problems(refused)},
    }
    if body is not None:
        made["requestBody"] = body
    if public:
        made["security"] = []
    return made


def json_body(schema: Part, example: Any, *, required: bool = True) -> Part:
    """Make a request body of JSON."""
    return {"required": required, "content": {JSON: {"schema": schema, "example": example}}}
