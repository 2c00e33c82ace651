"""Takes the records of closed days out of the log for a destination of files: only which they are, not what they say.

A day is taken in steps of a few thousand records, each a transaction of its own that holds the agreement firm; so who
suspends it waits for one step at most. When the last is done, the day stands in `export`, and its files can be written.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from daumoi.core.clock import VIET_NAM_TIME, midnight
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, held_firm
from daumoi.exchange.files.destinations import Destination
from daumoi.exchange.files.terms import closes_at, last_instant
from daumoi.exchange.ledger import Draft, Progress
from daumoi.exchange.reading import Head
from daumoi.exchange.selection import Account, Chosen
from daumoi.log import selectors as log

_SQL = statements("daumoi.exchange", "files")
STEP_RECORDS = 2000
"""Records of one stretch, and so of one transaction when they are written: half a second where identities are given."""
_STEP_NUMBERS = 100_000


class _Open(NamedTuple):
    """The part of a day that is taken next, and behind which number it begins."""

    day: date
    part: int
    after: int | None
    after_own: int


def take_closed(hub: Hub, connection: Connection, destination: Destination) -> int:
    """Take out all that is closed for a destination; returns how many days, or parts of days, can be written now."""
    done = 0
    # People last: a change of them waits until it is known in which of the records taken before they stand.
    kinds = [(row.kind, row.number) for row in log.heads(connection) if destination.wants(row.kind)]
    for kind, number in kinds:
        try:
            while (ended := _step(hub, connection, destination, kind, number)) is not None:
                done += ended
        except CallProblem as refused:
            if refused.code != "no_agreement":
                raise
    return done


def _step(hub: Hub, connection: Connection, destination: Destination, kind: str, number: int) -> bool | None:
    """Take one step; returns whether it ended a part of a day, or None when nothing is to be taken now."""
    with connection.transaction():
        now = hub.clock.now()
        agreement = held_firm(connection, system_id=destination.receiver, kind=kind, now=now)
        at = reading.head(connection, kind)
        open_ = _open(connection, destination, number)
        if now < closes_at(open_.day, destination.terms, delay_s=agreement.terms.delay_s):
            return None
        known = _stands(connection, destination, number, open_)
        first = known.begins_after if open_.after is None else open_.after
        ends = max(known.taken, log.numbers_at(connection, [last_instant(open_.day)])[number, last_instant(open_.day)])
        has_room = True
        if ends > known.taken:
            if reading.head_for(connection, agreement, at, destination=destination.id, now=now) < ends:
                return None
            known, has_room = _take(hub, connection, agreement, known, at, last=ends, now=now)
        if known.taken < ends:
            if has_room:
                return False
            if known.taken == first:
                return None
        values = {"destination": destination.id, "kind": number, "day": open_.day, "part": open_.part}
        values |= {"ends_day": known.taken >= ends, "first": first + 1, "last": known.taken}
        values |= {"first_own": open_.after_own + 1, "last_own": known.own_taken, "at": now}
        connection.execute(_SQL["taken"], values)
        return True


def _stands(connection: Connection, destination: Destination, kind: int, open_: _Open) -> Progress:
    """Return where the destination stands; its account begins with the first day it gets files of."""
    before = midnight(open_.day) - timedelta(microseconds=1)
    begins_after = log.numbers_at(connection, [before])[kind, before] if open_.after is None else open_.after
    return ledger.progress(connection, destination=destination.id, kind=kind, begins_after=begins_after)


def _open(connection: Connection, destination: Destination, kind: int) -> _Open:
    row = connection.execute(_SQL["last_export"], (destination.id, kind)).fetchone()
    if row is None:
        return _Open(destination.terms.begins_on, 1, None, 0)
    day, part, ends_day, last, last_own = row
    return _Open(day + timedelta(days=1), 1, last, last_own) if ends_day else _Open(day, part + 1, last, last_own)


def _take(
    hub: Hub, connection: Connection, agreement: Agreement, known: Progress, at: Head, *, last: int, now: datetime
) -> tuple[Progress, bool]:
    """Write the next stretches of a day; returns how far that is, and whether the quota has room for more."""
    under = (agreement.id, agreement.version)
    gone = min(at.oldest - 1, last)
    if gone > known.taken:
        days = log.days_between(connection, kind=at.kind, first=known.taken + 1, last=gone, now=now)
        known = ledger.pass_over(connection, known, agreement=under, days=days, now=now)
    today = now.astimezone(VIET_NAM_TIME).date()
    left = ledger.left_today(connection, agreement=agreement.id, quota=agreement.terms.records_per_day, day=today)
    most = STEP_RECORDS if left is None else min(STEP_RECORDS, left)
    if known.taken >= last or most == 0:
        return known, most > 0
    account = Account(known.destination, known.taken)
    until = min(last, known.taken + _STEP_NUMBERS)
    chosen, upto = reading.chosen_of(
        hub, connection, agreement, at=at, after=known.taken, last=until, most=most, account=account
    )
    days = log.days_between(connection, kind=at.kind, first=known.taken + 1, last=upto, now=now)
    drafts = _drafts(days, chosen)
    known = ledger.write(connection, known, agreement=under, drafts=drafts, now=now, counts_own=agreement.hides_numbers)
    return known, left is None or left > len(chosen)


def _drafts(days: Sequence[tuple[int, int, date]], chosen: Sequence[Chosen]) -> list[Draft]:
    """Divide what was chosen by the day of receipt; the hashes follow when the lines are written."""
    found = []
    for first, last, day in days:
        inside = [each for each in chosen if first <= each.row[0] <= last]
        found.append(Draft(first, day, last, len(inside), sum(each.left for each in inside), is_written=False))
    return found
