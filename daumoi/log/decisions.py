"""Decides what becomes of rows, given which revisions are there; a pure function of both (contract, section 3)."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from daumoi.log.entries import Decision, Outcome

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


def decide(rows: Sequence[Row], stored: Revisions) -> list[Decision]:
    """Decide each row in order; rows of the same ref see what the rows before them became.

    The same revision with the same content repeats; with other content it conflicts. The first arrival of a ref is
    accepted whatever its revision, any other new revision corrects, a withdrawal withdraws. `current` tells whether
    no higher revision was there before.
    """
    if not stored and len({row.key for row in rows}) == len(rows):
        return [_FIRST_WITHDRAWN if row.withdraw else _FIRST for row in rows]  # what most rows are
    seen: dict[bytes, dict[int, bytes]] = {}
    decisions = []
    for row in rows:
        revisions = seen.get(row.key)
        if revisions is None:
            revisions = seen[row.key] = dict(stored.get(row.key, {}))
        before = revisions.get(row.revision)
        if before is not None:
            outcome = Outcome.REPEATED if before == row.content else Outcome.CONFLICT
            decisions.append(Decision(outcome, current=False))
            continue
        current = not revisions or row.revision > max(revisions)
        arrival = Outcome.CORRECTED if revisions else Outcome.ACCEPTED
        outcome = Outcome.WITHDRAWN if row.withdraw else arrival
        revisions[row.revision] = row.content
        decisions.append(Decision(outcome, current))
    return decisions
