"""The life of a sharing agreement: drafted, proposed, approved by owner and privacy lead, suspended, ended.

Every service is keyword-only and part of the caller's transaction, which also writes the audit log. A change is a new
version; the version before it stays in force until the new one is approved by both. Nobody approves what they drafted,
and nobody approves twice.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange.agreements import lock_changes
from daumoi.exchange.terms import IdentityMode, Terms, TermsFault, check, parse, written
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND
from daumoi.organisations.services import touch_registry

_SQL = statements("daumoi.exchange", "lifecycle")
NAME_MAX = 200
REASON_MAX = 1000
State = Literal["draft", "proposed", "in_force", "refused", "replaced"]
Side = Literal["owner", "privacy"]
"""Who has to say yes: the owner of the data, and who answers for the protection of personal data."""


class NoSuchAgreement(Exception):
    """No agreement, or no version of it, has this number."""


class NotNow(Exception):
    """The version is not at the step before this one; the message says where it is."""


class SamePerson(Exception):
    """Who drafted or proposed a version does not approve it, and nobody approves for both sides. Ask somebody else."""


class Overlaps(Exception):
    """The receiver has another agreement for one of these kinds. End it first, or make a version of that one."""


class ReasonMissing(Exception):
    """Say why in words, 1 to 1,000 characters, without personal data."""


class Version(NamedTuple):
    """One version as it is held for a change."""

    agreement: int
    version: int
    receiver: int
    state: State
    terms: Terms
    drafted_by: str
    owner_by: str | None
    privacy_by: str | None
    is_ended: bool


def draft(
    connection: Connection, *, receiver: int, provider: int | None, name: str, terms: Terms, by: str, at: datetime
) -> int:
    """Draft a new agreement with its first version; returns its number. Raises TermsFault."""
    _check(name, terms, at)
    row = connection.execute(
        _SQL["make"], {"receiver": receiver, "provider": provider, "name": name.strip(), "standing": False, "at": at}
    ).fetchone()
    assert row is not None
    _insert(connection, row[0], terms, by=by, at=at)
    return int(row[0])


def amend(connection: Connection, *, agreement: int, terms: Terms, by: str, at: datetime) -> int:
    """Draft a further version; returns its number. An open draft of the same agreement is replaced by it.

    Raises NoSuchAgreement, NotNow for one that has ended, TermsFault.
    """
    held = _held(connection, agreement)
    if held["ended_at"] is not None:
        raise NotNow("The agreement has ended. Draft a new one.")
    _check(held["name"], terms, at)
    connection.execute(_SQL["drop_open"], (agreement,))
    return _insert(connection, agreement, terms, by=by, at=at)


def propose(connection: Connection, *, agreement: int, version: int, at: datetime) -> None:
    """Put a draft before those who approve; raises NoSuchAgreement, NotNow, TermsFault, Overlaps."""
    found = _version(connection, agreement, version)
    if found.state != "draft":
        raise NotNow(f"The version is {found.state}: only a draft can be proposed.")
    check(found.terms, on=at.astimezone(VIET_NAM_TIME).date())
    _check_free(connection, found)
    connection.execute(_SQL["propose"], {"agreement": agreement, "version": version, "at": at})


def approve(connection: Connection, *, agreement: int, version: int, side: Side, by: str, at: datetime) -> bool:
    """Approve for one side; returns whether the version is in force now, because both have.

    Raises NoSuchAgreement, NotNow, SamePerson, Overlaps.
    """
    found = _version(connection, agreement, version)
    if found.is_ended:
        raise NotNow("The agreement has ended.")
    if found.state != "proposed":
        raise NotNow(f"The version is {found.state}: only a proposed one can be approved.")
    if (found.owner_by if side == "owner" else found.privacy_by) is not None:
        raise NotNow("This side has approved already.")
    if by in (found.drafted_by, found.owner_by, found.privacy_by):
        raise SamePerson(SamePerson.__doc__)
    connection.execute(_SQL[f"approve_{side}"], {"agreement": agreement, "version": version, "by": by, "at": at})
    if (found.privacy_by if side == "owner" else found.owner_by) is None:
        return False
    _put_in_force(connection, found, at)
    return True


def refuse(connection: Connection, *, agreement: int, version: int, by: str, reason: str, at: datetime) -> None:
    """Refuse a draft or a proposed version; raises NoSuchAgreement, NotNow, ReasonMissing."""
    found = _version(connection, agreement, version)
    if found.state not in ("draft", "proposed"):
        raise NotNow(f"The version is {found.state}: there is nothing to refuse.")
    values = {"agreement": agreement, "version": version, "by": by, "reason": _reason(reason), "at": at}
    connection.execute(_SQL["refuse"], values)


def suspend(connection: Connection, *, agreement: int, by: str, reason: str, at: datetime) -> None:
    """Stop an agreement at once; raises NoSuchAgreement, NotNow, ReasonMissing.

    When the caller's transaction has ended nothing more is taken out under it: who was taking has finished.
    """
    said = _reason(reason)
    held = _held(connection, agreement)
    if held["suspended_at"] is not None or held["ended_at"] is not None:
        raise NotNow("The agreement is suspended or has ended already.")
    connection.execute(_SQL["suspend"], {"agreement": agreement, "by": by, "reason": said, "at": at})
    touch_registry(connection)


def resume(connection: Connection, *, agreement: int, reason: str) -> None:
    """Let a suspended agreement go on; raises NoSuchAgreement, NotNow, ReasonMissing."""
    _reason(reason)
    held = _held(connection, agreement)
    if held["suspended_at"] is None or held["ended_at"] is not None:
        raise NotNow("The agreement is not suspended.")
    connection.execute(_SQL["resume"], (agreement,))
    touch_registry(connection)


def end(connection: Connection, *, agreement: int, at: datetime) -> None:
    """End an agreement for good; raises NoSuchAgreement, NotNow."""
    held = _held(connection, agreement)
    if held["ended_at"] is not None:
        raise NotNow("The agreement has ended already.")
    values = {"agreement": agreement, "at": at}
    connection.execute(_SQL["end_versions"], values)
    connection.execute(_SQL["free_kinds"], (agreement,))
    connection.execute(_SQL["end"], values)
    touch_registry(connection)


def stand(
    connection: Connection, *, system_id: int, kinds: Iterable[str], identity: IdentityMode, at: datetime
) -> None:
    """Make a standing agreement for each kind, in force at once: the operator's command. One before it ends."""
    lock_changes(connection, system_id=system_id)
    for kind in sorted(set(kinds)):
        before = connection.execute(_SQL["of_kind"], (system_id, kind)).fetchone()
        if before is not None:
            _release(connection, before[0], kind, at)
        terms = Terms(kinds=(kind,), identity=identity, purpose="data_sharing")
        values = {"receiver": system_id, "provider": None, "name": f"Standing: {kind}", "standing": True, "at": at}
        row = connection.execute(_SQL["make"], values).fetchone()
        assert row is not None
        _insert(connection, row[0], terms, by="operator", at=at)
        connection.execute(_SQL["in_force"], {"agreement": row[0], "version": 1, "at": at})
        connection.execute(_SQL["take_kind"], (system_id, kind, row[0]))
    touch_registry(connection)


def _release(connection: Connection, agreement: int, kind: str, at: datetime) -> None:
    """Take one kind from an agreement; one that has no other kind ends."""
    connection.execute(_SQL["free_kind"], (agreement, kind))
    left = connection.execute(_SQL["kinds_of"], (agreement,)).fetchone()
    if left is not None and left[0] == 0:
        connection.execute(_SQL["end_versions"], {"agreement": agreement, "at": at})
        connection.execute(_SQL["end"], {"agreement": agreement, "at": at})


def _put_in_force(connection: Connection, found: Version, at: datetime) -> None:
    _check_free(connection, found)
    values = {"agreement": found.agreement, "version": found.version, "at": at}
    connection.execute(_SQL["replace"], values)
    connection.execute(_SQL["free_kinds"], (found.agreement,))
    connection.execute(_SQL["in_force"], values)
    for kind in sorted(set(found.terms.kinds)):
        connection.execute(_SQL["take_kind"], (found.receiver, kind, found.agreement))
    if shows_people(found.terms) and IDENTITY_CHANGE not in found.terms.kinds:
        connection.execute(_SQL["take_kind_if_free"], (found.receiver, IDENTITY_CHANGE, found.agreement))
    touch_registry(connection)


def shows_people(terms: Terms) -> bool:
    """Whether joins, splits and erasures concern the receiver."""
    named = KINDS if EVERY_KIND in terms.kinds else [kind for kind in terms.kinds if kind in KINDS]
    return terms.identity != "none" and any(KINDS[kind].subject != "none" for kind in named)


def _check_free(connection: Connection, found: Version) -> None:
    rows = connection.execute(
        _SQL["taken_by_others"], (found.receiver, sorted(set(found.terms.kinds)), found.agreement)
    ).fetchall()
    if rows:
        raise Overlaps(f"{Overlaps.__doc__} Kinds: {', '.join(row[0] for row in rows)}.")


def _check(name: str, terms: Terms, at: datetime) -> None:
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise TermsFault(f"An agreement has a name of 1 to {NAME_MAX} characters.", member="name")
    if not terms.legal_basis.strip():
        raise TermsFault(
            "Name the legal basis: the article, decision or minutes that the sharing rests on.", member="legal_basis"
        )
    check(terms, on=at.astimezone(VIET_NAM_TIME).date())


def _reason(said: str) -> str:
    if not 1 <= len(said.strip()) <= REASON_MAX:
        raise ReasonMissing(ReasonMissing.__doc__)
    return said.strip()


def _insert(connection: Connection, agreement: int, terms: Terms, *, by: str, at: datetime) -> int:
    values = {"agreement": agreement, "terms": written(terms), "by": by, "at": at}
    row = connection.execute(_SQL["insert_version"], values).fetchone()
    assert row is not None
    return int(row[0])


def _held(connection: Connection, agreement: int) -> dict[str, Any]:
    """Hold an agreement, and let nobody take anything for its receiver, until the caller's transaction ends."""
    receiver = connection.execute(_SQL["receiver_of"], (agreement,)).fetchone()
    if receiver is None:
        raise NoSuchAgreement(NoSuchAgreement.__doc__)
    lock_changes(connection, system_id=receiver[0])
    row = connection.execute(_SQL["hold"], (agreement,)).fetchone()
    assert row is not None
    return dict(zip(("receiver", "name", "suspended_at", "ended_at"), row, strict=True))


def _version(connection: Connection, agreement: int, version: int) -> Version:
    held = _held(connection, agreement)
    row = connection.execute(_SQL["version"], (agreement, version)).fetchone()
    if row is None:
        raise NoSuchAgreement(NoSuchAgreement.__doc__)
    state, said, drafted_by, owner_by, privacy_by = row
    return Version(
        agreement,
        version,
        held["receiver"],
        state,
        parse(said),
        drafted_by,
        owner_by,
        privacy_by,
        held["ended_at"] is not None,
    )
