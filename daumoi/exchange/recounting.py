"""Counts a day of a destination again from the raw log, record by record: what reconciliation says has to equal it.

Reconciliation adds up what stretches say of themselves; this looks at each record, finds the stretch that holds it, and
asks the versions whether they give it. A stretch that says too much or too little, a gap or a wrong day is found.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from daumoi.core.clock import VIET_NAM_TIME, midnight
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reconciliation
from daumoi.exchange.agreements import Agreement, versions
from daumoi.exchange.ledger import Progress, Stretch
from daumoi.exchange.reading import Head
from daumoi.exchange.reconciliation import Day, DayGone, Destination, Figures
from daumoi.exchange.tenures import Put, at_instant, puts
from daumoi.log import selectors as log
from daumoi.log.entries import Op, receipt_key
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import Earlier

_SQL = statements("daumoi.exchange", "proving")
_PAGE = 20_000
_TRIES = 3
BACK_DAYS = 7
"""Closed days that are counted again by one run of the night, so that nights without the hub are made up for."""


class Row(NamedTuple):
    """What is looked at of a record."""

    seq: int
    system_id: int
    ref: str
    op: int
    path: str | None
    scheme: str | None
    code: str | None
    received_at: datetime


_Before = tuple[Earlier, Agreement | None]
"""An earlier revision, and the version it was taken under; None where it was not taken."""


class Recount:
    """One run over one day."""

    def __init__(self, hub: Hub, connection: Connection, destination: Destination, day: Day, at: Progress) -> None:
        """Read the account of the day."""
        self._hub, self._connection, self._destination, self._day, self._at = hub, connection, destination, day, at
        held = reconciliation.held_by(puts(connection, receiver=destination.receiver), destination, day.kind_name)
        self._held, self._today = held, at_instant(held, hub.clock.now())
        self._stretches = self._read_stretches()
        self._firsts = [stretch.first for stretch in self._stretches]
        keys = {(stretch.agreement, stretch.version) for stretch in self._stretches}
        keys |= {stretch.sent_under for stretch in self._stretches if stretch.sent_under is not None}
        self._by = versions(connection, keys, kind=day.kind_name)
        self._own: dict[int, int] = {}
        self.gap = next((one.last for one, two in pairwise(self._stretches) if two.first != one.last + 1), None)
        """The number behind which the account has a gap; None when it has none."""

    def run(self) -> Figures:
        """Count."""
        figures = Figures()
        for page in self._pages():
            earlier = self._earlier(page)
            for row in page:
                self._count(row, earlier.get(row.seq, []), figures)
        return figures

    def _read_stretches(self) -> list[Stretch]:
        found: list[Stretch] = []
        after = self._day.first - 1
        while True:
            some = ledger.stretches(
                self._connection, destination=self._at.destination, kind=self._at.kind, after=after, limit=_PAGE
            )
            found += [stretch for stretch in some if stretch.first <= min(self._day.last, self._at.taken)]
            if len(some) < _PAGE or some[-1].first > self._day.last:
                return found
            after = some[-1].last

    def _pages(self) -> Iterator[list[Row]]:
        begins, ends = midnight(self._day.day), midnight(self._day.day + timedelta(days=1))
        after = max(self._day.first - 1, self._at.begins_after)
        while True:
            rows = self._connection.execute(_SQL["records"], (self._at.kind, after, begins, ends, _PAGE)).fetchall()
            if not rows:
                return
            yield [Row(*row) for row in rows]
            after = rows[-1][0]

    def _earlier(self, page: Sequence[Row]) -> dict[int, list[_Before]]:
        """Return what lies before corrections and withdrawals, with what each was taken under."""
        keys = [
            (row.seq, receipt_key(self._hub.keys, system_id=row.system_id, kind=self._at.kind, ref=row.ref))
            for row in page
            if row.op != Op.ASSERT
        ]
        before = log.earlier(self._connection, kind=self._at.kind, keys=keys) if keys else []
        places = {each.seq: (self._at.destination, each.seq) for each in before}
        under = ledger.covering(self._connection, kind=self._at.kind, places=places.values())
        by = versions(self._connection, under.values(), kind=self._day.kind_name)
        found: dict[int, list[_Before]] = {}
        for each in before:
            taken_under = under.get(places[each.seq])
            found.setdefault(each.of, []).append((each, by[taken_under] if taken_under else None))
        return found

    def _gives(self, version: Agreement, row: Row, earlier: Sequence[_Before]) -> bool:
        matcher = version.matcher
        if version.gives_all:
            return True
        if row.op != Op.WITHDRAW and matcher.covers((row.path, row.scheme, row.code), row.system_id):
            return True
        if row.op == Op.ASSERT or not matcher.covers_sender(row.system_id):
            return False
        for each, under in earlier:
            by = under or (version if each.seq > self._at.taken else None)
            if by is None:
                continue
            place = (each.path, each.area_scheme, each.area_code)
            if each.system_id is None or by.matcher.covers(place, each.system_id):
                return True
        return False

    def _count(self, row: Row, earlier: Sequence[_Before], figures: Figures) -> None:
        stretch = self._holding(row.seq)
        at_receipt = at_instant(self._held, row.received_at)
        under = self._by[stretch.agreement, stretch.version] if stretch else self._today
        given = under is not None and self._gives(under, row, earlier)
        if stretch is None or not given:
            if at_receipt is not None and self._gives(at_receipt, row, earlier):
                figures.waiting += given
                figures.filtered += not given
        elif stretch.records is None:
            figures.delivered += 1
            figures.passed_over += 1
        elif under is not None and self._is_withheld(row, stretch, under, earlier):
            self._count_own(stretch)
            figures.filtered += 1
        elif stretch.failed_at is not None:
            figures.failed += 1
        elif self._is_delivered(row.seq, stretch):
            figures.delivered += 1
        else:
            figures.waiting += 1

    def _is_withheld(self, row: Row, stretch: Stretch, under: Agreement, earlier: Sequence[_Before]) -> bool:
        """Tell whether a record that was taken out was not sent, because a narrower version held by then."""
        if stretch.sent_under is None:
            return False
        now, has_own = self._by[stretch.sent_under], stretch.first_own is not None
        if now.hides_numbers != has_own and (now.hides_numbers or self._destination.way == "webhook"):
            # Numbers of another sort make another message of it; files can be given in numbers of the hub still.
            return True
        place = row.path, row.scheme, row.code
        is_end = row.op == Op.WITHDRAW or not (under.gives_all or under.matcher.covers(place, row.system_id))
        return not (now.matcher.covers_sender(row.system_id) if is_end else self._gives(now, row, earlier))

    def _count_own(self, stretch: Stretch) -> int:
        """Give the record its place among the receiver's own numbers, and return it."""
        self._own[stretch.first] = self._own.get(stretch.first, (stretch.first_own or 1) - 1) + 1
        return self._own[stretch.first]

    def _holding(self, seq: int) -> Stretch | None:
        place = bisect_right(self._firsts, seq) - 1
        if place < 0 or seq > min(self._stretches[place].last, self._at.taken):
            return None
        return self._stretches[place]

    def _is_delivered(self, seq: int, stretch: Stretch) -> bool:
        if stretch.first_own is not None and self._count_own(stretch) <= self._at.own_delivered:
            return True
        return seq <= self._at.delivered


class Proof(NamedTuple):
    """What a run found."""

    days: int
    compared: int
    """Days of a destination and kind that were counted again."""
    differing: int


def prove(hub: Hub, *, days: int = BACK_DAYS) -> Proof:
    """Reconcile the last closed days, count them again and keep what was found; returns how many days differ.

    Each statement is a transaction of its own; where a receiver moved on meanwhile both are worked out from where it
    stood before. Costs some 5 microseconds a record and destination.
    """
    today = hub.clock.now().astimezone(VIET_NAM_TIME).date()
    compared = differing = 0
    with hub.pool.connection() as connection:
        destinations = reconciliation.destinations(connection)
        kinds = [(name, Head(*rest)) for name, *rest in connection.execute(_SQL["kinds"]).fetchall()]
        for back in range(days, 0, -1):
            on = today - timedelta(days=back)
            for name, kind in kinds:
                day = reconciliation.day_of(connection, kind=kind, kind_name=name, day=on)
                for destination in destinations:
                    if day.last < day.first or not destination.takes(name):
                        continue
                    difference = _prove_one(hub, connection, destination, day)
                    compared += difference is not None
                    differing += bool(difference)
    return Proof(days, compared, differing)


def _prove_one(hub: Hub, connection: Connection, destination: Destination, day: Day) -> int | None:
    held: list[Put] = puts(connection, receiver=destination.receiver)
    difference: int | None = None
    for _ in range(_TRIES):
        at = reconciliation.standing(connection, destination, day.kind.kind)
        try:
            said = reconciliation.reckon(hub, connection, destination, day, at=at, held=held).total
        except DayGone:
            return None
        if not said.in_scope and at.taken < day.first:
            return None
        difference = _difference(hub, connection, destination, day, at, said)
        if not difference:
            break
    values: dict[str, Any] = {"destination": destination.id, "kind": day.kind.kind, "day": day.day}
    values |= {"delivered": said.delivered, "waiting": said.waiting, "failed": said.failed}
    values |= {"filtered": said.filtered, "passed_over": said.passed_over}
    connection.execute(_SQL["keep"], values | {"difference": difference, "at": hub.clock.now()})
    return difference


def _difference(
    hub: Hub, connection: Connection, destination: Destination, day: Day, at: Progress, said: Figures
) -> int | None:
    """Count in how many records both differ; None for changes of people, which are known when taken and not after."""
    if day.kind_name == IDENTITY_CHANGE:
        return None
    recount = Recount(hub, connection, destination, day, at)
    counted = recount.run()
    pairs = zip(_numbers(said), _numbers(counted), strict=True)
    return sum(abs(one - other) for one, other in pairs) + (recount.gap is not None)


def _numbers(figures: Figures) -> tuple[int, ...]:
    return figures.delivered, figures.waiting, figures.failed, figures.filtered, figures.passed_over


class Proved(NamedTuple):
    """What the last nights found, for figures."""

    at: datetime | None
    compared: int
    differing: int


def proved(connection: Connection, *, today: date) -> Proved:
    """Return what was found of the last days."""
    row = connection.execute(_SQL["result"], (today - timedelta(days=BACK_DAYS),)).fetchone()
    assert row is not None
    return Proved(*row)
