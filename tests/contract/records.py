"""Records as a partner writes them, from the contract alone; every call gives a fresh ref.

All names and numbers are invented.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from tests.hubs import Record

BA_DINH = {"scheme": "vn-2025", "code": "00004"}
HANOI = {"scheme": "vn-2025", "code": "01"}
OCCURRED_AT = "2021-08-01T08:00:00+07:00"
KINDS = (
    "health_declaration", "movement_declaration", "citizen_report", "checkpoint", "checkpoint_passage", "area_count",
)  # fmt: skip
ENVELOPE_COUNTS = ("received", "accepted", "corrected", "withdrawn", "repeated", "held")

# The full lists that the contract writes out.
FORMS = ("domestic", "entry", "daily")
EXPOSURES = ("confirmed_case", "symptomatic_person", "person_from_affected_area", "animal_market")
LEG_MODES = ("plane", "train", "coach", "boat", "car", "motorbike", "lorry", "other")
CHECKPOINT_TYPES = (
    "road", "border_gate", "airport", "port", "station", "health_facility",
    "quarantine_site", "workplace", "school", "market", "venue", "residence",
)  # fmt: skip
DIRECTIONS = ("in", "out")
METHODS = ("personal_qr", "national_id_qr", "health_pass", "declaration_qr", "place_qr", "paper", "manual")
DECISIONS = ("allowed", "denied", "referred")
SEXES = ("male", "female", "other", "unknown")

ROW_CODES = (
    "malformed_json", "not_utf8", "line_too_long", "too_deep", "duplicate_key", "unknown_field", "missing_field",
    "wrong_type", "out_of_range", "not_in_list", "bad_instant", "instant_out_of_range", "bad_date", "bad_identifier",
    "no_identity", "text_not_storable", "unknown_area", "unknown_checkpoint", "code_in_use", "unknown_code",
    "revision_conflict", "ref_is_personal",
)  # fmt: skip
CALL_CODES = (
    "unauthorized", "unknown_kind", "no_right", "no_agreement", "malformed_body", "body_too_large",
    "unsupported_media_type", "rows_refused", "rate_limited", "too_many_bad_rows", "storage_low", "gone_before",
)  # fmt: skip

_refs = itertools.count(1)
_people = itertools.count(1)


def a_ref(prefix: str = "R") -> str:
    """A ref that nobody has used."""
    return f"{prefix}-{next(_refs)}"


def a_national_id() -> str:
    """A 12-digit number of a man born in Hà Nội in 1987."""
    return f"001087{next(_people):06d}"


def a_person(**fields: Any) -> Record:
    """A person by national id and name; `fields` replace, None takes away."""
    person = {"national_id": a_national_id(), "full_name": "Nguyễn Văn Bình", **fields}
    return {name: value for name, value in person.items() if value is not None}


def _record(data: Record, envelope: Record, default: Record) -> Record:
    record = {"ref": a_ref(), "occurred_at": OCCURRED_AT, **default, **envelope, "data": data}
    return {name: value for name, value in record.items() if value is not None}


def a_checkpoint(data: Record | None = None, **envelope: Any) -> Record:
    """A road checkpoint in Ba Đình with a code of its own."""
    own = {"code": a_ref("CP"), "name": "Chốt cầu Long Biên", "type": "road"}
    return _record({**own, **(data or {})}, envelope, {"area": BA_DINH})


def a_passage(checkpoint: str, data: Record | None = None, **envelope: Any) -> Record:
    """Somebody let in at a checkpoint of the same system."""
    own = {"checkpoint": checkpoint, "direction": "in", "method": "national_id_qr", "decision": "allowed"}
    return _record({**own, **(data or {})}, envelope, {"subject": a_person(), "area": BA_DINH})


def a_declaration(data: Record | None = None, **envelope: Any) -> Record:
    """A domestic health declaration."""
    own = {"form": "domestic", "symptoms": {"fever": False, "cough": True}, "exposures": {"confirmed_case": False}}
    return _record({**own, **(data or {})}, envelope, {"subject": a_person(), "area": BA_DINH})


def a_leg(**fields: Any) -> Record:
    """One leg from Hà Nội to Hồ Chí Minh City by coach."""
    leg = {
        "from": {"area": HANOI},
        "to": {"area": {"scheme": "vn-2025", "code": "79"}},
        "departs_at": "2021-08-02T06:00:00+07:00",
        "transport": {"mode": "coach"},
        **fields,
    }
    return {name: value for name, value in leg.items() if value is not None}


def a_movement(data: Record | None = None, **envelope: Any) -> Record:
    """A journey of one leg."""
    return _record({"legs": [a_leg()], **(data or {})}, envelope, {"subject": a_person(), "area": BA_DINH})


def a_report(data: Record | None = None, **envelope: Any) -> Record:
    """An anonymous report by a citizen; its category is one that every hub knows."""
    own = {"category": REPORT_CATEGORY, "text": "Quán nước đầu ngõ vẫn tụ tập đông người."}
    return _record({**own, **(data or {})}, envelope, {"area": BA_DINH})


def an_area_count(data: Record | None = None, **envelope: Any) -> Record:
    """The cases of Hà Nội on a day, as the evening bulletin has them."""
    own = {"day": "2021-08-01", "indicator": "cases", "value": 77, "reported_at": "2021-08-01T18:00:00+07:00"}
    return _record({**own, **(data or {})}, envelope, {"area": HANOI})


REPORT_CATEGORY = "crowd"  # as the example of a report shows it


def a_withdrawal(ref: str, revision: int) -> Record:
    """Takes a record back; only these three fields."""
    return {"ref": ref, "revision": revision, "op": "withdraw"}


def the_bytes(row: Record) -> bytes:
    """The row as compact JSON."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def put_at(row: Record, pointer: str, value: Any) -> Record:
    """A copy of the row with a value set at a JSON pointer."""
    copy: Record = json.loads(json.dumps(row))
    *path, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    at: Any = copy
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return copy


def take_out(row: Record, pointer: str) -> Record:
    """A copy of the row without what stands at a JSON pointer."""
    copy: Record = json.loads(json.dumps(row))
    *path, last = pointer.split("/")[1:]
    at: Any = copy
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at[step]
    del at[last]
    return copy
