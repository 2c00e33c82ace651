"""GET /api/v1/submissions/{id} and …/problems: what became of a body, for its sender (contract, section 3)."""

from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.core.problems import CallProblem
from daumoi.gateway.answers import json_answer
from daumoi.gateway.calls import call_of
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import Query, public_id
from daumoi.intake import selectors

PROBLEMS_MAX = 1000
_ROW_MAX = 2**53


def _id_of(request: Request[Any, Any, Any]) -> UUID:
    found = public_id(request.path_params["submission_id"])
    if found is None:
        raise _unknown()
    return found


def _unknown() -> CallProblem:
    return CallProblem("not_found", "Your system has sent no submission of this id.")


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of submissions."""

    @get("/api/v1/submissions/{submission_id:str}")
    async def submission(request: Request[Any, Any, Any]) -> ASGIApp:
        """Show a receipt again, with how many of its rows are still held."""
        Query(request.scope["query_string"])
        system = call_of(request.scope).system
        found = await gate.read(selectors.submission, gate.hub, system=system, submission_id=_id_of(request))
        if found is None:
            raise _unknown()
        return json_answer(found)

    @get("/api/v1/submissions/{submission_id:str}/problems")
    async def submission_problems(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the rows of a submission that were not stored, each with all its faults."""
        query = Query(request.scope["query_string"], ("after", "limit"))
        found = await gate.read(
            selectors.submission_problems,
            gate.hub,
            system=call_of(request.scope).system,
            submission_id=_id_of(request),
            after_row=query.whole("after", 0, low=0, high=_ROW_MAX),
            limit=query.whole("limit", PROBLEMS_MAX, low=1, high=PROBLEMS_MAX),
        )
        if found is None:
            raise _unknown()
        return json_answer(found)

    return [submission, submission_problems]
