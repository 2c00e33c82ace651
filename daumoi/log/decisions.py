"""Decides what becomes of rows, given which revisions are there; a pure function of both (contract, section 3)."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from daumoi.log.entries import STORED, Decision, Outcome

Revisions = Mapping[bytes, Mapping[int, bytes]]
"""By key: the content of each revision that is stored."""


class Row(Protocol):
    """The part of an entry that decides."""

    @property
    def key(self) -> bytes:
        """The receipt key."""
        ...

    @property
    def revision(self) -> int:
        """The revision."""
        ...

    @property
    def content(self) -> bytes:
        """The keyed hash of the content."""
        ...

    @property
    def withdraw(self) -> bool:
        """Whether it withdraws."""
        ...


_FIRST = Decision(Outcome.ACCEPTED, current=True)
_FIRST_WITHDRAWN = Decision(Outcome.WITHDRAWN, current=True)


class Decider:
    """Decides rows one after the other; a row that is taken counts for those behind it.

    The same revision with the same content repeats; with other content it conflicts. The first arrival of a ref is
    accepted whatever its revision, any other new revision corrects, a withdrawal withdraws. `current` tells whether
    no higher revision was there before.
    """

    def __init__(self, stored: Revisions) -> None:
        """Begin with the revisions that are stored."""
        self._stored = stored
        self._taken: dict[bytes, dict[int, bytes]] = {}

    def decide(self, row: Row) -> Decision:
        """Return what is to become of a row, if it is taken."""
        revisions = self._taken.get(row.key) or self._stored.get(row.key)
        if not revisions:
            return _FIRST_WITHDRAWN if row.withdraw else _FIRST
        before = revisions.get(row.revision)
        if before is not None:
            return Decision(Outcome.REPEATED if before == row.content else Outcome.CONFLICT, current=False)
        outcome = Outcome.WITHDRAWN if row.withdraw else Outcome.CORRECTED
        return Decision(outcome, current=row.revision > max(revisions))

    def take(self, row: Row) -> None:
        """Count a row as stored."""
        revisions = self._taken.get(row.key)
        if revisions is None:
            revisions = self._taken[row.key] = dict(self._stored.get(row.key, {}))
        revisions[row.revision] = row.content


def decide(rows: Sequence[Row], stored: Revisions) -> list[Decision]:
    """Decide rows in order; rows of the same ref see what the rows before them became."""
    if are_all_first(rows, stored):
        return [_FIRST_WITHDRAWN if row.withdraw else _FIRST for row in rows]
    decider, decisions = Decider(stored), []
    for row in rows:
        decision = decider.decide(row)
        if decision.outcome in STORED:
            decider.take(row)
        decisions.append(decision)
    return decisions


def are_all_first(rows: Sequence[Row], stored: Revisions) -> bool:
    """Tell whether each row is the first of its ref, as most are: then none decides for another."""
    return not stored and len({row.key for row in rows}) == len(rows)
