"""One fault of a row: a stable code, where it is, and what to do; never a value that was sent."""

import re
from typing import NamedTuple

from daumoi.core.problems import ROW_CODES

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


FAULTS_MAX = 100
"""Faults that are told of one row: a line of a mebibyte can have a hundred thousand, each dearer than its text."""


class Fault(NamedTuple):
    """A fault at a JSON pointer (RFC 6901); an empty pointer means the whole row."""

    code: str
    pointer: str
    message: str


def fault(code: str, pointer: str = "", more: str = "") -> Fault:
    """Make a fault with the sentence of its code; `more` may only quote the schema, never the row."""
    sentence = ROW_CODES[code].en
    return Fault(code, pointer, f"{sentence} {more}" if more else sentence)


def below(pointer: str, name: str | int) -> str:
    """Return the pointer of a member; a name that does not look like a field's is not repeated."""
    if isinstance(name, int):
        return f"{pointer}/{name}"
    return f"{pointer}/{name}" if _PLAIN_NAME.fullmatch(name) else pointer
