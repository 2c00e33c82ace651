"""The feed: records of a kind by number, cut as the reader's agreement says (contract, section 5).

What a reader asks for the first time is taken out for it: written into its account, under the version of the agreement
that holds in that transaction. What it asks again is shown again, as the agreement of today gives it.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from daumoi.core.clock import VIET_NAM_TIME, midnight
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, held_firm
from daumoi.exchange.ledger import Progress
from daumoi.exchange.own_numbers import own_page
from daumoi.exchange.reading import Head, Reader
from daumoi.exchange.selection import Account
from daumoi.organisations.registry import Registry

LIMIT_MAX = 10_000


class FeedPage(NamedTuple):
    """One page of a feed: NDJSON, where to go on, and the newest number."""

    body: bytes
    next: int
    head: int
    records: int


def page(hub: Hub, registry: Registry, *, agreement: Agreement, reader: Reader, after: int, limit: int) -> FeedPage:
    """Return the records after a number, at most `limit`; raises CallProblem gone_before, no_agreement, rate_limited.

    A page that gives something of people is one line of the audit log, on the disk before it leaves; an empty page is
    none. Raises UnknownPurpose and ReasonMissing for a reader without a good purpose.

    The head is read first: whatever is numbered up to it is committed and visible, because numbers are given in commit
    order.
    """
    kind = agreement.kind
    with hub.pool.connection() as connection, connection.transaction():
        if not agreement.id:
            return _of_hub(hub, connection, registry, agreement, reader, after=after, limit=limit)
        now = hub.clock.now()
        agreement = held_firm(connection, system_id=agreement.system_id, kind=kind, now=now)
        destination = ledger.feed_of(connection, system_id=agreement.system_id, now=now)
        at = reading.head(connection, kind)
        if agreement.hides_numbers:
            return FeedPage(
                *own_page(
                    hub,
                    connection,
                    registry,
                    agreement,
                    reader,
                    destination=destination,
                    at=at,
                    after=after,
                    limit=limit,
                )
            )
        _check_kept(at, after)
        known = ledger.stands(connection, destination=destination, kind=at.kind)
        last = reading.head_for(connection, agreement, at, destination=destination, now=now)
        if known is None or known.taken < last:
            # Who may take further records does so alone; who only reads again waits for nobody.
            known = ledger.progress(connection, destination=destination, kind=at.kind)
        most = _room(connection, agreement, known, after=after, limit=limit, now=now)
        last = max(last, min(known.taken, at.seq))
        if agreement.terms.records_per_day is not None and after < known.taken:
            last = min(last, known.taken)
        found = reading.read(
            hub,
            connection,
            registry,
            agreement,
            reader,
            at=at,
            after=after,
            last=_until(agreement, after, last, limit),
            most=most,
            account=Account(destination, known.taken),
            action="feed.read",
        )
        if min(found.last, last) > known.taken:
            reading.enter(connection, agreement, known, found._replace(last=min(found.last, last)), now=now)
        elif most == 0 and known.taken < last:
            raise _quota_used(now)
        shown_head = last if found.last >= last or found.lines else found.last
        return FeedPage(found.body, max(found.last, after), shown_head, len(found.lines))


def _until(agreement: Agreement, after: int, last: int, limit: int) -> int:
    """Where a page ends at the latest: numbers count for who gets all, records for who gets some."""
    return min(last, after + limit) if agreement.gives_all else min(last, after + _SCAN)


_SCAN = 500_000
"""Numbers that one page passes over at most where an agreement gives few; the answer's head says how far it looked."""


def _check_kept(at: Head, after: int) -> None:
    if after + 1 < at.oldest and at.seq >= at.oldest - 1 and after < at.seq:
        raise reading.gone(at.oldest)


def _room(
    connection: Connection, agreement: Agreement, known: Progress, *, after: int, limit: int, now: datetime
) -> int:
    """Return how many records may be given; what was taken before counts for no quota again."""
    if after < known.taken:
        return limit
    day = now.astimezone(VIET_NAM_TIME).date()
    left = ledger.left_today(connection, agreement=agreement.id, quota=agreement.terms.records_per_day, day=day)
    return limit if left is None else min(limit, left)


def _quota_used(now: datetime) -> CallProblem:
    ends = midnight(now.astimezone(VIET_NAM_TIME).date() + timedelta(days=1))
    return CallProblem(
        "rate_limited",
        "The records of a day that the agreement gives are used up. Ask again tomorrow (UTC+7).",
        headers={"Retry-After": str(ceil((ends - now).total_seconds()))},
    )


def _of_hub(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reader: Reader,
    *,
    after: int,
    limit: int,
) -> FeedPage:
    """A page for the operator's own command: nothing leaves the hub, so no account is kept."""
    at = reading.head(connection, agreement.kind)
    _check_kept(at, after)
    found = reading.read(
        hub,
        connection,
        registry,
        agreement,
        reader,
        at=at,
        after=after,
        last=min(at.seq, after + limit),
        most=limit,
        account=None,
        action="feed.read",
    )
    return FeedPage(found.body, max(found.last, after), at.seq, len(found.lines))


def one(hub: Hub, registry: Registry, *, agreement: Agreement, reader: Reader, seq: int) -> bytes | None:
    """Return one record as a feed shows it, or None where there is none that the reader may see; raises as `page`.

    A receiver with numbers of its own asks by them, and gets what it was given under that number.
    """
    with hub.pool.connection() as connection, connection.transaction():
        now = hub.clock.now()
        agreement = held_firm(connection, system_id=agreement.system_id, kind=agreement.kind, now=now)
        destination = ledger.feed_of(connection, system_id=agreement.system_id, now=now)
        at = reading.head(connection, agreement.kind)
        if agreement.hides_numbers:
            stands = ledger.stands(connection, destination=destination, kind=at.kind)
            if stands is None or not 1 <= seq <= stands.own_taken:
                return None
            found = own_page(
                hub, connection, registry, agreement, reader, destination=destination, at=at, after=seq - 1, limit=1
            )
            return found[0] or None
        last = reading.head_for(connection, agreement, at, destination=destination, now=now)
        if not 1 <= seq <= last:
            return None
        if seq < at.oldest:
            raise reading.gone(at.oldest)
        stands = ledger.stands(connection, destination=destination, kind=at.kind)
        account = Account(destination, stands.taken if stands else 0)
        found_range = reading.read(
            hub,
            connection,
            registry,
            agreement,
            reader,
            at=at,
            after=seq - 1,
            last=seq,
            most=1,
            account=account,
            action="record.read",
        )
        return found_range.body or None


def acknowledge(hub: Hub, *, agreement: Agreement, seq: int) -> None:
    """Note that a reader has all up to a number; never goes back, and never beyond the head."""
    if seq <= 0:
        return
    now = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        destination = ledger.feed_of(connection, system_id=agreement.system_id, now=now)
        at = reading.head(connection, agreement.kind)
        if agreement.hides_numbers:
            ledger.delivered_own(connection, destination=destination, kind=at.kind, own=seq, now=now)
        else:
            ledger.delivered(connection, destination=destination, kind=at.kind, seq=seq, now=now)
