"""Writes of members and memberships. Plain SQL, part of the caller's transaction; knows nothing of web pages."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from daumoi.accounts import roles
from daumoi.core.database import Connection

INVITATION_DAYS = 7
NO_PASSWORD = "!"  # noqa: S105 - how Django writes that there is none
_SEEN_EVERY = timedelta(minutes=5)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+|[^@\s]{1,64}@localhost")
_EMAIL_MAX = 254


class EmailNotUsable(Exception):
    """An e-mail address has one @, no spaces, and at most 254 characters."""


class EmailTaken(Exception):
    """A member with this e-mail address is there already. Add a membership instead of a member."""


class NameNotUsable(Exception):
    """A name has 1 to 200 characters."""


class NoSuchRole(Exception):
    """No role has this name."""


class AreaNeeded(Exception):
    """This role is one of a place: an area is needed."""


class RolesConflict(Exception):
    """The member would hold rights that exclude each other: nobody both proposes and decides."""


class NotTheirs(Exception):
    """This membership is not there, is decided already, or must be decided by somebody else than who proposed it."""


class NoSuchMember(Exception):
    """No member has this e-mail address."""


@dataclass(frozen=True)
class Area:
    """An administrative area as it was given, and the paths of today that it means (worked out by the caller)."""

    scheme: str
    code: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Membership:
    """What somebody is to be: a role, for an organisation, in an area (None: nationwide), from one day to another."""

    role: str
    from_on: date
    to_on: date | None = None
    organisation: str | None = None
    area: Area | None = None
    is_vendor: bool = False


def folded(email: str) -> str:
    """Return an address as it is kept; raises EmailNotUsable."""
    address = email.strip().lower()
    if len(address) > _EMAIL_MAX or not _EMAIL.fullmatch(address):
        raise EmailNotUsable(EmailNotUsable.__doc__)
    return address


def add_member(
    connection: Connection, *, email: str, name: str, at: datetime, is_demo: bool = False, password: str = NO_PASSWORD
) -> int:
    """Add somebody who may sign in once they have a password; returns their id. `password` is a hash of Django's.

    Raises EmailNotUsable, NameNotUsable and EmailTaken.
    """
    address, name = folded(email), name.strip()
    if not 1 <= len(name) <= 200:
        raise NameNotUsable(NameNotUsable.__doc__)
    made = connection.execute(
        "INSERT INTO member (email, name, password, is_demo, created_at) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (email) DO NOTHING RETURNING id",
        (address, name, password, is_demo, at),
    ).fetchone()
    if made is None:
        raise EmailTaken(EmailTaken.__doc__)
    return int(made[0])


def propose(
    connection: Connection,
    *,
    member_id: int,
    membership: Membership,
    proposed_by: int | None,
    at: datetime,
    reason: str = "",
) -> int:
    """Propose a membership; returns its id. It gives no right until somebody else approves it.

    Raises NoSuchRole, AreaNeeded and RolesConflict.
    """
    role = roles.load().roles.get(membership.role)
    if role is None:
        raise NoSuchRole(f"{NoSuchRole.__doc__} Roles: {', '.join(roles.load().roles)}.")
    if role.local and membership.area is None:
        raise AreaNeeded(AreaNeeded.__doc__)
    _refuse_conflicts(connection, member_id, membership)
    area = membership.area
    row = connection.execute(
        "INSERT INTO membership (member_id, role, organisation, is_vendor, area_scheme, area_code, paths, from_on,"
        " to_on, proposed_by, proposed_at, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            member_id,
            role.name,
            membership.organisation,
            membership.is_vendor,
            area.scheme if area else None,
            area.code if area else None,
            list(area.paths) if area else None,
            membership.from_on,
            membership.to_on,
            proposed_by,
            at,
            reason.strip(),
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _refuse_conflicts(connection: Connection, member_id: int, wanted: Membership) -> None:
    """Refuse a membership that would give one person both sides of a decision while its days last."""
    connection.execute("SELECT 1 FROM member WHERE id = %s FOR UPDATE", (member_id,))
    known = roles.load()
    rows = connection.execute(
        "SELECT role, is_vendor FROM membership WHERE member_id = %s AND approved IS DISTINCT FROM false"
        " AND (to_on IS NULL OR to_on >= %s) AND (%s::date IS NULL OR from_on <= %s)",
        (member_id, wanted.from_on, wanted.to_on, wanted.to_on),
    ).fetchall()
    held = known.rights_of(wanted.role, is_vendor=wanted.is_vendor).union(
        *(known.rights_of(role, is_vendor=is_vendor) for role, is_vendor in rows)
    )
    if pairs := known.conflicts_in(held):
        raise RolesConflict(f"{RolesConflict.__doc__} Here: {' and '.join(pairs[0])}.")


def decide(connection: Connection, *, membership_id: int, decided_by: int | None, approved: bool, at: datetime) -> None:
    """Approve or refuse a proposed membership. Who proposed it may not, and nobody decides on themselves.

    `decided_by` None is the operator's command line, which decides only on what it proposed itself. Raises NotTheirs.
    """
    changed = connection.execute(
        "UPDATE membership SET approved = %s, decided_by = %s, decided_at = %s WHERE id = %s AND approved IS NULL"
        " AND CASE WHEN %s::bigint IS NULL THEN proposed_by IS NULL"
        " ELSE proposed_by IS DISTINCT FROM %s AND member_id <> %s END",
        (approved, decided_by, at, membership_id, decided_by, decided_by, decided_by),
    ).rowcount
    if not changed:
        raise NotTheirs(NotTheirs.__doc__)


def end(connection: Connection, *, membership_id: int, last_on: date) -> None:
    """Let a membership end with a day; it is never made longer. Raises NotTheirs when none lasts so long."""
    changed = connection.execute(
        "UPDATE membership SET to_on = greatest(from_on, %s) WHERE id = %s AND (to_on IS NULL OR to_on > %s)",
        (last_on, membership_id, last_on),
    ).rowcount
    if not changed:
        raise NotTheirs(NotTheirs.__doc__)


def invite(connection: Connection, *, member_id: int, made_by: int | None, at: datetime) -> str:
    """Make a link's secret part, with which the member chooses a password; earlier ones of theirs end. Shown once."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        "UPDATE invitation SET expires_at = %s WHERE member_id = %s AND used_at IS NULL AND expires_at > %s",
        (at, member_id, at),
    )
    connection.execute(
        "INSERT INTO invitation (token_hash, member_id, made_by, made_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
        (_hashed(token), member_id, made_by, at, at + timedelta(days=INVITATION_DAYS)),
    )
    return token


@dataclass(frozen=True)
class Invited:
    """Whom an invitation is for."""

    member_id: int
    email: str
    name: str


def invited(connection: Connection, *, token: str, at: datetime) -> Invited | None:
    """Return whom an invitation is for; None when it is not known, was used, or has expired."""
    row = connection.execute(
        "SELECT m.id, m.email, m.name FROM invitation i JOIN member m ON m.id = i.member_id"
        " WHERE i.token_hash = %s AND i.used_at IS NULL AND i.expires_at > %s AND m.is_active",
        (_hashed(token), at),
    ).fetchone()
    return Invited(*row) if row else None


def accept(connection: Connection, *, token: str, password: str, at: datetime) -> Invited | None:
    """Use an invitation: the member has a password from now on. `password` is a hash of Django's. Good once."""
    found = invited(connection, token=token, at=at)
    if found is None:
        return None
    used = connection.execute(
        "UPDATE invitation SET used_at = %s WHERE token_hash = %s AND used_at IS NULL", (at, _hashed(token))
    ).rowcount
    if not used:
        return None
    connection.execute(
        "UPDATE member SET password = %s, must_change_password = false WHERE id = %s", (password, found.member_id)
    )
    return found


def _hashed(token: str) -> bytes:
    """Hash the secret of a link. It has 256 random bits, so a fast hash is enough: there is nothing to guess."""
    return sha256(token.encode()).digest()


def give_password(connection: Connection, *, email: str, password: str) -> None:
    """Set a password (a hash of Django's) that the member must change at the next sign-in; raises NoSuchMember."""
    changed = connection.execute(
        "UPDATE member SET password = %s, must_change_password = true WHERE email = %s", (password, folded(email))
    ).rowcount
    if not changed:
        raise NoSuchMember(NoSuchMember.__doc__)


def password_changed(connection: Connection, *, member_id: int) -> None:
    """Note that a member has chosen a password of their own."""
    connection.execute("UPDATE member SET must_change_password = false WHERE id = %s", (member_id,))


def set_active(connection: Connection, *, email: str, is_active: bool) -> None:
    """Let a member sign in, or no longer; their sessions end at the next page. Raises NoSuchMember."""
    changed = connection.execute(
        "UPDATE member SET is_active = %s WHERE email = %s", (is_active, folded(email))
    ).rowcount
    if not changed:
        raise NoSuchMember(NoSuchMember.__doc__)


def choose_language(connection: Connection, *, member_id: int, language: str) -> None:
    """Keep the language a member wants to be spoken to in."""
    connection.execute("UPDATE member SET language = %s WHERE id = %s", (language, member_id))


def seen(connection: Connection, *, member_id: int, at: datetime) -> None:
    """Note that a member was there. Called once in a while, not at each page (`is_news`)."""
    connection.execute("UPDATE member SET last_seen_at = %s WHERE id = %s", (at, member_id))


def is_news(last_seen_at: datetime | None, at: datetime) -> bool:
    """Tell whether it is worth writing down that a member is there: at most every five minutes."""
    return last_seen_at is None or at - last_seen_at > _SEEN_EVERY


def forget_old_sessions(connection: Connection, *, at: datetime) -> int:
    """Delete sessions that have expired; returns how many. The list of a member's sessions follows."""
    gone: Sequence[tuple[str]] = connection.execute(
        "DELETE FROM django_session WHERE expire_date < %s RETURNING session_key", (at,)
    ).fetchall()
    connection.execute("DELETE FROM usersessions_usersession WHERE session_key = ANY(%s)", ([key for (key,) in gone],))
    return len(gone)


def end_sessions(connection: Connection, *, member_id: int) -> int:
    """End every session of a member; returns how many there were. They may sign in again."""
    keys = [
        key
        for (key,) in connection.execute(
            "DELETE FROM usersessions_usersession WHERE user_id = %s RETURNING session_key", (member_id,)
        )
    ]
    connection.execute("DELETE FROM django_session WHERE session_key = ANY(%s)", (keys,))
    return len(keys)
