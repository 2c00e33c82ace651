"""Rows out of NDJSON and JSON: one object is one row."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO

import msgspec

from daumoi.core.problems import CallProblem
from daumoi.intake.bodies import elements
from daumoi.intake.files.paths import Tree
from daumoi.intake.files.reading.rows import LINE_MAX_BYTES, Counted, FileRefused, SourceRow, quoted, too_long
from daumoi.kinds.parsing import has_repeated_key, parse

JSON_MAX_BYTES = 512 * 1024 * 1024
"""A JSON document is read whole; what is longer has to come as NDJSON."""


class NdjsonReader:
    """Lines of JSON."""

    def __init__(self, stream: BinaryIO, *, line_max_bytes: int = LINE_MAX_BYTES) -> None:
        """Read from a stream of bytes."""
        self._stream = stream
        self._max = line_max_bytes
        self.counted = Counted()

    def lines(self) -> Iterator[SourceRow]:
        """Yield every line as bytes without its end, blank ones too (with `raw` empty)."""
        number = 0
        while line := self._stream.readline(self._max + 2):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            text = line.rstrip(b"\r\n")
            if len(text) > self._max:
                self.counted.rows += 1
                yield SourceRow(number, None, text, too_long(self._max), "line_too_long", self._mark_of_rest(line))
            elif not text.strip():
                self.counted.blank += 1
                yield SourceRow(number, None)
            else:
                self.counted.rows += 1
                yield SourceRow(number, None, text)

    def _mark_of_rest(self, beginning: bytes) -> bytes:
        """Read to the end of a line that is too long; returns the hash of all of it."""
        whole = blake2b(beginning.removesuffix(b"\n"), digest_size=32)
        piece = beginning
        while not piece.endswith(b"\n") and (piece := self._stream.readline(self._max)):
            whole.update(piece.removesuffix(b"\n"))
        return whole.digest()

    def rows(self) -> Iterator[SourceRow]:
        """Yield every line that is not blank, with its members as cells; those of nested objects as `outer.inner`."""
        for row in self.lines():
            if row.raw == b"":
                continue
            if not row.code and isinstance(row.raw, bytes):
                row.cells = members(row.raw)
                row.reason = "" if row.cells is not None else "The line is not one JSON object with each key once."
            yield row


def members(line: bytes) -> Tree | None:
    """Read one JSON object as cells; None when it is none, or has a key twice."""
    value, broken = parse(line)
    if broken is not None or not isinstance(value, dict) or has_repeated_key(line):
        return None
    return Tree(value)


class JsonReader:
    """The objects of one JSON document: of its array, of the array that `records` names, or the one object."""

    def __init__(self, stream: BinaryIO, *, records: str | None = None) -> None:
        """Read the document; raises FileRefused when it is none, or when it does not say which list is meant."""
        text = stream.read(JSON_MAX_BYTES + 1)
        if len(text) > JSON_MAX_BYTES:
            raise FileRefused(
                f"A JSON file is read whole, and this one is longer than {JSON_MAX_BYTES} bytes. Write it as NDJSON."
            )
        self._elements = _elements(text, records)
        self.counted = Counted(share=0.0)

    def rows(self) -> Iterator[SourceRow]:
        """Yield every object with its members as cells; its `line` is its place in the list, from 1."""
        for number, element in enumerate(self._elements, start=1):
            self.counted.rows += 1
            self.counted.share = number / len(self._elements)
            cells = members(element)
            reason = "" if cells is not None else "The element is not one JSON object with each key once."
            yield SourceRow(number, cells, element, reason)

    def lines(self) -> Iterator[SourceRow]:
        """Yield every element as bytes."""
        for number, element in enumerate(self._elements, start=1):
            self.counted.rows += 1
            self.counted.share = number / len(self._elements)
            yield SourceRow(number, None, element)


def _elements(text: bytes, records: str | None) -> list[bytes]:
    try:
        found = _below(text, records.split(".")) if records else text
        if records is None and (lists := _lists(text)):
            raise FileRefused(
                f"The file is one JSON object with lists in it: {quoted(lists)}. Say which one holds the records:"
                f' records = "{lists[0]}" under [source].'
            )
        return elements(found)
    except CallProblem:
        raise FileRefused("The file is not one JSON object, nor a list of them. Mend it where it breaks.") from None


def _below(text: bytes, names: list[str]) -> bytes:
    found = text.removeprefix(b"\xef\xbb\xbf")
    for name in names:
        try:
            members = msgspec.json.decode(found, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FileRefused("The file is not one JSON object, so it has no member to name under records.") from None
        if name not in members:
            raise FileRefused(f'The file has no member "{name}"; it has {quoted(list(members)[:45])}. Mend records.')
        found = bytes(members[name])
    return found


def _lists(text: bytes) -> list[str]:
    """Return the members of a document that are lists of objects; a record has none at its top."""
    try:
        members = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [name for name, value in members.items() if bytes(value).strip()[:1] == b"[" and b"{" in bytes(value)[:64]]
