"""A row of a file into the JSON lines of its records: columns, constants, conditions, and the ref."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from daumoi.intake.files.mapping import Condition, RecordRule
from daumoi.intake.files.reading.rows import SourceRow
from daumoi.intake.files.targets import Path
from daumoi.intake.files.values import ABSENT, read_value, text_of

HashRef = Callable[[bytes], bytes]
"""A keyed hash: a ref made of personal parts must not be found out by trying all of them."""

UNMAPPED = "unmapped_row"
"""The member that carries a row that could not be read: no kind has it, so intake holds the row and keeps it whole."""


INVALID = "invalid_row"
"""The member that says what is wrong with a row that could be read: for this intake holds the record."""


class Made(NamedTuple):
    """A record made of a row, as the line that intake gets, and what the mapping found wrong."""

    line: bytes
    notes: tuple[str, ...] = ()


def records_of(row: SourceRow, rules: tuple[RecordRule, ...], hash_ref: HashRef) -> Iterator[tuple[RecordRule, Made]]:
    """Make the records of one row, in the order of the rules."""
    cells = row.cells
    assert cells is not None  # a row that was not read goes by unmapped_record
    for rule in rules:
        if applies(rule, cells):
            yield rule, _made(rule, row, cells, hash_ref)


def unmapped_record(row: SourceRow) -> Made:
    """Make the line of a row that could not be read as a row: intake holds it, with all that stood in it."""
    if isinstance(row.raw, bytes):
        return Made(row.raw, (row.reason,))
    return Made(encoded({UNMAPPED: row.raw}), (row.reason,))


def encoded(record: dict[str, Any]) -> bytes:
    """Write JSON. Bytes that were not UTF-8 come out as they went in, so that intake answers `not_utf8`."""
    try:
        return msgspec.json.encode(record)
    except (ValueError, OverflowError):
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")


def applies(rule: RecordRule, cells: dict[str, Any]) -> bool:
    """Tell whether a row makes this record: all its conditions hold."""
    if rule.resource is not None and cells.get("resourceType") != rule.resource:
        return False
    return all(_holds(condition, cells) for condition in rule.when)


def _holds(condition: Condition, cells: dict[str, Any]) -> bool:
    cell = cells.get(condition.column)
    one_of = condition.one_of
    if one_of is not None:
        # Of a list, one of its texts is enough: a resource has its code in several systems.
        return any(_is_one(each, one_of) for each in (cell if isinstance(cell, list) else [cell]))
    there = text_of(cell) is not None or (cell is not None and not isinstance(cell, str))
    return there is condition.present


def _is_one(cell: Any, one_of: frozenset[str]) -> bool:
    return text_of(cell) in one_of or (isinstance(cell, bool) and str(cell).lower() in one_of)


def _made(rule: RecordRule, row: SourceRow, cells: dict[str, Any], hash_ref: HashRef) -> Made:
    record: dict[str, Any] = {}
    notes: list[str] = []
    ref = _ref(rule, cells, hash_ref)
    if ref is None:
        notes.append("ref: a column it is made of is empty.")
    else:
        record["ref"] = ref
    for field in rule.fields:
        value, note = read_value(field, cells)
        if note:
            notes.append(note)
        if value is not ABSENT:
            _put(record, field.path, value)
    for constant in rule.constants:
        if constant.owner is None or _has(record, constant.owner):
            _put(record, constant.path, constant.value)
    if rule.has_lists:
        record = _with_lists(record)
    if row.faults:
        record[INVALID] = list(row.faults)
        notes += row.faults
    return Made(encoded(record), tuple(notes))


def _ref(rule: RecordRule, cells: dict[str, Any], hash_ref: HashRef) -> str | None:
    text = rule.ref.fill(cells, text_of)
    if text is None or not rule.ref_keyed:
        return text
    # Not the filled text: with nothing between the parts, two rows could give the same one.
    parts = [text_of(cells.get(name)) for name in rule.ref.columns]
    return hash_ref(encoded({"kind": rule.kind.name, "ref": rule.ref.parts, "of": parts})).hex()


def _put(record: dict[str, Any], path: Path, value: Any) -> None:
    here = record
    for name in path[:-1]:
        here = here.setdefault(name, {})
    here[path[-1]] = value


def _has(record: dict[str, Any], path: Path) -> bool:
    here: Any = record
    for name in path:
        if name not in here:
            return False
        here = here[name]
    return True


def _with_lists(value: Any) -> Any:
    """Turn objects whose names are all digits into lists, in the order of the digits; places left empty close up."""
    if not isinstance(value, dict):
        return value
    made = {name: _with_lists(member) for name, member in value.items()}
    if made and all(name.isascii() and name.isdigit() for name in made):
        return [made[name] for name in sorted(made, key=int)]
    return made
