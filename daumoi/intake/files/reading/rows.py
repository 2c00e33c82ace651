"""What every reader gives: rows with the line where they begin, counted. A broken row breaks only itself.

No reader raises for what a row holds. FileRefused comes before the first row, or where a packed file is damaged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

LINE_MAX_BYTES = 1024 * 1024
"""Longest line, and longest row of a CSV file; the limit of intake is the same unless set lower."""


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
    faults: tuple[str, ...] = ()
    """What is wrong with a row although it has cells: each record made of it is held for that."""


@dataclass
class Counted:
    """What a reader met."""

    rows: int = 0
    blank: int = 0
    share: float | None = None
    """How much of the file is read, from 0 to 1, for files whose place in bytes does not tell."""


class Reader(Protocol):
    """Reads one file from its beginning to its end, once."""

    counted: Counted

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row that is not blank."""


class Table(Reader, Protocol):
    """A reader of a file whose columns are named at its top."""

    header: list[str]

    def remarks(self) -> list[str]:
        """Say what was found and not given: the delimiter, the sheet."""


def check_columns(header: list[str], needed: set[str], *, remedy: str) -> None:
    """Raise FileRefused when a column the mapping needs is not in the header, or is there twice."""
    missing = sorted(needed - set(header))
    if missing:
        raise FileRefused(
            f"The file has no column {quoted(missing)}. Its columns are {quoted([name for name in header if name])}."
            f" {remedy}"
        )
    twice = sorted(name for name in needed if header.count(name) > 1)
    if twice:
        raise FileRefused(f"The header has {quoted(twice)} more than once. Give each column its own name.")


def too_long(most: int) -> str:
    """Return the reason of a row that is too long."""
    return f"The row is longer than {most} bytes."


def quoted(names: list[str]) -> str:
    """Write names in quotes with commas between."""
    return ", ".join(f'"{name}"' for name in names)
