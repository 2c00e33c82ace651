"""A file as lines for intake, one pass for each kind: all checkpoints come before the passages that name them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import BinaryIO, NamedTuple

from daumoi.intake.files.apply import HashRef, applies, records_of, unmapped_record
from daumoi.intake.files.formats import Format
from daumoi.intake.files.mapping import Mapping, RecordRule
from daumoi.intake.files.readers import CsvReader, FileRefused, NdjsonReader, SourceRow
from daumoi.kinds.kind import Kind

_DELIMITER_OF = {"tab": "\t"}


class Sent(NamedTuple):
    """One line for intake and the source line it was made of. A blank line has no body."""

    source_line: int
    body: bytes
    notes: tuple[str, ...] = ()
    too_long_mark: bytes = b""
    """Set when the line is too long: the hash of all of it; `body` is its beginning then."""


@dataclass
class Tally:
    """What became of the rows of the file before intake saw them."""

    rows: int = 0
    blank: int = 0
    without_record: int = 0
    """Rows that no [[record]] was made of, because no `when` held."""
    left_out_as_same: int = 0
    """Records with `distinct = true` that were made before with the same content."""


@dataclass(frozen=True)
class FilePlan:
    """How one file becomes records: with a mapping, or line by line as it is (NDJSON of one kind)."""

    format: Format
    kinds: tuple[Kind, ...]
    mapping: Mapping | None
    hash_ref: HashRef
    line_max_bytes: int
    remarks: list[str] = field(default_factory=list)

    def check(self, stream: BinaryIO) -> None:
        """Look at the header; raises FileRefused when the file does not fit the mapping, and adds remarks."""
        if self.mapping is None or self.format != "csv":
            return
        reader = self._csv(stream)
        used = self.mapping.columns()
        reader.check_columns(used)
        if not reader.delimiter_was_given:
            self.remarks.append(f"Delimiter found: {_DELIMITER_NAMES[reader.delimiter]}.")
        unused = [name for name in reader.header if name and name not in used]
        if unused:
            self.remarks.append(f"Columns not used: {', '.join(unused)}.")

    def lines(self, kind: Kind, stream: BinaryIO, tally: Tally | None = None) -> Iterator[Sent]:
        """Yield the lines of one kind in the order of the file; the same each time it is asked."""
        tally = tally or Tally()
        if self.mapping is None:
            yield from self._as_they_are(stream, tally)
            return
        rules = tuple(rule for rule in self.mapping.records if rule.kind is kind)
        reader = self._csv(stream) if self.format == "csv" else NdjsonReader(stream, line_max_bytes=self.line_max_bytes)
        seen: set[bytes] = set()
        for row in reader.rows():
            tally.rows, tally.blank = reader.counted.rows, reader.counted.blank
            if row.cells is None:
                # A row that could not be read counts once, with the first kind.
                if kind is self.kinds[0]:
                    yield _unread(row)
                continue
            yield from self._mapped(row, rules, seen, tally)
            if not any(applies(rule, row.cells) for rule in self.mapping.records):
                tally.without_record += 1
        tally.rows, tally.blank = reader.counted.rows, reader.counted.blank

    def _mapped(self, row: SourceRow, rules: tuple[RecordRule, ...], seen: set[bytes], tally: Tally) -> Iterator[Sent]:
        for rule, made in records_of(row, rules, self.hash_ref):
            if rule.distinct:
                # By content, not by ref alone: two rows that differ are both sent, and intake tells of the conflict.
                digest = blake2b(made.line, digest_size=16).digest()
                if digest in seen:
                    tally.left_out_as_same += 1
                    continue
                seen.add(digest)
            yield Sent(row.line, made.line, made.notes)

    def _as_they_are(self, stream: BinaryIO, tally: Tally) -> Iterator[Sent]:
        reader = NdjsonReader(stream, line_max_bytes=self.line_max_bytes)
        for row in reader.lines():
            tally.rows, tally.blank = reader.counted.rows, reader.counted.blank
            yield _unread(row) if row.raw != b"" else Sent(row.line, b"")

    def _csv(self, stream: BinaryIO) -> CsvReader:
        assert self.mapping is not None
        source = self.mapping.source
        given = source.delimiter
        return CsvReader(
            stream,
            delimiter=_DELIMITER_OF.get(given, given) if given is not None else None,
            header_line=source.header_line,
            short_rows=source.short_rows,
            line_max_bytes=self.line_max_bytes,
        )


_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}


def _unread(row: SourceRow) -> Sent:
    if row.code:
        assert isinstance(row.raw, bytes)
        return Sent(row.line, row.raw, (row.reason,), row.mark)
    made = unmapped_record(row)
    return Sent(row.line, made.line, made.notes if row.reason else ())


def plan_file(
    *,
    format: Format,
    mapping: Mapping | None,
    kind: Kind | None,
    hash_ref: Callable[[bytes], bytes],
    line_max_bytes: int,
) -> FilePlan:
    """Decide how a file is imported; raises FileRefused when what was given does not suffice."""
    if mapping is None:
        if format == "csv":
            raise FileRefused("A CSV file needs a mapping file: --map MAP.toml. docs/import.md says how to write one.")
        if kind is None:
            raise FileRefused("Say which kind the lines are: --kind KIND, or map them with --map MAP.toml.")
        return FilePlan(format, (kind,), None, hash_ref, line_max_bytes)
    if kind is not None and kind not in mapping.kinds:
        made = ", ".join(each.name for each in mapping.kinds)
        raise FileRefused(f"The mapping file makes no {kind.name}; it makes {made}.")
    return FilePlan(format, mapping.kinds if kind is None else (kind,), mapping, hash_ref, line_max_bytes)
