"""Writes rows in the forms of COPY (PostgreSQL documentation, COPY): records as text, receipts as binary."""

import re
import struct
from collections.abc import Sequence

from daumoi.log.entries import OP_OF, Decision, Entry

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_RECEIPT = struct.Struct("!hi16siii16siq")


def receipt_rows(entries: Sequence[Entry], numbers: range) -> bytes:
    """Write receipts in the binary form."""
    pack = _RECEIPT.pack
    parts = [
        pack(4, 16, entry.key, 4, entry.revision, 16, entry.content, 8, seq)
        for entry, seq in zip(entries, numbers, strict=True)
    ]
    return b"".join((_COPY_HEAD, *parts, _COPY_END))


_ESCAPED = re.compile("[\\\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: object) -> str:
    return "\\N" if value is None else str(value)


def record_columns(entry: Entry, decision: Decision) -> str:
    """Write what follows number and id of one record, in the text form."""
    return (
        f"\t{OP_OF[decision.outcome]:d}\t{'t' if decision.current else 'f'}\t{_text(entry.subject)}"
        f"\t{_text(entry.place)}\t{_text(entry.path)}{entry.said or said_columns(entry)}"
    )


def said_columns(entry: Entry) -> str:
    """Write the columns of a record that its sender decides alone, the last of its line.

    They are known when a row is read, long before the head is held; who reads rows keeps them in the entry.
    """
    ref = entry.ref.translate(_ESCAPES) if _ESCAPED.search(entry.ref) else entry.ref
    # JSON has no line ends and tabs outside of its escapes, so the backslash is all there can be.
    body = "\\N" if entry.body is None else entry.body.replace(b"\\", b"\\\\").decode()
    occurred = "\\N" if entry.occurred_at is None else entry.occurred_at.isoformat()
    return f"\t{entry.system_id}\t{ref}\t{entry.revision}{_where(entry)}\t{occurred}\t{entry.schema_version}\t{body}\n"


def _where(entry: Entry) -> str:
    if entry.area_code is None and entry.lat is None:
        return "\t\\N\t\\N\t\\N\t\\N\t\\N"
    return (
        f"\t{_text(entry.area_scheme)}\t{_text(entry.area_code)}"
        f"\t{_text(entry.lat)}\t{_text(entry.lon)}\t{_text(entry.accuracy_m)}"
    )
