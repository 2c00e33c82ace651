"""Held rows: listed, mended, replayed by the system that sent them (contract, section 3)."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.core.problems import ROW_CODES, CallProblem
from daumoi.gateway import bodies
from daumoi.gateway.answers import JSON, json_answer
from daumoi.gateway.calls import call_of, sent_kind
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import Query, public_id
from daumoi.intake import held
from daumoi.intake.bodies import single_record
from daumoi.intake.receipts import Receipt
from daumoi.organisations.registry import System

LISTED = 100
REPLAY_BODY_MAX_BYTES = 1024 * 1024


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """Which held rows to try again; all that are given must hold."""

    kind: str | None = None
    code: str | None = None
    submission_id: UUID | None = None
    ids: list[UUID] | None = None


# Made before any thread runs (see daumoi/kinds/decoding.py).
_READ_CHOICE = msgspec.json.Decoder(Choice).decode


def read_choice(body: bytes) -> Choice:
    """Read the body of a replay; an empty one chooses every row. Raises CallProblem malformed_body, unknown_kind."""
    try:
        choice = _READ_CHOICE(body) if body.strip() else Choice()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Also what msgspec's ValidationError says: it may repeat values, so it is not shown.
        detail = "The body is an object with any of kind, code, submission_id (an id) and ids (a list of ids)."
        raise CallProblem("malformed_body", detail) from None
    if choice.kind is not None:
        sent_kind(choice.kind)
    if choice.code is not None and choice.code not in ROW_CODES:
        raise CallProblem("malformed_body", "code is one of the codes of rows; /api/v1/problems lists them.")
    return choice


def _row_code(query: Query) -> str | None:
    code = query.text("code")
    if code is not None and code not in ROW_CODES:
        raise CallProblem("bad_parameter", "code is one of the codes of rows; /api/v1/problems lists them.")
    return code


def _list_handler(gate: Gate) -> HTTPRouteHandler:
    @get("/api/v1/held")
    async def held_rows(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the caller's own held rows in order of arrival."""
        query = Query(request.scope["query_string"], ("kind", "code", "after", "limit"))
        kind = query.text("kind")
        page = await gate.read(
            held.list_held,
            gate.hub,
            system=call_of(request.scope).system,
            kind=sent_kind(kind).name if kind else None,
            code=_row_code(query),
            after=query.id("after"),
            limit=query.whole("limit", LISTED, low=1, high=held.MOST_LISTED),
        )
        return json_answer(page)

    return held_rows


def _mend(gate: Gate, system: System, held_id: UUID, line: bytes) -> Receipt | None:
    try:
        return held.mend(gate.hub, system=system, held_id=held_id, line=line)
    except CallProblem as problem:
        if problem.code != "rows_refused":
            raise
        detail = "The record is not good yet, and its entry stays as it was. Mend it as problems say, and try again."
        raise CallProblem(problem.code, detail, extra=problem.extra) from None


def _mend_handler(gate: Gate) -> HTTPRouteHandler:
    @put("/api/v1/held/{held_id:str}")
    async def mend_held_row(request: Request[Any, Any, Any]) -> ASGIApp:
        """Store a mended record and close its entry."""
        system = call_of(request.scope).system
        Query(request.scope["query_string"])
        held_id = public_id(request.path_params["held_id"])
        if held_id is None:
            raise _unknown()
        bodies.require_type(request.scope, JSON)
        most = gate.hub.settings.line_max_bytes
        encoded = bodies.encoding(request.scope)
        sent = await bodies.whole(request.receive, limit=most, settings=gate.hub.settings)
        body = bodies.plain(sent, encoded, limit=most)
        line = single_record(body, JSON)
        if line is None:
            raise CallProblem("malformed_body", "The body is one record, not an array; nothing was stored.")
        gate.count_records(system, 1)
        receipt = await gate.write(system, _mend, gate, system, held_id, line)
        if receipt is None:
            raise _unknown()
        gate.meters.count_receipt(receipt)
        return json_answer(receipt)

    return mend_held_row


def _replay_handler(gate: Gate) -> HTTPRouteHandler:
    @post("/api/v1/held/replay")
    async def replay_held_rows(request: Request[Any, Any, Any]) -> ASGIApp:
        """Try held rows again, in order of arrival."""
        system = call_of(request.scope).system
        Query(request.scope["query_string"])
        encoded = bodies.encoding(request.scope)
        if bodies.length(request.scope) != 0:
            bodies.require_type(request.scope, JSON)
        body = await bodies.whole(request.receive, limit=REPLAY_BODY_MAX_BYTES, settings=gate.hub.settings)
        choice = read_choice(bodies.plain(body, encoded, limit=REPLAY_BODY_MAX_BYTES))
        receipt = await gate.write(
            system,
            held.replay,
            gate.hub,
            system=system,
            kind=choice.kind,
            code=choice.code,
            submission_id=choice.submission_id,
            ids=choice.ids,
        )
        gate.meters.count_receipt(receipt)
        return json_answer(receipt)

    return replay_held_rows


def _unknown() -> CallProblem:
    return CallProblem("not_found", "Your system holds no row of this id; it may have been mended already.")


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of held rows."""
    return [_list_handler(gate), _mend_handler(gate), _replay_handler(gate)]
