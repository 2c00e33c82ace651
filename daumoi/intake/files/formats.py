"""Which format and encoding a file has; what import does not take is refused before a row is read."""

from typing import Literal

from daumoi.intake.files.readers import FileRefused

Format = Literal["csv", "ndjson"]

SAMPLE_BYTES = 1024 * 1024
_BAD_LINES = 3
_SIGNATURES = (
    (b"PK\x03\x04", "an XLSX or ZIP file", "Save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "Save the sheet as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "Write it as CSV or NDJSON"),
    (b"\x1f\x8b", "packed with gzip", "Unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it"),
    (b"\xff\xfe", "in UTF-16", "Save it as UTF-8"),
    (b"\xfe\xff", "in UTF-16", "Save it as UTF-8"),
)
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
_LATER = {".xlsx": "XLSX", ".xls": "XLS", ".json": "JSON", ".parquet": "Parquet"}


def recognise(beginning: bytes, suffix: str, declared: Format | None) -> Format:
    """Tell the format of a file by its first bytes (up to a MiB), name ending and mapping; raises FileRefused."""
    for signature, what, remedy in _SIGNATURES:
        if beginning.startswith(signature):
            raise FileRefused(f"The file is {what}; import takes CSV and NDJSON in UTF-8. {remedy}, then import that.")
    if not beginning:
        raise FileRefused("The file is empty.")
    _check_utf8(beginning[:SAMPLE_BYTES])
    if declared is not None:
        return declared
    if suffix.lower() in _LATER:
        name = _LATER[suffix.lower()]
        raise FileRefused(f"{name} files are not imported yet; import takes CSV and NDJSON. Save it as one of them.")
    if suffix.lower() not in _SUFFIXES:
        raise FileRefused("The name tells no format: end it in .csv or .ndjson, or give format under [source].")
    return _SUFFIXES[suffix.lower()]


def _check_utf8(beginning: bytes) -> None:
    """Refuse a file in another encoding. A few broken lines in a good file are rows to hold, not a reason to refuse."""
    bad = [number for number, line in enumerate(beginning.split(b"\n")[:-1], start=1) if not _is_utf8(line)]
    good = sum(1 for line in beginning.split(b"\n")[:-1] if not line.isascii() and _is_utf8(line))
    if len(bad) >= _BAD_LINES and len(bad) > good:
        raise FileRefused(
            f"The file is not UTF-8 (line {bad[0]} is the first of {len(bad)} that are not); other encodings"
            " are not imported yet. Save it as UTF-8 and import that."
        )


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
