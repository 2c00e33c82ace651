"""A file as lines for intake, one pass for each kind: all checkpoints come before the passages that name them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

from daumoi.intake.files.apply import HashRef, applies, records_of, unmapped_record
from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.mapping import Mapping, RecordRule
from daumoi.intake.files.nested import check_nested
from daumoi.intake.files.reading.delimited import DELIMITERS, CsvReader
from daumoi.intake.files.reading.encodings import UTF_8, Encoding
from daumoi.intake.files.reading.fhir import FhirReader
from daumoi.intake.files.reading.formats import TITLES, WITH_HEADER, Format
from daumoi.intake.files.reading.lines import JsonReader, NdjsonReader
from daumoi.intake.files.reading.parquet import ParquetReader
from daumoi.intake.files.reading.rows import Counted, FileRefused, Reader, SourceRow, Table, check_columns
from daumoi.intake.files.reading.unfolded import UnfoldedTable
from daumoi.intake.files.reading.workbook import WorkbookReader
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
    share: float | None = None
    """How much of the file is read, from 0 to 1; None when the place in bytes tells."""

    def follow(self, counted: Counted) -> None:
        """Take over what a reader has counted."""
        self.rows, self.blank, self.share = counted.rows, counted.blank, counted.share


@dataclass(frozen=True)
class FilePlan:
    """How one file becomes records: with a mapping, or line by line as it is (NDJSON of one kind)."""

    format: Format
    kinds: tuple[Kind, ...]
    mapping: Mapping | None
    hash_ref: HashRef
    line_max_bytes: int
    encoding: Encoding = UTF_8
    remarks: list[str] = field(default_factory=list)

    def check(self, stream: BinaryIO) -> None:
        """Look at the top; raises FileRefused when the file does not fit the mapping, and adds remarks."""
        if self.format == "json":
            JsonReader(stream, records=self._source.records)
        if self.format == "fhir":
            self.remarks.extend(self._fhir(stream).remarks())
        if self.mapping is None or self.format not in WITH_HEADER:
            return
        table = self._table(stream)
        used = self.mapping.columns()
        remedy = "Mend the mapping, or give header_line under [source]."
        if isinstance(table, CsvReader):
            remedy = f"Between them stands a {DELIMITERS[table.delimiter]}; mend the mapping, or give delimiter or"
            remedy += " header_line under [source]."
        check_columns(table.header, used, remedy=remedy)
        self.remarks.extend(table.remarks())
        unused = [name for name in table.header if name and name not in used]
        if unused:
            self.remarks.append(f"Columns not used: {', '.join(unused)}.")

    def described(self) -> list[str]:
        """Say what is made of a row, field by field."""
        found = []
        for rule in self.mapping.records if self.mapping is not None else ():
            if rule.kind in self.kinds:
                found.append(
                    f"{rule.kind.name}, ref ← {', '.join(rule.ref.columns)}{' (hashed)' if rule.ref_keyed else ''}:"
                )
                found += [f"  {field.described()}" for field in rule.fields]
        return found

    def lines(self, kind: Kind, stream: BinaryIO, tally: Tally | None = None) -> Iterator[Sent]:
        """Yield the lines of one kind in the order of the file; the same each time it is asked."""
        tally = tally or Tally()
        if self.mapping is None:
            yield from self._as_they_are(stream, tally)
            return
        rules = tuple(rule for rule in self.mapping.records if rule.kind is kind)
        reader = self.reader(stream)
        seen: set[bytes] = set()
        for row in reader.rows():
            tally.follow(reader.counted)
            if row.cells is None:
                # A row that could not be read counts once, with the first kind.
                if kind is self.kinds[0]:
                    yield _unread(row)
                continue
            yield from self._mapped(row, rules, seen, tally)
            if not any(applies(rule, row.cells) for rule in self.mapping.records):
                tally.without_record += 1
        tally.follow(reader.counted)

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
        reader = JsonReader(stream, records=None) if self.format == "json" else self._ndjson(stream)
        for row in reader.lines():
            tally.follow(reader.counted)
            yield _unread(row) if row.raw != b"" else Sent(row.line, b"")

    def reader(self, stream: BinaryIO) -> Reader:
        """Return the reader of the rows, as the mapping's [source] says the file is written."""
        if self.format in WITH_HEADER:
            return self._table(stream)
        if self.format == "fhir":
            return self._fhir(stream)
        return JsonReader(stream, records=self._source.records) if self.format == "json" else self._ndjson(stream)

    def _table(self, stream: BinaryIO) -> Table:
        unfold = self._source.unfold
        table = self._folded_table(stream)
        if unfold is None:
            return table
        return UnfoldedTable(table, titles=unfold.titles, into=unfold.into, value=unfold.value)

    def _folded_table(self, stream: BinaryIO) -> Table:
        source = self._source
        if self.format == "parquet":
            return ParquetReader(Path(stream.name))
        if self.format == "xlsx":
            return WorkbookReader(
                stream, sheet=source.sheet, header_line=source.header_line, header_rows=source.header_rows
            )
        given = source.delimiter
        return CsvReader(
            stream,
            encoding=self.encoding,
            delimiter=_DELIMITER_OF.get(given, given) if given is not None else None,
            header_line=source.header_line,
            short_rows=source.short_rows,
            line_max_bytes=self.line_max_bytes,
        )

    def _fhir(self, stream: BinaryIO) -> FhirReader:
        rules = self.mapping.records if self.mapping is not None else ()
        used = frozenset(rule.resource for rule in rules if rule.resource is not None)
        return FhirReader(stream, used=used if rules else None, line_max_bytes=self.line_max_bytes)

    def _ndjson(self, stream: BinaryIO) -> NdjsonReader:
        return NdjsonReader(stream, line_max_bytes=self.line_max_bytes)

    @property
    def _source(self) -> SourceTable:
        return self.mapping.source if self.mapping is not None else SourceTable()


def _unread(row: SourceRow) -> Sent:
    if row.code:
        assert isinstance(row.raw, bytes)
        return Sent(row.line, row.raw, (row.reason,), row.mark)
    made = unmapped_record(row)
    return Sent(row.line, made.line, made.notes if row.reason else ())


_ONLY_FOR: tuple[tuple[str, str, Format], ...] = (
    ("sheet", "sheet", "xlsx"),
    ("records", "records", "json"),
    ("delimiter", "delimiter", "csv"),
)


def plan_file(
    *,
    format: Format,
    mapping: Mapping | None,
    kind: Kind | None,
    hash_ref: Callable[[bytes], bytes],
    line_max_bytes: int,
    encoding: Encoding = UTF_8,
) -> FilePlan:
    """Decide how a file is imported; raises FileRefused when what was given does not suffice.

    Raises MappingRefused when the mapping does not fit the format.
    """
    if mapping is None:
        remedy = "--map MAP.toml. `daumoi map FILE --kind KIND` drafts one, docs/import.md explains it."
        if format in WITH_HEADER:
            raise FileRefused(f"A file of columns ({TITLES[format]}) needs a mapping file: {remedy}")
        if format == "fhir":
            raise FileRefused(f"The file holds FHIR resources, which need a mapping file: {remedy}")
        if kind is None:
            raise FileRefused("Say which kind the records are: --kind KIND, or map them with --map MAP.toml.")
        return FilePlan(format, (kind,), None, hash_ref, line_max_bytes, encoding)
    for name, key, only in _ONLY_FOR:
        if getattr(mapping.source, name) is not None and format != only:
            raise FileRefused(f"{key} under [source] is for {TITLES[only]}, and the file is {TITLES[format]}.")
    if mapping.source.header_rows > 1 and format != "xlsx":
        raise FileRefused("header_rows under [source] is for XLSX, where merged cells need several rows.")
    if mapping.source.unfold is not None and format not in WITH_HEADER:
        raise FileRefused(f"unfold under [source] is for files of columns, and the file is {TITLES[format]}.")
    check_nested(mapping, format)
    if kind is not None and kind not in mapping.kinds:
        made = ", ".join(each.name for each in mapping.kinds)
        raise FileRefused(f"The mapping file makes no {kind.name}; it makes {made}.")
    kinds = mapping.kinds if kind is None else (kind,)
    return FilePlan(format, kinds, mapping, hash_ref, line_max_bytes, encoding)
