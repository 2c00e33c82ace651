"""Reads one row of a kind: the fast path first, and the slow checker for what it refuses.

The fast path (msgspec) stops at the first fault, repeats values in its messages, lets a key stand twice, and takes
U+0000 and offsets without a colon. Each of these is caught by a cheap look at the bytes, and then the slow checker
decides. Both paths accept the same rows with the same meaning (a property test holds them to it).
"""

import re
from functools import cache
from typing import Any, NamedTuple

import msgspec

from daumoi.kinds.checker import DROPPED, check
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import Fault
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import has_repeated_key, parse, text_faults

_ODD_OFFSET = re.compile(rb'\d[+-]\d{4}"')
_ODD_COLON = (b" :", b"\t:", b"\n:", b"\r:")
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Decoded(NamedTuple):
    """A row as read: the record (None when it has faults), its canonical bytes, and its faults."""

    record: Envelope | None
    faults: list[Fault]


@cache
def _decoder(wire: type[Envelope]) -> msgspec.json.Decoder[Envelope]:
    return msgspec.json.Decoder(wire)


def canonical(record: Envelope) -> bytes:
    """Write a record so that equal records have equal bytes: keys in one order, defaults left out, numbers in one form.

    Instants must stand in UTC already. Minus zero is written as zero: they are the same number.
    """
    written = _ENCODER.encode(record)
    return written.replace(b":-0.0,", b":0.0,").replace(b":-0.0}", b":0.0}") if b":-0.0" in written else written


def _needs_a_second_look(line: bytes, record: Envelope) -> bool:
    """Tell whether a row the fast path took may hold what it does not see."""
    if _ODD_OFFSET.search(line):
        return True
    written = _ENCODER.encode(record)
    if b"\\u0000" in written:
        return True
    plain = b"\\" not in line and not any(mark in line for mark in _ODD_COLON)
    # Without escapes and odd white space every key ends in `":`; as many of them as the record has keys
    # that are not defaults means that no key stands twice.
    if plain and line.count(b'":') == written.count(b'":'):
        return False
    return has_repeated_key(line)


def decode(kind: Kind, line: bytes) -> Decoded:
    """Read one JSON text as a record of the kind; never raises for anything the text holds."""
    try:
        record = _decoder(kind.wire).decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return decode_slowly(kind, line)
    return decode_slowly(kind, line) if _needs_a_second_look(line, record) else Decoded(record, [])


def decode_slowly(kind: Kind, line: bytes) -> Decoded:
    """Read one JSON text with the slow checker; of a faulty row the parts without fault may be returned with it."""
    value, broken = parse(line)
    if broken:
        return Decoded(None, [broken])
    cleaned, faults = check(kind.wire, value)
    faults = text_faults(value) + faults
    record: Any = None
    if cleaned is not DROPPED:
        try:
            record = msgspec.convert(cleaned, kind.wire)
        except msgspec.ValidationError:
            if not faults:
                raise
    return Decoded(record, faults)
