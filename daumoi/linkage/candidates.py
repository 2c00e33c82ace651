"""Pairs of people that may be one, for somebody to decide: found while claims came in, or by the nightly comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from daumoi.accounts.scope import Scope
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.linkage.seeing import narrowed, sees_person
from daumoi.linkage.selectors import NotVisible, is_visible

_SQL = statements("daumoi.people", "candidates")
_LISTS = statements("daumoi.linkage", "lists")
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

    Pairs that somebody decided are two people are not among them. One query.
    """
    seen_low, seen_high = sees_person(scope, "c.low"), sees_person(scope, "c.high")
    with hub.pool.connection() as connection:
        rows = connection.execute(
            narrowed(_LISTS["candidates"], low=seen_low, high=seen_high),
            (*(after or _BEFORE_ALL), *seen_low.values, *seen_high.values, limit),
        ).fetchall()
    last = rows[-1] if len(rows) == limit else None
    return [_candidate(row) for row in rows], Behind(last[6], last[0], last[1], last[2]) if last else None


def candidate_of(scope: Scope, hub: Hub, *, one: int, another: int) -> Candidate | None:
    """Return why two people may be one, as it was found; None for a pair that was not. Raises NotVisible."""
    low, high = sorted((one, another))
    with hub.pool.connection() as connection:
        if not (is_visible(scope, connection, low) and is_visible(scope, connection, high)):
            raise NotVisible(NotVisible.__doc__)
        row = connection.execute(_LISTS["candidates_of_pair"], (low, high)).fetchone()
    return _candidate(row) if row else None


def _candidate(row: Sequence[Any]) -> Candidate:
    low, high, reason, score, evidence, found_at, _, proposal = row
    said = msgspec.json.decode(evidence or "{}", type=dict[str, str])
    return Candidate(low, high, reason, score, said, found_at, proposal)


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
