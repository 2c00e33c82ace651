"""By which version of which agreement a receiver read a kind, at each instant: worked out from what was put in force.

The table `agreement_kind` knows the present alone. Its past follows from the instants at which versions came into force
and agreements ended, and from the rules by which `lifecycle` hands a kind on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from daumoi.core.clock import midnight
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.lifecycle import shows_people
from daumoi.exchange.terms import Terms, parse
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

_SQL = statements("daumoi.exchange", "tenures")


class Tenure(NamedTuple):
    """A time in which one version held for a kind; a suspension does not end it, days of validity bound it."""

    agreement: Agreement
    from_at: datetime
    to_at: datetime | None
    """Not included; None: until now."""


class Put(NamedTuple):
    """A version that was put in force, and when its agreement ended."""

    agreement: int
    version: int
    terms: Terms
    senders: frozenset[int] | None
    from_at: datetime
    ended_at: datetime | None
    standing: bool


def puts(connection: Connection, *, receiver: int) -> list[Put]:
    """Return all versions that were ever in force for a receiver."""
    rows = connection.execute(_SQL["puts"], (receiver,))
    return [
        Put(agreement, version, parse(said), None if senders is None else frozenset(senders), since, ended, standing)
        for agreement, version, said, senders, since, ended, standing in rows
    ]


def tenures(found: Iterable[Put], *, receiver: int, kind: str) -> list[Tenure]:
    """Return which version held for a kind, in the order of time, without overlaps."""
    by = list(found)
    held: dict[str, Put] = {}
    turns: list[tuple[datetime, Put | None]] = []
    for at, put, ends in _events(by):
        if ends:
            held = {name: other for name, other in held.items() if other.agreement != put.agreement}
        else:
            held = _handed_on(held, put)
        turns.append((at, held.get(kind) or held.get(EVERY_KIND)))
    found_ones: list[Tenure] = []
    for place, (at, holder) in enumerate(turns):
        until = turns[place + 1][0] if place + 1 < len(turns) else None
        if holder is None or until == at or not holder.terms.covers_kind(kind):
            continue
        since, until = _valid(holder.terms, at, until)
        if until is None or since < until:
            agreement = Agreement(receiver, kind, holder.terms, holder.agreement, holder.version, holder.senders)
            found_ones.append(Tenure(agreement, since, until))
    return found_ones


def at_instant(found: Sequence[Tenure], at: datetime) -> Agreement | None:
    """Return what held at an instant."""
    return next((t.agreement for t in found if t.from_at <= at and (t.to_at is None or at < t.to_at)), None)


def _events(found: Sequence[Put]) -> list[tuple[datetime, Put, bool]]:
    """Return what happened in order: an older agreement ends before a newer one begins at the same instant."""
    last = {put.agreement: put for put in sorted(found, key=lambda put: put.version)}
    events = [(put.from_at, put, False) for put in found]
    events += [(put.ended_at, put, True) for put in last.values() if put.ended_at is not None]
    return sorted(events, key=lambda event: (event[0], event[1].agreement, event[1].version, event[2]))


def _handed_on(held: dict[str, Put], put: Put) -> dict[str, Put]:
    """Return who holds what when a version was put in force: as `lifecycle` does it."""
    kept = {name: other for name, other in held.items() if other.agreement != put.agreement}
    kept |= dict.fromkeys(put.terms.kinds, put)
    if not put.standing and shows_people(put.terms):
        kept.setdefault(IDENTITY_CHANGE, put)
    return kept


def _valid(terms: Terms, since: datetime, until: datetime | None) -> tuple[datetime, datetime | None]:
    if terms.valid_from is not None:
        since = max(since, midnight(terms.valid_from))
    if terms.valid_to is not None:
        ends = midnight(terms.valid_to + timedelta(days=1))
        until = ends if until is None else min(until, ends)
    return since, until
