"""The figures of the board told once more, the slow and plain way: from every row of the log, one after the other."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from typing import Any

from daumoi.areas import selectors as areas
from daumoi.core.database import Connection
from daumoi.situation.moments import Measures
from daumoi.situation.units import provinces_before

HANOI = timezone(timedelta(hours=7))
Row = dict[str, Any]


def rows_of(connection: Connection, kind: int) -> list[Row]:
    """Every row of a kind, in order."""
    names = [
        "seq",
        "system_id",
        "ref",
        "revision",
        "op",
        "path",
        "area_scheme",
        "area_code",
        "place",
        "occurred_at",
        "received_at",
        "body",
    ]
    found = connection.execute(f"SELECT {', '.join(names)} FROM record WHERE kind = %s ORDER BY seq", (kind,))
    return [dict(zip(names, row, strict=True)) for row in found]


def standing(rows: list[Row], at: datetime) -> list[Row]:
    """The rows that stand at an instant: of each ref the highest revision, unless it withdraws."""
    newest: dict[tuple[int, str], Row] = {}
    for row in rows:
        if row["received_at"] <= at:
            key = row["system_id"], row["ref"]
            if key not in newest or newest[key]["revision"] < row["revision"]:
                newest[key] = row
    return [row for row in newest.values() if row["op"] != 3]


def measures(kind: str, row: Row) -> Measures:
    body = row["body"] or {}
    return Measures(
        1,
        int(kind == "checkpoint_passage" and body["decision"] == "denied"),
        int(kind == "checkpoint_passage" and body["decision"] == "referred"),
        int(kind in {"health_declaration", "movement_declaration"} and any((body.get("symptoms") or {}).values())),
        int(kind == "citizen_report" and "closed_at" in body),
    )


def day_of(row: Row) -> date:
    return row["occurred_at"].astimezone(HANOI).date()  # type: ignore[no-any-return]


def province_of(row: Row) -> str:
    steps = (row["path"] or "").split(".")
    return ".".join(steps[:2]) if steps[0] == "VN" else steps[0]


def ward_of(row: Row) -> str:
    steps = (row["path"] or "").split(".")
    return steps[2] if steps[0] == "VN" and len(steps) == 3 else ""


def before_of(row: Row) -> str:
    """The old province of a record: as sent, or of its ward or province of today when that has one only."""
    units = [(row["area_scheme"], row["area_code"]), ("vn-2025", (row["path"] or "").split(".")[-1])]
    for scheme, code in units:
        unit = areas.find(scheme, code) if scheme and scheme != "iso-3166" else None
        found = provinces_before(unit) if unit else frozenset()
        if len(found) == 1:
            return next(iter(found))
    return ""


def summed(kind: str, rows: list[Row], *by: Any) -> dict[Any, Measures]:
    found: dict[Any, Measures] = defaultdict(Measures)
    for row in rows:
        key = tuple(each(row) for each in by)
        found[key] = found[key].plus(measures(kind, row))
    return dict(found)
