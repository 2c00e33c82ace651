"""Receivers: the ways out to them, how far each is, and stopping one that is pushed to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange.files import destinations as files
from daumoi.exchange.ledger import Stretch
from daumoi.exchange.webhooks import services as webhooks
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

_SQL = statements("daumoi.exchange", "receivers")
PAGE = 50
REASON_MAX = 1000
_FIRST = 2**31 - 1
_FIRST_NUMBER = 2**63 - 1
Way = Literal["feed", "webhook", "file"]
Stop = Literal["active", "paused", "ended"]


class NoSuchDestination(Exception):
    """No way out to a receiver has this number."""


class NotNow(Exception):
    """The way out is at another state already, or is a feed, which its receiver asks for: suspend the agreement."""


class ReasonMissing(Exception):
    """Say why in words, 1 to 1,000 characters, without personal data."""


class KindProgress(NamedTuple):
    """How far a destination is in a kind; numbers are those of the log."""

    destination: int
    kind: str
    begins_after: int
    taken: int
    delivered: int
    head: int
    delivered_at: datetime | None
    oldest_at: datetime | None
    """When the oldest record that waits was received."""
    is_wanted: bool = True
    """Whether it still goes this way; of a kind that does not nothing waits, and its account is kept."""

    @property
    def waiting(self) -> int:
        """Numbers of the log that are not known to be there; some of them the agreement may not give."""
        return max(0, self.head - self.delivered) if self.is_wanted else 0

    @property
    def has_account(self) -> bool:
        """Tell whether anything was taken out for it."""
        return self.taken > self.begins_after


class Destination(NamedTuple):
    """One way out to a receiver."""

    id: int
    receiver: int
    way: Way
    name: str
    kinds: list[str]
    state: str
    state_for: str
    state_at: datetime
    created_at: datetime

    def wants(self, kind: str) -> bool:
        """Tell whether a kind goes this way; changes of people go along with files."""
        goes_along = self.way == "file" and kind == IDENTITY_CHANGE
        return goes_along or EVERY_KIND in self.kinds or kind in self.kinds


class Failing(NamedTuple):
    """A webhook that takes nothing: since when, and the status or the code of an error of the last try."""

    since: datetime
    status: int | None
    error: str | None


class Going(NamedTuple):
    """A way out, and how far it is."""

    destination: Destination
    progress: list[KindProgress]
    last_hour: int
    """Records that were taken out for it within the last hour."""
    failing: Failing | None = None

    @property
    def waiting(self) -> int:
        """Of all kinds."""
        return sum(each.waiting for each in self.progress)

    @property
    def oldest_at(self) -> datetime | None:
        """When the oldest record that waits was received."""
        return min((each.oldest_at for each in self.progress if each.oldest_at and each.waiting), default=None)

    @property
    def delivered_at(self) -> datetime | None:
        """When it last said that it has something."""
        return max((each.delivered_at for each in self.progress if each.delivered_at), default=None)


class Silent(NamedTuple):
    """A receiver with an agreement that has no way out: it has never asked, and nothing is pushed to it."""

    receiver: int
    kinds: list[str]
    agreement: int
    """The oldest of its agreements."""
    since: datetime
    """When the first of them came into force."""
    is_suspended: bool
    """Whether all of them are."""


class Page(NamedTuple):
    """A page of ways out, and behind which number the next begins; None at its end."""

    going: list[Going]
    after: int | None


def page(
    connection: Connection,
    *,
    now: datetime,
    text: str = "",
    receivers: Sequence[int] = (),
    way: Way | Literal[""] = "",
    after: int | None = None,
    most: int = PAGE,
) -> Page:
    """Return ways out, newest first: whose name holds `text`, or whose receiver is one of those that fit it."""
    like = "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in text)
    values = {"before": _FIRST if after is None else after, "text": text, "like": f"%{like}%", "way": way}
    rows = connection.execute(_SQL["page"], values | {"receivers": list(receivers), "most": most + 1}).fetchall()
    found = [Destination(*row) for row in rows[:most]]
    return Page(_going(connection, found, now), found[-1].id if len(rows) > most else None)


def silent(
    connection: Connection, *, text: str = "", receivers: Sequence[int] = (), after: int = 0, most: int = PAGE
) -> tuple[list[Silent], int | None]:
    """Return receivers that have an agreement and no way out, by number, and behind which the next page begins.

    With a `text`, those of `receivers`, which fit it.
    """
    values = {"text": text, "receivers": list(receivers), "after": after, "most": most + 1}
    found = [Silent(*row) for row in connection.execute(_SQL["silent"], values)]
    return found[:most], found[most - 1].receiver if len(found) > most else None


def way_out(connection: Connection, number: int) -> Destination | None:
    """Return one way out, or None."""
    row = connection.execute(_SQL["one"], (number,)).fetchone()
    return Destination(*row) if row else None


def one(connection: Connection, number: int, *, now: datetime) -> Going | None:
    """Return one way out and how far it is, or None."""
    found = way_out(connection, number)
    return _going(connection, [found], now)[0] if found else None


def _going(connection: Connection, found: list[Destination], now: datetime) -> list[Going]:
    if not found:
        return []
    progress: dict[int, list[KindProgress]] = {}
    by_id = {each.id: each for each in found}
    for row in connection.execute(_SQL["progress"], (list(by_id),)):
        # A webhook stands somewhere in every kind from its beginning, also in those that do not go this way.
        each = KindProgress(*row[:8])._replace(is_wanted=by_id[row[0]].wants(row[1]) and row[8])
        if each.is_wanted or each.has_account:
            progress.setdefault(each.destination, []).append(each)
    values = {"receivers": sorted({each.receiver for each in found}), "since": now - timedelta(hours=1)}
    rates: dict[int, int] = dict(connection.execute(_SQL["rates"], values).fetchall())
    failing = {row[0]: Failing(*row[1:]) for row in connection.execute(_SQL["failing"], (list(by_id),))}
    return [Going(each, progress.get(each.id, []), rates.get(each.id, 0), failing.get(each.id)) for each in found]


def stretches(
    connection: Connection, *, destination: int, kind: int, before: int | None = None, most: int = PAGE
) -> tuple[list[Stretch], int | None]:
    """Return stretches, newest first, and before which number the next page begins; None at its end."""
    values = {"destination": destination, "kind": kind, "before": _FIRST_NUMBER if before is None else before}
    rows = connection.execute(_SQL["stretches"], values | {"most": most + 1}).fetchall()
    found = [Stretch(*row) for row in rows[:most]]
    return found, found[-1].first if len(rows) > most else None


def stop(connection: Connection, *, destination: int, to: Stop, reason: str, at: datetime) -> None:
    """Pause, let go on, or end a way out that is pushed to; raises NoSuchDestination, NotNow, ReasonMissing.

    What is under way to the receiver may still arrive: it was taken out before. A webhook that goes on is tried at
    once, whatever failed before; of one that has ended nothing waits any more, and its keys sign nothing.
    """
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise ReasonMissing(ReasonMissing.__doc__)
    row = connection.execute(_SQL["hold"], (destination,)).fetchone()
    if row is None:
        raise NoSuchDestination(NoSuchDestination.__doc__)
    way, state, receiver = row
    if way == "feed" or state not in _FROM[to]:
        raise NotNow(NotNow.__doc__)
    if way == "webhook":
        _stop_webhook(connection, destination, receiver, to, reason=reason.strip(), at=at)
        return
    if to == "ended":
        files.end(connection, destination=destination, reason=reason.strip(), at=at)
        return
    values = {"destination": destination, "state": to, "reason": reason.strip(), "at": at}
    connection.execute(_SQL["set_state"], values)


def _stop_webhook(connection: Connection, webhook: int, receiver: int, to: Stop, *, reason: str, at: datetime) -> None:
    """Do what its owner would: who goes on has its days again, who ends has its keys and messages ended."""
    held = webhooks.hold(connection, receiver=receiver, webhook=webhook)
    steps = {"paused": webhooks.pause, "active": webhooks.resume, "ended": webhooks.end}
    steps[to](connection, held, at=at, why=reason)


_FROM: dict[Stop, tuple[str, ...]] = {
    "paused": ("active",),
    "active": ("paused", "disabled"),
    "ended": ("active", "paused", "disabled"),
}
"""From which states each may be reached."""
