"""The receipt of a submission: what became of its rows (contract, section 3)."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.intake.holding import faults_as_json
from daumoi.intake.rows import Row

SHOWN = 100
"""How many problems and warnings a receipt shows; all are at …/problems."""

_SQL = statements("daumoi.intake", "submissions")


class Problem(msgspec.Struct, omit_defaults=False):
    """One row that was not stored, by its first fault, or one doubt about a row that was."""

    row: int
    ref: str | None
    code: str
    pointer: str
    message: str
    held_id: UUID | None = None


class Receipt(msgspec.Struct):
    """received = accepted + corrected + withdrawn + repeated + held, always."""

    submission_id: UUID | None
    kind: str | None
    received: int = 0
    accepted: int = 0
    corrected: int = 0
    withdrawn: int = 0
    repeated: int = 0
    held: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    problems: list[Problem] = []
    warnings: list[Problem] = []

    def count(self, rows: Sequence[Row], *, numbers: bool = True) -> None:
        """Add the outcome of rows."""
        self.received += len(rows)
        for outcome, many in Counter([row.outcome for row in rows]).items():
            setattr(self, outcome, getattr(self, outcome) + many)
        seqs = [row.seq for row in rows if row.seq is not None] if numbers else []
        if seqs:
            first, last = min(seqs), max(seqs)
            self.first_seq = first if self.first_seq is None else min(self.first_seq, first)
            self.last_seq = last if self.last_seq is None else max(self.last_seq, last)
        for row in rows:
            if row.faults:
                if len(self.problems) < SHOWN:
                    self.problems.append(_problem(row, 0, row.held_id))
            elif row.warnings and row.outcome != "repeated":
                room = SHOWN - len(self.warnings)
                self.warnings += [_warning(row, at) for at in range(len(row.warnings))][:room]

    def copy(self) -> "Receipt":
        """Return a copy whose lists can grow apart."""
        made = msgspec.structs.replace(self)
        made.problems, made.warnings = list(self.problems), list(self.warnings)
        return made


def _problem(row: Row, at: int, held_id: UUID | None) -> Problem:
    fault = row.faults[at]
    return Problem(row.number, row.ref, fault.code, fault.pointer, fault.message, held_id)


def _warning(row: Row, at: int) -> Problem:
    doubt = row.warnings[at]
    return Problem(row.number, row.ref, doubt.code, doubt.pointer, doubt.message)


def save(
    connection: Connection, *, receipt: Receipt, system_id: int, kind: int | None, at: object, finished: bool
) -> None:
    """Write the counts so far; part of the transaction that stored them."""
    save_all(connection, [(receipt, system_id, kind)], at=at, finished=finished)


def save_all(
    connection: Connection, receipts: Sequence[tuple[Receipt, int, int | None]], *, at: object, finished: bool
) -> None:
    """Write the counts of many submissions in one statement."""
    connection.execute(
        _SQL["save"],
        {
            "ids": [receipt.submission_id for receipt, _, _ in receipts],
            "systems": [system for _, system, _ in receipts],
            "kinds": [kind for _, _, kind in receipts],
            "received": [receipt.received for receipt, _, _ in receipts],
            "accepted": [receipt.accepted for receipt, _, _ in receipts],
            "corrected": [receipt.corrected for receipt, _, _ in receipts],
            "withdrawn": [receipt.withdrawn for receipt, _, _ in receipts],
            "repeated": [receipt.repeated for receipt, _, _ in receipts],
            "held": [receipt.held for receipt, _, _ in receipts],
            "first": [receipt.first_seq for receipt, _, _ in receipts],
            "last": [receipt.last_seq for receipt, _, _ in receipts],
            "at": at,
            "finished_at": at if finished else None,
        },
    )


def note(connection: Connection, submission: UUID, rows: Sequence[Row]) -> None:
    """Keep all faults of held rows and all doubts about stored ones, with the submission."""
    noted = [(row, bool(row.is_good)) for row in rows if row.faults or (row.warnings and row.outcome != "repeated")]
    if not noted:
        return
    connection.execute(
        _SQL["note"],
        {
            "submission": submission,
            "rows": [row.number for row, _ in noted],
            "warnings": [warning for _, warning in noted],
            "refs": [row.ref for row, _ in noted],
            "held": [row.held_id for row, _ in noted],
            "faults": [Jsonb(faults_as_json(row.warnings if warning else row.faults)) for row, warning in noted],
        },
    )
