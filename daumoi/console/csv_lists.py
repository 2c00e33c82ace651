"""Lists as CSV for spreadsheets: UTF-8 with a mark, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from django.http import HttpResponse

_RUNS = ("=", "+", "-", "@", "\t", "\r")
ROWS_MAX = 10_000


def safe(value: object) -> str:
    """Return the text of a cell; one that a spreadsheet would take for a formula is marked as text by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_RUNS) else text


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Answer with a file of these rows under a line of headings."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([safe(cell) for cell in head])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
