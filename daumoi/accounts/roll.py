"""The roll of members for the pages: who there is, what each is and was, and how they sign in.

Every selector takes the scope first: who sees the members of one province sees those with a membership that lies wholly
in it, and of their memberships those alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.database import Connection

PAGE = 50
State = Literal["", "active", "waiting", "off", "none"]


@dataclass(frozen=True, slots=True)
class Held:
    """One membership: what somebody is, was, or is to be."""

    id: int
    role: str
    organisation: str | None
    is_vendor: bool
    area_scheme: str | None
    area_code: str | None
    paths: Sequence[str] | None
    from_on: date
    to_on: date | None
    approved: bool | None
    reason: str
    proposed_by: int | None
    """None: the operator of the hub, by the command line."""
    proposed_by_name: str | None
    proposed_at: datetime
    decided_by_name: str | None
    decided_at: datetime | None

    def state(self, on: date) -> str:
        """Say where it stands on a day: waiting, refused, to_come, ended, in_force."""
        if self.approved is None:
            return "waiting"
        if not self.approved:
            return "refused"
        if self.from_on > on:
            return "to_come"
        return "ended" if self.to_on is not None and self.to_on < on else "in_force"


@dataclass(frozen=True, slots=True)
class OnRoll:
    """One member with the memberships that the reader may see."""

    id: int
    email: str
    name: str
    is_active: bool
    is_demo: bool
    created_at: datetime
    last_seen_at: datetime | None
    has_second_factor: bool
    has_password: bool
    """Whether they have chosen one: a link is for who has not."""
    sessions: int
    memberships: Sequence[Held]


class Page(NamedTuple):
    """Members by address; `after` leads to the next page, None at the end."""

    members: list[OnRoll]
    after: str | None


# Texts between the braces are of this file, or a predicate of Scope; what is looked for are parameters.
_MEMBERS = """
SELECT m.id, m.email, m.name, m.is_active, m.is_demo, m.created_at, m.last_seen_at,
       EXISTS (SELECT FROM mfa_authenticator a WHERE a.user_id = m.id AND a.type IN ('totp', 'webauthn')),
       m.password NOT LIKE '!%%', (SELECT count(*) FROM usersessions_usersession u WHERE u.user_id = m.id),
       s.id, s.role, s.organisation, s.is_vendor, s.area_scheme, s.area_code, s.paths, s.from_on, s.to_on, s.approved,
       s.reason, s.proposed_by, p.name, s.proposed_at, d.name, s.decided_at
FROM ({chosen}) AS c JOIN member m ON m.id = c.id
LEFT JOIN membership s ON s.member_id = m.id AND {visible}
LEFT JOIN member p ON p.id = s.proposed_by LEFT JOIN member d ON d.id = s.decided_by
ORDER BY m.email, s.id DESC
"""
_STATES = {
    "": "true",
    "active": "c.is_active AND EXISTS (SELECT FROM membership s WHERE s.member_id = c.id AND s.approved"
    " AND s.from_on <= %(on)s AND (s.to_on IS NULL OR s.to_on >= %(on)s))",
    "waiting": "EXISTS (SELECT FROM membership s WHERE s.member_id = c.id AND s.approved IS NULL)",
    "off": "NOT c.is_active",
    "none": "NOT EXISTS (SELECT FROM membership s WHERE s.member_id = c.id AND s.approved"
    " AND s.from_on <= %(on)s AND (s.to_on IS NULL OR s.to_on >= %(on)s))",
}


def members(
    scope: Scope,
    connection: Connection,
    *,
    on: date,
    text: str = "",
    state: State = "",
    after: str = "",
    most: int = PAGE,
) -> Page:
    """Return the members that this scope sees, by address, after `after`; one query. `text`: of name or address."""
    visible, values = _visible(scope)
    chosen = (
        "SELECT c.id FROM member c WHERE c.email > %(after)s"  # noqa: S608
        " AND (%(text)s = '' OR position(lower(%(text)s) IN lower(c.name)) > 0"
        " OR position(lower(%(text)s) IN c.email) > 0)"
        f" AND {_STATES[state]} AND {_seen(scope, visible)} ORDER BY c.email LIMIT %(most)s"
    )
    values |= {"on": on, "text": text.strip(), "after": after, "most": most + 1}
    found = _read(connection, chosen, visible, values)
    more = len(found) > most
    return Page(found[:most], found[most - 1].email if more else None)


def member(scope: Scope, connection: Connection, member_id: int) -> OnRoll | None:
    """Return one member, memberships newest first; None when there is none that this scope sees. One query."""
    visible, values = _visible(scope)
    chosen = f"SELECT c.id FROM member c WHERE c.id = %(id)s AND {_seen(scope, visible)}"  # noqa: S608
    found = _read(connection, chosen, visible, values | {"id": member_id})
    return found[0] if found else None


def _visible(scope: Scope) -> tuple[str, dict[str, Any]]:
    """Write the predicate on a membership `s` with named parameters."""
    if scope.nationwide:
        return "true", {}
    test, given = scope.sql("u.path")
    names = [f"scope_{number}" for number in range(len(given))]
    for name in names:
        test = test.replace("%s", f"%({name})s", 1)
    within = f"s.paths IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(s.paths) AS u (path) WHERE NOT ({test}))"
    return within, dict(zip(names, given, strict=True))


def _seen(scope: Scope, visible: str) -> str:
    if scope.nationwide:
        return "true"
    return f"EXISTS (SELECT FROM membership s WHERE s.member_id = c.id AND {visible})"


def _read(connection: Connection, chosen: str, visible: str, values: dict[str, Any]) -> list[OnRoll]:
    rows = connection.execute(_MEMBERS.format(chosen=chosen, visible=visible), values).fetchall()
    return [_member(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row[0])]


def _member(rows: list[tuple[Any, ...]]) -> OnRoll:
    memberships = [Held(*row[10:]) for row in rows if row[10] is not None]
    return OnRoll(*(*rows[0][:10], memberships))
