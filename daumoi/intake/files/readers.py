"""Rows out of CSV and NDJSON files, one at a time, each with the line where it begins. A broken row breaks only itself.

Nothing here raises for what a file holds, except FileRefused before the first row.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, BinaryIO, Literal

from daumoi.intake.files.templates import column_name
from daumoi.kinds.parsing import has_repeated_key, parse

LINE_MAX_BYTES = 1024 * 1024
"""Longest line, and longest row of a CSV file; the limit of intake is the same unless set lower."""
ROW_LINES_MAX = 500
"""Most lines one CSV row may stretch over: a quote that is never closed would otherwise swallow the file."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


class FileRefused(Exception):
    """A file cannot be imported as it is; the message says why and what to do."""


@dataclass(slots=True)
class SourceRow:
    """One row as read. Without cells it could not be read, and `raw` holds all that stood there."""

    line: int  # where the row begins in the file, from 1
    cells: dict[str, Any] | None
    raw: bytes | list[str] = b""
    reason: str = ""
    code: Literal["", "line_too_long"] = ""
    """Set when the row is too long to be handed on; `raw` is its beginning then."""
    mark: bytes = b""
    """Hash of the whole of a row that is too long, so that it is held once however often it comes."""


@dataclass
class Counted:
    """What a reader met."""

    rows: int = 0
    blank: int = 0


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
                yield SourceRow(number, None, text, _too_long(self._max), "line_too_long", self._mark_of_rest(line))
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
                row.cells = _members(row.raw)
                row.reason = "" if row.cells is not None else "The line is not one JSON object with each key once."
            yield row


def _too_long(most: int) -> str:
    return f"The row is longer than {most} bytes."


def _members(line: bytes) -> dict[str, Any] | None:
    value, broken = parse(line)
    if broken is not None or not isinstance(value, dict) or has_repeated_key(line):
        return None
    cells: dict[str, Any] = {}
    _flatten(value, "", cells)
    return cells


def _flatten(value: dict[str, Any], above: str, cells: dict[str, Any]) -> None:
    for name, member in value.items():
        path = above + column_name(name)
        if isinstance(member, dict):
            _flatten(member, f"{path}.", cells)
        else:
            cells[path] = member


class _RowTooLong(Exception):
    """One row stretches over too many bytes or lines."""


class CsvReader:
    """Rows of a CSV file in UTF-8 (RFC 4180; also with semicolons or tabs between)."""

    def __init__(
        self,
        stream: BinaryIO,
        *,
        delimiter: str | None = None,
        header_line: int = 1,
        short_rows: Literal["hold", "empty"] = "hold",
        line_max_bytes: int = LINE_MAX_BYTES,
    ) -> None:
        """Read the header; raises FileRefused when there is none that can be used."""
        # Bytes that are not UTF-8 stay in the text as lone surrogates and come out again as they were.
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._max = line_max_bytes
        self._pushed_back: deque[str] = deque()
        self._taken: list[str] = []
        self._taken_chars = 0
        self._mark_of_line = b""
        self._next_line = 1
        self._short_rows = short_rows
        self.counted = Counted()
        csv.field_size_limit(max(csv.field_size_limit(), 4 * line_max_bytes))
        for _ in range(header_line - 1):
            self._read_physical_line()
        first = self._peek()
        if first is None:
            raise FileRefused(f"The file has no line {header_line}, where its header should be.")
        self.delimiter, self.delimiter_was_given = delimiter or _detected(first), delimiter is not None
        self._reader = csv.reader(self._physical_lines(), delimiter=self.delimiter, strict=True)
        self.header = self._read_header()

    def _read_header(self) -> list[str]:
        try:
            header = [column_name(name) for name in next(self._reader)]
        except (csv.Error, _RowTooLong, StopIteration):
            raise FileRefused("The header cannot be read: a quote in it is not closed, or it is too long.") from None
        if any("\udc80" <= sign <= "\udcff" for name in header for sign in name):
            raise FileRefused("The header is not UTF-8. Save the file as CSV UTF-8 and import it again.")
        if not any(header):
            raise FileRefused("The header is empty. Give its line as header_line under [source].")
        self._taken.clear()
        return header

    def check_columns(self, needed: set[str]) -> None:
        """Raise FileRefused when a column the mapping needs is not in the header, or is there twice."""
        missing = sorted(needed - set(self.header))
        if missing:
            raise FileRefused(
                f"The file has no column {_quoted(missing)}. Its columns, with a {DELIMITERS.get(self.delimiter)}"
                f" between, are {_quoted([name for name in self.header if name])}."
                " Mend the mapping, or give delimiter or header_line under [source]."
            )
        twice = sorted(name for name in needed if self.header.count(name) > 1)
        if twice:
            raise FileRefused(f"The header has {_quoted(twice)} more than once. Give each column its own name.")

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row after the header that is not blank."""
        while True:
            self._taken.clear()
            self._taken_chars = 0
            begins = self._next_line
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                yield self._broken(begins, "A quote in the row is not closed, or text follows a closed quote.")
                continue
            except _RowTooLong:
                yield self._broken(begins, _too_long(self._max))
                continue
            if self._is_blank(cells):
                self.counted.blank += 1
                continue
            wrong = self._wrong_width(cells)
            if not wrong:
                self.counted.rows += 1
                yield SourceRow(begins, dict(zip(self.header, cells, strict=False)))
            elif len(self._taken) > 1:
                # A stray quote may have drawn the following rows in: give them back and read them again.
                yield self._broken(begins, wrong)
            else:
                self.counted.rows += 1
                yield SourceRow(begins, None, cells, wrong)

    def _is_blank(self, cells: list[str]) -> bool:
        return not cells or (len(cells) == 1 and len(self.header) > 1 and not cells[0].strip())

    def _wrong_width(self, cells: list[str]) -> str:
        """Say what is wrong with the number of cells. Spreadsheets add empty cells; they do no harm."""
        width = len(self.header)
        short = len(cells) < width and self._short_rows == "hold"
        if short or any(cells[width:]):
            return f"The row has {len(cells)} cells, the header has {width}."
        return ""

    def _broken(self, begins: int, reason: str) -> SourceRow:
        """Take only the first line of a row that cannot be read, and give the rest back."""
        first, *rest = self._taken
        self._pushed_back.extendleft(reversed(rest))
        self._next_line = begins + 1
        self.counted.rows += 1
        raw = first.rstrip("\r\n")
        if len(first) > self._max:
            whole = first.encode("utf-8", "surrogateescape")
            mark = blake2b(whole + self._mark_of_line, digest_size=32).digest()
            return SourceRow(begins, None, whole, _too_long(self._max), "line_too_long", mark)
        return SourceRow(begins, None, [raw], reason)

    def _peek(self) -> str | None:
        line = self._read_physical_line()
        if line is not None:
            self._pushed_back.appendleft(line)
            self._next_line -= 1
        return line

    def _read_physical_line(self) -> str | None:
        if self._pushed_back:
            self._next_line += 1
            return self._pushed_back.popleft()
        line = self._text.readline(self._max + 2)
        if not line:
            return None
        self._next_line += 1
        if len(line) > self._max and not line.endswith(("\n", "\r")):
            self._mark_of_line = self._hash_to_end_of_line()
        return line

    def _hash_to_end_of_line(self) -> bytes:
        rest = blake2b(digest_size=32)
        while piece := self._text.readline(self._max):
            rest.update(piece.encode("utf-8", "surrogateescape"))
            if piece.endswith(("\n", "\r")):
                break
        return rest.digest()

    def _physical_lines(self) -> Iterator[str]:
        # csv.reader cannot go on with a generator that has raised, so the lines come from an object of its own.
        return _Lines(self)

    def take_line(self) -> str:
        """Hand the next line to the CSV reader and remember it as part of the row."""
        if len(self._taken) >= ROW_LINES_MAX or self._taken_chars > self._max:
            raise _RowTooLong
        line = self._read_physical_line()
        if line is None:
            raise StopIteration
        self._taken.append(line)
        self._taken_chars += len(line)
        if len(line) > self._max:
            raise _RowTooLong
        return line


class _Lines:
    """The lines of a CsvReader as an iterator that goes on after a fault."""

    def __init__(self, reader: CsvReader) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._reader.take_line()


def _detected(header: str) -> str:
    """Find the delimiter in the header, outside quotes; raises FileRefused when two are equally likely."""
    outside = "".join(header.split('"')[::2])
    counts = {sign: outside.count(sign) for sign in DELIMITERS}
    most = max(counts.values())
    likely = [sign for sign, count in counts.items() if count == most]
    if most and len(likely) > 1:
        names = " and ".join(DELIMITERS[sign] for sign in likely)
        raise FileRefused(f"The header has as many of {names}. Give delimiter under [source].")
    return likely[0] if most else ","


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
