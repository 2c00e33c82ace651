"""The operations of sending and reading records."""

from typing import Any

from daumoi.core.problems import ROW_CODES
from daumoi.exchange.cloudevents import BATCH
from daumoi.exchange.feeds import LIMIT_MAX
from daumoi.gateway.answers import JSON, NDJSON
from daumoi.gateway.feeds import LIMIT, WAIT_MAX_S
from daumoi.gateway.gate import LOG_KINDS
from daumoi.gateway.held import LISTED
from daumoi.gateway.openapi.parts import Part, answer, json_body, operation, parameter, query
from daumoi.gateway.openapi.schemas import record_name, ref
from daumoi.gateway.parameters import SEQ_MAX
from daumoi.gateway.submissions import PROBLEMS_MAX
from daumoi.intake.held import MOST_LISTED
from daumoi.kinds.registry import ALL, KINDS

SENT_KIND = parameter("kind", "path", {"enum": list(KINDS)}, "The kind of record.", example="checkpoint")
READ_KIND = parameter("kind", "path", {"enum": list(LOG_KINDS)}, "The kind of record.", example="checkpoint")
_SUBMISSION = parameter("submission_id", "path", {"type": "string", "format": "uuid"}, "Of the receipt.")
_HELD_ID = parameter("held_id", "path", {"type": "string", "format": "uuid"}, "Of the problem or the list.")
_AFTER = query("after", {"type": "integer", "minimum": 0, "maximum": SEQ_MAX, "default": 0}, "The number you have.")
_STORING = ("malformed_body", "unsupported_media_type", "body_too_large", "storage_low")
_RECEIPT_EXAMPLE = {
    "submission_id": "01970000-0000-7000-8000-00000000a001",
    "kind": "checkpoint",
    "received": 2,
    "accepted": 1,
    "corrected": 0,
    "withdrawn": 0,
    "repeated": 0,
    "held": 1,
    "first_seq": 501,
    "last_seq": 501,
    "problems": [
        {
            "row": 2,
            "ref": "A-17",
            "code": "unknown_area",
            "pointer": "/area/code",
            "message": ROW_CODES["unknown_area"].en,
            "held_id": "01970000-0000-7000-8000-00000000b001",
        }
    ],
    "warnings": [],
}
_RECEIPT = answer("The receipt: on disk, durable.", JSON, ref("receipt"), example=_RECEIPT_EXAMPLE)
_LINE = '{"ref":"A-1","op":"withdraw","revision":2}\n'
_LINE_EXAMPLE = {
    "kind": "checkpoint",
    "seq": 501,
    "id": "01970000-0000-7000-8000-00000000c001",
    "op": "assert",
    "current": True,
    "system": "example-gates",
    "ref": "example-1",
    "revision": 1,
    "occurred_at": "2021-08-01T01:00:00Z",
    "received_at": "2021-08-01T01:00:03.120000Z",
    "area": {"scheme": "vn-2025", "code": "00004"},
    "data": {"code": "EXAMPLE-1", "name": "Chốt kiểm dịch số 1", "type": "road"},
}


def _records_body() -> Part:
    records = [ref(record_name(kind.name)) for kind in ALL]
    one: dict[str, Any] = {"anyOf": records}
    lines = "One record a line. Streamed: a body has no small limit, a line has."
    examples = {kind.name: {"value": kind.example} for kind in ALL}
    return {
        "required": True,
        "description": "Plain, or with Content-Encoding gzip or zstd.",
        "content": {
            JSON: {"schema": {"anyOf": [*records, {"type": "array", "items": one}]}, "examples": examples},
            NDJSON: {"schema": {"type": "string", "description": lines}, "example": _LINE},
        },
    }


def _sending() -> dict[str, Part]:
    send = operation(
        "send_records",
        "Sending",
        "Send records of a kind",
        "Good rows are stored, bad rows are held for mending, and the receipt says which. A row sent again with the"
        " same ref, revision and content is `repeated`: sending all of it again is always safe. If a body breaks"
        " off, the answer is 4xx with the receipt so far.",
        parameters=[
            SENT_KIND,
            query("dry_run", {"enum": ["true", "false"], "default": "false"}, "Validate and count; store nothing."),
            query(
                "on_problem",
                {"enum": ["hold", "reject"], "default": "hold"},
                "`reject`: any bad row, and nothing is stored (422). One transaction; the limit is at /api/v1/kinds.",
            ),
            parameter("Content-Encoding", "header", {"enum": ["gzip", "zstd", "identity"]}, "How the body is packed."),
        ],
        body=_records_body(),
        answers={"200": _RECEIPT},
        codes=("no_right", "unknown_kind", *_STORING, "rows_refused", "too_many_bad_rows"),
    )
    return {"/api/v1/records/{kind}": {"post": send}}


def _submissions() -> dict[str, Part]:
    shown = operation(
        "submission",
        "Sending",
        "Show a receipt again",
        "A receipt never changes; `still_held` tells how many of its rows wait for mending today.",
        parameters=[_SUBMISSION],
        answers={"200": answer("The receipt.", JSON, ref("submission"))},
        codes=("not_found",),
    )
    whole = {"type": "integer", "minimum": 1, "maximum": PROBLEMS_MAX, "default": PROBLEMS_MAX}
    listed = operation(
        "submission_problems",
        "Sending",
        "List all problems of a body",
        "Every row that was not stored, with all its faults, in the order of the body.",
        parameters=[
            _SUBMISSION,
            query("after", {"type": "integer", "minimum": 0, "default": 0}, "Go on after this row: `next`."),
            query("limit", whole, "Rows a page."),
        ],
        answers={"200": answer("A page of problems.", JSON, ref("submission_problems"))},
        codes=("not_found",),
    )
    path = "/api/v1/submissions/{submission_id}"
    return {path: {"get": shown}, f"{path}/problems": {"get": listed}}


def _held() -> dict[str, Part]:
    listed = operation(
        "held_rows",
        "Held rows",
        "List your held rows",
        "In order of arrival. A bad row is held once for each kind and content.",
        parameters=[
            query("kind", {"enum": list(KINDS)}, "Of this kind alone."),
            query("code", {"enum": list(ROW_CODES)}, "With this first fault alone."),
            query("after", {"type": "string", "format": "uuid"}, "Go on after this row: `next` of the page."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}, "How many."),
        ],
        answers={"200": answer("A page of held rows.", JSON, ref("held_page"))},
        codes=("unknown_kind",),
    )
    mend = operation(
        "mend_held_row",
        "Held rows",
        "Mend a held row",
        "Takes the mended record, stores it and closes the entry. Still bad: 422, and the entry stays.",
        parameters=[_HELD_ID],
        body=json_body({"anyOf": [ref(record_name(kind.name)) for kind in ALL]}, KINDS["checkpoint"].example),
        answers={"200": _RECEIPT},
        codes=("not_found", *_STORING, "rows_refused"),
    )
    replay = operation(
        "replay_held_rows",
        "Held rows",
        "Try held rows again",
        "After a checkpoint was sent, or a code list was mended. In order of arrival; those still bad stay held.",
        body=json_body(ref("replay_choice"), {"code": "unknown_checkpoint"}, required=False),
        answers={"200": _RECEIPT},
        codes=("unknown_kind", *_STORING),
    )
    return {
        "/api/v1/held": {"get": listed},
        "/api/v1/held/{held_id}": {"put": mend},
        "/api/v1/held/replay": {"post": replay},
    }


def _reading() -> dict[str, Part]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("Daumoi-Next", "Daumoi-Head")}
    lines: Part = {"type": "string", "description": "One `feed_line` a line, in seq order."}
    page = answer("A page: NDJSON, or a batch of CloudEvents where Accept asks.", NDJSON, lines, headers=headers)
    page["content"][BATCH] = {"schema": {"type": "array", "items": {"type": "object"}}}
    feed = operation(
        "feed",
        "Reading",
        "Read the records of a kind by number",
        "Numbers have no holes and no repeats, and who has seen n never sees a new record up to n. Asking with"
        " `after=n` acknowledges all up to n. An empty page means nothing more up to `Daumoi-Head`.",
        parameters=[
            READ_KIND,
            _AFTER,
            query("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT}, "How many."),
            query(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": WAIT_MAX_S, "default": 0},
                "Seconds to wait for a record when there is none yet.",
            ),
        ],
        answers={"200": page},
        codes=("no_agreement", "unknown_kind", "gone_before"),
    )
    stream = operation(
        "stream",
        "Reading",
        "Read the same as server-sent events",
        "`id:` is the seq, `data:` a feed line; a comment every 15 s keeps the connection open. `Last-Event-ID` resumes"
        " and goes before `after`.",
        parameters=[
            READ_KIND,
            _AFTER,
            query("cloudevents", {"enum": ["true", "false"], "default": "false"}, "Each `data:` is one CloudEvent."),
            parameter("Last-Event-ID", "header", {"type": "integer", "minimum": 0}, "The last seq you have."),
        ],
        answers={"200": answer("Events, without an end.", "text/event-stream", {"type": "string"})},
        codes=("no_agreement", "unknown_kind", "gone_before"),
    )
    one = operation(
        "one_record",
        "Reading",
        "Read one record by its number",
        "As the feed shows it, under the same agreement.",
        parameters=[READ_KIND, parameter("seq", "path", {"type": "integer", "minimum": 1}, "Its number.", example=501)],
        answers={"200": answer("The record.", JSON, ref("feed_line"), example=_LINE_EXAMPLE)},
        codes=("no_agreement", "unknown_kind", "not_found", "gone_before"),
    )
    return {
        "/api/v1/feeds/{kind}": {"get": feed},
        "/api/v1/feeds/{kind}/stream": {"get": stream},
        "/api/v1/records/{kind}/{seq}": {"get": one},
    }


def record_paths() -> dict[str, Part]:
    """Return the operations of sending, mending and reading."""
    paths = {**_sending(), **_submissions(), **_held()}
    for path, operations in _reading().items():
        paths[path] = paths.get(path, {}) | operations
    return paths
