"""Reconciliation of a destination, kind and day of receipt (UTC+7), exact to the unit:

    in scope = delivered + waiting + failed + filtered by change

In scope are the records of the day that the version in force when they were received gives, and those that were
given, as records or as withdrawals, under the version they were taken under. Filtered by change is what was in scope at
receipt and is not given by the version it was taken under or, while it is not taken, by the one in force now; and what
was taken out and not sent, because the agreement had been narrowed by then.

Stretches know their sums. The log is passed over only for what these do not hold: a stretch that is delivered in part
or was passed over by the receiver, what is not taken yet, and where the version changed between receipt and taking.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from daumoi.core.clock import midnight
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, Key, versions
from daumoi.exchange.ledger import Progress, Stretch
from daumoi.exchange.reading import Head
from daumoi.exchange.selection import Account
from daumoi.exchange.tenures import Put, Tenure, at_instant, puts, tenures
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import numbers_at
from daumoi.organisations.registry import EVERY_KIND

_SQL = statements("daumoi.exchange", "reconciliation")
_INSTANT = timedelta(microseconds=1)


class DayGone(Exception):
    """Records of this day are no longer kept, so it cannot be worked out again. Its statement of then is kept."""


class Destination(NamedTuple):
    """A way out to a receiver."""

    id: int
    receiver: int
    way: str
    name: str
    kinds: tuple[str, ...]
    state: str
    state_at: datetime

    def takes(self, kind: str) -> bool:
        """Tell whether it is meant for a kind."""
        return EVERY_KIND in self.kinds or kind in self.kinds


@dataclass
class Figures:
    """Records of one day, by what became of them."""

    delivered: int = 0
    waiting: int = 0
    failed: int = 0
    filtered: int = 0
    passed_over: int = 0
    """Of those delivered: the receiver said it has them without having taken them out."""

    @property
    def in_scope(self) -> int:
        """All of them."""
        return self.delivered + self.waiting + self.failed + self.filtered

    def __add__(self, other: "Figures") -> "Figures":
        """Add up."""
        return Figures(
            self.delivered + other.delivered,
            self.waiting + other.waiting,
            self.failed + other.failed,
            self.filtered + other.filtered,
            self.passed_over + other.passed_over,
        )


class Day(NamedTuple):
    """One kind on one day of receipt."""

    kind: Head
    kind_name: str
    day: date
    first: int
    """Its first number; one more than `last` on a day without records."""
    last: int


@dataclass
class Reckoned:
    """What was worked out: figures by the version they stand under.

    What was given stands under the version it was taken under, what waits under the one in force now, what was filtered
    under the one that gave it at receipt.
    """

    by: dict[Key, Figures] = field(default_factory=dict)

    def of(self, under: Key) -> Figures:
        """Return the figures of a version, to be added to."""
        return self.by.setdefault(under, Figures())

    @property
    def total(self) -> Figures:
        """All versions together."""
        return sum(self.by.values(), Figures())


def destinations(connection: Connection, *, receiver: int | None = None) -> list[Destination]:
    """Return the ways out, of one receiver or all."""
    rows = connection.execute(_SQL["destinations"], {"receiver": receiver})
    return [
        Destination(id_, receiver, way, name, tuple(kinds), *state) for id_, receiver, way, name, kinds, *state in rows
    ]


def held_by(found: Iterable[Put], destination: Destination, kind: str) -> list[Tenure]:
    """Return which versions held for a destination and a kind; one that has ended gets nothing after its end."""
    if not destination.takes(kind):
        return []
    held = tenures(found, receiver=destination.receiver, kind=kind)
    if destination.state != "ended":
        return held
    ends = destination.state_at
    return [t._replace(to_at=min(t.to_at or ends, ends)) for t in held if t.from_at < ends]


def day_of(connection: Connection, *, kind: Head, kind_name: str, day: date) -> Day:
    """Return the numbers of a day."""
    ends = [midnight(day) - _INSTANT, midnight(day + timedelta(days=1)) - _INSTANT]
    found = numbers_at(connection, ends)
    return Day(kind, kind_name, day, found[kind.kind, ends[0]] + 1, found[kind.kind, ends[1]])


def standing(connection: Connection, destination: Destination, kind: int) -> Progress:
    """Return where a destination stands; one that has taken nothing yet begins at the beginning."""
    known = ledger.stands(connection, destination=destination.id, kind=kind)
    return known or Progress(destination.id, kind, 0, 0, 0, 0, 0)


def reckon(
    hub: Hub,
    connection: Connection,
    destination: Destination,
    day: Day,
    *,
    at: Progress | None = None,
    held: Sequence[Put] | None = None,
) -> Reckoned:
    """Work out one destination, kind and day, as it stands at `at` (now, unless given); raises DayGone.

    Three to six statements, and passes over the log as told above, a page a statement.
    """
    at = at or standing(connection, destination, day.kind.kind)
    known = puts(connection, receiver=destination.receiver) if held is None else held
    return _Reckoning(hub, connection, destination, day, at, held_by(known, destination, day.kind_name)).run()


class _Reckoning:
    """One run."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        destination: Destination,
        day: Day,
        at: Progress,
        held: Sequence[Tenure],
    ) -> None:
        self._hub, self._connection, self._day, self._at = hub, connection, day, at
        self._destination, self._held = destination, held
        self._now = at_instant(held, hub.clock.now())
        self._found = Reckoned()

    def run(self) -> Reckoned:
        at, day = self._at, self._day
        values = {"destination": at.destination, "kind": at.kind, "day": day.day}
        values |= {"taken": at.taken, "delivered": at.delivered, "own_delivered": at.own_delivered}
        islands = self._connection.execute(_SQL["islands"], values).fetchall()
        single = [Stretch(*row) for row in self._connection.execute(_SQL["single"], values)] if islands else []
        if islands and islands[0][2] < day.kind.oldest:
            raise DayGone(DayGone.__doc__)
        by = versions(
            self._connection,
            [(row[0], row[1]) for row in islands],
            kind=day.kind_name,
        )
        spans = self._spans()
        for agreement, version, first, last, given, withheld, failed, delivered in islands:
            figures = self._found.of((agreement, version))
            figures.filtered += withheld
            figures.failed += failed
            figures.delivered += delivered
            figures.waiting += given - failed - delivered
            self._note_filtered(by[agreement, version], first, last, spans)
        for stretch in single:
            self._note_single(by[stretch.agreement, stretch.version], stretch)
        self._note_untaken(spans)
        return self._found

    def _note_single(self, under: Agreement, stretch: Stretch) -> None:
        figures = self._found.of((stretch.agreement, stretch.version))
        if stretch.records is None:
            passed = self._count(under, stretch.first, stretch.last)
            figures.delivered += passed
            figures.passed_over += passed
            return
        has = self._count(under, stretch.first, min(stretch.last, self._at.delivered))
        if stretch.first_own is not None:
            has = max(has, min(stretch.records, self._at.own_delivered - stretch.first_own + 1))
        figures.delivered += has
        figures.waiting -= has

    def _note_filtered(
        self, under: Agreement, first: int, last: int, spans: Sequence[tuple[int, int, Agreement]]
    ) -> None:
        for begins, ends, at_receipt in spans:
            low, high = max(begins, first), min(ends, last)
            if low <= high and (left_out := self._left_out(at_receipt, under, low, high)):
                self._found.of((at_receipt.id, at_receipt.version)).filtered += left_out

    def _note_untaken(self, spans: Sequence[tuple[int, int, Agreement]]) -> None:
        begins_at = max(self._at.taken, self._at.begins_after) + 1
        for begins, ends, at_receipt in spans:
            low = max(begins, begins_at)
            if low > ends:
                continue
            if self._now is None:
                filtered, waiting = self._count(at_receipt, low, ends), 0
            elif _is_same(at_receipt, self._now):
                filtered, waiting = 0, self._count(self._now, low, ends)
            else:
                filtered = self._left_out(at_receipt, self._now, low, ends)
                waiting = self._count(at_receipt, low, ends) - filtered
            if filtered:
                self._found.of((at_receipt.id, at_receipt.version)).filtered += filtered
            if waiting and self._now is not None:
                self._found.of((self._now.id, self._now.version)).waiting += waiting

    def _spans(self) -> list[tuple[int, int, Agreement]]:
        """Divide the day's numbers by the version in force when they were received."""
        day = self._day
        instants = {t.from_at - _INSTANT for t in self._held} | {t.to_at - _INSTANT for t in self._held if t.to_at}
        numbers = numbers_at(self._connection, sorted(instants)) if instants else {}
        found = []
        for tenure in self._held:
            first = numbers[day.kind.kind, tenure.from_at - _INSTANT] + 1
            last = numbers[day.kind.kind, tenure.to_at - _INSTANT] if tenure.to_at else day.last
            if max(first, day.first) <= min(last, day.last):
                found.append((max(first, day.first), min(last, day.last), tenure.agreement))
        return found

    def _left_out(self, before: Agreement, after: Agreement, first: int, last: int) -> int:
        """Count what one version gives and another does not."""
        if after.gives_all or _is_same(before, after) or before.kind == IDENTITY_CHANGE:
            # Whether a change of people was given is known when it is taken, and not afterwards (ADR 0013).
            return 0
        if before.gives_all:
            return last - first + 1 - self._count(after, first, last)
        return len(self._given(before, first, last) - self._given(after, first, last))

    def _count(self, agreement: Agreement, first: int, last: int) -> int:
        if last < first:
            return 0
        return last - first + 1 if agreement.gives_all else len(self._given(agreement, first, last))

    def _given(self, agreement: Agreement, first: int, last: int) -> set[int]:
        rows, _ = reading.chosen_of(
            self._hub,
            self._connection,
            agreement,
            at=self._day.kind,
            after=first - 1,
            last=last,
            most=sys.maxsize,
            account=Account(self._at.destination, self._at.taken),
        )
        return {each.row[0] for each in rows}


def _is_same(one: Agreement, other: Agreement) -> bool:
    """Tell whether two versions give the same records."""
    if (one.id, one.version) == (other.id, other.version):
        return True
    return set(one.terms.areas) == set(other.terms.areas) and one.senders == other.senders
