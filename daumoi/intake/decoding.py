"""Turns one line of a body into a row: decoded, examined, and hashed."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from daumoi.areas import selectors as areas
from daumoi.core.hub import Hub
from daumoi.intake.rows import SUBJECT, Row
from daumoi.intake.validation import AHEAD, Examined, Person, examine
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.decoding import REFUSALS, Decoded, canonical, decode_slowly, fast_decoder, is_plain, is_sure
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import FAULTS_MAX, Fault
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import parse
from daumoi.kinds.privacy import is_fact, take_personal
from daumoi.log.copying import said_columns
from daumoi.log.entries import Entry, Role, personal_context, receipt_keys
from daumoi.people.claims import ClaimRequest
from daumoi.people.identifiers import has_strong

_IDENTITY = msgspec.json.Encoder(order="deterministic").encode
_UNSPEAKABLE = frozenset(("ref_is_personal", "text_not_storable"))
"""Faults of a row whose ref may not be repeated."""
_ENCODE = msgspec.json.Encoder().encode


def read_row(hub: Hub, *, system_id: int, kind: Kind, line: bytes, number: int) -> Row:
    """Decode and examine one JSON text. Never raises for anything the text holds."""
    return read_rows(hub, system_id=system_id, kind=kind, lines=[(number, line)])[0]


def read_rows(hub: Hub, *, system_id: int, kind: Kind, lines: Sequence[tuple[int, bytes]]) -> list[Row]:
    """Decode and examine JSON texts, each with its number in the body. Never raises for anything a text holds."""
    plain = is_plain(b"\n".join([line for _, line in lines]))
    reader = _Reader(hub, system_id, kind)
    fast = fast_decoder(kind.wire)
    rows = []
    for number, line in lines:
        try:
            record = fast(line)
        except REFUSALS:
            rows.append(reader.slow_row(line, number))
            continue
        examined = examine(kind, record, reader.now, reader.latest)
        content = canonical(record)
        if is_sure(line, content, plain=plain):
            rows.append(reader.row(line, number, record, content, examined))
        else:
            rows.append(reader.slow_row(line, number))
    return rows


def unreadable_row(*, system_id: int, fault: Fault, start: bytes, mark: bytes, number: int) -> Row:
    """Make the row of a line that was not kept whole; `mark` stands for its content, `start` is what was kept."""
    return Row(number, start, system_id, mark, faults=[fault])


class _Reader:
    """Makes the rows of one body: what they have in common is worked out once."""

    def __init__(self, hub: Hub, system_id: int, kind: Kind) -> None:
        self.hub, self.system_id, self.kind = hub, system_id, kind
        self.now = hub.clock.now()
        self.latest = self.now + AHEAD
        self._key_of = receipt_keys(hub.keys, system_id=system_id, kind=kind.number)
        self._content_of = hub.keys.indexer("content")

    def row(self, line: bytes, number: int, record: Envelope, content: bytes, examined: Examined) -> Row:
        """Make the row of a record that was read; it may still have faults of what it says."""
        row = Row(number, line, self.system_id, content)
        if examined.warnings:
            row.warnings = examined.warnings
        if examined.faults:
            row.faults = examined.faults
            self._name(row, record)
        else:
            self._make_entry(row, record, self._name(row, record), examined)
        return row

    def slow_row(self, line: bytes, number: int) -> Row:
        """Make the row of a text that only the slow checker can judge."""
        decoded = decode_slowly(self.kind, line)
        record = decoded.record
        if record is None or decoded.faults:
            return self._bad_row(line, number, decoded)
        examined = examine(self.kind, record, self.now, self.latest)
        return self.row(line, number, record, canonical(record), examined)

    def _bad_row(self, line: bytes, number: int, decoded: Decoded) -> Row:
        value, broken = parse(line)
        if broken:
            content = line.strip()
        else:
            content = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
        row = Row(number, line, self.system_id, content, faults=list(decoded.faults))
        if decoded.record is not None:
            examined = examine(self.kind, decoded.record, self.now, self.latest)
            known = {(fault.code, fault.pointer) for fault in row.faults} | {
                ("missing_field", fault.pointer) for fault in row.faults
            }
            row.faults += [fault for fault in examined.faults if (fault.code, fault.pointer) not in known]
            given_twice = any(fault.code == "duplicate_key" and fault.pointer == "/ref" for fault in row.faults)
            # Of a row with as many faults as are told, not all is known: its ref may be given twice, or not storable.
            if len(decoded.faults) < FAULTS_MAX and not given_twice and decoded.record.ref not in _texts(value):
                self._name(row, decoded.record)
        return row

    def _name(self, row: Row, record: Envelope) -> bytes:
        """Note the ref of a row, unless it may not be repeated; returns its receipt key."""
        key = self._key_of(record.ref.encode("utf-8", "surrogatepass"))
        if not (row.faults and any(fault.code in _UNSPEAKABLE for fault in row.faults)):
            row.ref, row.revision, row.ref_key = record.ref, record.revision, key
        return key

    def _make_entry(self, row: Row, record: Envelope, key: bytes, examined: Examined) -> None:
        withdraw = record.op == "withdraw"
        entry = row.entry = Entry(
            self.system_id,
            key,
            record.ref,
            record.revision,
            withdraw,
            self._content_of(row.content),
            record.occurred_at,
            self.kind.version,
        )
        if withdraw:
            # What a withdrawal carries beside ref, revision and op counts as its content, and is not kept.
            entry.said = said_columns(entry)
            return
        _place_in_world(record, entry)
        data = record.data  # type: ignore[attr-defined]
        row.checkpoint_code = getattr(data, "checkpoint", None) or getattr(data, "code", None)
        if self.kind is CHECKPOINT:
            row.open_days = (data.opened_on, data.closed_on)
        if examined.people:
            row.claims = [_claim(self.system_id, key, person) for person in examined.people]
        _divide(self.hub, data, entry)
        entry.said = said_columns(entry)


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


def _claim(system_id: int, key: bytes, person: Person) -> tuple[int, int, ClaimRequest]:
    role, position = _role(person.pointer)
    anchor = None if has_strong(person.keys) else b"%s|%d|%d" % (key, role, position)
    return role, position, ClaimRequest(system_id, anchor, _IDENTITY(person.identity))


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


def _divide(hub: Hub, data: Struct, entry: Entry) -> None:
    """Part the data: facts into the body, personal values sealed beside it, companions by position only."""
    if is_fact(data):
        entry.body = _ENCODE(data)
        return
    facts = msgspec.to_builtins(data)
    personal = take_personal(type(data), facts)
    if "companions" in facts:
        facts["companions"] = list(range(len(facts["companions"])))
    entry.body = _ENCODE(facts)
    if personal:
        entry.personal = hub.keys.seal(_ENCODE(personal), personal_context(entry.key, entry.revision))
