"""The roll of agreements: a list by key, one with its versions, and what has left the hub under it."""

from datetime import date, datetime
from typing import Literal, NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange.terms import Terms, parse

_SQL = statements("daumoi.exchange", "roll")
PAGE = 50
_FIRST = 2**31 - 1
Filter = Literal["", "in_force", "waiting", "suspended", "ended"]
Standing = Literal["draft", "proposed", "in_force", "refused", "replaced", "suspended", "ended"]
"""Where an agreement stands as a whole: where its version does, unless it was stopped."""


class Listed(NamedTuple):
    """One agreement as a list shows it."""

    id: int
    name: str
    receiver: int
    """A system."""
    provider: int | None
    """An organisation; None: records of all senders, by the centre."""
    standing: bool
    """Made by the operator's command, without approvals."""
    created_at: datetime
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_for: str | None
    ended_at: datetime | None
    version: int
    """The version in force, else the newest."""
    version_state: str
    terms: Terms
    waiting: int | None
    """A version that is drafted or proposed."""
    waiting_state: str | None
    records_today: int

    @property
    def state(self) -> Standing:
        """Where it stands."""
        return standing(self.suspended_at, self.ended_at, self.version_state)


class Page(NamedTuple):
    """A page of the list, and behind which number the next begins; None at its end."""

    agreements: list[Listed]
    after: int | None


class Agreed(NamedTuple):
    """One agreement without its versions."""

    id: int
    name: str
    receiver: int
    provider: int | None
    standing: bool
    created_at: datetime
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_for: str | None
    ended_at: datetime | None


class Version(NamedTuple):
    """One version: what it says, and who did what with it when. Names are those of the audit log."""

    version: int
    state: str
    terms: Terms
    drafted_by: str
    drafted_at: datetime
    proposed_at: datetime | None
    owner_by: str | None
    owner_at: datetime | None
    privacy_by: str | None
    privacy_at: datetime | None
    refused_by: str | None
    refused_for: str | None
    from_at: datetime | None
    to_at: datetime | None


class Left(NamedTuple):
    """What one destination got of one kind under an agreement: between which numbers, how many records, when last."""

    destination: int
    kind: int
    way: str
    first: int
    last: int
    records: int
    passed: int
    """Stretches that the receiver, or retention, passed over: how many records lie in them nobody has counted."""
    at: datetime


def standing(suspended_at: datetime | None, ended_at: datetime | None, version_state: str) -> Standing:
    """Say where an agreement stands, by its ends and its version."""
    if ended_at is not None:
        return "ended"
    if suspended_at is not None:
        return "suspended"
    return version_state  # type: ignore[return-value]


def agreements(
    connection: Connection,
    *,
    today: date,
    text: str = "",
    receivers: list[int] | None = None,
    state: Filter = "",
    after: int | None = None,
    most: int = PAGE,
) -> Page:
    """Return agreements, newest first: whose name holds `text`, or whose receiver is one of those that fit it.

    `today` is the day in Viet Nam whose records are counted; `after` the last number of the page before.
    """
    like = "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in text)
    values = {"today": today, "before": _FIRST if after is None else after, "text": text, "like": f"%{like}%"}
    values |= {"receivers": receivers or [], "state": state, "most": most + 1}
    rows = connection.execute(_SQL["page"], values).fetchall()
    found = [Listed._make([*row[:12], parse(row[12]), *row[13:]]) for row in rows[:most]]
    return Page(found, found[-1].id if len(rows) > most else None)


def agreement(connection: Connection, number: int) -> Agreed | None:
    """Return one agreement, or None."""
    row = connection.execute(_SQL["one"], (number,)).fetchone()
    return Agreed(*row) if row else None


def versions(connection: Connection, number: int) -> list[Version]:
    """Return the versions of an agreement, newest first."""
    rows = connection.execute(_SQL["versions"], (number,))
    return [Version(row[0], row[1], parse(row[2]), *row[3:]) for row in rows]


def left(connection: Connection, number: int) -> list[Left]:
    """Return what has left the hub under an agreement so far, from the account."""
    return [Left(*row) for row in connection.execute(_SQL["left"], (number,))]
