"""GET /api/v1/deliveries, …/statements/{day}, …/records/{kind}/{seq}/lineage: the proof of what came and went."""

from datetime import date
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import deliveries, lineage, statements
from daumoi.exchange.reading import Reader
from daumoi.exchange.reconciliation import DayGone
from daumoi.exchange.statements import SignedStatement
from daumoi.gateway.answers import json_answer
from daumoi.gateway.calls import call_of
from daumoi.gateway.gate import LOG_KINDS, Gate
from daumoi.gateway.parameters import SEQ_MAX, Query, whole_number
from daumoi.organisations.registry import System

LISTED = 100


def _named(kind: str | None) -> str:
    if kind is None:
        raise CallProblem("bad_parameter", "Say of which kind: kind=… with a name of /api/v1/kinds.")
    return _known(kind)


def _known(kind: str | None) -> str:
    if kind not in LOG_KINDS:
        raise CallProblem("unknown_kind")
    return kind


def _day(text: str) -> date:
    try:
        if len(text) == len("2021-08-01"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise CallProblem("bad_parameter", "The day is written YYYY-MM-DD, in the time of Viet Nam.")


def _statement(hub: Hub, *, system: System, day: date) -> SignedStatement:
    with hub.pool.connection() as connection:
        try:
            return statements.as_given(hub, statements.statement(hub, connection, system=system, day=day))
        except (DayGone, ValueError) as fault:
            raise CallProblem("not_found", str(fault)) from None


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of deliveries."""

    @get("/api/v1/deliveries")
    async def delivered(request: Request[Any, Any, Any]) -> ASGIApp:
        """List what was taken out for the caller, stretch by stretch."""
        query = Query(request.scope["query_string"], ("kind", "after", "limit"))
        page = await gate.read(
            deliveries.deliveries,
            gate.hub,
            system_id=call_of(request.scope).system.id,
            kind=_named(query.text("kind")),
            after=query.whole("after", 0, low=0, high=SEQ_MAX),
            limit=query.whole("limit", LISTED, low=1, high=deliveries.LIMIT_MAX),
        )
        return json_answer(page)

    @get("/api/v1/statements/{day:str}")
    async def statement(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the caller's signed statement of a day."""
        Query(request.scope["query_string"])
        system = call_of(request.scope).system
        day = _day(request.path_params["day"])
        return json_answer(await gate.read(_statement, gate.hub, system=system, day=day))

    @get("/api/v1/records/{kind:str}/{seq:str}/lineage")
    async def record_lineage(request: Request[Any, Any, Any]) -> ASGIApp:
        """Tell where a record came from and where it went, as far as the caller may know."""
        query = Query(request.scope["query_string"], ("check",))
        call = call_of(request.scope)
        kind = _known(request.path_params["kind"])
        seq = whole_number(request.path_params["seq"], low=1, high=SEQ_MAX)
        found = None
        if seq is not None:
            found = await gate.read(
                lineage.of_record,
                gate.hub,
                kind=kind,
                seq=seq,
                asker=call.system.id,
                reader=Reader(call.actor),
                check=query.flag("check"),
            )
        if found is None:
            raise CallProblem("not_found", "No record of this kind and number came from your system or went to it.")
        return json_answer(found)

    return [delivered, statement, record_lineage]
