"""Reads a range of the log for one destination, chooses what it gets, and writes its lines: for every way out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from daumoi.areas.unit import BEFORE
from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.services import Read
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.reading import Reading
from daumoi.exchange import ledger
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.ledger import Draft, Progress
from daumoi.exchange.lines import SUBJECT, Scribe
from daumoi.exchange.selection import Account, Chosen, choose, people_settled
from daumoi.log import selectors as log
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import ShownRow
from daumoi.organisations.registry import Registry
from daumoi.people.selectors import ClaimView, claims

READ_ROWS = 1000
_WINDOW = 50_000
"""Numbers that one query passes over at most, for an agreement that gives few of them."""


class Reader(NamedTuple):
    """Who reads, as the audit log names it, and why. Records of people cannot be read without one."""

    by: Actor
    purpose: str = "data_sharing"
    reason: str = ""


class Line(NamedTuple):
    """One record as it is given: its number in the log, its line, and whether it is taken back by it."""

    seq: int
    text: bytes
    left: bool


class Range(NamedTuple):
    """What was read: lines of all that is given behind `after` up to `last`."""

    after: int
    last: int
    lines: list[Line]

    @property
    def body(self) -> bytes:
        """The lines together."""
        return b"".join(line.text for line in self.lines)


class Head(NamedTuple):
    """Where a kind stands: its number, its newest and its oldest record."""

    kind: int
    seq: int
    oldest: int


def head(connection: Connection, kind: str) -> Head:
    """Return where a kind stands; raises CallProblem unknown_kind."""
    row = connection.execute("SELECT kind, seq, oldest FROM head WHERE name = %s", (kind,)).fetchone()
    if row is None:
        raise CallProblem("unknown_kind")
    return Head(*row)


def gone(oldest: int) -> CallProblem:
    """Say that numbers are no longer kept, and where to go on."""
    detail = f"Numbers below {oldest} are no longer kept. Go on with after={oldest - 1}."
    return CallProblem("gone_before", detail, headers={"Daumoi-Oldest": str(oldest)})


def head_for(connection: Connection, agreement: Agreement, at: Head, *, destination: int | None, now: datetime) -> int:
    """Return up to which number an agreement gives records now: its delay, and what is known of people, hold some back.

    A change of people waits until it is known in which records they stand, a second at most.
    """
    waits = agreement.kind == IDENTITY_CHANGE and destination is not None and not agreement.gives_all
    if waits and destination is not None and not people_settled(connection, destination=destination):
        return 0
    if not agreement.terms.delay_s:
        return at.seq
    until = now - timedelta(seconds=agreement.terms.delay_s)
    return log.numbers_at(connection, [until])[at.kind, until]


def read(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reader: Reader,
    *,
    at: Head,
    after: int,
    last: int,
    most: int,
    account: Account | None,
    action: str,
    first_own: int | None = None,
) -> Range:
    """Return what an agreement gives of the numbers after < seq ≤ last, at most `most` lines.

    Raises CallProblem gone_before. What tells of people is one line of the audit log, in the transaction of the caller:
    nothing may leave before it is committed. `first_own`: number of the first line where the receiver has its own.
    """
    chosen, upto = chosen_of(hub, connection, agreement, at=at, after=after, last=last, most=most, account=account)
    owns = None if first_own is None else range(first_own, first_own + len(chosen))
    portion = Portion(agreement, reader, chosen, (after + 1, upto), owns)
    lines = render(hub, connection, registry, portion, kind=at.kind, action=action)
    return Range(after, upto, lines)


def chosen_of(
    hub: Hub,
    connection: Connection,
    agreement: Agreement,
    *,
    at: Head,
    after: int,
    last: int,
    most: int,
    account: Account | None,
) -> tuple[list[Chosen], int]:
    """Return what an agreement gives of a range, at most `most` records, and up to which number that is all."""
    found: list[Chosen] = []
    upto = after
    while upto < last and len(found) < most:
        room = most - len(found)
        rows, until = _rows(connection, agreement, at=at, after=upto, last=last, room=room)
        some = choose(hub, connection, agreement, rows, account=account, number=at.kind)
        if len(some) > room:
            some = some[:room]
            until = some[-1].row[0]
        found += some
        upto = until
    return found, upto


def _rows(
    connection: Connection, agreement: Agreement, *, at: Head, after: int, last: int, room: int
) -> tuple[list[ShownRow], int]:
    """Read the next rows that may be given, and up to which number all that may be are among them."""
    if agreement.gives_all or agreement.kind == IDENTITY_CHANGE:
        until = min(last, after + min(READ_ROWS, room) if agreement.gives_all else after + READ_ROWS)
        rows = log.shown(connection, kind=at.kind, after=after, last=until)
        if len(rows) < until - after:
            # Numbers are dense: what is missing was dropped after the head was read.
            raise gone(head(connection, agreement.kind).oldest)
        return rows, until
    until = min(last, after + _WINDOW)
    scheme = BEFORE if any(area.scheme == BEFORE for area in agreement.terms.areas) else None
    rows = log.shown_within(
        connection, agreement.matcher.scope, kind=at.kind, after=after, last=until, scheme=scheme, limit=READ_ROWS
    )
    oldest = head(connection, agreement.kind).oldest
    if oldest > after + 1:
        raise gone(oldest)
    return rows, rows[-1][0] if len(rows) == READ_ROWS else until


class Portion(NamedTuple):
    """What one destination is to be given, who reads, and between which numbers it was looked at."""

    agreement: Agreement
    reader: Reader
    chosen: Sequence[Chosen]
    span: tuple[int, int]
    owns: Sequence[int] | None = None
    """Their numbers for this receiver, where the agreement gives none of the log."""


def render(
    hub: Hub, connection: Connection, registry: Registry, portion: Portion, *, kind: int, action: str
) -> list[Line]:
    """Write records as lines; who reads is written to the audit log before people are looked up."""
    return render_all(hub, connection, registry, [portion], kind=kind, action=action)[0]


def render_all(
    hub: Hub, connection: Connection, registry: Registry, portions: Sequence[Portion], *, kind: int, action: str
) -> list[list[Line]]:
    """Write the records of several destinations as lines; people are looked up once for all of them.

    `kind` is the number of the kind, which is the same for all. Raises CallProblem gone_before. Each destination that
    is shown people is a line of the audit log, written before they are looked up.
    """
    shows = [each for each in portions if each.chosen and each.agreement.shows_people]
    readings = audit.read_all(
        connection, at=hub.clock.now(), action=action, reads=[_read(each, action) for each in shows]
    )
    people = _People.of(hub, connection, shows, kind=kind, readings=readings)
    return [_lines(hub, registry, each, people, kind=kind) for each in portions]


def _lines(hub: Hub, registry: Registry, portion: Portion, people: "_People", *, kind: int) -> list[Line]:
    agreement, owns = portion.agreement, portion.owns
    views, sealed, others = people.shown_to(agreement)
    line = Scribe(hub, registry, agreement, agreement.kind, kind, views, sealed).line
    return [
        Line(
            row[0],
            line(row, others.get(row[0], ()), left=left, own=None if owns is None else owns[place]).encode(),
            left,
        )
        for place, (row, left) in enumerate(portion.chosen)
    ]


_Others = Mapping[int, list[tuple[int, int]]]


class _People(NamedTuple):
    """Who stands in some records, as far as somebody is shown it."""

    others: _Others
    named: Mapping[int, ClaimView]
    """With identities, for those who are given them."""
    sealed: Mapping[int, bytes]
    numbered: Mapping[int, ClaimView]
    """Without, for those who see pseudonyms."""

    @classmethod
    def of(
        cls, hub: Hub, connection: Connection, portions: Sequence[Portion], *, kind: int, readings: Sequence[Reading]
    ) -> "_People":
        by_identity: dict[bool, dict[int, ShownRow]] = {True: {}, False: {}}
        for portion in portions:
            rows = by_identity[portion.agreement.gives_identity]
            rows.update((row[0], row) for row, left in portion.chosen if not left)
        numbers = sorted(by_identity[True].keys() | by_identity[False].keys())
        if not numbers:
            return cls({}, {}, {}, {})
        # They are all written; which of them is shown to whoever looks here makes no difference.
        reading = readings[0]
        others = _others(connection, kind, numbers)
        named, numbered = (
            claims(connection, hub.keys, _claims_in(rows, others), reading=reading, identity=identity)
            for identity, rows in by_identity.items()
        )
        given = sorted(by_identity[True])
        sealed = log.sealed(connection, kind=kind, numbers=given, reading=reading) if given else {}
        oldest = head(connection, portions[0].agreement.kind).oldest
        if oldest > numbers[0]:
            # What stands beside records goes after they were dropped: it may be gone by now.
            raise gone(oldest)
        return cls(others, named, sealed, numbered)

    def shown_to(self, agreement: Agreement) -> tuple[Mapping[int, ClaimView], Mapping[int, bytes], _Others]:
        """Return what a receiver is shown of them: claims, sealed values, the other people of records."""
        if not agreement.shows_people:
            return {}, {}, {}
        return (self.named, self.sealed, self.others) if agreement.gives_identity else (self.numbered, {}, self.others)


def _claims_in(rows: Mapping[int, ShownRow], others: _Others) -> set[int]:
    found = {row[SUBJECT] for row in rows.values() if row[SUBJECT] is not None}
    return found | {claim for seq in rows.keys() & others.keys() for _, claim in others[seq]}


def _others(connection: Connection, kind: int, numbers: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Return the other people of records, by number: (role, claim) in their order."""
    others: dict[int, list[tuple[int, int]]] = {}
    for seq, role, _, claim in log.persons_of(connection, kind=kind, numbers=numbers):
        others.setdefault(seq, []).append((role, claim))
    return others


def _read(portion: Portion, action: str) -> Read:
    said = f"{action.partition('.')[0]}, identity {portion.agreement.terms.identity}"
    reader = portion.reader
    return Read(reader.by, Subject(said, portion.agreement.kind, *portion.span), reader.purpose, reader.reason)


def enter(
    connection: Connection,
    agreement: Agreement,
    known: Progress,
    found: Range,
    *,
    now: datetime,
    counts_own: bool = False,
) -> Progress:
    """Write into the account what goes out for the first time, and return where the destination stands then.

    What it jumped over, by itself or because it is no longer kept, is noted as passed over. `known` is held by the
    transaction of the caller.
    """
    under = (agreement.id, agreement.version)
    jumped_to = min(found.after, found.last)
    if jumped_to > known.taken:
        jumped = log.days_between(connection, kind=known.kind, first=known.taken + 1, last=jumped_to, now=now)
        known = ledger.pass_over(connection, known, agreement=under, days=jumped, now=now)
    if found.last <= known.taken:
        return known
    days = log.days_between(connection, kind=known.kind, first=known.taken + 1, last=found.last, now=now)
    drafts = drafts_of(days, [line for line in found.lines if line.seq > known.taken])
    return ledger.write(connection, known, agreement=under, drafts=drafts, now=now, counts_own=counts_own)


def drafts_of(days: Sequence[tuple[int, int, object]], lines: Sequence[Line]) -> list[Draft]:
    """Divide lines by the day of receipt, as the account keeps them; `days` are (first, last, day) without a gap."""
    found: list[Draft] = []
    at = 0
    for first, last, day in days:
        draft = Draft(first, day, last)  # type: ignore[arg-type]
        while at < len(lines) and lines[at].seq <= last:
            draft.add(lines[at].text, left=lines[at].left)
            at += 1
        found.append(draft)
    return found
