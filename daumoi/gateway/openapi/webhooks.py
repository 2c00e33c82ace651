"""The operations of webhooks, and their schemas."""

from daumoi.exchange.webhooks.endpoint import NAME_MAX
from daumoi.exchange.webhooks.selectors import ATTEMPTS_LISTED
from daumoi.gateway.answers import JSON
from daumoi.gateway.gate import LOG_KINDS
from daumoi.gateway.openapi.parts import Part, answer, json_body, operation, parameter, query
from daumoi.gateway.openapi.schemas import COUNT, INSTANT, SEQ, nullable, ref

_ID = parameter("webhook_id", "path", {"type": "integer", "minimum": 1}, "Its id.", example=3)
_STORING = ("malformed_body", "unsupported_media_type", "body_too_large")
_TEXT: Part = {"type": "string"}
_KINDS: Part = {
    "type": "array",
    "minItems": 1,
    "items": {"enum": [*LOG_KINDS, "*"]},
    "description": "`*`: every kind that you may read.",
}
_CONTENT: Part = {
    "enum": ["thin", "full", None],
    "description": "`thin`: numbers alone, you fetch the records from the feed; `full`: the lines. Null: thin where the"
    " kind tells of people.",
}
_ORDERED: Part = {
    "type": "boolean",
    "description": "One message of a kind at a time, the next only after you took it; else several, in any order.",
}
_CLOUDEVENTS: Part = {"type": "boolean", "description": "Also with the headers of CloudEvents 1.0, binary mode."}
_URL: Part = {"type": "string", "format": "uri", "description": "https://, at a public address; never redirected."}
_SETTINGS = {"url": _URL, "kinds": _KINDS, "content": _CONTENT, "ordered": _ORDERED, "cloudevents": _CLOUDEVENTS}
_NAME: Part = {"type": "string", "minLength": 1, "maxLength": NAME_MAX}


def _object(properties: dict[str, Part], *, required: tuple[str, ...] | None = None, closed: bool = False) -> Part:
    made: Part = {"type": "object", "properties": properties}
    made["required"] = list(properties if required is None else required)
    return made | ({"additionalProperties": False} if closed else {})


def webhook_schemas() -> dict[str, Part]:
    """Return the schemas of webhooks."""
    keys = {
        "secret": {**_TEXT, "description": "`whsec_…`: verifies `v1` signatures. Shown once."},
        "public_key": {**_TEXT, "description": "`whpk_…`: verifies `v1a` signatures (Ed25519)."},
    }
    shown: dict[str, Part] = {
        "id": SEQ,
        "name": _TEXT,
        **_SETTINGS,
        "state": {"enum": ["active", "paused", "disabled"]},
        "state_reason": _TEXT,
        "state_at": INSTANT,
        "created_at": INSTANT,
        "standing": {
            "enum": ["good", "failing", "warned", "disabled", "paused"],
            "description": "`warned`: no message was taken for a day; after five it is disabled.",
        },
        "failures_in_a_row": COUNT,
        "failing_since": nullable(INSTANT),
        "tried_again_at": nullable(INSTANT),
        "succeeded_at": nullable(INSTANT),
        "messages_open": COUNT,
        "messages_failed": {**COUNT, "description": "Given up after all tries; a replay sends them again."},
    }
    attempt = _object(
        {
            "id": SEQ,
            "message": {**_TEXT, "description": "The `webhook-id`."},
            "kind": nullable(_TEXT),
            "at": INSTANT,
            "milliseconds": COUNT,
            "status": nullable({"type": "integer"}),
            "error": {**nullable(_TEXT), "description": "Why there is no status: timeout, refused, certificate, …"},
            "answer": {**_TEXT, "description": "The first KiB; empty where the message told of people."},
        }
    )
    return {
        "webhook": _object(shown),
        "webhook_keys": _object(keys),
        "webhook_registered": {"allOf": [ref("webhook"), ref("webhook_keys")]},
        "webhook_registration": _object(
            {"name": _NAME, **_SETTINGS, "from_beginning": {"type": "boolean", "description": "All that is kept."}},
            required=("name", "url", "kinds"),
            closed=True,
        ),
        "webhook_change": _object({**_SETTINGS, "state": {"enum": ["active", "paused"]}}, required=(), closed=True),
        "webhook_again": _object(
            {
                "message": {**nullable(_TEXT), "description": "A `webhook-id`; or else kind with after or since."},
                "kind": nullable({"enum": list(LOG_KINDS)}),
                "after": nullable(COUNT),
                "since": nullable({"type": "string", "format": "date-time", "description": "RFC 3339, with offset."}),
            },
            required=(),
            closed=True,
        ),
        "webhook_attempts": _object(
            {
                "items": {"type": "array", "items": attempt},
                "next": {**nullable(SEQ), "description": "The `before` of the next page; null on the last."},
            }
        ),
    }


def webhook_paths() -> dict[str, Part]:
    """Return the operations of webhooks."""
    path = "/api/v1/webhooks/{webhook_id}"
    return {
        "/api/v1/webhooks": {"get": _list(), "post": _register()},
        path: {"get": _show(), "patch": _change(), "delete": _end()},
        f"{path}/test": {"post": _test()},
        f"{path}/secret": {"post": _secret()},
        f"{path}/replay": {"post": _replay()},
        f"{path}/attempts": {"get": _attempts()},
    }


def _list() -> Part:
    items = _object({"items": {"type": "array", "items": ref("webhook")}})
    return operation(
        "webhooks", "Webhooks", "List your webhooks", "Your own.", answers={"200": answer("All of them.", JSON, items)}
    )


def _register() -> Part:
    example = {"name": "nhan-bao-cao", "url": "https://receiver.example/daumoi", "kinds": ["citizen_report"]}
    return operation(
        "register_webhook",
        "Webhooks",
        "Register a webhook",
        "Messages are signed as Standard Webhooks 1.0 says; the same message has the same `webhook-id` at every try."
        " 2xx within 15 s takes it. What fails is tried again after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h;"
        " Retry-After of 429 and 503 is kept to, 410 disables. What your agreement does not give does not come.",
        body=json_body(ref("webhook_registration"), example),
        answers={"200": answer("The webhook with its keys.", JSON, ref("webhook_registered"))},
        codes=_STORING,
    )


def _show() -> Part:
    return operation(
        "webhook",
        "Webhooks",
        "Show a webhook",
        "What it is set to and how it stands.",
        parameters=[_ID],
        answers={"200": answer("The webhook.", JSON, ref("webhook"))},
        codes=("not_found",),
    )


def _change() -> Part:
    return operation(
        "change_webhook",
        "Webhooks",
        "Change, pause or resume a webhook",
        "What is not given stays. `state: active` also begins again after the hub disabled it, where it stood.",
        parameters=[_ID],
        body=json_body(ref("webhook_change"), {"state": "paused"}),
        answers={"200": answer("The webhook.", JSON, ref("webhook"))},
        codes=("not_found", *_STORING),
    )


def _end() -> Part:
    return operation(
        "end_webhook",
        "Webhooks",
        "End a webhook for good",
        "What is under way is not sent.",
        parameters=[_ID],
        answers={"200": answer("It has ended.", JSON, _object({"state": {"const": "ended"}}))},
        codes=("not_found", "malformed_body"),
    )


def _test() -> Part:
    return operation(
        "test_webhook",
        "Webhooks",
        "Send a test message",
        "Of the type `webhook.test`, tried once, also while it is paused or disabled. The attempts show its answer.",
        parameters=[_ID],
        answers={"200": answer("The id of the message.", JSON, _object({"message": _TEXT}))},
        codes=("not_found", "malformed_body"),
    )


def _secret() -> Part:
    return operation(
        "replace_webhook_keys",
        "Webhooks",
        "Replace the keys of a webhook",
        "For 24 hours messages carry the signatures of the old and the new keys.",
        parameters=[_ID],
        answers={"200": answer("The new keys, shown once.", JSON, ref("webhook_keys"))},
        codes=("not_found", "malformed_body"),
    )


def _replay() -> Part:
    return operation(
        "replay_webhook",
        "Webhooks",
        "Send again what went out",
        "With the same ids, and only what your agreement gives now. In ordered mode nothing new of the kind goes before"
        " it.",
        parameters=[_ID],
        body=json_body(ref("webhook_again"), {"kind": "citizen_report", "after": 1200}),
        answers={"200": answer("How many messages go again.", JSON, _object({"messages": COUNT}))},
        codes=("not_found", *_STORING),
    )


def _attempts() -> Part:
    limit: Part = {"type": "integer", "minimum": 1, "maximum": ATTEMPTS_LISTED, "default": ATTEMPTS_LISTED}
    return operation(
        "webhook_attempts",
        "Webhooks",
        "List attempts",
        "Of 30 days, the newest first. An attempt has a status, or an error that says why there is none.",
        parameters=[
            _ID,
            query("before", {"type": "integer", "minimum": 0, "default": 0}, "Go on behind a page: its `next`."),
            query("limit", limit, "How many."),
        ],
        answers={"200": answer("A page of attempts.", JSON, ref("webhook_attempts"))},
        codes=("not_found",),
    )
