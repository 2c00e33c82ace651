"""The operations of files and keys, with their schemas."""

from daumoi.exchange.files.fetching import LISTED_MAX
from daumoi.gateway.answers import JSON
from daumoi.gateway.files import LISTED, MEDIA_TYPES
from daumoi.gateway.gate import LOG_KINDS
from daumoi.gateway.openapi.parts import Part, answer, operation, parameter, query
from daumoi.gateway.openapi.schemas import COUNT, INSTANT, nullable, object_of, ref

_EXAMPLE = "d4_citizen_report_2021-08-01_p1_v2_000000000501-000000000930.csv"
_DAY: Part = {"type": "string", "format": "date"}


def file_paths() -> dict[str, Part]:
    """Return the operations of files and keys."""
    listed = operation(
        "files",
        "Files",
        "List your files",
        "Files of closed days (UTC+7, of receipt) that were made for your system, with their manifests, by name.",
        parameters=[
            query("kind", {"enum": list(LOG_KINDS)}, "Of this kind alone."),
            query("day", _DAY, "Of this day alone."),
            query("after", {"type": "string"}, "Go on after this name: `next` of the page."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": LISTED_MAX, "default": LISTED}, "How many."),
        ],
        answers={"200": answer("A page of files.", JSON, ref("file_page"))},
        codes=("unknown_kind",),
    )
    name = parameter("name", "path", {"type": "string"}, "As the list gives it.", example=_EXAMPLE)
    whole = answer("The file, by its ending; a manifest is JSON.", JSON, {"type": "object"})
    whole["content"] |= {
        media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values() if media_type != JSON
    }
    fetched = operation(
        "file",
        "Files",
        "Fetch a file",
        "Fetched to its end, a file is acknowledged. 503 while it is written anew, because the agreement changed or"
        " somebody who may stand in it was erased: list again after Retry-After.",
        parameters=[name],
        answers={"200": whole},
        codes=("not_found", "no_agreement"),
    )
    keys = operation(
        "keys",
        "Files",
        "Get the public keys of the hub",
        "Ed25519, as JWK (RFC 8037). A manifest names its key; signed is the manifest without `signature`, keys sorted,"
        " without blanks (RFC 8785).",
        answers={"200": answer("The keys.", JSON, ref("public_keys"))},
    )
    return {
        "/api/v1/files": {"get": listed},
        "/api/v1/files/{name}": {"get": fetched},
        "/api/v1/keys": {"get": keys},
    }


def file_schemas() -> dict[str, Part]:
    """Return the schemas of these operations."""
    text: Part = {"type": "string"}
    listed = object_of(
        {
            "name": text,
            "kind": text,
            "day": _DAY,
            "part": {"type": "integer", "minimum": 1},
            "ends_day": {"type": "boolean", "description": "Whether no further part of the day follows."},
            "is_manifest": {"type": "boolean"},
            "bytes": COUNT,
            "records": COUNT,
            "made_at": INSTANT,
            "fetched_at": nullable(INSTANT),
        }
    )
    key = object_of({name: text for name in ("kty", "crv", "alg", "use", "kid", "x", "signs")})
    return {
        "file_listed": listed,
        "file_page": object_of(
            {
                "items": {"type": "array", "items": ref("file_listed")},
                "next": {**nullable(text), "description": "The `after` of the next page; null on the last."},
            }
        ),
        "public_keys": object_of({"keys": {"type": "array", "items": key}}),
    }
