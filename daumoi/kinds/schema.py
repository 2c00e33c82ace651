"""JSON Schema 2020-12 of a kind, made from its wire types, with marks and code lists written out."""

from functools import cache
from typing import Any

import msgspec

from daumoi.kinds.codes import code_list
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.kind import Kind
from daumoi.kinds.privacy import marked

NAMING = (
    "national_id",
    "old_national_id",
    "passport",
    "health_insurance_no",
    "phone",
    "full_name",
    "system_person_id",
)
"""Members of an identity of which at least one must be there (contract, section 3)."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def example(kind: Kind) -> dict[str, Any]:
    """Return a valid record with a fixed ref."""
    return kind.example


@cache
def json_schema(kind_name: str) -> dict[str, Any]:
    """Return the schema of one record as it is sent, with the conditions that depend on `op`."""
    from daumoi.kinds.registry import KINDS

    kind = KINDS[kind_name]
    (reference,), components = msgspec.json.schema_components([kind.wire], ref_template="#/$defs/{name}")
    name = reference["$ref"].rsplit("/", 1)[1]
    for wire in components.values():
        wire.pop("title", None)
        for member in wire.get("properties", {}).values():
            if "default" in member and member["default"] is None:
                # Left out and null are the same; what `op` asks for is said below, not by a default.
                del member["default"]
    if "Identity" in components:
        components["Identity"]["anyOf"] = [{"required": [name]} for name in NAMING]
    record = components.pop(name)
    return {
        "$schema": DIALECT,
        "$id": f"/api/v1/kinds/{kind.name}/schema",
        "title": kind.title_en,
        **record,
        "if": {"not": {"properties": {"op": {"const": "withdraw"}}, "required": ["op"]}},
        "then": {"required": required_members(kind)},
        "$defs": components,
        "x-daumoi-version": kind.version,
        "x-daumoi-marks": {"/" + "/".join(path): mark for path, mark in marked(kind.wire).items()},
        "x-daumoi-lists": {name: [entry.code for entry in code_list(name).entries] for name in lists_of(kind)},
        "examples": [kind.example],
    }


def required_members(kind: Kind) -> list[str]:
    """Name the members an `assert` needs; a withdrawal needs only ref, revision and op."""
    needed = ["ref", "occurred_at", "data"]
    if kind.subject == "required":
        needed.append("subject")
    if kind.requires_area:
        needed.append("area")
    return needed


def lists_of(kind: Kind) -> list[str]:
    """Name the code lists a kind uses."""
    return sorted(_lists(kind.wire, set()))


def _lists(wire: type[msgspec.Struct], seen: set[Any]) -> set[str]:
    from daumoi.kinds.plan import steps

    found: set[str] = set()
    for step in steps(wire):
        if step.list_name and step.list_name != "country":
            found.add(step.list_name)
        if step.inner is not None and step.inner not in seen and step.inner is not Envelope:
            found |= _lists(step.inner, seen | {wire})
    return found
