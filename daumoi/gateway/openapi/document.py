"""Puts the document together (contract, section 1: OpenAPI 3.1 at /api/v1/openapi.json)."""

from functools import cache
from typing import Any

from daumoi.areas.points import BORDER_DOUBT_KM, OUTSIDE_MAX_KM
from daumoi.areas.unit import SCHEMES
from daumoi.gateway.answers import JSON
from daumoi.gateway.areas import MATCHES_MAX, TEXT_MAX
from daumoi.gateway.openapi.deliveries import delivery_paths, delivery_schemas
from daumoi.gateway.openapi.file_paths import file_paths, file_schemas
from daumoi.gateway.openapi.parts import Part, answer, operation, query
from daumoi.gateway.openapi.paths import SENT_KIND, record_paths
from daumoi.gateway.openapi.schemas import components, ref
from daumoi.gateway.openapi.webhooks import webhook_paths, webhook_schemas
from daumoi.gateway.tokens import FORM, GRANT
from daumoi.kinds.registry import KINDS
from daumoi.kinds.schema import DIALECT

VERSION = "1"
TAGS = (
    ("Getting in", "A client's id and secret for a token of an hour. Every other call carries it."),
    ("Sending", "Records of every kind, one or millions, with a receipt that says what became of each row."),
    ("Held rows", "Hàng chờ sửa: rows that were not good, kept for their sender to mend."),
    ("Reading", "The log of each kind by number, cut as the sharing agreement says."),
    ("Webhooks", "The same records, pushed to an address of yours and signed."),
    ("Files", "The same in files of closed days, with signed manifests, for systems that follow no feed."),
    ("Proof", "What came, what went out, and under which agreement: stretches, signed statements, lineage."),
    ("Kinds", "What can be sent, in which form, within which limits."),
    ("Areas", "Administrative units of today and of before 1 July 2025, by name as written, by code, by point."),
    ("Signs of life", "For load balancers and monitoring."),
)
_DESCRIPTION = (
    "Đầu mối: the hub of the epidemic response. Records of every system come in, are unified, and go out to those who"
    " are entitled to them. Instants carry an offset, answers give UTC; unknown fields and parameters are refused by"
    " name; errors are RFC 9457 problems with a stable `code`."
)


_BA_DINH = {
    "scheme": "vn-2025",
    "code": "00004",
    "name": "Phường Ba Đình",
    "full_name": "Phường Ba Đình, Thành phố Hà Nội",
    "level": "ward",
    "valid_from": "2025-07-01",
    "valid_to": None,
}
_TRUC_BACH = {
    "scheme": "vn-2024",
    "code": "00004",
    "name": "Phường Trúc Bạch",
    "full_name": "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội",
    "level": "ward",
    "valid_from": None,
    "valid_to": "2025-06-30",
    "today": [_BA_DINH],
}
_AREAS_EXAMPLE = {"certain": True, "total": 1, "unread": ["12 phố Mẫu"], "matches": [_TRUC_BACH]}


def _token_operation() -> Part:
    form = {FORM: {"schema": ref("token_request"), "example": {"grant_type": GRANT}}}
    made = operation(
        "token",
        "Getting in",
        "Get a token",
        "RFC 6749, section 4.4. The client's id and secret by HTTP Basic or as form fields. A token survives a restart"
        " of the hub, and ends at once when its client is suspended.",
        body={"required": True, "content": form},
        answers={"200": answer("A token.", JSON, ref("token"))},
        codes=(
            "malformed_body",
            "bad_parameter",
            "unauthorized",
            "body_too_large",
            "unsupported_media_type",
            "rate_limited",
            "internal_error",
        ),
        public=True,
    )
    made["security"] = [{"client_basic": []}, {}]
    return made


def _kind_operations() -> dict[str, Part]:
    listed = operation(
        "kinds",
        "Kinds",
        "List kinds, versions and limits",
        "With what your own system may send and read.",
        answers={"200": answer("The kinds.", JSON, ref("kinds"))},
    )
    schema = operation(
        "kind_schema",
        "Kinds",
        "Get the JSON Schema of a kind",
        "JSON Schema 2020-12 of one record as it is sent.",
        parameters=[SENT_KIND],
        answers={"200": answer("The schema.", "application/schema+json", {"type": "object"})},
        codes=("unknown_kind",),
    )
    example = operation(
        "kind_example",
        "Kinds",
        "Get a valid record of a kind",
        "Accepted by an empty hub; a passage after its checkpoint.",
        parameters=[SENT_KIND],
        answers={"200": answer("A record.", JSON, {"type": "object"}, example=KINDS["checkpoint"].example)},
        codes=("unknown_kind",),
    )
    return {
        "/api/v1/kinds": {"get": listed},
        "/api/v1/kinds/{kind}/schema": {"get": schema},
        "/api/v1/kinds/{kind}/example": {"get": example},
    }


def _area_operations() -> dict[str, Part]:
    number: Part = {"type": "number"}
    found = operation(
        "areas",
        "Areas",
        "Find administrative units",
        "Ask in one way. By `q`, a place as people write it, from the narrow to the wide: with or without accents and"
        " prefixes, old and new names; `certain` is true only when all of it points to one unit of today, else the"
        " matches are candidates and none is preferred; a name that ended before the list of 2024, such as Quận 9,"
        " gives what it became, with the old name and its last day under `former`. By `scheme` and `code`: what the"
        " unit was and what it is today. By `lat` and `lon`: under `province` the province by its border, all"
        f" candidates within {BORDER_DOUBT_KM:g} km of one or {OUTSIDE_MAX_KM:g} km outside; the matches are the wards"
        " whose centres lie nearest, those of these provinces first, as candidates.",
        parameters=[
            query("q", {"type": "string", "minLength": 1, "maxLength": TEXT_MAX}, "A place as written."),
            query("on", {"type": "string", "format": "date"}, "With q: only units of this day."),
            query("scheme", {"enum": list(SCHEMES)}, "With code."),
            query("code", {"type": "string"}, "A code as a string, with its zeros."),
            query("lat", {**number, "minimum": -90, "maximum": 90}, "Degrees north, WGS 84; with lon."),
            query("lon", {**number, "minimum": -180, "maximum": 180}, "Degrees east, WGS 84; with lat."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": MATCHES_MAX}, "Matches at most."),
        ],
        answers={"200": answer("The units.", JSON, ref("areas"), example=_AREAS_EXAMPLE)},
        codes=("not_found",),
    )
    return {"/api/v1/areas": {"get": found}}


def _open_operations() -> dict[str, Part]:
    text = {"type": "string"}
    problems = operation(
        "problems",
        "Kinds",
        "List all problem codes",
        "Codes of calls and codes of rows, each with a sentence in English and Vietnamese.",
        answers={"200": answer("The codes.", JSON, ref("problem_codes"))},
        codes=("bad_parameter",),
        public=True,
    )
    return {
        "/api/v1/problems": {"get": problems},
        "/api/v1/openapi.json": {"get": _open("openapi", "Kinds", "This document", JSON, {"type": "object"})},
        "/api/v1/docs": {"get": _open("docs", "Kinds", "This document to read", "text/html", text)},
        "/healthz": {"get": _open("healthz", "Signs of life", "The server runs", JSON, ref("health"))},
        "/readyz": {
            "get": _open("readyz", "Signs of life", "Records can be taken", JSON, ref("health"), codes=("not_ready",))
        },
        "/metrics": {"get": _open("metrics", "Signs of life", "Figures for Prometheus", "text/plain", text)},
    }


def _open(name: str, tag: str, summary: str, media_type: str, schema: Part, codes: tuple[str, ...] = ()) -> Part:
    said = answer(f"{summary}.", media_type, schema)
    return operation(name, tag, summary, f"{summary}. Needs no token.", answers={"200": said}, codes=codes, public=True)


def _headers() -> dict[str, Part]:
    def number(description: str) -> Part:
        return {"description": description, "schema": {"type": "integer", "minimum": 0}}

    return {
        "X-Request-Id": {"description": "The id of this call; name it to the centre.", "schema": {"type": "string"}},
        "Retry-After": number("Seconds to wait."),
        "Daumoi-Next": number("The `after` of the next call."),
        "Daumoi-Head": number("The newest number of the kind."),
        "Daumoi-Oldest": number("The oldest number that is still kept."),
    }


@cache
def document() -> dict[str, Any]:
    """Return the whole document."""
    request_id = {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Your own id of the call, given back and written to the hub's log.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{8,64}$"},
    }
    security = {
        "token": {"type": "http", "scheme": "bearer", "description": "From POST /api/v1/oauth/token."},
        "client_basic": {"type": "http", "scheme": "basic", "description": "Client id and secret; token call alone."},
    }
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {"title": "daumoi: machine API", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/", "description": "This hub"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": said} for name, said in TAGS],
        "paths": {
            "/api/v1/oauth/token": {"post": _token_operation()},
            **record_paths(),
            **webhook_paths(),
            **file_paths(),
            **delivery_paths(),
            **_kind_operations(),
            **_area_operations(),
            **_open_operations(),
        },
        "components": {
            "securitySchemes": security,
            "parameters": {"X-Request-Id": request_id},
            "headers": _headers(),
            "schemas": {**components(), **webhook_schemas(), **file_schemas(), **delivery_schemas()},
        },
    }
