"""Pages for receivers that are shown nobody: numbers and ids are their own, so that two of them cannot compare.

A number of their own is the place of a record among all that was given: it follows from the account. What was taken out
is written again from the log, under the version it was taken under, and only what the agreement of today gives too.
"""

from typing import NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, versions
from daumoi.exchange.ledger import Progress, Stretch
from daumoi.exchange.reading import Head, Line, Portion, Reader
from daumoi.exchange.selection import Account, sent_now
from daumoi.organisations.registry import Registry


class OwnPage(NamedTuple):
    """NDJSON, the last own number of the page, the newest own number that is known of, how many records."""

    body: bytes
    next: int
    head: int
    records: int


def own_page(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reader: Reader,
    *,
    destination: int,
    at: Head,
    after: int,
    limit: int,
) -> OwnPage:
    """Return what lies behind an own number, at most `limit` records; further records are taken out where it ends.

    The head is one more than is numbered yet while the log holds more: what is not taken out has no number.
    """
    known = ledger.progress(connection, destination=destination, kind=at.kind)
    lines: list[Line] = []
    begins = own = min(after, known.own_taken)
    while own < known.own_taken and own - begins < limit:
        stretch = ledger.of_own(connection, destination=destination, kind=at.kind, own=own)
        assert stretch is not None and stretch.first_own is not None and stretch.records is not None
        step = min(stretch.first_own + stretch.records - 1 - own, limit - (own - begins))
        lines += _again(hub, connection, registry, agreement, reader, stretch, at, destination, own, step)
        own += step
    room = limit - (own - begins)
    now = hub.clock.now()
    last = reading.head_for(connection, agreement, at, destination=destination, now=now)
    if room > 0 and own == known.own_taken and known.taken < last:
        day = now.astimezone(VIET_NAM_TIME).date()
        left = ledger.left_today(connection, agreement=agreement.id, quota=agreement.terms.records_per_day, day=day)
        most = room if left is None else min(room, left)
        fresh, known = _take(
            hub, connection, registry, agreement, reader, known, at, last=last, most=most, destination=destination
        )
        lines += fresh
        own = known.own_taken
    newest = known.own_taken + (1 if known.taken < last else 0)
    return OwnPage(b"".join(line.text for line in lines), own, max(newest, own), len(lines))


def _again(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reader: Reader,
    stretch: Stretch,
    at: Head,
    destination: int,
    own: int,
    room: int,
) -> list[Line]:
    """Write again what a stretch gave behind an own number."""
    key = (stretch.agreement, stretch.version)
    under = versions(connection, [key], kind=agreement.kind)[key]
    assert stretch.first_own is not None
    if stretch.first < at.oldest:
        raise reading.gone(at.oldest)
    account = Account(destination, at.seq, stretch.taken_at)
    chosen, _ = reading.chosen_of(
        hub,
        connection,
        under,
        at=at,
        after=stretch.first - 1,
        last=stretch.last,
        most=stretch.records or 0,
        account=account,
    )
    sent = sent_now(
        hub,
        connection,
        agreement,
        chosen,
        taken_under=key,
        way="feed",
        has_own=True,
        account=account,
        number=at.kind,
    )
    asked = range(own + 1, own + 1 + room)
    kept = [(stretch.first_own + place, each) for place, each in sent if stretch.first_own + place in asked]
    given, owns = [each for _, each in kept], [number for number, _ in kept]
    portion = Portion(agreement, reader, given, (stretch.first, stretch.last), owns)
    return reading.render(hub, connection, registry, portion, kind=at.kind, action="feed.read")


def _take(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reader: Reader,
    known: Progress,
    at: Head,
    *,
    last: int,
    most: int,
    destination: int,
) -> tuple[list[Line], Progress]:
    """Take further records out and number them."""
    now = hub.clock.now()
    begins = max(known.taken, at.oldest - 1)
    found = reading.read(
        hub,
        connection,
        registry,
        agreement,
        reader,
        at=at,
        after=begins,
        last=last,
        most=most,
        account=Account(destination, begins),
        action="feed.read",
        first_own=known.own_taken + 1,
    )
    return found.lines, reading.enter(connection, agreement, known, found, now=now, counts_own=True)
