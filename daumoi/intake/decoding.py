"""Turns one line of a body into a row: decoded, examined, and hashed."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from daumoi.areas import selectors as areas
from daumoi.core.hub import Hub
from daumoi.intake.rows import SUBJECT, Row
from daumoi.intake.validation import Examined, examine
from daumoi.kinds.decoding import Decoded, canonical, decode
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import Fault
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import parse
from daumoi.kinds.privacy import take_personal
from daumoi.log.entries import Entry, Role, personal_context, receipt_key
from daumoi.organisations.registry import System
from daumoi.people.claims import ClaimRequest

_ENCODE = msgspec.json.Encoder().encode


def held_key(hub: Hub, system: System, kind: Kind, content: bytes) -> bytes:
    """Return the key under which a bad row of this content is held once."""
    return hub.keys.index("held", b"%d|%d|%s" % (system.id, kind.number, content))


def read_row(hub: Hub, *, system: System, kind: Kind, line: bytes, number: int) -> Row:
    """Decode and examine one JSON text. Never raises for anything the text holds."""
    decoded = decode(kind, line)
    record = decoded.record
    if record is None or decoded.faults:
        return _bad_row(hub, system, kind, line, number, decoded)
    examined = examine(kind, record, hub.clock.now())
    content = canonical(record)
    row = Row(number, line, system, held_key(hub, system, kind, content), record)
    row.faults, row.warnings = examined.faults, examined.warnings
    _name(hub, kind, row)
    if not row.faults:
        _make_entry(hub, kind, row, content, examined)
    return row


def unreadable_row(
    hub: Hub, *, system: System, kind: Kind, fault: Fault, start: bytes, mark: bytes, number: int
) -> Row:
    """Make the row of a line that was not kept whole; `mark` stands for its content, `start` is what was kept."""
    return Row(number, start, system, held_key(hub, system, kind, mark), faults=[fault])


def _bad_row(hub: Hub, system: System, kind: Kind, line: bytes, number: int, decoded: Decoded) -> Row:
    value, broken = parse(line)
    if broken:
        content = line.strip()
    else:
        content = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
    row = Row(number, line, system, held_key(hub, system, kind, content), faults=list(decoded.faults))
    if decoded.record is not None:
        examined = examine(kind, decoded.record, hub.clock.now())
        known = {(fault.code, fault.pointer) for fault in row.faults} | {
            ("missing_field", fault.pointer) for fault in row.faults
        }
        row.faults += [fault for fault in examined.faults if (fault.code, fault.pointer) not in known]
        row.record = decoded.record
        given_twice = any(fault.code == "duplicate_key" and fault.pointer == "/ref" for fault in row.faults)
        if not given_twice and decoded.record.ref not in _texts(value):
            _name(hub, kind, row)
    return row


def _texts(value: Any) -> set[str]:
    """Return the texts of the people in a faulty row: a ref that is one of them is not repeated."""
    people = [value.get("subject"), value.get("declarant")] if isinstance(value, dict) else []
    data = value.get("data") if isinstance(value, dict) else None
    people.append(data.get("companions") if isinstance(data, dict) else None)
    return {text for person in people for text in _leaves(person)}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _leaves(member)


def _name(hub: Hub, kind: Kind, row: Row) -> None:
    """Note the ref of a row, unless it may not be repeated."""
    assert row.record is not None
    if any(fault.code in ("ref_is_personal", "text_not_storable") for fault in row.faults):
        return
    row.ref, row.revision = row.record.ref, row.record.revision
    row.ref_key = receipt_key(hub.keys, system_id=row.system.id, kind=kind.number, ref=row.ref)


def _make_entry(hub: Hub, kind: Kind, row: Row, content: bytes, examined: Examined) -> None:
    record = row.record
    key = row.ref_key
    assert record is not None and key is not None
    withdraw = record.op == "withdraw"
    entry = row.entry = Entry(
        system_id=row.system.id,
        key=key,
        ref=record.ref,
        revision=record.revision,
        withdraw=withdraw,
        content=hub.keys.index("content", content),
        occurred_at=record.occurred_at,
        schema_version=kind.version,
    )
    if withdraw:
        # What a withdrawal carries beside ref, revision and op counts as its content, and is not kept.
        return
    _place_in_world(record, entry)
    data = record.data  # type: ignore[attr-defined]
    row.checkpoint_code = getattr(data, "checkpoint", None) or getattr(data, "code", None)
    for pointer, claimed in examined.people:
        role, position = _role(pointer)
        anchor = b"%s|%d|%d" % (key, role, position)
        row.claims.append((role, position, ClaimRequest(row.system.id, anchor, claimed)))
    _divide(hub, record, entry)


def _role(pointer: str) -> tuple[int, int]:
    if pointer == "/subject":
        return SUBJECT, 0
    if pointer == "/declarant":
        return int(Role.DECLARANT), 0
    return int(Role.COMPANION), int(pointer.rsplit("/", 1)[1])


def _place_in_world(record: Envelope, entry: Entry) -> None:
    if record.area is not None:
        unit = areas.find(record.area.scheme, record.area.code)
        entry.area_scheme, entry.area_code = record.area.scheme, record.area.code
        entry.path = unit.path if unit else None
    if record.location is not None:
        entry.lat, entry.lon = record.location.lat, record.location.lon
        entry.accuracy_m = record.location.accuracy_m


def _divide(hub: Hub, record: Envelope, entry: Entry) -> None:
    """Part the data: facts into the body, personal values sealed beside it, companions by position only."""
    data = record.data  # type: ignore[attr-defined]
    facts = msgspec.to_builtins(data)
    personal = take_personal(type(data), facts)
    if "companions" in facts:
        facts["companions"] = list(range(len(facts["companions"])))
    entry.body = _ENCODE(facts)
    if personal:
        entry.personal = hub.keys.seal(_ENCODE(personal), personal_context(entry.key, entry.revision))
