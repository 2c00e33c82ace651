"""Rows out of CSV files, one at a time, each with the line where it begins."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO, Literal

from daumoi.intake.files.reading.encodings import UTF_8, Encoding
from daumoi.intake.files.reading.rows import LINE_MAX_BYTES, Counted, FileRefused, SourceRow, too_long
from daumoi.intake.files.templates import column_name

ROW_LINES_MAX = 500
"""Most lines one CSV row may stretch over: a quote that is never closed would otherwise swallow the file."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


class _RowTooLong(Exception):
    """One row stretches over too many bytes or lines."""


class CsvReader:
    """Rows of a CSV file (RFC 4180; also with semicolons or tabs between)."""

    def __init__(
        self,
        stream: BinaryIO,
        *,
        encoding: Encoding = UTF_8,
        delimiter: str | None = None,
        header_line: int = 1,
        short_rows: Literal["hold", "empty"] = "hold",
        line_max_bytes: int = LINE_MAX_BYTES,
    ) -> None:
        """Read the header; raises FileRefused when there is none that can be used."""
        # Bytes that the encoding does not have stay in the text as lone surrogates and come out again as they were.
        self._encoding = encoding
        self._text = io.TextIOWrapper(stream, encoding=encoding.codec, errors=encoding.errors, newline="")
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
            raise FileRefused(
                f"The header is not {self._encoding.title}. Say what it is, such as"
                ' encoding = "windows-1258" under [source], or save the file as UTF-8.'
            )
        if not any(header):
            raise FileRefused("The header is empty. Give its line as header_line under [source].")
        self._taken.clear()
        return header

    def remarks(self) -> list[str]:
        """Say the delimiter, when it was not given."""
        return [] if self.delimiter_was_given else [f"Delimiter found: {DELIMITERS[self.delimiter]}."]

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
                yield self._broken(begins, too_long(self._max))
                continue
            if self._is_blank(cells):
                self.counted.blank += 1
                continue
            wrong = self._wrong_width(cells) or self._lost(cells)
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

    def _lost(self, cells: list[str]) -> str:
        """Tell whether characters of the row were lost: UTF-16 has no way to keep bytes that are none of it."""
        if self._encoding.errors == "replace" and any("\ufffd" in cell for cell in cells):
            return f"Bytes in the row are not {self._encoding.title}."
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
            return SourceRow(begins, None, whole, too_long(self._max), "line_too_long", mark)
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
        line = self._encoding.mend(line)
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
