"""Merges, splits and their undoing: somebody proposes with a reason, somebody else decides (four eyes; the database
holds it too). What was decided is kept, and can be undone in the same way.

A pair that somebody decided are two people does not come back: the decision holds for the claims of both sides,
wherever they go. It may come back only when both have a strong identifier in common that they did not share then.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import psycopg

from daumoi.accounts.scope import Scope
from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.arrays import Numbers
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.intake.identity_changes import Move, NothingToMove, joining, make_room, move_claims, splitting
from daumoi.linkage.seeing import narrowed, sees_proposal
from daumoi.linkage.selectors import NotVisible, claims_of, is_visible

_SQL = statements("daumoi.people", "proposals")
_CANDIDATES = statements("daumoi.people", "candidates")
_CLAIMS = statements("daumoi.people", "claims")
_LISTS = statements("daumoi.linkage", "lists")
HUB = "hub"
"""Who proposes what the hub found by comparison."""
COMPARED = Actor(HUB)
TEXT_MAX = 500
"""Characters of a reason and of a note."""
_NUMBER_OF_A_PERSON = re.compile(r"\d(?:[ .\-]?\d){8,}")
"""Nine digits and more, as identity cards and telephones have them: decisions outlive the data they are about."""
_PURPOSE = "data_quality"
"""Why people are joined and told apart, in the audit log; the reason is what was said."""
_KEEPS, _MOVES = 1, 2
_STEPS = {"approved": "approve", "rejected": "reject", "withdrawn": "withdraw"}

Action = Literal["merge", "split", "undo"]
Outcome = Literal["approved", "rejected", "withdrawn"]


class ProposalRefused(Exception):
    """This cannot be proposed or decided so."""


class ReasonNotUsable(ValueError):
    """Give a reason of 1 to 500 characters, without an identity number or telephone: it is kept for good."""


class KeptApart(ProposalRefused):
    """It was decided that these are two people, and no new identifier says otherwise. Undo that decision first."""


class AlreadyProposed(ProposalRefused):
    """The same is proposed already and waits for a decision."""


class FourEyes(ProposalRefused):
    """Who proposed it cannot decide it. Ask somebody else who may, or withdraw it."""


class NotYours(ProposalRefused):
    """Only who proposed it can withdraw it. Reject it instead."""


class Decided(ProposalRefused):
    """It was decided before, or undone."""


class Stale(ProposalRefused):
    """The people or claims have changed since: nothing is left to move. Reject or withdraw it, and propose it anew."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposed, and what became of it."""

    id: int
    action: Action
    keep: int
    other: int | None
    undoes: int | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    outcome: Outcome | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    keeps_apart: bool
    undone: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal, and of each side the claims with whom they belong to now; None for a claim that was erased."""

    proposal: Proposal
    keeps: dict[int, int | None]
    moves: dict[int, int | None]
    undoing: list[Proposal]
    """Proposals to undo it, newest first."""


def propose_merge(scope: Scope, hub: Hub, *, keep: int, other: int, by: Actor, reason: str) -> int:
    """Propose that two people are one; returns the number of the proposal.

    Raises NotVisible, NothingToMove, KeptApart, AlreadyProposed, ReasonNotUsable.
    """
    with hub.pool.connection() as connection, connection.transaction():
        _must_see(scope, connection, keep, other)
        if keep == other:
            raise NothingToMove(NothingToMove.__doc__)
        if _is_kept_apart(connection, keep, other):
            raise KeptApart(KeptApart.__doc__)
        sides = {_KEEPS: claims_of(connection, keep), _MOVES: claims_of(connection, other)}
        return _propose(connection, hub, "merge", keep=keep, other=other, by=by, reason=reason, sides=sides)


def propose_split(scope: Scope, hub: Hub, *, person: int, claims: Sequence[int], by: Actor, reason: str) -> int:
    """Propose that some claims of a person are somebody else's; returns the number of the proposal.

    All of a person's claims cannot be split off: nothing would be left to split from. Raises NotVisible, NothingToMove.
    """
    with hub.pool.connection() as connection, connection.transaction():
        _must_see(scope, connection, person)
        has = claims_of(connection, person)
        stays = [claim for claim in has if claim not in set(claims)]
        if not claims or not stays or len(stays) + len(set(claims)) != len(has):
            raise NothingToMove(NothingToMove.__doc__)
        sides = {_KEEPS: stays, _MOVES: sorted(set(claims))}
        return _propose(connection, hub, "split", keep=person, by=by, reason=reason, sides=sides)


def propose_undo(scope: Scope, hub: Hub, *, proposal: int, by: Actor, reason: str) -> int:
    """Propose to undo a decision: an approved merge or split, or a rejection. Returns the number of the proposal.

    Raises NotVisible, Decided when there is nothing to undo, AlreadyProposed.
    """
    with hub.pool.connection() as connection, connection.transaction():
        done = _lock(connection, proposal)
        if not _sees(scope, connection, done.id):
            raise NotVisible(NotVisible.__doc__)
        if done.undone or not (done.outcome == "approved" or done.keeps_apart):
            raise Decided(Decided.__doc__)
        sides = _sides(connection, proposal)
        return _propose(connection, hub, "undo", keep=done.keep, undoes=proposal, by=by, reason=reason, sides=sides)


def reject_candidate(scope: Scope, hub: Hub, *, one: int, another: int, by: Actor, note: str) -> int:
    """Decide that a pair the hub found are two people; returns the number under which that is kept.

    Raises NotVisible, AlreadyProposed when somebody proposed to merge them: decide that instead.
    """
    keep, other = sorted((one, another))
    with hub.pool.connection() as connection, connection.transaction():
        _must_see(scope, connection, keep, other)
        sides = {_KEEPS: claims_of(connection, keep), _MOVES: claims_of(connection, other)}
        reason = "found by comparison"
        number = _propose(connection, hub, "merge", keep=keep, other=other, by=COMPARED, reason=reason, sides=sides)
        _decide(connection, hub, _lock(connection, number), "rejected", by, note)
    return number


def approve(scope: Scope, hub: Hub, *, proposal: int, by: Actor, note: str) -> list[int]:
    """Do what somebody else proposed; returns the numbers of the `identity_change` entries.

    Raises NotVisible, FourEyes, Decided, Stale.
    """
    make_room(hub)
    with hub.pool.connection() as connection, connection.transaction():
        found = _open(scope, connection, proposal)
        if found.proposed_by == by.id:
            raise FourEyes(FourEyes.__doc__)
        at = hub.clock.now()
        try:
            moves = _moves_of(connection, found, at)
        except NothingToMove:
            raise Stale(Stale.__doc__) from None
        sources, targets = [move.source for move in moves], [move.target for move in moves]
        _decide(connection, hub, found, "approved", by, note, targets)
        connection.execute(_SQL["moved"], (proposal, [move.claim for move in moves], sources, targets))
        if found.action == "merge":
            connection.execute(_SQL["follow_merge"], {"keep": found.keep, "join": found.other})
        if found.undoes is not None:
            connection.execute(_SQL["undone"], (found.undoes,))
        seqs = move_claims(hub, connection, moves, _direction(connection, found), at) if moves else []
    hub.committed()
    return seqs


def reject(scope: Scope, hub: Hub, *, proposal: int, by: Actor, note: str) -> None:
    """Decide against what somebody else proposed; of a merge, that they are two people.

    Raises NotVisible, FourEyes, Decided.
    """
    with hub.pool.connection() as connection, connection.transaction():
        found = _open(scope, connection, proposal)
        if found.proposed_by == by.id:
            raise FourEyes(FourEyes.__doc__)
        if found.action == "merge" and found.other is not None:
            _keep_sides(
                connection,
                found.id,
                {_KEEPS: claims_of(connection, found.keep), _MOVES: claims_of(connection, found.other)},
            )
        _decide(connection, hub, found, "rejected", by, note)


def withdraw(scope: Scope, hub: Hub, *, proposal: int, by: Actor, note: str) -> None:
    """Take back what one proposed oneself. Raises NotVisible, NotYours, Decided."""
    with hub.pool.connection() as connection, connection.transaction():
        found = _open(scope, connection, proposal)
        if found.proposed_by != by.id:
            raise NotYours(NotYours.__doc__)
        _decide(connection, hub, found, "withdrawn", by, note)


def proposals(
    scope: Scope, hub: Hub, *, open_only: bool, before: int | None = None, limit: int = 50
) -> tuple[list[Proposal], int | None]:
    """Return proposals about people in the scope, newest first, and where the next page goes on. One query."""
    seen = sees_proposal(scope)
    values = (before if before is not None else 2**62, open_only, *seen.values, limit)
    with hub.pool.connection() as connection:
        rows = connection.execute(narrowed(_LISTS["proposals"], seen=seen), values).fetchall()
    page = [_proposal(row) for row in rows]
    return page, page[-1].id if len(page) == limit else None


def proposal_shown(scope: Scope, hub: Hub, *, proposal: int) -> Shown:
    """Return one proposal with the claims of both its sides, and those who have undone it. Raises NotVisible."""
    with hub.pool.connection() as connection:
        row = connection.execute(_SQL["read"], (proposal,)).fetchone()
        if row is None or not _sees(scope, connection, proposal):
            raise NotVisible(NotVisible.__doc__)
        sides = connection.execute(_LISTS["sides_now"], (proposal,)).fetchall()
        undoing = connection.execute(_SQL["undoing"], (proposal,)).fetchall()
    return Shown(
        _proposal(row),
        {claim: person for side, claim, person in sides if side == _KEEPS},
        {claim: person for side, claim, person in sides if side == _MOVES},
        [_proposal(one) for one in undoing],
    )


def decisions_on(scope: Scope, hub: Hub, *, person: int, limit: int = 50) -> list[Proposal]:
    """Return what was proposed and decided about the claims that a person has now, newest first. Raises NotVisible."""
    seen = sees_proposal(scope)
    with hub.pool.connection() as connection:
        _must_see(scope, connection, person)
        values = (claims_of(connection, person), *seen.values, limit)
        return [_proposal(row) for row in connection.execute(narrowed(_LISTS["of_claims"], seen=seen), values)]


def open_between(scope: Scope, hub: Hub, *, one: int, another: int) -> int | None:
    """Return the proposal to merge two people that waits for a decision; None without one. Raises NotVisible."""
    with hub.pool.connection() as connection:
        _must_see(scope, connection, one, another)
        row = connection.execute(_LISTS["open_pair"], sorted((one, another))).fetchone()
    return int(row[0]) if row else None


def apart_by(scope: Scope, hub: Hub, *, one: int, another: int) -> Proposal | None:
    """Return the decision by which two people are kept apart; None when nothing keeps them. Raises NotVisible."""
    with hub.pool.connection() as connection:
        _must_see(scope, connection, one, another)
        if not _is_kept_apart(connection, one, another):
            return None
        row = connection.execute(_SQL["apart_by"], (one, another)).fetchone()
    return _proposal(row) if row else None


def _proposal(row: Sequence[object]) -> Proposal:
    return Proposal(*row)  # type: ignore[arg-type]


def _must_see(scope: Scope, connection: Connection, *people: int) -> None:
    if not all(is_visible(scope, connection, person) for person in people):
        raise NotVisible(NotVisible.__doc__)


def _sees(scope: Scope, connection: Connection, proposal: int) -> bool:
    """Tell whether somebody may know of a proposal: all people whose claims it names now are theirs to see."""
    seen = sees_proposal(scope)
    row = connection.execute(narrowed(_LISTS["is_seen"], seen=seen), (*seen.values, proposal)).fetchone()
    return bool(row and row[0])


def _note(
    connection: Connection, hub: Hub, by: Actor, action: str, found: Proposal, reason: str, more: Sequence[int] = ()
) -> None:
    """Write a step into the audit log, with all people whose claims it is about and to whom they go."""
    claims = [claim for side in _sides(connection, found.id).values() for claim in side]
    people = {person for _, person in connection.execute(_CLAIMS["people_of_claims"], (Numbers(claims),))}
    named = {found.keep, *([found.other] if found.other is not None else []), *people, *more}
    audit.write(
        connection,
        at=hub.clock.now(),
        by=by,
        action=action,
        subject=Subject(f"proposal {found.id}: {found.action}", people=sorted(named), claims=sorted(claims)),
        purpose=_PURPOSE,
        reason=reason.strip(),
    )


def _propose(
    connection: Connection,
    hub: Hub,
    action: Action,
    *,
    keep: int,
    by: Actor,
    reason: str,
    sides: dict[int, list[int]],
    other: int | None = None,
    undoes: int | None = None,
) -> int:
    values = {
        "action": action,
        "keep": keep,
        "other": other,
        "undoes": undoes,
        "reason": _text(reason),
        "by": by.id,
        "at": hub.clock.now(),
    }
    try:
        row = connection.execute(_SQL["propose"], values).fetchone()
    except psycopg.errors.UniqueViolation:
        raise AlreadyProposed(AlreadyProposed.__doc__) from None
    assert row is not None
    _keep_sides(connection, row[0], sides)
    if by is not COMPARED:  # what the hub found is written down with the decision on it
        _note(connection, hub, by, f"person.{action}.propose", _lock(connection, row[0]), reason)
    return int(row[0])


def _keep_sides(connection: Connection, proposal: int, sides: dict[int, list[int]]) -> None:
    connection.execute(_SQL["forget_sides"], (proposal,))
    for side, claims in sides.items():
        connection.execute(_SQL["side"], (proposal, side, claims))


def _sides(connection: Connection, proposal: int) -> dict[int, list[int]]:
    sides: dict[int, list[int]] = {_KEEPS: [], _MOVES: []}
    for side, claim in connection.execute(_SQL["sides"], (proposal,)):
        sides[side].append(claim)
    return sides


def _lock(connection: Connection, proposal: int) -> Proposal:
    row = connection.execute(_SQL["lock"], (proposal,)).fetchone()
    if row is None:
        raise NotVisible(NotVisible.__doc__)
    return _proposal(row)


def _open(scope: Scope, connection: Connection, proposal: int) -> Proposal:
    found = _lock(connection, proposal)
    if not _sees(scope, connection, found.id):
        raise NotVisible(NotVisible.__doc__)
    if found.outcome is not None:
        raise Decided(Decided.__doc__)
    return found


def _decide(
    connection: Connection,
    hub: Hub,
    found: Proposal,
    outcome: Outcome,
    by: Actor,
    note: str,
    targets: Sequence[int] = (),
) -> None:
    if outcome == "rejected":
        apart = found.action == "merge"
    else:
        moved = found.undoes is None or _lock(connection, found.undoes).outcome == "approved"
        apart = outcome == "approved" and moved and _direction(connection, found) == "split"
    values = {
        "id": found.id,
        "outcome": outcome,
        "by": by.id,
        "at": hub.clock.now(),
        "note": _text(note),
        "apart": apart,
    }
    connection.execute(_SQL["decide"], values)
    if outcome == "rejected" and found.other is not None:
        low, high = sorted((found.keep, found.other))
        connection.execute(_CANDIDATES["clear_pair"], (low, high))
    _note(connection, hub, by, f"person.{found.action}.{_STEPS[outcome]}", found, note, targets)


def _moves_of(connection: Connection, found: Proposal, at: datetime) -> list[Move]:
    """Lock the claims that a proposal moves now; raises NothingToMove."""
    if found.action == "merge":
        assert found.other is not None
        if _is_kept_apart(connection, found.keep, found.other):
            raise KeptApart(KeptApart.__doc__)
        return joining(connection, keep=found.keep, join=found.other)
    if found.action == "split":
        sides = _sides(connection, found.id)
        here = set(claims_of(connection, found.keep))
        moving = [claim for claim in sides[_MOVES] if claim in here]
        if not moving or not here - set(moving):
            raise NothingToMove(NothingToMove.__doc__)
        moves = splitting(connection, claims=moving, at=at)
        if any(move.source != found.keep for move in moves):
            raise NothingToMove(NothingToMove.__doc__)
        return moves
    assert found.undoes is not None
    return _inverse(connection, _lock(connection, found.undoes), at)


def _inverse(connection: Connection, done: Proposal, at: datetime) -> list[Move]:
    """Return the moves back of those claims that are still where a decision brought them; none for a rejection."""
    if done.undone:
        raise NothingToMove(NothingToMove.__doc__)
    if done.outcome != "approved":
        return []
    made = {claim: (source, target) for claim, source, target in connection.execute(_SQL["moves"], (done.id,))}
    held = connection.execute(_CLAIMS["lock_claims"], (sorted(made),)).fetchall()
    moves = [Move(claim, person, made[claim][0]) for claim, person in held if person == made[claim][1]]
    if not moves:
        raise NothingToMove(NothingToMove.__doc__)
    connection.execute(_SQL["ensure_people"], (at, [move.target for move in moves]))
    return moves


def _direction(connection: Connection, found: Proposal) -> Literal["join", "split"]:
    """Return how the log calls what a proposal moves: undoing a merge is a split, undoing a split a join."""
    if found.undoes is None:
        return "join" if found.action == "merge" else "split"
    return "split" if _direction(connection, _lock(connection, found.undoes)) == "join" else "join"


def _is_kept_apart(connection: Connection, one: int, another: int) -> bool:
    row = connection.execute(_SQL["kept_apart"], (one, another)).fetchone()
    return cast(bool, row is not None and row[0])


def _text(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= TEXT_MAX or "\x00" in text or _NUMBER_OF_A_PERSON.search(text):
        raise ReasonNotUsable(ReasonNotUsable.__doc__)
    return text
