"""Receivers: the ways out to them, how far each is, and stopping one that is pushed to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange.ledger import Stretch

_SQL = statements("daumoi.exchange", "receivers")
_WEBHOOKS = statements("daumoi.exchange", "webhooks")
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

    @property
    def waiting(self) -> int:
        """Numbers of the log that are not known to be there; some of them the agreement may not give."""
        return max(0, self.head - self.delivered)


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


class Going(NamedTuple):
    """A way out, and how far it is."""

    destination: Destination
    progress: list[KindProgress]
    last_hour: int
    """Records that were taken out for it within the last hour."""

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


def one(connection: Connection, number: int, *, now: datetime) -> Going | None:
    """Return one way out, or None."""
    row = connection.execute(_SQL["one"], (number,)).fetchone()
    return _going(connection, [Destination(*row)], now)[0] if row else None


def _going(connection: Connection, found: list[Destination], now: datetime) -> list[Going]:
    if not found:
        return []
    progress: dict[int, list[KindProgress]] = {}
    for row in connection.execute(_SQL["progress"], ([each.id for each in found],)):
        progress.setdefault(row[0], []).append(KindProgress(*row))
    values = {"receivers": sorted({each.receiver for each in found}), "since": now - timedelta(hours=1)}
    rates: dict[int, int] = dict(connection.execute(_SQL["rates"], values).fetchall())
    return [Going(each, progress.get(each.id, []), rates.get(each.id, 0)) for each in found]


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
    way, state = row
    if way == "feed" or state not in _FROM[to]:
        raise NotNow(NotNow.__doc__)
    values = {"destination": destination, "state": to, "reason": reason.strip(), "at": at}
    connection.execute(_SQL["set_state"], values)
    if way == "webhook" and to == "active":
        well = {"failures": 0, "since": None, "probe": None, "succeeded": None}
        connection.execute(_WEBHOOKS["note_health"], {"destination": destination} | well)
        connection.execute(_WEBHOOKS["all_due"], {"destination": destination, "at": at})
    if way == "webhook" and to == "ended":
        connection.execute(_WEBHOOKS["drop_open"], {"destination": destination, "at": at})
        connection.execute(_WEBHOOKS["end_keys"], {"destination": destination, "until": at})


_FROM: dict[Stop, tuple[str, ...]] = {
    "paused": ("active",),
    "active": ("paused", "disabled"),
    "ended": ("active", "paused", "disabled"),
}
"""From which states each may be reached."""
