"""Moves claims between people, and says so in the log: joins and splits by a person's decision (design, sections 1, 7).
Erasures say so in the same way (`erasure.py`).

Records are never rewritten: they name claims. Each claim that moves is one numbered `identity_change` entry, in the
transaction that moves it, so that every platform and receiver follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.log.append import append, look
from daumoi.log.decisions import decide
from daumoi.log.entries import Entry, receipt_key
from daumoi.log.identity_change import HUB_SYSTEM, KIND_NUMBER, SCHEMA_VERSION
from daumoi.log.segments import ensure_segments

_SQL = statements("daumoi.people", "claims")
REASONS = ("join", "split", "erasure")


class NothingToMove(Exception):
    """The people or the claim named are not there, or are one person already."""


@dataclass(frozen=True, slots=True)
class Move:
    """A claim that goes from one person to another."""

    claim: int
    source: int
    target: int


def join_people(hub: Hub, *, keep: int, join: int) -> list[int]:
    """Make two people one: all claims of `join` go to `keep`. Returns the numbers of the entries.

    Two people that exist are joined by a person's decision only. Raises NothingToMove.
    """
    make_room(hub)
    with hub.pool.connection() as connection, connection.transaction():
        seqs = move_claims(hub, connection, joining(connection, keep=keep, join=join), "join", hub.clock.now())
    hub.committed()
    return seqs


def split_claim(hub: Hub, *, claim: int) -> tuple[int, list[int]]:
    """Give one claim a person of its own; returns that person and the numbers of the entries. Raises NothingToMove."""
    make_room(hub)
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        moves = splitting(connection, claims=[claim], at=at)
        seqs = move_claims(hub, connection, moves, "split", at)
    hub.committed()
    return moves[0].target, seqs


def joining(connection: Connection, *, keep: int, join: int) -> list[Move]:
    """Lock the claims of two people; returns the moves that make them one. Raises NothingToMove."""
    both = [row[0] for row in connection.execute(_SQL["claims_of_person"], ([keep, join],))] if keep != join else []
    rows = connection.execute(_SQL["lock_claims"], (both,)).fetchall()
    moves = [Move(claim, join, keep) for claim, person in rows if person == join]
    if not moves or len(moves) == len(rows):
        raise NothingToMove(NothingToMove.__doc__)
    return moves


def splitting(connection: Connection, *, claims: Sequence[int], at: datetime) -> list[Move]:
    """Lock some claims and make a new person for them; returns the moves to it. Raises NothingToMove."""
    found = connection.execute(_SQL["lock_claims"], (sorted(claims),)).fetchall()
    if not found:
        raise NothingToMove(NothingToMove.__doc__)
    made = connection.execute(_SQL["new_person"], (at,)).fetchone()
    assert made is not None
    return [Move(claim, person, made[0]) for claim, person in found]


def move_claims(hub: Hub, connection: Connection, moves: Sequence[Move], reason: str, at: datetime) -> list[int]:
    """Move locked claims and say so in the log; returns the numbers of the entries.

    The last step of the caller's transaction, before which `make_room` was called.
    """
    for target in sorted({move.target for move in moves}):
        moving = [move.claim for move in moves if move.target == target]
        connection.execute(_SQL["move_claims"], (target, moving))
    return append_moves(hub, connection, [(move.claim, move.source, move.target) for move in moves], reason, at)


def make_room(hub: Hub) -> None:
    """Attach the segments that the next entries need; outside of a transaction."""
    with hub.pool.connection() as connection:
        ensure_segments(connection, kind=KIND_NUMBER, segment_rows=hub.settings.segment_rows)


def append_moves(
    hub: Hub, connection: Connection, moves: Sequence[tuple[int, int, int | None]], reason: str, at: datetime
) -> list[int]:
    """Append an entry for each (claim, from, to); to nobody when the claim was erased. Returns their numbers.

    The last step of the caller's transaction, because the head's lock is held from here on.
    """
    entries = []
    for claim, source, target in moves:
        ref = str(uuid4())
        body = msgspec.json.encode({"claim": claim, "from": source, "to": target, "reason": reason})
        entries.append(
            Entry(
                system_id=HUB_SYSTEM,
                key=receipt_key(hub.keys, system_id=HUB_SYSTEM, kind=KIND_NUMBER, ref=ref),
                ref=ref,
                revision=1,
                withdraw=False,
                content=hub.keys.index("content", body),
                occurred_at=at,
                schema_version=SCHEMA_VERSION,
                body=body,
            )
        )
    seen = look(connection, KIND_NUMBER, entries)
    done = append(connection, KIND_NUMBER, entries, decide(entries, seen.stored), seen, hub.clock.now)
    return [seq for seq in done.seqs if seq is not None]
