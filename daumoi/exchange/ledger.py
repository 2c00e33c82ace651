"""The account of what went out: for each destination and kind, stretches of numbers, one behind the other.

A stretch says what was taken out of the log, under which version of which agreement, how many records were given, and
the hash of their lines. It is written in the transaction that takes the records, before anything leaves the hub.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements

_SQL = statements("daumoi.exchange", "ledger")


class Progress(NamedTuple):
    """Where a destination stands in a kind."""

    destination: int
    kind: int
    begins_after: int
    taken: int
    delivered: int
    own_taken: int
    own_delivered: int


class Stretch(NamedTuple):
    """Numbers that were taken out together, of one day of receipt (UTC+7)."""

    first: int
    last: int
    agreement: int
    version: int
    day: date
    records: int | None
    """Given, withdrawals among them; None where the receiver passed over them and nobody has counted yet."""
    withdrawals: int | None
    first_own: int | None
    digest: bytes | None
    taken_at: datetime
    failed_at: datetime | None
    withheld: int = 0
    """Of those given: not sent, because a later version gave them no more."""
    sent_agreement: int | None = None
    sent_version: int | None = None

    @property
    def sent_under(self) -> tuple[int, int] | None:
        """The version that held when it was sent; None where it was the one it was taken under."""
        if self.sent_agreement is None or self.sent_version is None:
            return None
        return self.sent_agreement, self.sent_version


@dataclass
class Draft:
    """A stretch that is being written: lines are added in the order of their numbers."""

    first: int
    day: date
    last: int = 0
    records: int = 0
    withdrawals: int = 0
    is_written: bool = True
    """Whether the lines are written already; where not, the hash follows when they are."""

    def __post_init__(self) -> None:
        """Begin the hash."""
        self._hash = sha256()

    def add(self, line: bytes, *, left: bool) -> None:
        """Add a line that is given; `left`: as a withdrawal, because the record left what the agreement gives."""
        self.records += 1
        self.withdrawals += left
        self._hash.update(line)

    def count(self, *, left: bool) -> None:
        """Count a record of which the receiver is told without its line: such a stretch has no hash."""
        self.is_written = False
        self.records += 1
        self.withdrawals += left

    @property
    def digest(self) -> bytes | None:
        """SHA-256 of the lines; None while they are not written."""
        return self._hash.digest() if self.is_written else None


def feed_of(connection: Connection, *, system_id: int, now: datetime) -> int:
    """Return the number of a reader's feed as a destination; made when it reads for the first time."""
    row = connection.execute(_SQL["feed_of"], (system_id,)).fetchone()
    if row is None:
        connection.execute(_SQL["make_feed"], {"receiver": system_id, "at": now})
        row = connection.execute(_SQL["feed_of"], (system_id,)).fetchone()
        assert row is not None
    return int(row[0])


def progress(connection: Connection, *, destination: int, kind: int, begins_after: int = 0) -> Progress:
    """Return where a destination stands, and hold it until this transaction ends; made where it is not there yet."""
    row = connection.execute(_SQL["progress_held"], (destination, kind)).fetchone()
    if row is None:
        connection.execute(_SQL["begin"], {"destination": destination, "kind": kind, "after": begins_after})
        row = connection.execute(_SQL["progress_held"], (destination, kind)).fetchone()
        assert row is not None
    return Progress(*row)


def progress_of_all(connection: Connection, *, destinations: Sequence[int], kind: int) -> dict[int, Progress]:
    """Return where several destinations stand, by their numbers, and hold it until this transaction ends."""
    rows = connection.execute(_SQL["progress_of_all"], (list(destinations), kind))
    return {row[0]: Progress(*row) for row in rows}


def stands(connection: Connection, *, destination: int, kind: int) -> Progress | None:
    """Return where a destination stands, as it was a moment ago."""
    row = connection.execute(_SQL["progress"], (destination, kind)).fetchone()
    return Progress(*row) if row else None


def write(
    connection: Connection,
    at: Progress,
    *,
    agreement: tuple[int, int],
    drafts: Sequence[Draft],
    now: datetime,
    counts_own: bool = False,
) -> Progress:
    """Write stretches behind what was taken before, and move on; `at` is held by this transaction.

    Raises ValueError where a stretch would leave a gap or lie over another.
    """
    if drafts and not drafts[0].records and _extend(connection, at, agreement, drafts[0]):
        at, drafts = at._replace(taken=drafts[0].last), drafts[1:]
    taken, own = at.taken, at.own_taken
    rows: list[tuple[Any, ...]] = []
    for draft in drafts:
        if draft.first != taken + 1 or draft.last < draft.first:
            raise ValueError("stretches lie one behind the other")
        first_own = own + 1 if counts_own else None
        rows.append((draft.first, draft.last, draft.day, draft.records, draft.withdrawals, first_own, draft.digest))
        taken, own = draft.last, own + draft.records if counts_own else own
    if not rows:
        return at
    first, last, days, records, withdrawals, owns, digests = (list(column) for column in zip(*rows, strict=True))
    values: dict[str, Any] = {"destination": at.destination, "kind": at.kind, "at": now}
    values |= {"agreement": agreement[0], "version": agreement[1]}
    values |= {"first": first, "last": last, "days": days, "records": records, "withdrawals": withdrawals}
    values |= {"owns": owns, "digests": digests, "taken": taken, "own": own}
    connection.execute(_SQL["write"], values)
    _count(connection, at.kind, [(agreement[0], at.destination, *row[:2], row[3]) for row in rows], now)
    return at._replace(taken=taken, own_taken=own)


class Taken(NamedTuple):
    """What was taken for one of several destinations: one stretch, where it stood before, under what."""

    at: Progress
    agreement: tuple[int, int]
    draft: Draft
    first_own: int | None


def write_all(connection: Connection, taken: Sequence[Taken], *, kind: int, now: datetime) -> None:
    """Write a stretch for each of several destinations of a kind, all of them held by this transaction.

    Raises ValueError where one would leave a gap or lie over another.
    """
    if any(each.draft.first != each.at.taken + 1 or each.draft.last < each.draft.first for each in taken):
        raise ValueError("stretches lie one behind the other")
    rows = [
        (
            each.at.destination,
            each.draft.first,
            each.draft.last,
            *each.agreement,
            each.draft.day,
            each.draft.records,
            each.draft.withdrawals,
            each.first_own,
            each.draft.digest,
            each.at.own_taken + (0 if each.first_own is None else each.draft.records),
        )
        for each in taken
    ]
    names = ("destinations", "first", "last", "agreements", "versions", "days", "records", "withdrawals")
    columns = (list(column) for column in zip(*rows, strict=True))
    values = dict(zip((*names, "owns", "digests", "own_taken"), columns, strict=True))
    connection.execute(_SQL["write_all"], values | {"kind": kind, "at": now})
    counted = [
        (each.agreement[0], each.at.destination, each.draft.first, each.draft.last, each.draft.records)
        for each in taken
    ]
    _count(connection, kind, counted, now)


_Counted = tuple[int, int, int, int, int | None]
"""Agreement, destination, first and last number, records; None where the receiver passed over them."""


def _count(connection: Connection, kind: int, counted: Sequence[_Counted], now: datetime) -> None:
    """Add to what has left under agreements, and to their quotas of today."""
    rows = [each for each in counted if each[4] != 0]
    if not rows:
        return
    names = ("agreements", "destinations", "first", "last", "records")
    columns = (list(column) for column in zip(*rows, strict=True))
    values = dict(zip(names, columns, strict=True))
    connection.execute(_SQL["count"], values | {"kind": kind, "now": now})


def _extend(connection: Connection, at: Progress, agreement: tuple[int, int], draft: Draft) -> bool:
    """Lengthen the last stretch by numbers of which nothing was given, where it gave nothing either; else say no."""
    values = {"destination": at.destination, "kind": at.kind, "agreement": agreement[0], "version": agreement[1]}
    values |= {"taken": at.taken, "last": draft.last}
    return connection.execute(_SQL["extend"], values | {"day": draft.day}).rowcount == 1


def pass_over(
    connection: Connection,
    at: Progress,
    *,
    agreement: tuple[int, int],
    days: Sequence[tuple[int, int, date]],
    now: datetime,
) -> Progress:
    """Note that a receiver asked for later numbers: (first, last, day) were never taken, as it wished."""
    for first, last, day in days:
        if first != at.taken + 1:
            raise ValueError("stretches lie one behind the other")
        values = {"destination": at.destination, "kind": at.kind, "agreement": agreement[0], "version": agreement[1]}
        connection.execute(_SQL["pass_over"], values | {"first": first, "last": last, "day": day, "at": now})
        _count(connection, at.kind, [(agreement[0], at.destination, first, last, None)], now)
        at = at._replace(taken=last)
    return at


def delivered(connection: Connection, *, destination: int, kind: int, seq: int, now: datetime) -> None:
    """Note that a receiver has all up to a number; never goes back, and never beyond what was taken."""
    connection.execute(_SQL["delivered"], {"destination": destination, "kind": kind, "seq": seq, "at": now})


def delivered_own(connection: Connection, *, destination: int, kind: int, own: int, now: datetime) -> None:
    """The same by a number of the receiver's own."""
    connection.execute(_SQL["delivered_own"], {"destination": destination, "kind": kind, "own": own, "at": now})


def left_today(connection: Connection, *, agreement: int, quota: int | None, day: date) -> int | None:
    """Return how many records may still go out under an agreement on a day of Viet Nam; None for any number."""
    if quota is None:
        return None
    row = connection.execute(_SQL["sent_on"], (agreement, day)).fetchone()
    return max(0, quota - (row[0] if row else 0))


def covering(
    connection: Connection, *, kind: int, places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return, for (destination, number) that were taken out, the agreement and version each was taken under."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    destinations, numbers = zip(*wanted, strict=True)
    values = {"kind": kind, "destinations": list(destinations), "numbers": list(numbers)}
    rows = connection.execute(_SQL["covering"], values)
    return {(destination, seq): (agreement, version) for destination, seq, agreement, version in rows}


def stretches(connection: Connection, *, destination: int, kind: int, after: int, limit: int = 100) -> list[Stretch]:
    """Return the stretches that end behind a number, in order."""
    rows = connection.execute(_SQL["stretches"], (destination, kind, after, limit))
    return [Stretch(*row) for row in rows]


class AsSent(NamedTuple):
    """What was sent of a stretch, where that is not what was taken: how many records less, under which version."""

    withheld: int
    under: tuple[int, int]
    digest: bytes | None
    """Of the lines; None where there are none."""


def note_sent(connection: Connection, *, destination: int, kind: int, first: int, sent: AsSent) -> None:
    """Note under which version a stretch was sent, and what of it was not; `first` is its first number.

    Of what its receiver has already nothing is taken back by that.
    """
    values = {"destination": destination, "kind": kind, "first": first, "withheld": sent.withheld}
    said = {"agreement": sent.under[0], "version": sent.under[1], "digest": sent.digest}
    connection.execute(_SQL["note_sent"], values | said)


def give_up_all(connection: Connection, *, destination: int, at: datetime) -> None:
    """Note that nothing further will be delivered to a destination, because it has ended."""
    connection.execute(_SQL["give_up_all"], {"destination": destination, "at": at})


def of_own(connection: Connection, *, destination: int, kind: int, own: int) -> Stretch | None:
    """Return the stretch in which the first record behind one of the receiver's own numbers lies."""
    row = connection.execute(_SQL["of_own"], {"destination": destination, "kind": kind, "own": own + 1}).fetchone()
    return Stretch(*row) if row else None
