"""Reads of members: what somebody may do today, and who there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from daumoi.accounts import roles
from daumoi.accounts.scope import Grant, Scope
from daumoi.core.database import Connection


@dataclass(frozen=True)
class Standing:
    """A signed-in member as each page needs to know them."""

    scope: Scope
    name: str
    language: str
    roles: tuple[str, ...]
    is_active: bool
    is_demo: bool
    must_change_password: bool
    has_second_factor: bool
    last_seen_at: datetime | None


_STANDING = (
    "SELECT m.email, m.name, m.language, m.is_active, m.is_demo, m.must_change_password, m.last_seen_at,"
    " EXISTS (SELECT FROM mfa_authenticator a WHERE a.user_id = m.id AND a.type IN ('totp', 'webauthn')),"
    " s.organisation, s.role, s.is_vendor, s.paths"
    " FROM member m LEFT JOIN membership s ON s.member_id = m.id AND s.approved AND s.from_on <= %s"
    " AND (s.to_on IS NULL OR s.to_on >= %s) WHERE m.id = %s ORDER BY s.id"
)


def standing(connection: Connection, member_id: int, on: date) -> Standing | None:
    """Return what a member is and may do on a day; None when there is none. One query, by key."""
    rows = connection.execute(_STANDING, (on, on, member_id)).fetchall()
    if not rows:
        return None
    email, name, language, is_active, is_demo, must_change, last_seen_at, has_second_factor = rows[0][:8]
    known = roles.load()
    grants = tuple(
        Grant(known.rights_of(role, is_vendor=is_vendor), None if paths is None else frozenset(paths), organisation)
        for *_, organisation, role, is_vendor, paths in rows
        if role is not None
    )
    return Standing(
        scope=Scope(member_id, email, grants),
        name=name,
        language=language,
        roles=tuple(dict.fromkeys(row[9] for row in rows if row[9] is not None)),
        is_active=is_active,
        is_demo=is_demo,
        must_change_password=must_change,
        has_second_factor=has_second_factor,
        last_seen_at=last_seen_at,
    )


@dataclass(frozen=True)
class Member:
    """One member with one of their memberships; without one, its fields are None."""

    member_id: int
    email: str
    name: str
    is_active: bool
    is_demo: bool
    last_seen_at: datetime | None
    membership_id: int | None
    role: str | None
    organisation: str | None
    is_vendor: bool | None
    area_scheme: str | None
    area_code: str | None
    from_on: date | None
    to_on: date | None
    approved: bool | None
    proposed_by_id: int | None
    proposed_by: str | None
    reason: str | None
    waits_for_password: bool
    """An invitation is still to be made or taken."""


_MEMBERS = (
    "SELECT m.id, m.email, m.name, m.is_active, m.is_demo, m.last_seen_at, s.id, s.role, s.organisation, s.is_vendor,"
    " s.area_scheme, s.area_code, s.from_on, s.to_on, s.approved, s.proposed_by, p.name, s.reason,"
    " left(m.password, 1) = '!', s.paths FROM member m"
    " LEFT JOIN membership s ON s.member_id = m.id LEFT JOIN member p ON p.id = s.proposed_by"
    " ORDER BY m.email, s.id"
)


def members(connection: Connection, scope: Scope) -> list[Member]:
    """Return the members with each of their memberships, by address: those that lie wholly where the scope sees.

    A centre has hundreds of members, not millions: they are read whole.
    """
    rows = connection.execute(_MEMBERS).fetchall()
    return [Member(*row[:-1]) for row in rows if _sees(scope, row[-1])]


def _sees(scope: Scope, paths: list[str] | None) -> bool:
    return scope.nationwide or (paths is not None and all(scope.covers(path) for path in paths))


OPERATOR = Scope.of(member_id=None, label="operator", rights=(), paths=None)
"""The hub's operator at the command line, who sees all members."""


def waits_for_first_password(connection: Connection, member_id: int) -> bool:
    """Tell whether a member has never had a password, and some membership of theirs was approved."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM member m JOIN membership s ON s.member_id = m.id AND s.approved"
        " WHERE m.id = %s AND m.is_active AND left(m.password, 1) = '!')",
        (member_id,),
    ).fetchone()
    return bool(row and row[0])


def has_demo_members(connection: Connection) -> bool:
    """Tell whether there are sign-ins of a demo, whose password everybody knows."""
    row = connection.execute("SELECT EXISTS (SELECT FROM member WHERE is_demo AND is_active)").fetchone()
    return bool(row and row[0])


def member_id_of(connection: Connection, email: str) -> int | None:
    """Return the id of a member by address, or None."""
    row = connection.execute("SELECT id FROM member WHERE email = %s", (email.strip().lower(),)).fetchone()
    return int(row[0]) if row else None


def names_of(connection: Connection, member_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of members by their ids; who is none is left out."""
    rows = connection.execute("SELECT id, name FROM member WHERE id = ANY(%s)", (sorted(set(member_ids)),))
    return dict(rows.fetchall())
