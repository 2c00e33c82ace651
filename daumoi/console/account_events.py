"""What happens to an account goes into the audit log: sign-ins and refusals, passwords, second factors, links."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from daumoi.accounts import selectors
from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.console.access import CONNECTION_WAIT_S, hub_of, member_actor
from daumoi.console.acting import session_mark
from daumoi.core.database import Connection

_STRANGER = "nobody"
CHANGES = {
    "account/email/password_changed": "account.password",
    "mfa/email/totp_activated": "account.app_added",
    "mfa/email/totp_deactivated": "account.app_removed",
    "mfa/email/recovery_codes_generated": "account.recovery_codes",
    "mfa/email/webauthn_added": "account.passkey_added",
    "mfa/email/webauthn_removed": "account.passkey_removed",
}
"""By the name under which django-allauth tells of a change, the action of the audit log."""


def note_account(request: HttpRequest, action: str, *, member_id: int, label: str) -> None:
    """Write what a member did with their own account."""
    with hub_of(request).pool.connection(timeout=CONNECTION_WAIT_S) as connection:
        write(request, connection, action, member_id=member_id, label=label)


def write(request: HttpRequest, connection: Connection, action: str, *, member_id: int, label: str) -> None:
    """Write it in the caller's transaction."""
    by = Actor(
        id=member_actor(member_id),
        label=label,
        origin=get_adapter().get_client_ip(request),
        session=session_mark(request),
    )
    _write(request, connection, action, by, f"account of member {member_id}")


def note_refused(request: HttpRequest, email: str) -> None:
    """Write that a sign-in was refused: whose account, when there is one; never what was typed."""
    with hub_of(request).pool.connection(timeout=CONNECTION_WAIT_S) as connection:
        member_id = selectors.member_id_of(connection, email) if email else None
        by = Actor(id=_STRANGER, origin=get_adapter().get_client_ip(request))
        whose = "no account" if member_id is None else f"account of member {member_id}"
        _write(request, connection, "account.refused", by, whose)


def _write(request: HttpRequest, connection: Connection, action: str, by: Actor, subject: str) -> None:
    at = hub_of(request).clock.now()
    audit.write(connection, at=at, by=by, action=action, subject=Subject(subject), purpose="administration")
