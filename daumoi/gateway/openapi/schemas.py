"""Schemas of the document: records of each kind, receipts, pages, problems."""

from copy import deepcopy
from typing import Any

from daumoi.core.problems import CALL_CODES, ROW_CODES
from daumoi.kinds.registry import ALL
from daumoi.kinds.schema import json_schema

Schema = dict[str, Any]
_MOVED = "#/components/schemas/"
_LOCAL = "#/$defs/"
COUNT: Schema = {"type": "integer", "minimum": 0}
SEQ: Schema = {"type": "integer", "minimum": 1}
UUID: Schema = {"type": "string", "format": "uuid"}
INSTANT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, in UTC."}


def ref(name: str) -> Schema:
    """Point to a schema of the document."""
    return {"$ref": _MOVED + name}


def nullable(schema: Schema) -> Schema:
    """Allow null beside a schema."""
    return {"anyOf": [schema, {"type": "null"}]}


def record_name(kind: str) -> str:
    """Name the schema of one record of a kind."""
    return f"{kind}_record"


def _moved(value: Any) -> Any:
    """Let references into a schema's own definitions point into the document."""
    if isinstance(value, dict):
        return {
            key: _MOVED + inner.removeprefix(_LOCAL) if key == "$ref" else _moved(inner) for key, inner in value.items()
        }
    return [_moved(inner) for inner in value] if isinstance(value, list) else value


def _records() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for kind in ALL:
        schema = deepcopy(json_schema(kind.name))
        for name, definition in schema.pop("$defs").items():
            found[name] = _moved(definition)
        for own in ("$schema", "$id"):
            schema.pop(own)
        found[record_name(kind.name)] = _moved(schema)
    return found


def object_of(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    made: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return {"description": description, **made} if description else made


def _row_problem() -> Schema:
    return object_of(
        {
            "row": {"type": "integer", "minimum": 1, "description": "Line or element of the body, counted from 1."},
            "ref": {"type": ["string", "null"], "description": "The sender's ref, where it may be repeated."},
            "code": {"type": "string", "examples": ["unknown_area"], "description": "See /api/v1/problems."},
            "pointer": {"type": "string", "examples": ["/area/code"], "description": "JSON Pointer into the row."},
            "message": {"type": "string"},
            "held_id": nullable(UUID),
        },
        description="One row that was not stored, by its first fault; or one doubt about a row that was.",
    )


def _receipt_members() -> dict[str, Schema]:
    return {
        "submission_id": {**nullable(UUID), "description": "Null of a dry run."},
        "kind": {"type": ["string", "null"], "description": "Null when a replay took several kinds."},
        "received": {**COUNT, "description": "accepted + corrected + withdrawn + repeated + held, always."},
        **{name: COUNT for name in ("accepted", "corrected", "withdrawn", "repeated", "held")},
        "first_seq": {**nullable(SEQ), "description": "Lowest number given to this submission."},
        "last_seq": {**nullable(SEQ), "description": "Highest; numbers of other senders may lie between."},
        "problems": {"type": "array", "items": ref("row_problem"), "maxItems": 100},
        "warnings": {"type": "array", "items": ref("row_problem"), "description": "Doubts that stop nothing."},
    }


def _submissions() -> dict[str, Schema]:
    fault = object_of({"code": {"type": "string"}, "pointer": {"type": "string"}, "message": {"type": "string"}})
    row = deepcopy(_row_problem())
    row["properties"]["faults"] = {"type": "array", "items": ref("fault"), "description": "Every fault of the row."}
    return {
        "fault": fault,
        "row_problem": _row_problem(),
        "receipt": object_of(_receipt_members(), description="What became of the rows. 200 means: on disk, durable."),
        "submission": object_of(
            _receipt_members() | {"still_held": COUNT, "created_at": INSTANT, "finished_at": nullable(INSTANT)},
            description="The receipt as it was, and how many of its rows are held today.",
        ),
        "submission_problems": object_of(
            {
                "submission_id": UUID,
                "problems": {"type": "array", "items": row},
                "next": {**nullable(COUNT), "description": "The `after` of the next page; null on the last."},
            }
        ),
    }


def _held() -> dict[str, Schema]:
    row = object_of(
        {
            "held_id": UUID,
            "kind": {"type": "string"},
            "code": {"type": "string", "description": "The first fault."},
            "faults": {"type": "array", "items": ref("fault")},
            "held_at": INSTANT,
            "expires_at": {**INSTANT, "description": "Held rows are deleted then."},
            "record": {"description": "The row as sent: JSON, or text when it was none."},
            "handed_back": {
                "type": ["object", "null"],
                "description": "Set when the centre asks you to mend the row; the remark says how.",
                "properties": {"at": INSTANT, "remark": {"type": "string"}},
            },
        }
    )
    return {
        "held_row": row,
        "held_page": object_of(
            {
                "items": {"type": "array", "items": ref("held_row")},
                "next": {**nullable(UUID), "description": "The `after` of the next page; null on the last."},
            }
        ),
        "replay_choice": {
            "type": "object",
            "additionalProperties": False,
            "description": "Which held rows to try again; all that are given must hold. Empty: every one.",
            "properties": {
                "kind": nullable({"enum": [kind.name for kind in ALL]}),
                "code": nullable({"enum": list(ROW_CODES)}),
                "submission_id": nullable(UUID),
                "ids": nullable({"type": "array", "items": UUID}),
            },
        },
    }


def _feeds() -> dict[str, Schema]:
    line = object_of(
        {
            "kind": {"type": "string"},
            "seq": SEQ,
            "id": UUID,
            "op": {"enum": ["assert", "correct", "withdraw"]},
            "current": {"type": "boolean", "description": "False when a higher revision was there before it."},
            "system": {"type": ["string", "null"]},
            "ref": {"type": "string", "description": "As sent where the agreement gives identity; else a stand-in."},
            "revision": {"type": "integer", "minimum": 1},
            "occurred_at": nullable(INSTANT),
            "received_at": INSTANT,
            "area": {"anyOf": [ref("Area"), {"type": "null"}]},
            "location": ref("Location"),
            "subject": ref("person_shown"),
            "declarant": ref("person_shown"),
            "data": {"type": "object", "description": "The kind's fields; personal ones only by agreement."},
        },
        optional=("area", "location", "subject", "declarant", "data"),
        description="Keep for each system and ref the highest revision, never the last line.",
    )
    person = object_of(
        {"pseudonym": {"type": "string"}, "identity": ref("Identity")},
        optional=("identity",),
        description="Stable for one reader; the identity stands only where the agreement gives it.",
    )
    return {"feed_line": line, "person_shown": person}


def _registers() -> dict[str, Schema]:
    title = object_of({"en": {"type": "string"}, "vi": {"type": "string"}})
    kind = object_of(
        {
            "kind": {"type": "string"},
            "version": {"type": "integer", "minimum": 1},
            "title": title,
            "subject": {"enum": ["required", "optional", "none"]},
            "schema": {"type": "string", "format": "uri-reference"},
            "example": {"type": "string", "format": "uri-reference"},
            "may_send": {"type": "boolean"},
            "may_read": {"enum": ["pseudonym", "given", None]},
        }
    )
    limit = {"type": "object", "additionalProperties": {"type": ["integer", "null"]}}
    explained = {"code": {"type": "string"}, "en": {"type": "string"}, "vi": {"type": "string"}}
    call = {"type": {"type": "string"}, "status": {"type": "integer"}, "title": {"type": "string"}}
    unit: Schema = {
        "scheme": {"type": "string"},
        "code": {"type": "string"},
        "name": {"type": "string"},
        "full_name": {"type": "string"},
        "level": {"enum": ["country", "subdivision", "province", "district", "ward"]},
        "valid_from": nullable({"type": "string", "format": "date"}),
        "valid_to": nullable({"type": "string", "format": "date"}),
    }
    today: Schema = {
        "type": "array",
        "items": ref("area_unit"),
        "description": "What it is today; several: candidates.",
    }
    former = object_of(
        {
            "name": {"type": "string"},
            "full_name": {"type": "string"},
            "level": {"enum": ["province", "district", "ward"]},
            "code": nullable({"type": "string"}),
            "valid_to": {"type": "string", "format": "date"},
            "act": {"type": "string"},
            "act_on": {"type": "string", "format": "date"},
        },
        description="The unit that was named, dissolved before the list of 2024; the match is what it became.",
    )
    match = object_of(
        {**unit, "today": today, "distance_km": {"type": "number"}, "former": former},
        optional=("today", "distance_km", "former"),
    )
    near: Schema = {"type": "array", "items": object_of({**unit, "distance_km": {"type": "number"}})}
    province = object_of(
        {
            "relation": {"enum": ["inside", "near_border", "outside", "none"]},
            "certain": {"type": "boolean", "description": "Inside, and all candidates are one province today."},
            "today": near,
            "before": near,
        },
        description="By point: the provinces by border, the nearest first; several are candidates.",
    )
    origin = object_of({**unit, "whole": {"type": "boolean", "description": "False: a part of it, or perhaps one."}})
    return {
        "area_unit": object_of(unit),
        "areas": {
            "anyOf": [
                object_of(
                    {
                        "certain": {"type": "boolean"},
                        "total": COUNT,
                        "unread": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "Parts that name no unit.",
                        },
                        "province": province,
                        "matches": {"type": "array", "items": match},
                    },
                    optional=("total", "unread", "province"),
                    description="By name or by point.",
                ),
                object_of(
                    {
                        **unit,
                        "fate": {"enum": ["of_today", "whole", "divided", "vanished"]},
                        "today": today,
                        "was": {"type": "array", "items": origin},
                        "text": object_of({"vi": {"type": "string"}, "en": {"type": "string"}}),
                    },
                    description="By code.",
                ),
            ]
        },
        "kinds": object_of(
            {
                "kinds": {"type": "array", "items": kind},
                "kinds_of_the_log": {"type": "array", "items": {"type": "string"}},
                "limits": {**limit, "description": "The unit stands in the name; null: no limit."},
            }
        ),
        "problem_codes": object_of(
            {
                "calls": {"type": "array", "items": object_of(explained | call)},
                "rows": {"type": "array", "items": object_of(explained)},
            }
        ),
        "token": object_of(
            {
                "access_token": {"type": "string"},
                "token_type": {"const": "Bearer"},
                "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds."},
            }
        ),
        "token_request": object_of(
            {
                "grant_type": {"const": "client_credentials"},
                "client_id": {"type": "string"},
                "client_secret": {"type": "string", "format": "password"},
            },
            optional=("client_id", "client_secret"),
            description="Id and secret stand here or in HTTP Basic, not in both.",
        ),
        "health": object_of({"status": {"enum": ["ok", "ready"]}, "checks": {"type": "object"}}, optional=("checks",)),
    }


def _problem() -> Schema:
    return object_of(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What happened, what was kept, what to do."},
            "code": {"enum": list(CALL_CODES)},
            "request_id": {"type": "string"},
            "receipt": {**nullable(ref("receipt")), "description": "What was stored before the body broke off."},
            "problems": {"type": "array", "items": ref("row_problem"), "description": "The rows of a refused body."},
            "checks": {"type": "object", "description": "Of /readyz: what is missing."},
            "error": {"type": "string", "description": "Of the token call: RFC 6749, section 5.2."},
            "error_description": {"type": "string"},
        },
        optional=("receipt", "problems", "checks", "error", "error_description"),
        description="RFC 9457. No text repeats personal data.",
    )


def components() -> dict[str, Schema]:
    """Return all schemas of the document."""
    return {**_records(), **_submissions(), **_held(), **_feeds(), **_registers(), "problem": _problem()}
