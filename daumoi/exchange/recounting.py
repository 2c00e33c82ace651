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
_PLACES_KEPT = 200_000
_TOGETHER = 16
"""Destinations that are counted in one pass over the log: their stretches of a day are held in memory."""
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
        self._covered: dict[tuple[Any, ...], bool] = {}
        self.figures = Figures()
        self.gap = next((one.last for one, two in pairwise(self._stretches) if two.first != one.last + 1), None)
        """The number behind which the account has a gap; None when it has none."""

    def run(self) -> Figures:
        """Count it alone."""
        count_all(self._hub, self._connection, [self], self._day)
        return self.figures

    def count(self, page: Sequence[Row], before: Sequence[Earlier]) -> None:
        """Count further records of the day, in order; `before` are the earlier revisions of those that have some."""
        earlier = self._earlier(before)
        for row in page:
            if row.seq > self._at.begins_after:
                self._count(row, earlier.get(row.seq, ()), self.figures)

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

    def _earlier(self, before: Sequence[Earlier]) -> dict[int, list[_Before]]:
        """Return earlier revisions by the record they lie before, with what each was taken under."""
        places = {each.seq: (self._at.destination, each.seq) for each in before}
        under = ledger.covering(self._connection, kind=self._at.kind, places=places.values())
        by = versions(self._connection, under.values(), kind=self._day.kind_name)
        found: dict[int, list[_Before]] = {}
        for each in before:
            taken_under = under.get(places[each.seq])
            found.setdefault(each.of, []).append((each, by[taken_under] if taken_under else None))
        return found

    def _covers(self, version: Agreement, row: Row) -> bool:
        """Tell whether a version gives a record by its place and sender; each place is looked at once."""
        key = version.id, version.version, row.path, row.scheme, row.code, row.system_id
        found = self._covered.get(key)
        if found is None:
            if len(self._covered) >= _PLACES_KEPT:
                self._covered.clear()
            place = row.path, row.scheme, row.code
            found = self._covered[key] = version.matcher.covers(place, row.system_id)
        return found

    def _gives(self, version: Agreement, row: Row, earlier: Sequence[_Before]) -> bool:
        if version.gives_all or (row.op != Op.WITHDRAW and self._covers(version, row)):
            return True
        if row.op == Op.ASSERT or not version.matcher.covers_sender(row.system_id):
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
        is_end = row.op == Op.WITHDRAW or not (under.gives_all or self._covers(under, row))
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


def count_all(hub: Hub, connection: Connection, recounts: Sequence[Recount], day: Day) -> None:
    """Count a day for several destinations in one pass over the log."""
    for page in _pages(connection, day):
        keys = [
            (row.seq, receipt_key(hub.keys, system_id=row.system_id, kind=day.kind.kind, ref=row.ref))
            for row in page
            if row.op != Op.ASSERT
        ]
        before = log.earlier(connection, kind=day.kind.kind, keys=keys) if keys else []
        for recount in recounts:
            recount.count(page, before)


def _pages(connection: Connection, day: Day) -> Iterator[list[Row]]:
    begins, ends = midnight(day.day), midnight(day.day + timedelta(days=1))
    after = day.first - 1
    while True:
        rows = connection.execute(_SQL["records"], (day.kind.kind, after, begins, ends, _PAGE)).fetchall()
        if not rows:
            return
        yield [Row(*row) for row in rows]
        after = rows[-1][0]


def prove(hub: Hub, *, days: int = BACK_DAYS) -> Proof:
    """Reconcile the last closed days, count them again and keep what was found; returns how many days differ.

    Each statement is a transaction of its own; where a receiver moved on meanwhile both are worked out from where it
    stood before. Costs some 2 microseconds a record and destination.
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
                taking = [each for each in destinations if each.takes(name)] if day.first <= day.last else []
                for place in range(0, len(taking), _TOGETHER):
                    for difference in _prove_some(hub, connection, taking[place : place + _TOGETHER], day):
                        compared += difference is not None
                        differing += bool(difference)
    return Proof(days, compared, differing)


class _Said(NamedTuple):
    """What reconciliation says of a destination on a day, as it stood then."""

    destination: Destination
    at: Progress
    figures: Figures


def _prove_some(
    hub: Hub, connection: Connection, destinations: Sequence[Destination], day: Day
) -> Iterator[int | None]:
    """Prove a day of several destinations together; those that differ once more alone, for they may have moved on."""
    said = [found for each in destinations if (found := _say(hub, connection, each, day)) is not None]
    counted = [] if day.kind_name == IDENTITY_CHANGE else said
    recounts = [Recount(hub, connection, each.destination, day, each.at) for each in counted]
    count_all(hub, connection, recounts, day)
    differences = [_difference(each.figures, recount) for each, recount in zip(counted, recounts, strict=True)]
    for place, each in enumerate(said):
        difference = differences[place] if differences else None
        for _ in range(_TRIES - 1):
            if not difference:
                break
            again = _say(hub, connection, each.destination, day)
            if again is None:
                break
            recount = Recount(hub, connection, again.destination, day, again.at)
            recount.run()
            each, difference = again, _difference(again.figures, recount)
        _keep(hub, connection, each, day, difference)
        yield difference


def _say(hub: Hub, connection: Connection, destination: Destination, day: Day) -> _Said | None:
    """Reconcile a day; None where its records are gone, or nothing of it concerns the destination."""
    at = reconciliation.standing(connection, destination, day.kind.kind)
    held: list[Put] = puts(connection, receiver=destination.receiver)
    try:
        figures = reconciliation.reckon(hub, connection, destination, day, at=at, held=held).total
    except DayGone:
        return None
    return _Said(destination, at, figures) if figures.in_scope or at.taken >= day.first else None


def _keep(hub: Hub, connection: Connection, said: _Said, day: Day, difference: int | None) -> None:
    """Write down what was found; no difference: changes of people, which are known when taken and not after."""
    figures = said.figures
    values: dict[str, Any] = {"destination": said.destination.id, "kind": day.kind.kind, "day": day.day}
    values |= {"delivered": figures.delivered, "waiting": figures.waiting, "failed": figures.failed}
    values |= {"filtered": figures.filtered, "passed_over": figures.passed_over}
    connection.execute(_SQL["keep"], values | {"difference": difference, "at": hub.clock.now()})


def _difference(said: Figures, recount: Recount) -> int:
    """Count in how many records both differ."""
    pairs = zip(_numbers(said), _numbers(recount.figures), strict=True)
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
