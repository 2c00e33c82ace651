"""Writes the audit log: one line for each write and each read of personal data, in the transaction of the caller.

Writing takes no lock and waits for nobody; the worker seals the lines into the chain a second later (`sealing.py`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daumoi.audit.actors import Actor, Subject, cut
from daumoi.audit.purposes import Purpose, ReasonMissing
from daumoi.audit.purposes import purpose as purpose_of
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.reading import Reading

REASON_MAX = 1000
_FORM = 1
_INSERT = """
INSERT INTO audit_entry (at, form, actor, actor_label, role, action, subject, kind, first_seq, last_seq, people, claims,
                         purpose, reason, origin, session, request, grant_id)
VALUES (%(at)s, %(form)s, %(actor)s, %(label)s, %(role)s, %(action)s, %(subject)s, %(kind)s, %(first)s, %(last)s,
        %(people)s, %(claims)s, %(purpose)s, %(reason)s, %(origin)s, %(session)s, %(request)s, %(grant)s)
RETURNING id
"""
_GRANT = "SELECT 1 FROM break_glass_grant WHERE id = %s AND member = %s AND asked_at <= %s AND until > %s"


class NoGrant(Exception):
    """This break-glass access is not yours, or has ended. Ask for a new one, with its reason."""


def write(
    connection: Connection,
    *,
    at: datetime,
    by: Actor,
    action: str,
    subject: Subject,
    purpose: str,
    reason: str = "",
    grant: int | None = None,
) -> int:
    """Write that something was done; returns the entry's number. Part of the caller's transaction.

    `action` is a code with dots (`hold.place`), `purpose` a code of the list, `reason` words without personal data.
    Raises UnknownPurpose, ReasonMissing, ValueError for an actor, action or subject that says nothing.
    """
    named = purpose_of(purpose, on=at.astimezone(VIET_NAM_TIME).date())
    return _insert(connection, at, by, action, subject, named, reason, by.grant if grant is None else grant)


def read(
    connection: Connection,
    *,
    at: datetime,
    by: Actor,
    action: str,
    subject: Subject,
    purpose: str,
    reason: str = "",
    grant: int | None = None,
) -> Reading:
    """Write that personal data are read, before they are, and return the right to read them.

    On a connection in autocommit mode the line is on the disk when this returns. In a transaction it is committed with
    it: show nothing before. `grant` names the break-glass access that is used, if it is not that of the actor. Raises
    as `write`, and NoGrant.
    """
    grant = by.grant if grant is None else grant
    _check_grant(connection, by, grant, at)
    named = purpose_of(purpose, on=at.astimezone(VIET_NAM_TIME).date())
    entry = _insert(connection, at, by, action, subject, named, reason, grant)
    return Reading.of_entry(entry, actor=by.id, purpose=named.code)


def _check_grant(connection: Connection, by: Actor, grant: int | None, at: datetime) -> None:
    if grant is not None and connection.execute(_GRANT, (grant, by.id, at, at)).fetchone() is None:
        raise NoGrant(NoGrant.__doc__)


class Read(NamedTuple):
    """One of several reads that are written at once."""

    by: Actor
    subject: Subject
    purpose: str
    reason: str = ""


def read_all(connection: Connection, *, at: datetime, action: str, reads: Sequence[Read]) -> list[Reading]:
    """Write several reads in one go, a line for each, and return their rights in the same order; raises as `read`.

    A break-glass access that is used is that of the actor.
    """
    for each in reads:
        _check_grant(connection, each.by, each.by.grant, at)
    on = at.astimezone(VIET_NAM_TIME).date()
    named = [purpose_of(each.purpose, on=on) for each in reads]
    rows = [
        _values(at, each.by, action, each.subject, purpose, each.reason, each.by.grant)
        for each, purpose in zip(reads, named, strict=True)
    ]
    entries: list[int] = []
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows, returning=True)
        while rows:
            row = cursor.fetchone()
            assert row is not None
            entries.append(int(row[0]))
            if not cursor.nextset():
                break
    return [
        Reading.of_entry(entry, actor=each.by.id, purpose=purpose.code)
        for entry, each, purpose in zip(entries, reads, named, strict=True)
    ]


def _insert(
    connection: Connection,
    at: datetime,
    by: Actor,
    action: str,
    subject: Subject,
    purpose: Purpose,
    reason: str,
    grant: int | None,
) -> int:
    row = connection.execute(_INSERT, _values(at, by, action, subject, purpose, reason, grant)).fetchone()
    assert row is not None
    return int(row[0])


def _values(
    at: datetime, by: Actor, action: str, subject: Subject, purpose: Purpose, reason: str, grant: int | None
) -> dict[str, Any]:
    if not (by.id and action and subject.said):
        raise ValueError("a line of the audit log names an actor, an action and a subject")
    said = cut(reason.strip(), REASON_MAX)
    if purpose.needs_reason and not said:
        raise ReasonMissing(ReasonMissing.__doc__)
    return {
        "at": at,
        "form": _FORM,
        "actor": cut(by.id),
        "label": cut(by.label),
        "role": cut(by.role),
        "action": cut(action),
        "subject": cut(subject.said),
        "kind": subject.kind,
        "first": subject.first,
        "last": subject.last,
        "people": sorted(set(subject.people)) or None,
        "claims": sorted(set(subject.claims)) or None,
        "purpose": purpose.code,
        "reason": said,
        "origin": cut(by.origin),
        "session": cut(by.session),
        "request": cut(by.request),
        "grant": grant,
    }
