"""Break-glass access: a member of staff sees areas outside of their own for some hours, and says why.

Nobody grants it: in an emergency there is nobody to ask. It ends by itself, each use is a line of the audit log, and it
stands in the queue until another person has reviewed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from daumoi.audit import services
from daumoi.audit.actors import Actor, Subject, cut
from daumoi.core.database import Connection

Decision = Literal["justified", "not_justified"]
_PURPOSE = "break_glass"

# Lines that open or close access are no uses of it.
_USES = """
       (SELECT count(*) FROM audit_line l
        WHERE l.grant_id = g.id AND l.action NOT IN ('break_glass.ask', 'break_glass.end'))
       + (SELECT count(*) FROM audit_entry e
          WHERE e.grant_id = g.id AND e.action NOT IN ('break_glass.ask', 'break_glass.end'))"""
# Put together from the texts above alone.
_GRANTS = f"""
SELECT g.id, g.member, g.member_label, g.areas, g.reason, g.asked_at, g.until, {_USES},
       r.decision, r.remark, r.reviewer_label, r.at
FROM break_glass_grant g LEFT JOIN break_glass_review r ON r.grant_id = g.id
"""  # noqa: S608
_ASKED = f"""{_GRANTS}
WHERE CASE WHEN %(member)s::text IS NULL THEN r.at IS NOT NULL ELSE g.member = %(member)s END
ORDER BY g.id DESC LIMIT %(most)s
"""
_QUEUE = f"""{_GRANTS}
WHERE r.at IS NULL AND g.member <> %(reviewer)s AND g.id > %(after)s
ORDER BY g.id LIMIT %(most)s
"""


class NothingAsked(Exception):
    """Break-glass access needs at least one area and a reason of 1 to 500 characters, without personal data."""


class NotYours(Exception):
    """Nobody reviews their own access. Another person with the right to review must do it."""


class NoSuchGrant(Exception):
    """There is no such access, or it was reviewed already. The queue shows those that wait."""


class NotOpen(Exception):
    """This access is not yours, or has ended already."""


class RemarkMissing(Exception):
    """A review needs a remark of 1 to 500 characters that says what the decision stands on."""


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """Access that is in force."""

    id: int
    areas: list[str]
    """Paths of areas, as members' own scopes have them."""
    until: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """Access of a member, open or ended, and what was decided on it, if anybody has reviewed it."""

    id: int
    member: str
    member_label: str
    areas: list[str]
    reason: str
    asked_at: datetime
    until: datetime
    uses: int
    """Lines of the audit log that used it."""
    decision: str | None
    remark: str | None
    reviewer_label: str | None
    reviewed_at: datetime | None


def ask(connection: Connection, *, by: Actor, areas: Sequence[str], reason: str, at: datetime, hours: int) -> OpenGrant:
    """Open access to areas for some hours (the setting), with its audit line; raises NothingAsked.

    Part of the caller's transaction.
    """
    wanted, said = sorted({area for area in areas if area}), reason.strip()
    if not wanted or not 1 <= len(said) <= 500:
        raise NothingAsked(NothingAsked.__doc__)
    until = at + timedelta(hours=hours)
    row = connection.execute(
        "INSERT INTO break_glass_grant (member, member_label, areas, reason, asked_at, until)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (by.id, cut(by.label), wanted, said, at, until),
    ).fetchone()
    assert row is not None
    _write(connection, by, "break_glass.ask", row[0], said, at, f", areas {', '.join(wanted)}")
    return OpenGrant(row[0], wanted, until)


def open_grants(connection: Connection, *, member: str, at: datetime) -> list[OpenGrant]:
    """Return the access that a member has at an instant; the one that ends last comes first."""
    rows = connection.execute(
        "SELECT id, areas, until FROM break_glass_grant WHERE member = %s AND asked_at <= %s AND until > %s"
        " ORDER BY until DESC, id",
        (member, at, at),
    )
    return [OpenGrant(*row) for row in rows]


def end(connection: Connection, *, grant: int, by: Actor, at: datetime) -> None:
    """End one's own access before its time, with its audit line; part of the caller's transaction. Raises NotOpen."""
    row = connection.execute(
        "UPDATE break_glass_grant SET until = greatest(%s, asked_at + interval '1 microsecond')"
        " WHERE id = %s AND member = %s AND until > %s RETURNING reason",
        (at, grant, by.id, at),
    ).fetchone()
    if row is None:
        raise NotOpen(NotOpen.__doc__)
    _write(connection, by, "break_glass.end", grant, row[0], at, "")


def asked(connection: Connection, *, member: str | None, most: int = 50) -> list[Asked]:
    """Return access that was asked for, newest first: by a member, or (None) what anybody has reviewed."""
    return [Asked(*row) for row in connection.execute(_ASKED, {"member": member, "most": most})]


def to_review(connection: Connection, *, reviewer: str, after: int = 0, most: int = 50) -> list[Asked]:
    """Return the access that waits for this reviewer, oldest first; never their own. `after`: the last id seen."""
    rows = connection.execute(_QUEUE, {"reviewer": reviewer, "after": after, "most": most})
    return [Asked(*row) for row in rows]


def review(connection: Connection, *, grant: int, by: Actor, decision: Decision, remark: str, at: datetime) -> None:
    """Decide whether access was justified, with its audit line; part of the caller's transaction.

    What was not justified is for the centre to pursue: the decision stands beside the uses for good. Raises NotYours,
    NoSuchGrant, RemarkMissing.
    """
    said = remark.strip()
    if not 1 <= len(said) <= 500:
        raise RemarkMissing(RemarkMissing.__doc__)
    row = connection.execute("SELECT member FROM break_glass_grant WHERE id = %s", (grant,)).fetchone()
    if row is None:
        raise NoSuchGrant(NoSuchGrant.__doc__)
    if row[0] == by.id:
        raise NotYours(NotYours.__doc__)
    made = connection.execute(
        "INSERT INTO break_glass_review (grant_id, member, reviewer, reviewer_label, decision, remark, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (grant_id) DO NOTHING",
        (grant, row[0], by.id, cut(by.label), decision, said, at),
    ).rowcount
    if not made:
        raise NoSuchGrant(NoSuchGrant.__doc__)
    subject = Subject(f"break-glass access {grant}: {decision}")
    services.write(
        connection, at=at, by=by, action="break_glass.review", subject=subject, purpose="supervision", reason=said
    )


def _write(connection: Connection, by: Actor, action: str, grant: int, reason: str, at: datetime, more: str) -> None:
    subject = Subject(f"break-glass access {grant}{more}")
    services.write(
        connection, at=at, by=by, action=action, subject=subject, purpose=_PURPOSE, reason=reason, grant=grant
    )
