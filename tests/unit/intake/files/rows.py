"""Small files in memory for the tests of import."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.passes import FilePlan, Sent, Tally, plan_file
from daumoi.intake.files.reading.formats import Format
from daumoi.kinds.registry import KINDS

HEAD = """
[[record]]
kind = "citizen_report"
ref = "{id}"
[record.constants]
data.category = "crowd"
"""
"""A report that lacks occurred_at and text: most tests add these as columns."""


def plan(toml: str, *, format: Format = "csv", kind: str | None = None) -> FilePlan:
    return plan_file(
        format=format,
        mapping=load_mapping(toml.encode()),
        kind=KINDS[kind] if kind else None,
        hash_ref=lambda parts: hashlib.blake2b(parts, key=b"test", digest_size=16).digest(),
        line_max_bytes=1 << 20,
    )


def sent(toml: str, text: str | bytes, *, format: Format = "csv", tally: Tally | None = None) -> list[Sent]:
    """All lines of all kinds, in the order they are sent."""
    made = plan(toml, format=format)
    content = text.encode() if isinstance(text, str) else text
    if format == "csv":
        made.check(io.BytesIO(content))
    return [line for kind in made.kinds for line in made.lines(kind, io.BytesIO(content), tally)]


def records(toml: str, text: str | bytes, *, format: Format = "csv") -> list[dict[str, Any]]:
    return [json.loads(line.body) for line in sent(toml, text, format=format)]


def report(columns: str, source: str = "") -> str:
    """A mapping of reports with an instant that is RFC 3339 already, a text, and more columns."""
    return f'{source}\n{HEAD}[record.columns]\noccurred_at = "at"\ndata.text = "text"\n{columns}\n'


def one(columns: str, cells: dict[str, str], source: str = "") -> Sent:
    """The line of a single row with these cells."""
    row = {"id": "1", "at": "2021-08-01T08:00:00+07:00", "text": "x", **cells}
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in part) for part in (row.keys(), row.values())]
    (line,) = sent(report(columns, source), "\n".join(quoted) + "\n")
    return line


def value(columns: str, cells: dict[str, str], path: str, source: str = "") -> Any:
    """What one field became; None when it was left out."""
    here: Any = json.loads(one(columns, cells, source).body)
    for name in path.split("."):
        here = here.get(name) if isinstance(here, dict) else here[int(name)]
        if here is None:
            return None
    return here
