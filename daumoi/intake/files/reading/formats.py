"""Which format a file has, by its first bytes, its name's ending and its mapping."""

from typing import BinaryIO, NamedTuple

from daumoi.intake.files.document import FormatName, SourceTable
from daumoi.intake.files.reading.encodings import UTF_8, Encoding, choose
from daumoi.intake.files.reading.fhir import is_fhir
from daumoi.intake.files.reading.rows import FileRefused

Format = FormatName
_PACKED = (
    (b"\x1f\x8b", "packed with gzip", "Unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (XLS)", "Save it as XLSX"),
    (b"%PDF", "a PDF", "Ask for the table it was made of"),
)
_SIGNATURES: tuple[tuple[bytes, Format], ...] = ((b"PK\x03\x04", "xlsx"), (b"PAR1", "parquet"))
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}
TITLES: dict[Format, str] = {
    "csv": "CSV",
    "ndjson": "NDJSON",
    "json": "JSON",
    "xlsx": "XLSX",
    "parquet": "Parquet",
    "fhir": "FHIR R4",
}
WITH_HEADER: frozenset[Format] = frozenset({"csv", "xlsx", "parquet"})
"""Formats whose rows have columns that are named once."""


class Recognised(NamedTuple):
    """What a file is, and what was found out about it rather than given."""

    format: Format
    encoding: Encoding = UTF_8
    remarks: tuple[str, ...] = ()


def recognise(stream: BinaryIO, suffix: str, source: SourceTable) -> Recognised:
    """Tell what a file is; raises FileRefused with what to do when it cannot be told or cannot be read."""
    beginning = stream.read(8)
    stream.seek(0)
    if not beginning:
        raise FileRefused("The file is empty.")
    for signature, what, remedy in _PACKED:
        if beginning.startswith(signature):
            raise FileRefused(f"The file is {what}. {remedy}, then import that.")
    found = _format(beginning, suffix.lower(), source.format)
    # A mapping that says where the records stand reads the file as plain JSON.
    told = source.format is not None or source.records is not None
    if found in ("json", "ndjson") and not told and is_fhir(stream):
        found = "fhir"
    if found not in ("csv", "ndjson"):
        if source.encoding is not None:
            raise FileRefused(f"A {TITLES[found]} file says its own encoding; leave encoding out of [source].")
        return Recognised(found)
    declared = [source.encoding] if isinstance(source.encoding, str) else source.encoding or []
    encoding, remark = choose(stream, declared)
    stream.seek(0)
    if found == "ndjson" and encoding.name != "utf-8":
        raise FileRefused(f"JSON is UTF-8 (RFC 8259), and this file is {encoding.title}. Write it as UTF-8.")
    return Recognised(found, encoding, (remark,) if remark else ())


def _format(beginning: bytes, suffix: str, declared: Format | None) -> Format:
    expected = declared or _SUFFIXES.get(suffix)
    for signature, really in _SIGNATURES:
        if beginning.startswith(signature):
            if expected not in (None, really):
                raise FileRefused(f"The file is {TITLES[really]}, whatever its name or mapping says. Mend that.")
            return really
    if expected in ("xlsx", "parquet"):
        raise FileRefused(f"The file is no {TITLES[expected]} file, whatever its name says: its first bytes differ.")
    if expected is None:
        raise FileRefused(
            "The name tells no format: end it in .csv, .xlsx, .json, .ndjson or .parquet,"
            " or give format under [source]."
        )
    return expected
