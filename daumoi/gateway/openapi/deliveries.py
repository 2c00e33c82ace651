"""The operations that prove what came and what went out."""

import json
import re

import msgspec

from daumoi.exchange.deliveries import LIMIT_MAX, DeliveriesPage
from daumoi.exchange.lineage import Lineage
from daumoi.exchange.statements import SignedStatement, Statement
from daumoi.gateway.answers import JSON
from daumoi.gateway.deliveries import LISTED
from daumoi.gateway.gate import LOG_KINDS
from daumoi.gateway.openapi.parts import Part, answer, operation, parameter, query
from daumoi.gateway.openapi.paths import READ_KIND
from daumoi.gateway.openapi.schemas import Schema, ref
from daumoi.gateway.parameters import SEQ_MAX

_REF = "#/components/schemas/"


def _name(type_name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type_name).lower()


def delivery_schemas() -> dict[str, Schema]:
    """Return the schemas of their answers, as the types themselves say them."""
    types = (DeliveriesPage, Lineage, Statement, SignedStatement)
    _, found = msgspec.json.schema_components(types, ref_template=_REF + "{name}")
    text = re.sub(rf'"{_REF}(\w+)"', lambda match: f'"{_REF}{_name(match[1])}"', json.dumps(found))
    return {_name(name): schema for name, schema in json.loads(text).items()}


def delivery_paths() -> dict[str, Part]:
    """Return the operations."""
    listed = operation(
        "deliveries",
        "Proof",
        "List what was taken out for you",
        "Stretches of numbers, one behind the other without a gap for each way out, each with the agreement and version"
        " it was taken under, how many records it gave, and the SHA-256 of their lines as they were sent.",
        parameters=[
            parameter("kind", "query", {"enum": list(LOG_KINDS)}, "The kind of record.", required=True),
            query("after", {"type": "integer", "minimum": 0, "maximum": SEQ_MAX, "default": 0}, "`next` of the page."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LISTED}, "How many."),
        ],
        answers={"200": answer("A page of stretches.", JSON, ref("deliveries_page"))},
        codes=("unknown_kind",),
    )
    stated = operation(
        "statement",
        "Proof",
        "Show your signed statement of a day",
        "Of records received on the day (UTC+7): in scope = delivered + waiting + failed + filtered; and what became"
        " of records of your own. The statement of a closed day is kept as it was signed in the night; for a day that"
        " is not over one is made now and says so (`closed`). `said` is JSON text (`statement` among the schemas)."
        " Ed25519 signs the bytes `daumoi statement 1`, a line feed, and `said`.",
        parameters=[
            parameter("day", "path", {"type": "string", "format": "date"}, "The day, UTC+7.", example="2021-08-01")
        ],
        answers={"200": answer("The statement.", JSON, ref("signed_statement"))},
        codes=("not_found",),
    )
    lineage = operation(
        "record_lineage",
        "Proof",
        "Tell where a record came from and where it went",
        "Its sender sees with which submission it came, its revisions and to whom it went: receivers by agreement with"
        " its own organisation by name, all others as a number. A receiver sees its own deliveries. `check=true` writes"
        " the stretch again from the log and compares its digest.",
        parameters=[
            READ_KIND,
            parameter("seq", "path", {"type": "integer", "minimum": 1}, "Its number.", example=501),
            query("check", {"enum": ["true", "false"], "default": "false"}, "Check the digest again."),
        ],
        answers={"200": answer("The lineage.", JSON, ref("lineage"))},
        codes=("unknown_kind", "not_found", "gone_before"),
    )
    return {
        "/api/v1/deliveries": {"get": listed},
        "/api/v1/statements/{day}": {"get": stated},
        "/api/v1/records/{kind}/{seq}/lineage": {"get": lineage},
    }
