"""Reads one row of a kind: the fast path first, and the slow checker for what it refuses.

The fast path (msgspec) stops at the first fault, repeats values in its messages, lets a key stand twice, and takes
U+0000 and offsets without a colon. Each of these is caught by a cheap look at the bytes, and then the slow checker
decides. Both paths accept the same rows with the same meaning (a property test holds them to it).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec

from daumoi.kinds.checker import DROPPED, check
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import FAULTS_MAX, Fault
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import has_repeated_key, parse, text_faults
from daumoi.kinds.registry import ALL

# The mark of an offset, then its four digits: a pattern that begins with one letter is looked for twenty times faster.
_ODD_OFFSETS = (re.compile(rb'\+(?<=\d\+)\d{4}"'), re.compile(rb'-(?<=\d-)\d{4}"'))
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Decoded(NamedTuple):
    """A row as read: the record (None when it has faults), its canonical bytes, and its faults."""

    record: Envelope | None
    faults: list[Fault]


@cache
def fast_decoder(wire: type[Envelope]) -> Callable[[bytes], Envelope]:
    """Return the fast path of a kind; it raises one of REFUSALS, and what it takes must pass `is_sure`."""
    return msgspec.json.Decoder(wire).decode


for _kind in ALL:
    # Here and not at the first row: msgspec 0.22 shows what it prepares for a struct before it is complete. A second
    # thread that reads a struct with the same parts (identity, area) meanwhile brings the process down (SIGSEGV).
    fast_decoder(_kind.wire)


REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What the fast path raises for a text that the slow checker has to read."""


def canonical(record: Envelope) -> bytes:
    """Write a record so that equal records have equal bytes: keys in one order, defaults left out, numbers in one form.

    Instants must stand in UTC already. Minus zero is written as zero: they are the same number.
    """
    written = _ENCODER.encode(record)
    return written.replace(b":-0.0,", b":0.0,").replace(b":-0.0}", b":0.0}") if b":-0.0" in written else written


def is_plain(text: bytes) -> bool:
    """Tell whether a text (one row, or many with line ends between) has no escapes, odd spaces or odd offsets.

    Then every key of every row ends in `":`, no text holds U+0000, and every instant says its offset as RFC 3339 does.
    """
    return not (
        b"\\" in text
        or b"\t" in text
        or b"\r" in text
        or b" :" in text
        or b"\n:" in text
        or any(odd.search(text) for odd in _ODD_OFFSETS)
    )


def is_sure(line: bytes, written: bytes, *, plain: bool) -> bool:
    """Tell whether a row that the fast path took is as it was read; `written` is its canonical form.

    `plain` is what `is_plain` said of the line, or of all lines of its chunk.
    """
    # As many keys as the record has that are not defaults: then no key stands twice.
    if plain:
        return line.count(b'":') == written.count(b'":') or not has_repeated_key(line)
    if any(odd.search(line) for odd in _ODD_OFFSETS) or b"\\u0000" in written:
        return False
    return not has_repeated_key(line)


def decode(kind: Kind, line: bytes) -> Decoded:
    """Read one JSON text as a record of the kind; never raises for anything the text holds."""
    try:
        record = fast_decoder(kind.wire)(line)
    except REFUSALS:
        return decode_slowly(kind, line)
    if is_sure(line, canonical(record), plain=is_plain(line)):
        return Decoded(record, [])
    return decode_slowly(kind, line)


def decode_slowly(kind: Kind, line: bytes) -> Decoded:
    """Read one JSON text with the slow checker; of a faulty row the parts without fault may be returned with it."""
    value, broken = parse(line)
    if broken:
        return Decoded(None, [broken])
    cleaned, faults = check(kind.wire, value)
    faults = (text_faults(value) + faults)[:FAULTS_MAX]
    record: Any = None
    if cleaned is not DROPPED:
        try:
            record = msgspec.convert(cleaned, kind.wire)
        except msgspec.ValidationError:
            if not faults:
                raise
    return Decoded(record, faults)
