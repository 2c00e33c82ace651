"""Who acts on a page, for the audit log: the member, their address and session, and the emergency access they use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import cast

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.console.access import CONNECTION_WAIT_S, StaffRequest, hub_of, member_actor
from daumoi.core.database import Connection
from daumoi.core.reading import Reading

_SESSION_LETTERS = 16


def actor_of(request: HttpRequest, *paths: str) -> Actor:
    """Name the member who has signed in, with the emergency access they use: see `used_grant` for `paths`."""
    staff = cast("StaffRequest", request)
    return Actor(
        id=member_actor(staff.standing.scope.member_id),
        label=staff.standing.scope.label,
        role=", ".join(staff.standing.roles),
        origin=get_adapter().get_client_ip(request),
        session=session_mark(request),
        grant=used_grant(request, *paths),
    )


def session_mark(request: HttpRequest) -> str:
    """Name a session in the audit log by a hash: its key would open it. Empty without one."""
    key = request.session.session_key or ""
    return sha256(key.encode()).hexdigest()[:_SESSION_LETTERS] if key else ""


def used_grant(request: HttpRequest, *paths: str) -> int | None:
    """Return the emergency access under which a page acts; None when it needs none.

    With the paths of what is shown: None when the member's own scope covers them all, else the access that covers what
    it does not. Without: the access that is open, because nobody can tell what it was not used for.
    """
    staff = cast("StaffRequest", request)
    own = staff.own_scope.for_right(staff.scope.right) if staff.scope.right else staff.own_scope
    beyond = [path for path in paths if not own.covers(path)]
    if not staff.open_grants or (paths and not beyond):
        return None
    for grant in staff.open_grants:
        if any(path == area or path.startswith(f"{area}.") for path in beyond for area in grant.areas):
            return grant.id
    return staff.open_grants[0].id


@contextmanager
def changing(request: HttpRequest) -> Iterator[Connection]:
    """Open a transaction: what is written and its line of the audit log are kept together, or neither."""
    with hub_of(request).pool.connection(timeout=CONNECTION_WAIT_S) as connection, connection.transaction():
        yield connection


@contextmanager
def looking(request: HttpRequest) -> Iterator[Connection]:
    """Lend a connection for reading."""
    with hub_of(request).pool.connection(timeout=CONNECTION_WAIT_S) as connection:
        yield connection


def note(
    request: HttpRequest,
    connection: Connection,
    action: str,
    subject: Subject | str,
    *,
    reason: str = "",
    purpose: str = "administration",
    paths: tuple[str, ...] = (),
) -> None:
    """Write that something was done, in the caller's transaction. Raises as `audit.services.write`."""
    audit.write(
        connection,
        at=hub_of(request).clock.now(),
        by=actor_of(request, *paths),
        action=action,
        subject=Subject(subject) if isinstance(subject, str) else subject,
        purpose=purpose,
        reason=reason,
    )


def note_read(
    request: HttpRequest,
    connection: Connection,
    action: str,
    subject: Subject,
    *,
    purpose: str,
    reason: str = "",
    paths: tuple[str, ...] = (),
) -> Reading:
    """Write that personal data are read, before they are, and return the right to. Raises as `audit.services.read`."""
    return audit.read(
        connection,
        at=hub_of(request).clock.now(),
        by=actor_of(request, *paths),
        action=action,
        subject=subject,
        purpose=purpose,
        reason=reason,
    )
