"""Shows submissions and held rows to the system that sent them."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.intake.receipts import SHOWN
from daumoi.organisations.registry import System

_SUBMISSIONS = statements("daumoi.intake", "submissions")
_HELD = statements("daumoi.intake", "held")


def submission(hub: Hub, *, system: System, submission_id: UUID) -> dict[str, Any] | None:
    """Return the receipt of one of the system's submissions, with how many of its rows are still held."""
    with hub.pool.connection() as connection:
        row = connection.execute(_SUBMISSIONS["show"], (submission_id, system.id)).fetchone()
        if row is None:
            return None
        return {
            "submission_id": str(row[0]),
            "kind": row[1],
            "received": row[2],
            "accepted": row[3],
            "corrected": row[4],
            "withdrawn": row[5],
            "repeated": row[6],
            "held": row[7],
            "first_seq": row[8],
            "last_seq": row[9],
            "problems": _first_faults(connection, submission_id, warning=False),
            "warnings": _first_faults(connection, submission_id, warning=True),
            "still_held": row[12],
            "created_at": row[10],
            "finished_at": row[11],
        }


def _first_faults(connection: Connection, submission_id: UUID, *, warning: bool) -> list[dict[str, Any]]:
    rows = connection.execute(_SUBMISSIONS["notes"], (submission_id, warning, 0, SHOWN))
    shown: list[dict[str, Any]] = []
    for number, ref, held_id, faults in rows:
        # A receipt shows a row's first fault, and all its doubts.
        for found in faults if warning else faults[:1]:
            shown.append({"row": number, "ref": ref, **found, "held_id": str(held_id) if held_id else None})
    return shown[:SHOWN]


def submission_problems(
    hub: Hub, *, system: System, submission_id: UUID, after_row: int = 0, limit: int = 1000
) -> dict[str, Any] | None:
    """Return all rows of a submission that were not stored, each with all its faults; `next` goes on after a row."""
    with hub.pool.connection() as connection:
        if connection.execute(_SUBMISSIONS["show"], (submission_id, system.id)).fetchone() is None:
            return None
        rows = connection.execute(_SUBMISSIONS["notes"], (submission_id, False, after_row, limit)).fetchall()
    problems = [
        {"row": number, "ref": ref, **faults[0], "held_id": str(held_id) if held_id else None, "faults": faults}
        for number, ref, held_id, faults in rows
    ]
    return {
        "submission_id": str(submission_id),
        "problems": problems,
        "next": rows[-1][0] if len(rows) == limit else None,
    }


def held_open(connection: Connection) -> dict[str, int]:
    """Return how many rows of each kind wait for mending."""
    return dict(connection.execute(_HELD["open_by_kind"]).fetchall())


def held_by_flow(connection: Connection, *, since: datetime) -> dict[tuple[int, int], tuple[int, int]]:
    """Return, by numbers of system and kind, how many rows were held since an instant, and how many wait now."""
    rows = connection.execute(_HELD["by_flow"], {"since": since})
    return {(system, kind): (lately, still) for system, kind, lately, still in rows}


class HeldReason(NamedTuple):
    """Rows of one kind that wait for mending for one reason."""

    kind: str
    code: str
    rows: int
    newest_at: datetime


def held_of_system(connection: Connection, system_id: int) -> list[HeldReason]:
    """Return why rows of one system wait for mending, the most frequent reason first."""
    return [HeldReason(*row) for row in connection.execute(_HELD["open_of_system"], (system_id,))]
