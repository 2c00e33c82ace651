"""Takes records out of the log for webhooks: one read of a range serves all destinations that stand before it.

What is taken is written into the account in the same transaction, under the rights that hold in it, and each message is
the records of one stretch. Where nothing is given the stretch is lengthened every ten seconds, not at every look.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from daumoi.audit.actors import Actor
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, held_firm_all
from daumoi.exchange.ledger import Draft, Progress, Taken
from daumoi.exchange.matching import Routes
from daumoi.exchange.reading import Head, Line, Reader
from daumoi.exchange.selection import Account, Chosen, Party, choose_for_all
from daumoi.exchange.webhooks import messages
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import BODY_MAX_BYTES, RECORDS_MAX, Message
from daumoi.log import selectors as log
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import Registry

SILENT_S = 10.0
"""Seconds after which it is written down that nothing was given of some numbers."""
_SCAN = 200_000
"""Numbers that one look passes over at most for a destination that stands alone and gets few of them."""
_QUOTA_S = 60.0
_SQL = statements("daumoi.exchange", "webhooks")
Under = tuple[int, int, frozenset[int] | None]


class Stand(NamedTuple):
    """A destination that may get further records of a kind."""

    destination: int
    receiver: int
    endpoint: Endpoint
    kind: int
    taken: int


class Outgoing(NamedTuple):
    """A message with its body, to be sent at once: the rights were asked a moment ago."""

    message: Message
    receiver: int
    endpoint: Endpoint
    kind: str
    body: bytes
    tells_of_people: bool


class _Silence(NamedTuple):
    """Up to where a destination was looked through without anything for it, under what, and since when."""

    upto: int
    under: Under
    since: float


@dataclass
class Memory:
    """What is known between looks, and forgotten with the process: it only spares work."""

    silent: dict[tuple[int, int], _Silence] = field(default_factory=dict)
    waits_until: dict[tuple[int, int], float] = field(default_factory=dict)
    routes: dict[tuple[Under, ...], Routes] = field(default_factory=dict)

    def position(self, stand: Stand) -> int:
        """Return up to which number a destination was looked through, as far as is known."""
        silence = self.silent.get((stand.destination, stand.kind))
        return stand.taken if silence is None else max(stand.taken, silence.upto)

    def is_long_silent(self, key: tuple[int, int], monotonic: float) -> bool:
        """Tell whether it is time to write down that nothing was given, also where nothing new comes."""
        silence = self.silent.get(key)
        return silence is not None and monotonic - silence.since >= SILENT_S

    def routes_of(self, agreements: Sequence[Agreement]) -> Routes:
        """Return the routes of several agreements, kept while none of them changes."""
        key = tuple(_under(each) for each in agreements)
        found = self.routes.get(key)
        if found is None:
            if len(self.routes) > 200:
                self.routes.clear()
            found = self.routes[key] = Routes([each.matcher for each in agreements])
        return found


class _Party(NamedTuple):
    """A destination of which the rights and the place are held in this transaction."""

    stand: Stand
    agreement: Agreement
    at: Progress
    left_today: int | None


def _under(agreement: Agreement) -> Under:
    return agreement.id, agreement.version, agreement.senders


def reader_of(registry: Registry, receiver: int) -> Reader:
    """Name the receiver as the audit log does."""
    system = registry.system(receiver)
    code, name = (system.code, system.name) if system else (str(receiver), "")
    return Reader(Actor(f"system:{code}", name, "partner_system", "webhook"))


def take(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    stands: Sequence[Stand],
    *,
    kind: str,
    after: int,
    memory: Memory,
    monotonic: float,
) -> list[Outgoing]:
    """Take out what comes behind `after` for destinations that stand there; returns what is to be sent.

    `monotonic` are the seconds of a clock that only goes forward. Raises CallProblem gone_before where retention
    dropped records meanwhile: the next look passes over them.
    """
    now = hub.clock.now()
    with connection.transaction():
        parties = _held(connection, stands, kind=kind, now=now)
        at = reading.head(connection, kind)
        ready = []
        for party in parties:
            if party.at.taken + 1 < at.oldest:
                _pass_over(connection, party, at, now=now)
            elif party.left_today == 0:
                memory.waits_until[party.stand.destination, at.kind] = monotonic + _QUOTA_S
            elif _position(memory, party) == after:
                ready.append(party)
        if not ready:
            return []
        # Asked of all: an agreement may have got a delay since those of one delay were put together.
        delays = any(each.agreement.terms.delay_s for each in ready)
        if len(ready) > 1 and kind != IDENTITY_CHANGE and not delays:
            found = _together(hub, connection, ready, at=at, after=after, memory=memory)
        else:
            found = [_alone(hub, connection, each, at=at, after=after, now=now) for each in ready]
        found = _within_quotas(ready, found)
        return _write(hub, connection, registry, ready, found, at=at, memory=memory, now=now, monotonic=monotonic)


def _held(connection: Connection, stands: Sequence[Stand], *, kind: str, now: datetime) -> list[_Party]:
    rights = held_firm_all(connection, system_ids=[each.receiver for each in stands], kind=kind, now=now)
    able = [each for each in stands if each.receiver in rights]
    places = ledger.progress_of_all(connection, destinations=[each.destination for each in able], kind=stands[0].kind)
    day = now.astimezone(VIET_NAM_TIME).date()
    return [
        _Party(
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


def _position(memory: Memory, party: _Party) -> int:
    """Where to look on; what was looked through under another version is looked through again."""
    silence = memory.silent.get((party.stand.destination, party.stand.kind))
    if silence is None or silence.under != _under(party.agreement) or silence.upto <= party.at.taken:
        memory.silent.pop((party.stand.destination, party.stand.kind), None)
        return party.at.taken
    return silence.upto


def _pass_over(connection: Connection, party: _Party, at: Head, *, now: datetime) -> None:
    """Note that what retention has dropped was never taken."""
    days = log.days_between(connection, kind=at.kind, first=party.at.taken + 1, last=at.oldest - 1, now=now)
    under = (party.agreement.id, party.agreement.version)
    ledger.pass_over(connection, party.at, agreement=under, days=days, now=now)


_Found = tuple[list[Chosen], int]


def _together(
    hub: Hub, connection: Connection, ready: Sequence[_Party], *, at: Head, after: int, memory: Memory
) -> list[_Found]:
    """Read once for all."""
    last = min(at.seq, after + RECORDS_MAX)
    rows = log.shown(connection, kind=at.kind, after=after, last=last)
    if len(rows) < last - after:
        raise reading.gone(reading.head(connection, ready[0].agreement.kind).oldest)
    parties = [Party(each.agreement, Account(each.stand.destination, each.at.taken)) for each in ready]
    routes = memory.routes_of([each.agreement for each in ready])
    chosen = choose_for_all(hub, connection, parties, rows, routes=routes, number=at.kind)
    return [(some, last) for some in chosen]


def _within_quotas(ready: Sequence[_Party], found: Sequence[_Found]) -> list[_Found]:
    """Cut what is given to what is left of each agreement's quota today; several ways out may share one."""
    spent: Counter[int] = Counter()
    kept: list[_Found] = []
    for party, (chosen, upto) in zip(ready, found, strict=True):
        if party.left_today is not None:
            left = max(0, party.left_today - spent[party.agreement.id])
            if len(chosen) > left:
                chosen, upto = chosen[:left], chosen[left].row[0] - 1
            spent[party.agreement.id] += len(chosen)
        kept.append((chosen, upto))
    return kept


def _alone(hub: Hub, connection: Connection, party: _Party, *, at: Head, after: int, now: datetime) -> _Found:
    """Read for one that is behind, or that has a delay or changes of people of its own."""
    agreement, destination = party.agreement, party.stand.destination
    last = min(reading.head_for(connection, agreement, at, destination=destination, now=now), after + _SCAN)
    if last <= after:
        return [], after
    most = RECORDS_MAX if party.left_today is None else min(RECORDS_MAX, party.left_today)
    account = Account(destination, party.at.taken)
    return reading.chosen_of(hub, connection, agreement, at=at, after=after, last=last, most=most, account=account)


def _write(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    ready: Sequence[_Party],
    found: Sequence[_Found],
    *,
    at: Head,
    memory: Memory,
    now: datetime,
    monotonic: float,
) -> list[Outgoing]:
    days = _Days(connection, at.kind, now)
    taken: list[Taken] = []
    outgoing: list[Outgoing] = []
    for party, (chosen, upto) in zip(ready, found, strict=True):
        first, key = party.at.taken + 1, (party.stand.destination, at.kind)
        if upto < first:
            continue
        parts = days.of(first, upto)
        if not chosen:
            _be_silent(connection, memory, party, key, upto, parts, now=now, monotonic=monotonic)
            continue
        if len(parts) > 1:
            # A stretch is of one day of receipt, so a message is too. The other days follow at the next look.
            upto = parts[0][1]
            chosen = [each for each in chosen if each.row[0] <= upto]
        memory.silent.pop(key, None)
        draft = Draft(first, parts[0][2], upto)
        made = _message(hub, connection, registry, party, chosen, draft, at=at, now=now)
        own = made.message.first_own if made else None
        taken.append(Taken(party.at, (party.agreement.id, party.agreement.version), draft, own))
        if made is not None:
            outgoing.append(made)
    if taken:
        ledger.write_all(connection, taken, kind=at.kind, now=now)
    if outgoing:
        with connection.cursor() as cursor:
            rows = [(*each.message[:-1], now) for each in outgoing]
            cursor.executemany(_SQL["note_messages"], rows)
    return outgoing


def _message(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    party: _Party,
    chosen: Sequence[Chosen],
    draft: Draft,
    *,
    at: Head,
    now: datetime,
) -> Outgoing | None:
    """Make the message of a stretch, None where it is empty; the draft is filled, and cut where lines are too long."""
    if not chosen:
        return None
    agreement, stand = party.agreement, party.stand
    own = party.at.own_taken + 1 if agreement.hides_numbers else None
    is_thin = stand.endpoint.is_thin(agreement)
    lines: list[Line] = []
    if is_thin:
        for each in chosen:
            draft.count(left=each.left)
    else:
        lines = reading.render(
            hub,
            connection,
            registry,
            agreement,
            reader_of(registry, stand.receiver),
            chosen,
            kind=at.kind,
            action="webhook.send",
            span=(draft.first, draft.last),
            owns=None if own is None else range(own, own + len(chosen)),
        )
        kept = cut(lines)
        if len(kept) < len(lines):
            lines, draft.last = kept, kept[-1].seq
        for line in lines:
            draft.add(line.text, left=line.left)
    message = Message(
        stand.destination,
        at.kind,
        draft.first,
        draft.last,
        agreement.id,
        agreement.version,
        draft.records,
        own,
        now,
    )
    kind = agreement.kind
    body = messages.thin(message, kind) if is_thin else messages.full(message, kind, [line.text for line in lines])
    return Outgoing(message, stand.receiver, stand.endpoint, kind, body, not is_thin and agreement.shows_people)


def cut(lines: Sequence[Line]) -> list[Line]:
    """Return the first lines that a message has room for; one at least."""
    size = 0
    kept: list[Line] = []
    for line in lines:
        size += len(line.text)
        if kept and size > BODY_MAX_BYTES:
            break
        kept.append(line)
    return kept


def _be_silent(
    connection: Connection,
    memory: Memory,
    party: _Party,
    key: tuple[int, int],
    upto: int,
    parts: Sequence[tuple[int, int, date]],
    *,
    now: datetime,
    monotonic: float,
) -> None:
    """Remember that nothing was given, and write it down every ten seconds."""
    before = memory.silent.get(key)
    since = monotonic if before is None else before.since
    memory.silent[key] = _Silence(upto, _under(party.agreement), since)
    if monotonic - since < SILENT_S and upto - party.at.taken < _SCAN:
        return
    drafts = [Draft(first, day, last) for first, last, day in parts]
    under = (party.agreement.id, party.agreement.version)
    ledger.write(
        connection, party.at, agreement=under, drafts=drafts, now=now, counts_own=party.agreement.hides_numbers
    )
    values = {"destinations": [key[0]], "kinds": [key[1]], "at": now}
    connection.execute(_SQL["delivered_so_far"], values)
    del memory.silent[key]


class _Days:
    """Days of receipt of ranges that end alike, each asked once."""

    def __init__(self, connection: Connection, kind: int, now: datetime) -> None:
        self._connection, self._kind, self._now = connection, kind, now
        self._known: dict[tuple[int, int], list[tuple[int, int, date]]] = {}

    def of(self, first: int, last: int) -> list[tuple[int, int, date]]:
        found = self._known.get((first, last))
        if found is None:
            found = log.days_between(self._connection, kind=self._kind, first=first, last=last, now=self._now)
            self._known[first, last] = found
        return found
