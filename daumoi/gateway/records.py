"""POST /api/v1/records/{kind} takes records; GET …/{seq} gives one by its number (contract, sections 3 and 5)."""

import asyncio
from contextlib import aclosing
from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds
from daumoi.exchange.reading import Reader
from daumoi.gateway import bodies
from daumoi.gateway.answers import JSON, json_answer
from daumoi.gateway.calls import Call, call_of, sent_kind
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import SEQ_MAX, Query, whole_number
from daumoi.intake.bodies import ContentType, single_record, take
from daumoi.intake.pipe import BodyHead, send
from daumoi.intake.receipts import Receipt
from daumoi.intake.submissions import OnProblem, Submission
from daumoi.kinds.kind import Kind

_OPTIONS = frozenset({"dry_run", "on_problem"})


def _head_of(scope: Any, kind: Kind, system_id: int) -> BodyHead:
    """Read all that is asked of a body before its first byte; raises CallProblem."""
    query = Query(scope["query_string"], _OPTIONS)
    on_problem: OnProblem = "reject" if query.choice("on_problem", ("hold", "reject"), "hold") == "reject" else "hold"
    return BodyHead(
        system_id=system_id,
        kind=kind.name,
        dry_run=query.flag("dry_run"),
        on_problem=on_problem,
        content_type=bodies.content_type(scope),
        encoding=bodies.encoding(scope),
    )


async def _take_small(gate: Gate, call: Call, kind: Kind, head: BodyHead, body: bytes) -> Receipt:
    """Take a small body in this process: one record by group commit, several in a thread."""
    settings = gate.hub.settings
    if head.on_problem == "hold" and not head.dry_run:
        most = min(settings.line_max_bytes, settings.body_json_max_bytes)
        line = single_record(body, head.content_type) if len(body) <= most else None
        if line is not None:
            gate.count_records(call.system, 1)
            return await asyncio.wrap_future(gate.commits.submit(call.system, kind, line))
    return await gate.write(call.system, _take_rows, gate, call, kind, head, body)


def _take_rows(gate: Gate, call: Call, kind: Kind, head: BodyHead, body: bytes) -> Receipt:
    submission = Submission(
        gate.hub,
        system=call.system,
        kind=kind,
        dry_run=head.dry_run,
        on_problem=head.on_problem,
        quota=gate.quota,
    )
    declared: ContentType = head.content_type
    return take(submission, [body], settings=gate.hub.settings, content_type=declared)


async def _hand_over(gate: Gate, call: Call, head: BodyHead, receive: bodies.Receive) -> Receipt:
    """Stream a large, compressed or chunked body to the intake process."""
    with gate.bulk_place(call.caller.client_id):
        async with aclosing(bodies.pieces(gate, receive)) as stream:
            try:
                return await send(gate.intake_socket, head, stream)
            except CallProblem as problem:
                if gate.stopping.is_set() and problem.code == "malformed_body":
                    detail = "The hub is going down. What the receipt counts is stored; send all of it again, safely."
                    raise CallProblem("not_ready", detail, receipt=problem.receipt) from None
                raise


async def _take(gate: Gate, call: Call, kind: Kind, head: BodyHead, scope: Any, receive: bodies.Receive) -> Receipt:
    size = bodies.length(scope)
    small = gate.hub.settings.small_body_max_bytes
    if size is None or size > small or head.encoding is not None:
        return await _hand_over(gate, call, head, receive)
    body = await bodies.whole(receive, limit=small, settings=gate.hub.settings)
    return await _take_small(gate, call, kind, head, body)


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of records."""

    @post("/api/v1/records/{kind:str}")
    async def send_records(request: Request[Any, Any, Any]) -> ASGIApp:
        """Take records of one kind."""
        call = call_of(request.scope)
        kind = sent_kind(request.path_params["kind"])
        if not call.system.may_send(kind.name):
            raise CallProblem("no_right")
        head = _head_of(request.scope, kind, call.system.id)
        try:
            receipt = await _take(gate, call, kind, head, request.scope, request.receive)
        except CallProblem as problem:
            if problem.receipt is not None and not head.dry_run:
                gate.meters.count_receipt(problem.receipt)
            raise
        if not head.dry_run:
            gate.meters.count_receipt(receipt)
        return json_answer(receipt)

    @get("/api/v1/records/{kind:str}/{seq:str}")
    async def one_record(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give one record by its number, cut as the caller's agreement says."""
        kind = request.path_params["kind"]
        call = call_of(request.scope)
        agreement = gate.agreement(call.system, kind)
        Query(request.scope["query_string"])
        seq = whole_number(request.path_params["seq"], low=1, high=SEQ_MAX)
        found = None
        if seq is not None:
            found = await gate.read(
                feeds.one,
                gate.hub,
                gate.watch.registry,
                agreement=agreement,
                reader=Reader(call.actor),
                seq=seq,
            )
        if found is None:
            raise CallProblem("not_found", "No record of this kind has this number.")
        return ASGIResponse(body=found.rstrip(b"\n"), media_type=JSON)

    return [send_records, one_record]
