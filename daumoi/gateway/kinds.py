"""GET /api/v1/kinds, …/schema, …/example: what can be sent, and all limits (contract, section 4)."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.settings import Settings
from daumoi.exchange.feeds import LIMIT_MAX
from daumoi.gateway.answers import HEAD_MAX_BYTES, HEADERS_MAX, json_answer
from daumoi.gateway.calls import call_of, sent_kind
from daumoi.gateway.feeds import LIMIT, WAIT_MAX_S
from daumoi.gateway.gate import LOG_KINDS, Gate
from daumoi.gateway.held import LISTED, REPLAY_BODY_MAX_BYTES
from daumoi.gateway.parameters import Query
from daumoi.gateway.rates import BURST_S
from daumoi.gateway.submissions import PROBLEMS_MAX
from daumoi.intake.bodies import ELEMENTS_MAX, UNPACKED_FREE_BYTES, UNPACKED_RATIO_MAX
from daumoi.intake.held import MOST_LISTED
from daumoi.intake.receipts import SHOWN
from daumoi.kinds.faults import FAULTS_MAX
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import DEEPEST
from daumoi.kinds.plan import FIRST_YEAR, LAST_YEAR
from daumoi.kinds.registry import ALL, KINDS
from daumoi.kinds.schema import example, json_schema
from daumoi.organisations.registry import System

_SCHEMA_JSON = "application/schema+json"


def limits(settings: Settings, system: System) -> dict[str, Any]:
    """Return every limit of the machine API, as it is for a system; the unit stands in the name.

    Bytes count after decompression.
    """
    return {
        "json_body_max_bytes": settings.body_json_max_bytes,
        "ndjson_line_max_bytes": settings.line_max_bytes,
        "ndjson_body_max_bytes": None,
        "reject_max_rows": settings.reject_max_rows,
        "bad_rows_max": settings.bad_rows_max,
        "first_bad_rows_max": settings.first_bad_rows_max,
        "held_rows_max": settings.held_rows_max,
        "calls_per_second": system.calls_per_second or settings.calls_per_second,
        "calls_burst_seconds": BURST_S,
        "records_per_day": system.records_per_day or settings.records_per_day,
        "connections_per_address_max": settings.connections_per_address_max,
        "head_max_bytes": HEAD_MAX_BYTES,
        "head_max_headers": HEADERS_MAX,
        "head_seconds": settings.head_seconds,
        "body_idle_seconds": settings.body_idle_seconds,
        "body_min_bytes_per_second": settings.body_min_bytes_per_second,
        "unpacked_ratio_max": UNPACKED_RATIO_MAX,
        "unpacked_free_bytes": UNPACKED_FREE_BYTES,
        "json_array_max_elements": ELEMENTS_MAX,
        "bulk_bodies_per_client_max": settings.bodies_per_client_max,
        "bulk_body_min_bytes": settings.small_body_max_bytes + 1,
        "replay_body_max_bytes": REPLAY_BODY_MAX_BYTES,
        "json_depth_max": DEEPEST,
        "instant_first_year": FIRST_YEAR,
        "instant_last_year": LAST_YEAR,
        "row_faults_max": FAULTS_MAX,
        "receipt_problems_max": SHOWN,
        "problems_page_max_rows": PROBLEMS_MAX,
        "held_page_rows": LISTED,
        "held_page_max_rows": MOST_LISTED,
        "held_days": settings.held_days,
        "feed_page_rows": LIMIT,
        "feed_page_max_rows": LIMIT_MAX,
        "feed_wait_max_seconds": WAIT_MAX_S,
        "token_seconds": settings.token_seconds,
    }


def _listed(gate: Gate, kind: Kind, system: System) -> dict[str, Any]:
    today = gate.hub.clock.now().astimezone(VIET_NAM_TIME).date()
    agreement = gate.watch.agreements.of(system.id, kind.name, on=today)
    return {
        "kind": kind.name,
        "version": kind.version,
        "title": {"en": kind.title_en, "vi": kind.title_vi},
        "subject": kind.subject,
        "schema": f"/api/v1/kinds/{kind.name}/schema",
        "example": f"/api/v1/kinds/{kind.name}/example",
        "may_send": system.may_send(kind.name),
        "may_read": agreement.terms.identity if agreement else None,
    }


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of kinds."""

    @get("/api/v1/kinds")
    async def kinds(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the kinds with their versions and all limits."""
        Query(request.scope["query_string"])
        system = call_of(request.scope).system
        return json_answer(
            {
                "kinds": [_listed(gate, kind, system) for kind in ALL],
                "kinds_of_the_log": [name for name in LOG_KINDS if name not in KINDS],
                "limits": limits(gate.hub.settings, system),
            }
        )

    @get("/api/v1/kinds/{kind:str}/schema")
    async def kind_schema(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the JSON Schema of a record of a kind."""
        kind = sent_kind(request.path_params["kind"])
        Query(request.scope["query_string"])
        return json_answer(json_schema(kind.name), {"Content-Type": _SCHEMA_JSON})

    @get("/api/v1/kinds/{kind:str}/example")
    async def kind_example(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give a valid record of a kind."""
        kind = sent_kind(request.path_params["kind"])
        Query(request.scope["query_string"])
        return json_answer(example(kind))

    return [kinds, kind_schema, kind_example]
