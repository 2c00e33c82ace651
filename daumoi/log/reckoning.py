"""Counts a whole log by reading it: whether each number from the oldest to the head is there, and each receipt."""

from collections.abc import Callable
from typing import NamedTuple

from daumoi.core.database import Connection

_STEP = 50_000


class KindCount(NamedTuple):
    """What was found of one kind."""

    kind: str
    number: int
    oldest: int
    head: int
    records: int
    """Different numbers read from oldest to head."""
    beyond: int
    """Records outside of that range; none is right."""

    @property
    def is_dense(self) -> bool:
        """Whether every number from oldest to head is there, and no other."""
        return self.records == self.head - self.oldest + 1 and self.beyond == 0


class Reckoning(NamedTuple):
    """A log, counted."""

    kinds: list[KindCount]
    receipts: int

    @property
    def numbers_given(self) -> int:
        """How many numbers the heads say were given; each left one receipt, which outlives its record."""
        return sum(each.head for each in self.kinds)

    def faults(self) -> list[str]:
        """Say what is not as it must be, a sentence each; none when all is right."""
        said = [
            f"{each.kind}: {each.records} of the numbers {each.oldest} to {each.head} are there, {each.beyond} beyond."
            for each in self.kinds
            if not each.is_dense
        ]
        if self.receipts != self.numbers_given:
            said.append(f"There are {self.receipts} receipts for {self.numbers_given} numbers.")
        return said


def reckon(connection: Connection, counted: Callable[[int], None]) -> Reckoning:
    """Read every record of every kind, page by page, and count; `counted` is told the records of each page.

    For a log nobody appends to meanwhile. On a session without a statement_timeout: the receipts are counted at once.
    """
    heads = connection.execute("SELECT name, kind, oldest, seq FROM head ORDER BY kind").fetchall()
    kinds = []
    for name, kind, oldest, head in heads:
        records, beyond = _count(connection, kind, oldest, head, counted)
        kinds.append(KindCount(name, kind, oldest, head, records, beyond))
    row = connection.execute("SELECT count(*) FROM receipt").fetchone()
    assert row is not None
    return Reckoning(kinds, row[0])


def _count(
    connection: Connection, kind: int, oldest: int, head: int, counted: Callable[[int], None]
) -> tuple[int, int]:
    """Count by pages that read the rows themselves, not the index alone: a damaged page is met here."""
    records = 0
    for first in range(oldest, head + 1, _STEP):
        row = connection.execute(
            "SELECT count(DISTINCT seq), count(received_at), count(body) FROM record"
            " WHERE kind = %s AND seq BETWEEN %s AND %s",
            (kind, first, min(head, first + _STEP - 1)),
        ).fetchone()
        assert row is not None
        records += min(row[0], row[1])
        counted(row[0])
    outside = connection.execute(
        "SELECT (SELECT count(*) FROM record WHERE kind = %(kind)s AND seq < %(oldest)s)"
        " + (SELECT count(*) FROM record WHERE kind = %(kind)s AND seq > %(head)s)",
        {"kind": kind, "oldest": oldest, "head": head},
    ).fetchone()
    assert outside is not None
    return records, outside[0]
