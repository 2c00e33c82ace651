"""Takes records out of the log for webhooks: one read of a range serves all destinations that stand near its beginning.

What is taken is written into the account in the same transaction, under the rights that hold in it (`writing.py`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, held_firm_all
from daumoi.exchange.ledger import Progress
from daumoi.exchange.matching import routes_of
from daumoi.exchange.reading import Head
from daumoi.exchange.selection import Account, Chosen, Party, choose_for_all
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import RECORDS_MAX
from daumoi.log import selectors as log
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE

NEAR = 4 * RECORDS_MAX
"""Destinations of a kind that stand within so many numbers of each other share one read."""
SCAN = 200_000
"""Numbers that one look passes over at most for a destination that stands alone and gets few of them."""
SILENT_S = 10.0
"""Seconds after which it is written down that nothing was given of some numbers."""
_QUOTA_S = 60.0
Under = tuple[int, int, frozenset[int] | None]


class Stand(NamedTuple):
    """A destination that may get further records of a kind."""

    destination: int
    receiver: int
    endpoint: Endpoint
    kind: int
    taken: int


class Silence(NamedTuple):
    """Up to where a destination was looked through without anything for it, under what, and since when."""

    upto: int
    under: Under
    since: float


@dataclass
class Memory:
    """What is known between looks, and forgotten with the process: it only spares work."""

    silent: dict[tuple[int, int], Silence] = field(default_factory=dict)
    waits_until: dict[tuple[int, int], float] = field(default_factory=dict)

    def position(self, stand: Stand) -> int:
        """Return up to which number a destination was looked through, as far as is known."""
        silence = self.silent.get((stand.destination, stand.kind))
        return stand.taken if silence is None else max(stand.taken, silence.upto)

    def is_long_silent(self, key: tuple[int, int], monotonic: float) -> bool:
        """Tell whether it is time to write down that nothing was given, also where nothing new comes."""
        silence = self.silent.get(key)
        return silence is not None and monotonic - silence.since >= SILENT_S


class Entitled(NamedTuple):
    """A destination of which the rights and the place are held in this transaction."""

    stand: Stand
    agreement: Agreement
    at: Progress
    left_today: int | None


class Found(NamedTuple):
    """What a destination gets of the numbers up to `upto`, which is all of them."""

    party: Entitled
    chosen: list[Chosen]
    upto: int


def under(agreement: Agreement) -> Under:
    """Name what decides which records are given."""
    return agreement.id, agreement.version, agreement.senders


def find(
    hub: Hub,
    connection: Connection,
    stands: Sequence[Stand],
    *,
    kind: str,
    after: int,
    memory: Memory,
    now: datetime,
    monotonic: float,
) -> tuple[Head, list[Found]]:
    """Find what comes next for destinations that stand near `after`; part of the caller's transaction, which writes it.

    `monotonic` are the seconds of a clock that only goes forward. Raises CallProblem gone_before where retention
    dropped records meanwhile: the next look passes over them.
    """
    parties = _held(connection, stands, kind=kind, now=now)
    at = reading.head(connection, kind)
    ready: list[tuple[Entitled, int]] = []
    for party in parties:
        if party.at.taken + 1 < at.oldest:
            _pass_over(connection, party, at, now=now)
        elif party.left_today == 0:
            memory.waits_until[party.stand.destination, at.kind] = monotonic + _QUOTA_S
        elif after <= (position := _position(memory, party)) <= after + NEAR:
            ready.append((party, position))
    # Asked of all: an agreement may have got a delay since those without one were put together.
    if len(ready) > 1 and all(shares_reads(kind, party.agreement.terms.delay_s) for party, _ in ready):
        found = _together(hub, connection, ready, at=at)
    else:
        found = [_alone(hub, connection, party, at=at, after=position, now=now) for party, position in ready]
    return at, _within_quotas(found)


def shares_reads(kind: str, delay_s: int) -> bool:
    """Tell whether a destination is served with others: not with a delay of its own, and not of changes of people."""
    return kind != IDENTITY_CHANGE and not delay_s


def _held(connection: Connection, stands: Sequence[Stand], *, kind: str, now: datetime) -> list[Entitled]:
    rights = held_firm_all(connection, system_ids=[each.receiver for each in stands], kind=kind, now=now)
    able = [each for each in stands if each.receiver in rights]
    places = ledger.progress_of_all(connection, destinations=[each.destination for each in able], kind=stands[0].kind)
    day = now.astimezone(VIET_NAM_TIME).date()
    return [
        Entitled(
            each,
            rights[each.receiver],
            places[each.destination],
            ledger.left_today(
                connection,
                agreement=rights[each.receiver].id,
                quota=rights[each.receiver].terms.records_per_day,
                day=day,
            ),
        )
        for each in able
        if each.destination in places
    ]


def _position(memory: Memory, party: Entitled) -> int:
    """Where to look on; what was looked through under another version is looked through again."""
    silence = memory.silent.get((party.stand.destination, party.stand.kind))
    if silence is None or silence.under != under(party.agreement) or silence.upto <= party.at.taken:
        memory.silent.pop((party.stand.destination, party.stand.kind), None)
        return party.at.taken
    return silence.upto


def _pass_over(connection: Connection, party: Entitled, at: Head, *, now: datetime) -> None:
    """Note that what retention has dropped was never taken."""
    days = log.days_between(connection, kind=at.kind, first=party.at.taken + 1, last=at.oldest - 1, now=now)
    key = (party.agreement.id, party.agreement.version)
    ledger.pass_over(connection, party.at, agreement=key, days=days, now=now)


def _together(hub: Hub, connection: Connection, ready: Sequence[tuple[Entitled, int]], *, at: Head) -> list[Found]:
    """Read once for all, from where the first stands."""
    begins = min(position for _, position in ready)
    last = min(at.seq, max(position for _, position in ready) + NEAR)
    rows = log.shown(connection, kind=at.kind, after=begins, last=last)
    if len(rows) < last - begins:
        raise reading.gone(reading.head(connection, ready[0][0].agreement.kind).oldest)
    parties = [
        Party(party.agreement, Account(party.stand.destination, party.at.taken), position) for party, position in ready
    ]
    routes = routes_of(tuple(party.agreement.matcher for party, _ in ready))
    chosen = choose_for_all(hub, connection, parties, rows, routes=routes, number=at.kind)
    return [_within(party, some, last) for (party, _), some in zip(ready, chosen, strict=True)]


def _within(party: Entitled, chosen: list[Chosen], last: int) -> Found:
    if len(chosen) <= RECORDS_MAX:
        return Found(party, chosen, last)
    return Found(party, chosen[:RECORDS_MAX], chosen[RECORDS_MAX - 1].row[0])


def _within_quotas(found: Sequence[Found]) -> list[Found]:
    """Cut what is given to what is left of each agreement's quota today; several ways out may share one."""
    spent: Counter[int] = Counter()
    kept: list[Found] = []
    for each in found:
        party, chosen, upto = each
        if party.left_today is not None:
            left = max(0, party.left_today - spent[party.agreement.id])
            if len(chosen) > left:
                chosen, upto = chosen[:left], chosen[left].row[0] - 1
            spent[party.agreement.id] += len(chosen)
        kept.append(Found(party, chosen, upto))
    return kept


def _alone(hub: Hub, connection: Connection, party: Entitled, *, at: Head, after: int, now: datetime) -> Found:
    """Read for one that is behind, or that has a delay or changes of people of its own."""
    agreement, destination = party.agreement, party.stand.destination
    last = min(reading.head_for(connection, agreement, at, destination=destination, now=now), after + SCAN)
    if last <= after:
        return Found(party, [], after)
    most = RECORDS_MAX if party.left_today is None else min(RECORDS_MAX, party.left_today)
    account = Account(destination, party.at.taken)
    chosen, upto = reading.chosen_of(
        hub, connection, agreement, at=at, after=after, last=last, most=most, account=account
    )
    return Found(party, chosen, upto)
