"""Pairs of people that may be one, for somebody to decide: found while claims came in, or by the nightly comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.linkage.reading import Scope
from daumoi.linkage.selectors import is_visible

_SQL = statements("daumoi.people", "candidates")
_BEFORE_ALL = (3.0, 2**62, 2**62, "")


class Behind(NamedTuple):
    """Where a page of candidates ended."""

    rank: float
    low: int
    high: int
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two people that may be one, and why: values are not shown here, they are read by `person_origins`."""

    low: int
    high: int
    reason: str
    """`identifiers_name_two`, `facts_disagree`, or `similar`, which the comparison found."""
    score: float | None
    """How likely it is that they are one, by the comparison: 0 to 1."""
    evidence: dict[str, str]
    """What each comparison said, by its name."""
    found_at: datetime
    proposal: int | None
    """The proposal to merge them that waits for a decision."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair as the comparison scored it."""

    low: int
    high: int
    score: float
    evidence: dict[str, str]


def candidates(
    scope: Scope, hub: Hub, *, after: Behind | None = None, limit: int = 50
) -> tuple[list[Candidate], Behind | None]:
    """Return pairs of which both are in the scope, the likeliest first, and where the next page goes on.

    A page may hold fewer than `limit`, when others are not for this scope. Pairs that somebody decided are two people
    are not among them.
    """
    with hub.pool.connection() as connection:
        rank, low, high, reason = after or _BEFORE_ALL
        values = {"rank": rank, "low": low, "high": high, "reason": reason, "limit": limit}
        rows = connection.execute(_SQL["page"], values).fetchall()
        found = []
        for one, another, why, score, evidence, at, _, proposal in rows:
            if is_visible(scope, connection, one) and is_visible(scope, connection, another):
                said = msgspec.json.decode(evidence or "{}", type=dict[str, str])
                found.append(Candidate(one, another, why, score, said, at, proposal))
    last = rows[-1] if len(rows) == limit else None
    return found, Behind(last[6], last[0], last[1], last[2]) if last else None


def keep_scored(connection: Connection, pairs: Sequence[Scored], at: datetime) -> int:
    """Write one step of scored pairs; those kept apart, and those of people who are gone, are left out.

    Returns how many were written.
    """
    values = {
        "lows": [pair.low for pair in pairs],
        "highs": [pair.high for pair in pairs],
        "scores": [pair.score for pair in pairs],
        "evidence": [msgspec.json.encode(pair.evidence).decode() for pair in pairs],
        "at": at,
    }
    return connection.execute(_SQL["keep_scored"], values).rowcount


def drop_not_found(connection: Connection, at: datetime) -> int:
    """Drop the scored pairs that the comparison begun at `at` did not find any more; returns how many."""
    return connection.execute(_SQL["drop_not_found"], (at,)).rowcount
