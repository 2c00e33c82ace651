"""Erases people: destroys claims, and cuts their numbers out of records and archive (design, section 7).

An erasure is a row with the step that comes next; each step is many short transactions, may be stopped anywhere, and
does no harm when it is done again. Whoever comes next goes on: the command, the worker, the next erasure. From the
step `DESTROY` on nobody can be named any more; what follows removes numbers that lead nowhere.

A record of the same person that comes during or after an erasure makes a new claim.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import msgspec
import psycopg

from daumoi.audit import services as audit
from daumoi.audit.actors import HUB, Actor, Subject
from daumoi.core.crypto import SealBroken
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.core.turns import Turn, turn
from daumoi.intake.erasing_held import Sought, delete_held, delete_of_refs, holding_identity
from daumoi.intake.identity_changes import append_moves, make_room
from daumoi.log import appearances, archive_files, erasing
from daumoi.log.append import Overtaken, SegmentsExhausted
from daumoi.log.archive import folder_of
from daumoi.log.holds import Hold, freeze, holds
from daumoi.people import destroying, erasure_list
from daumoi.people.identifiers import Claimed
from daumoi.people.unerased import unerased

_SQL = statements("daumoi.intake", "erasure")
_CLAIMS_AT_ONCE = 500
_NAMED_MOST = 1000
"""So many people and claims are named in the audit line of an erasure; the count is always whole."""
_WAIT_S = 60.0
_TRIES = 30
_OF_THE_MOMENT = (
    Overtaken,
    SegmentsExhausted,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)


class Step(IntEnum):
    """The steps of an erasure, in order."""

    LIST = 1
    """Write the fingerprints to the list outside of the database, which restores repeat."""
    HELD = 2
    """Delete held rows with this identity, while the claims can still be opened."""
    DESTROY = 3
    """Destroy the claims and what is searched by, and append an `identity_change` for each."""
    QUIET = 4
    """Wait for transactions that may have found a claim before."""
    RECORDS = 5
    """Cut the claims out of the records, with personal values, held rows and notes of these records."""
    KEPT = 6
    """The same in the records on hold."""
    ARCHIVE = 7
    """Write the files of the archive again that hold one of the claims."""
    PEOPLE = 8
    """Delete people without claims, and forget which claims these were."""


class NobodyToErase(Exception):
    """There is no such claim or person. It may be erased already."""


class UnderHold(Exception):
    """A legal hold covers records of this person. Release it first (`daumoi hold list`), if the law allows."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would touch; nothing was changed."""

    claims: list[int]
    people: list[int]
    records: dict[int, int]
    """Records that name one of the claims, by number of the kind."""
    kept: int
    """Records on hold that name one."""
    under_hold: bool
    """Whether a legal hold in force covers a claim or one of the records."""


def erase_claims(hub: Hub, *, fingerprints: Sequence[bytes], reason: str) -> int:
    """Erase the claims of these fingerprints that are there; returns how many there were.

    For erasures that were decided before, as a restored hub repeats them: legal holds are not asked. `reason` holds no
    personal data, 1 to 500 characters. When this returns, all is done. Raises Busy, NotQuiet: what was begun is then
    finished by the worker.
    """
    with hub.pool.connection() as connection:
        claims = destroying.claims_by_fingerprint(connection, fingerprints)
    return _erase(hub, claims, reason, actor=HUB) if claims else 0


def erase_person(hub: Hub, *, person: int, reason: str, actor: Actor = HUB) -> int:
    """Erase all claims of a person, of whichever system; returns how many. As `erase_claim`."""
    with hub.pool.connection() as connection:
        claims = destroying.claims_of_people(connection, [person])
    return _erase_unless_held(hub, claims, reason, actor)


def erase_claim(hub: Hub, *, claim: int, reason: str, actor: Actor = HUB) -> int:
    """Erase one claim; the person stays when it has others. Returns 1.

    Raises NobodyToErase, UnderHold, and, with the erasure begun, Busy and NotQuiet.
    """
    with hub.pool.connection() as connection:
        claims = [found for found, _, _ in destroying.existing(connection, [claim])]
    return _erase_unless_held(hub, claims, reason, actor)


def preview(hub: Hub, *, claim: int | None = None, person: int | None = None) -> Preview:
    """Tell what erasing a claim, or a person, would touch. Raises NobodyToErase."""
    with hub.pool.connection() as connection:
        claims = destroying.claims_of_people(connection, [person]) if person is not None else []
        if claim is not None:
            claims = [found for found, _, _ in destroying.existing(connection, [claim])]
        if not claims:
            raise NobodyToErase(NobodyToErase.__doc__)
        return _look(connection, claims)


def finish_erasures(hub: Hub) -> int:
    """Go on with every erasure that is not finished; returns how many are now. Raises Busy, NotQuiet."""
    with hub.pool.connection() as connection:
        if connection.execute(_SQL["open"]).fetchone() is None:
            return 0
    with _alone(hub, wait_s=0) as connection:
        return _go_on(hub, connection)


def _erase_unless_held(hub: Hub, claims: list[int], reason: str, actor: Actor) -> int:
    if not claims:
        raise NobodyToErase(NobodyToErase.__doc__)
    while True:
        with hub.pool.connection() as connection:
            in_force = holds(connection)
            if _is_held(connection, claims):
                raise UnderHold(UnderHold.__doc__)
        try:
            return _erase(hub, claims, reason, actor, unless_held=in_force)
        except _HoldsChanged:
            continue


class _HoldsChanged(Exception):
    """A hold was placed or released after they were asked: ask again."""


def _erase(hub: Hub, claims: list[int], reason: str, actor: Actor, *, unless_held: Sequence[Hold] | None = None) -> int:
    """Begin an erasure and do its steps; `unless_held`: only while the holds in force are still these."""
    with hub.pool.connection() as connection, connection.transaction():
        if unless_held is not None and freeze(connection) != list(unless_held):
            raise _HoldsChanged
        at = hub.clock.now()
        found = destroying.existing(connection, claims)
        row = connection.execute(_SQL["begin"], (reason, at, len(found))).fetchone()
        assert row is not None
        values = {
            "erasure": row[0],
            "claims": [claim for claim, _, _ in found],
            "people": [person for _, person, _ in found],
        }
        connection.execute(_SQL["begin_claims"], values)
        subject = Subject(
            f"erasure {row[0]}, {len(found)} claims", people=values["people"][:_NAMED_MOST], claims=claims[:_NAMED_MOST]
        )
        audit.write(
            connection,
            at=at,
            by=actor,
            action="person.erase",
            subject=subject,
            purpose="records_management",
            reason=reason,
        )
    with _alone(hub, wait_s=_WAIT_S) as connection:
        _go_on(hub, connection)
    return len(found)


@contextmanager
def _alone(hub: Hub, *, wait_s: float) -> Iterator[Connection]:
    with hub.pool.connection() as connection, turn(connection, Turn.ERASURE, wait_s=wait_s):
        yield connection


def _go_on(hub: Hub, connection: Connection) -> int:
    """Do the steps that are left of all erasures; the caller has the turn.

    One whose values cannot be opened holds up no other; it is raised when the others are done.
    """
    erasures = connection.execute(_SQL["open"]).fetchall()
    broken: SealBroken | None = None
    for erasure, step, asked_at in erasures:
        claims = [row[0] for row in connection.execute(_SQL["claims"], (erasure,))]
        try:
            _finish_one(hub, connection, _Erasure(erasure, asked_at, claims), step)
        except SealBroken as fault:
            broken = fault
    if broken is not None:
        raise broken
    return len(erasures)


def _finish_one(hub: Hub, connection: Connection, erasure: "_Erasure", step: int) -> None:
    for at in Step:
        if at >= step:
            _DO[at](hub, connection, erasure)
            if at is not Step.PEOPLE:
                connection.execute(_SQL["step"], (at + 1, erasure.id))


@dataclass(frozen=True, slots=True)
class _Erasure:
    id: int
    asked_at: datetime
    claims: list[int]


def _list(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    folder = hub.settings.erasures_folder
    # What a restore repeats is listed already, with the instant that counts: a claim made after it is there by right.
    listed = set(unerased(connection, erasure_list.entries(folder)))
    marks = [mark for mark in destroying.listed_marks(connection, hub.keys, erasure.claims) if mark not in listed]
    if marks:
        erasure_list.append(folder, marks, erasure.asked_at)


def _delete_held(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    sought = Sought()
    for first in range(0, len(erasure.claims), _CLAIMS_AT_ONCE):
        some = erasure.claims[first : first + _CLAIMS_AT_ONCE]
        for system, said in destroying.opened(connection, hub.keys, some):
            sought.learn(system, msgspec.json.decode(said, type=Claimed))
    for ids in holding_identity(hub, connection, sought):
        with connection.transaction():
            delete_held(connection, ids)


def _destroy(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    for first in range(0, len(erasure.claims), _CLAIMS_AT_ONCE):
        some = erasure.claims[first : first + _CLAIMS_AT_ONCE]

        def step(some: Sequence[int] = some) -> None:
            found = destroying.destroy(connection, some)
            moves = [(claim, person, None) for claim, person in found]
            if moves:
                append_moves(hub, connection, moves, "erasure", hub.clock.now())

        make_room(hub)
        _again(connection, step)
        hub.committed()


def _wait(_hub: Hub, connection: Connection, _erasure: _Erasure) -> None:
    destroying.until_quiet(connection)


def _cut_records(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    done: dict[int, int] = dict(connection.execute(_SQL["swept"], (erasure.id,)).fetchall())
    for page in erasing.pages(connection, done):

        def step(page: erasing.Page = page) -> None:
            count, refs = erasing.cut(connection, page, erasure.claims)
            delete_of_refs(hub, connection, page.kind, refs)
            if count:
                connection.execute(_SQL["count"], (count, erasure.id))
            connection.execute(_SQL["sweep"], (erasure.id, page.kind, page.last))

        _again(connection, step)


def _cut_kept(_hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    def step() -> None:
        count = erasing.cut_kept(connection, erasure.claims)
        connection.execute(_SQL["count"], (count, erasure.id))

    # While retention copies a record into the table, it may hold it as it was before the cut.
    with turn(connection, Turn.RETENTION, wait_s=_WAIT_S):
        _again(connection, step)


def _cut_archive(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    folder = folder_of(hub)
    with turn(connection, Turn.ARCHIVE, wait_s=_WAIT_S):
        archive_files.sweep(folder)
        for _ in archive_files.without_claims(folder, erasure.claims):
            continue


def _forget(hub: Hub, connection: Connection, erasure: _Erasure) -> None:
    def step() -> None:
        people = [row[0] for row in connection.execute(_SQL["people"], (erasure.id,))]
        destroying.forget_people(connection, people)
        # Only now: all records are cut, so nothing that is read from here on can name the claims again.
        appearances.forget(connection, erasure.claims)
        connection.execute(_SQL["forget_claims"], (erasure.id,))
        connection.execute(_SQL["forget_sweep"], (erasure.id,))
        connection.execute(_SQL["finish"], (hub.clock.now(), erasure.id))

    _again(connection, step)


_DO: dict[Step, Callable[[Hub, Connection, _Erasure], None]] = {
    Step.LIST: _list,
    Step.HELD: _delete_held,
    Step.DESTROY: _destroy,
    Step.QUIET: _wait,
    Step.RECORDS: _cut_records,
    Step.KEPT: _cut_kept,
    Step.ARCHIVE: _cut_archive,
    Step.PEOPLE: _forget,
}


def _again(connection: Connection, step: Callable[[], None]) -> None:
    """Run a step in a transaction of its own; lost races and busy locks are tried again whole."""
    for trial in range(_TRIES):
        try:
            with connection.transaction():
                step()
            return
        except _OF_THE_MOMENT:
            if trial == _TRIES - 1:
                raise
            time.sleep(0.01 * trial)


def _look(connection: Connection, claims: list[int]) -> Preview:
    found = erasing.naming(connection, claims)
    records: dict[int, int] = {}
    for named in found:
        records[named.kind] = records.get(named.kind, 0) + 1
    kept = erasing.kept_naming(connection, claims)
    people = destroying.people_of_claims(connection, claims)
    return Preview(claims, people, records, len(kept), bool(kept) or _covers(connection, claims, found))


def _is_held(connection: Connection, claims: list[int]) -> bool:
    """Tell whether a hold covers a claim or a record that names one; looks at records only if there is a hold."""
    if not holds(connection):
        return False
    return bool(erasing.kept_naming(connection, claims)) or _covers(
        connection, claims, erasing.naming(connection, claims)
    )


def _covers(connection: Connection, claims: list[int], found: Sequence[erasing.Named]) -> bool:
    wanted = set(claims)
    for hold in holds(connection):
        if hold.claims is not None:
            if wanted & set(hold.claims):
                return True
        elif any(
            hold.kind in (None, named.kind)
            and hold.system_id in (None, named.system_id)
            and (hold.first_seq or 0) <= named.seq <= (hold.last_seq or named.seq)
            for named in found
        ):
            return True
    return False
