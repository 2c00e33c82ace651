"""Writes what was found for webhooks: into the account, and as messages, each of them the records of one stretch.

Where nothing is given the stretch is lengthened every ten seconds, not at every look.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from daumoi.audit.actors import Actor
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.ledger import AsSent, Draft, Taken
from daumoi.exchange.lines import BODY
from daumoi.exchange.reading import Head, Line, Portion, Reader
from daumoi.exchange.selection import Chosen
from daumoi.exchange.webhooks import messages
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import BODY_MAX_BYTES, Message
from daumoi.exchange.webhooks.taking import SCAN, SILENT_S, Entitled, Found, Memory, Silence, Stand, find, under
from daumoi.log import selectors as log
from daumoi.organisations.registry import Registry

_SQL = statements("daumoi.exchange", "webhooks")


class Outgoing(NamedTuple):
    """A message with its body, to be sent at once: the rights were asked a moment ago."""

    message: Message
    receiver: int
    endpoint: Endpoint
    kind: str
    body: bytes
    tells_of_people: bool
    again: AsSent | None = None
    """Of a further try: what of the stretch it does not hold, under the version that held when it was written."""


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
    """Take out what comes next for destinations that stand near `after`; returns what is to be sent.

    One transaction. Raises as `taking.find`.
    """
    now = hub.clock.now()
    with connection.transaction():
        at, found = find(hub, connection, stands, kind=kind, after=after, memory=memory, now=now, monotonic=monotonic)
        looked_at = [each for each in found if each.upto > each.party.at.taken]
        return _Writing(hub, connection, registry, at, now).write(looked_at, memory, monotonic) if looked_at else []


class _Part(NamedTuple):
    """Numbers of one day of receipt, and what is given of them."""

    party: Entitled
    chosen: Sequence[Chosen]
    draft: Draft


class _Writing:
    """One transaction of one kind."""

    def __init__(self, hub: Hub, connection: Connection, registry: Registry, at: Head, now: datetime) -> None:
        self._hub, self._connection, self._registry, self._at, self._now = hub, connection, registry, at, now

    def write(self, found: Sequence[Found], memory: Memory, monotonic: float) -> list[Outgoing]:
        days = self._days(found)
        given: list[_Part] = []
        silent: list[Found] = []
        for each in found:
            if not each.chosen:
                silent.append(each)
                continue
            # A stretch is of one day of receipt, so a message is too. The other days follow at the next look.
            first, last, day = _clipped(days, each.party.at.taken + 1, each.upto)[0]
            chosen = each.chosen if last == each.upto else [one for one in each.chosen if one.row[0] <= last]
            given.append(_Part(each.party, chosen, Draft(first, day, last)))
            memory.silent.pop((each.party.stand.destination, self._at.kind), None)
        self._be_silent(silent, days, memory, monotonic)
        return self._give(given) if given else []

    def _days(self, found: Sequence[Found]) -> list[tuple[int, int, date]]:
        """Divide all that was looked at by the day of receipt, once for all destinations."""
        first, last = min(each.party.at.taken + 1 for each in found), max(each.upto for each in found)
        return log.days_between(self._connection, kind=self._at.kind, first=first, last=last, now=self._now)

    def _give(self, parts: Sequence[_Part]) -> list[Outgoing]:
        full = [each for each in parts if each.chosen and not self._is_thin(each)]
        written = reading.render_all(
            self._hub,
            self._connection,
            self._registry,
            [self._portion(each) for each in full],
            kind=self._at.kind,
            action="webhook.send",
        )
        lines = {each.party.stand.destination: cut(some) for each, some in zip(full, written, strict=True)}
        outgoing = []
        for each in parts:
            made = self._message(each, lines.get(each.party.stand.destination))
            outgoing += [made] if made else []
        firsts = {each.message.destination: each.message.first_own for each in outgoing}
        taken = [
            Taken(
                each.party.at,
                (each.party.agreement.id, each.party.agreement.version),
                each.draft,
                firsts.get(each.party.stand.destination),
            )
            for each in parts
        ]
        ledger.write_all(self._connection, taken, kind=self._at.kind, now=self._now)
        with self._connection.cursor() as cursor:
            cursor.executemany(_SQL["note_messages"], [(*each.message[:-1], self._now) for each in outgoing])
        return outgoing

    def _is_thin(self, part: _Part) -> bool:
        return part.party.stand.endpoint.is_thin(part.party.agreement)

    def _portion(self, part: _Part) -> Portion:
        agreement, own, chosen = part.party.agreement, part.party.at.own_taken + 1, with_room(part.chosen)
        owns = range(own, own + len(chosen)) if agreement.hides_numbers else None
        reader = reader_of(self._registry, part.party.stand.receiver)
        return Portion(agreement, reader, chosen, (part.draft.first, chosen[-1].row[0]), owns)

    def _message(self, part: _Part, lines: Sequence[Line] | None) -> Outgoing | None:
        """Make the message of a stretch, None where it is empty; the draft is filled, and cut with the lines."""
        if not part.chosen:
            return None
        agreement, stand, draft = part.party.agreement, part.party.stand, part.draft
        if lines is None:
            for each in part.chosen:
                draft.count(left=each.left)
        else:
            if len(lines) < len(part.chosen):
                draft.last = lines[-1].seq
            for line in lines:
                draft.add(line.text, left=line.left)
        message = Message(
            stand.destination,
            self._at.kind,
            draft.first,
            draft.last,
            agreement.id,
            agreement.version,
            draft.records,
            part.party.at.own_taken + 1 if agreement.hides_numbers else None,
            self._now,
        )
        kind = agreement.kind
        if lines is None:
            return Outgoing(message, stand.receiver, stand.endpoint, kind, messages.thin(message, kind), False)
        body = messages.full(message, kind, [line.text for line in lines])
        return Outgoing(message, stand.receiver, stand.endpoint, kind, body, agreement.shows_people)

    def _be_silent(
        self, found: Sequence[Found], days: Sequence[tuple[int, int, date]], memory: Memory, monotonic: float
    ) -> None:
        """Remember that nothing was given, and write it down every ten seconds."""
        written = []
        for party, _, upto in found:
            key = (party.stand.destination, self._at.kind)
            before = memory.silent.get(key)
            since = monotonic if before is None else before.since
            memory.silent[key] = Silence(upto, under(party.agreement), since)
            if monotonic - since < SILENT_S and upto - party.at.taken < SCAN:
                continue
            drafts = [Draft(first, day, last) for first, last, day in _clipped(days, party.at.taken + 1, upto)]
            agreement = party.agreement
            ledger.write(
                self._connection,
                party.at,
                agreement=(agreement.id, agreement.version),
                drafts=drafts,
                now=self._now,
                counts_own=agreement.hides_numbers,
            )
            written.append(key)
            del memory.silent[key]
        if written:
            destinations, kinds = zip(*sorted(written), strict=True)
            values = {"destinations": list(destinations), "kinds": list(kinds), "at": self._now}
            self._connection.execute(_SQL["delivered_so_far"], values)


def _clipped(days: Sequence[tuple[int, int, date]], first: int, last: int) -> list[tuple[int, int, date]]:
    """Return the parts of a range, by day."""
    return [
        (max(begins, first), min(ends, last), day) for begins, ends, day in days if begins <= last and ends >= first
    ]


def with_room(chosen: Sequence[Chosen]) -> Sequence[Chosen]:
    """Return the first records whose facts alone a message has room for; one at least. The others are not written."""
    size = 0
    for place, each in enumerate(chosen):
        size += len(each.row[BODY] or "")
        if place and size > BODY_MAX_BYTES:
            return chosen[:place]
    return chosen


def cut(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the first lines that a message has room for; one at least."""
    size = 0
    for place, line in enumerate(lines):
        size += len(line.text)
        if place and size > BODY_MAX_BYTES:
            return lines[:place]
    return lines
