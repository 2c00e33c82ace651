"""Lists as CSV files. Cells that a spreadsheet would take for a formula are quoted as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain

from django.http import HttpResponse

from daumoi.core.clock import VIET_NAM_TIME

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"
"""Without it, spreadsheets read Vietnamese letters as something else."""


def as_text(value: object) -> str:
    """Write a cell: instants in UTC+7, and with an apostrophe before what would be a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(VIET_NAM_TIME).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a CSV file line by line (RFC 4180, UTF-8 with its mark)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield _BYTE_ORDER_MARK
    for row in chain([columns], rows):
        writer.writerow([as_text(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def as_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Answer with a CSV file to keep; lists of staff pages have ten thousand rows at most, so it is made in memory."""
    answer = HttpResponse("".join(lines(columns, rows)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
