"""Where a record came from and where it went: worked out from receipts, submissions and stretches when it is asked.

Its sender learns to whom it went as far as the agreements allow: those with its own organisation by name, the others by
their number. A receiver learns of its own deliveries alone. The operator of the hub sees all.
"""

import sys
from datetime import date, datetime
from hashlib import sha256
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, versions
from daumoi.exchange.deliveries import hides_numbers
from daumoi.exchange.ledger import Stretch
from daumoi.exchange.reading import Head, Reader
from daumoi.exchange.selection import Account, Chosen
from daumoi.intake import held_groups
from daumoi.log import selectors as log
from daumoi.log.entries import Op, receipt_key
from daumoi.log.selectors import ShownRow
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

_SQL = statements("daumoi.exchange", "deliveries")
State = Literal["delivered", "waiting", "failed", "passed_over"]
Check = Literal["same", "changed", "gone"]


class Came(msgspec.Struct, frozen=True):
    """A submission the record may have come with; several where bodies were sent at once."""

    submission_id: UUID
    at: datetime


class Change(msgspec.Struct, frozen=True):
    """One revision of the record; of what retention has dropped only the number is known."""

    seq: int
    revision: int
    op: str | None
    received_at: datetime | None


class Went(msgspec.Struct, frozen=True, omit_defaults=True):
    """One delivery of the record, and its place in what was delivered with it."""

    receiver: str
    way: str
    name: str
    agreement: int
    version: int
    op: str
    """As what it went: assert, correct, or withdraw, also where it left what the agreement gives."""
    state: State
    day: date
    taken_at: datetime
    first: int
    last: int
    place: int
    """The first record of the stretch has place 1."""
    records: int | None
    digest: str | None
    check: Check | None = None
    """When asked for: whether the lines, written again from the log, have the digest they were sent with. `changed`
    also where people were joined or erased since, for then a line says something else today."""


class Lineage(msgspec.Struct, frozen=True):
    """All that is known of one record's way."""

    kind: str
    seq: int
    id: str | None
    """None for a receiver with numbers of its own."""
    system: str | None
    received_at: datetime
    submissions: list[Came]
    mended_from: UUID | None
    """The held row it was mended from, while that is kept."""
    revisions: list[Change]
    deliveries: list[Went]
    other_receivers: int
    """Receivers it went to that the asker is not told of by name."""


class _Held(NamedTuple):
    destination: int
    receiver: int
    way: str
    name: str
    delivered: int
    own_delivered: int
    taken: int
    stretch: Stretch
    provider: int | None


def of_record(
    hub: Hub, *, kind: str, seq: int, asker: int | None, reader: Reader, check: bool = False
) -> Lineage | None:
    """Return the lineage of a record; None where there is none that the asker may know of.

    `asker` is a system, by whose own numbers `seq` counts where it has them; None: the operator, who sees all. Raises
    CallProblem unknown_kind, gone_before. A check writes lines of people again, and so a line of the audit log.
    """
    with hub.pool.connection() as connection, connection.transaction():
        at = reading.head(connection, kind)
        known = registry.load(connection)
        shows_own = asker is not None and hides_numbers(connection, system_id=asker, kind=kind)
        if asker is not None and shows_own:
            if (found := _of_own(hub, connection, kind, at, asker, seq)) is None:
                return None
            log_seq, shown_seq = found, seq
        else:
            log_seq = shown_seq = seq
        if not 1 <= log_seq <= at.seq:
            return None
        if log_seq < at.oldest:
            raise reading.gone(at.oldest)
        row = log.shown(connection, kind=at.kind, after=log_seq - 1, last=log_seq)[0]
        is_sender = asker is None or row[2] == asker
        ways = _Ways(hub, connection, known, kind, at, row, reader, check)
        went, others = ways.of(asker, is_sender=is_sender)
        if not is_sender and not went:
            return None
        return _told(
            hub, connection, known, kind, at, row, shown_seq, went, others, is_sender=is_sender, shows_own=shows_own
        )


def _told(
    hub: Hub,
    connection: Connection,
    known: Registry,
    kind: str,
    at: Head,
    row: ShownRow,
    seq: int,
    went: list[Went],
    others: int,
    *,
    is_sender: bool,
    shows_own: bool,
) -> Lineage:
    came: list[Came] = []
    changes: list[Change] = []
    mended = None
    if is_sender:
        found = held_groups.submissions_of_record(connection, system_id=row[2], kind=at.kind, seq=row[0])
        came = [Came(each.id, each.created_at) for each in found]
        mended = held_groups.mending_of_record(connection, kind=at.kind, seq=row[0])
        key = receipt_key(hub.keys, system_id=row[2], kind=at.kind, ref=row[3])
        changes = [
            Change(number, revision, Op(op).word if op else None, received)
            for number, revision, op, received in connection.execute(_SQL["history"], (at.kind, key))
        ]
    sender = known.system(row[2])
    received_at = msgspec.json.decode(row[14], type=datetime)
    id_ = None if shows_own else row[1]
    return Lineage(
        kind,
        seq,
        id_,
        sender.code if sender else None,
        received_at,
        came,
        mended.held_id if mended else None,
        changes,
        went,
        others,
    )


def deliveries_of(
    hub: Hub, connection: Connection, known: Registry, *, kind: str, at: Head, seq: int, reader: Reader
) -> list[Went]:
    """Return every delivery of one record that is kept, to whomever."""
    row = log.shown(connection, kind=at.kind, after=seq - 1, last=seq)[0]
    return _Ways(hub, connection, known, kind, at, row, reader, False).of(None, is_sender=True)[0]


class _Ways:
    """The deliveries of one record."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        known: Registry,
        kind: str,
        at: Head,
        row: ShownRow,
        reader: Reader,
        check: bool,
    ) -> None:
        self._hub, self._connection, self._known, self._kind = hub, connection, known, kind
        self._at, self._row, self._reader, self._check = at, row, reader, check

    def of(self, asker: int | None, *, is_sender: bool) -> tuple[list[Went], int]:
        """Return what an asker is told: deliveries, and how many receivers are only counted."""
        own = None
        if asker is not None and is_sender:
            row = self._connection.execute(_SQL["organisation_of"], (asker,)).fetchone()
            own = row[0] if row else None
        told: list[Went] = []
        others: set[int] = set()
        for held in self._holding(None if is_sender else asker):
            if (went := self._went(held, shows_own=held.receiver == asker)) is None:
                continue
            if asker is None or held.receiver == asker or (own is not None and held.provider == own):
                told.append(went)
            else:
                others.add(held.receiver)
        return told, len(others)

    def _holding(self, receiver: int | None) -> list[_Held]:
        values = {"kind": self._at.kind, "seq": self._row[0], "receiver": receiver}
        rows = self._connection.execute(_SQL["holding"], values).fetchall()
        return [
            _Held(id_, receiver, way, name, delivered, own, taken, Stretch(*stretch), provider)
            for id_, receiver, way, name, delivered, own, taken, *stretch, provider in rows
        ]

    def _went(self, held: _Held, *, shows_own: bool) -> Went | None:
        stretch = held.stretch
        key = (stretch.agreement, stretch.version)
        under = versions(self._connection, [key], kind=self._kind)[key]
        given = _chosen(self._hub, self._connection, under, self._at, stretch, held, upto=self._row[0])
        if not given or given[-1].row[0] != self._row[0]:
            return None
        receiver = self._known.system(held.receiver)
        first, last = stretch.first, stretch.last
        if shows_own and stretch.first_own is not None and stretch.records is not None:
            first, last = stretch.first_own, stretch.first_own + stretch.records - 1
        return Went(
            receiver.code if receiver else "",
            held.way,
            held.name,
            *key,
            "withdraw" if given[-1].left else Op(self._row[5]).word,
            _state(held, self._row[0], len(given)),
            stretch.day,
            stretch.taken_at,
            first,
            last,
            len(given),
            stretch.records,
            stretch.digest.hex() if stretch.digest is not None else None,
            self._checked(under, held) if self._check and stretch.digest is not None else None,
        )

    def _checked(self, under: Agreement, held: _Held) -> Check:
        """Write the stretch again from the log, and compare."""
        stretch = held.stretch
        try:
            lines = reading.read(
                self._hub,
                self._connection,
                self._known,
                under,
                self._reader,
                at=self._at,
                after=stretch.first - 1,
                last=stretch.last,
                most=sys.maxsize,
                account=Account(held.destination, held.taken),
                action="delivery.check",
                first_own=stretch.first_own,
            )
        except CallProblem as problem:
            if problem.code != "gone_before":
                raise
            return "gone"
        return "same" if sha256(lines.body).digest() == stretch.digest else "changed"


def _chosen(
    hub: Hub, connection: Connection, under: Agreement, at: Head, stretch: Stretch, held: _Held, *, upto: int
) -> list[Chosen]:
    """Return what a stretch gave up to a number."""
    first = max(stretch.first, at.oldest)
    account = Account(held.destination, held.taken)
    if under.gives_all:
        # All of them: one row tells what is asked, and the places before it follow from the numbers.
        rows = log.shown(connection, kind=at.kind, after=upto - 1, last=upto)
        return [Chosen(rows[0], False)] * (upto - first + 1)
    return reading.chosen_of(
        hub, connection, under, at=at, after=first - 1, last=upto, most=sys.maxsize, account=account
    )[0]


def _state(held: _Held, seq: int, place: int) -> State:
    stretch = held.stretch
    if stretch.records is None:
        return "passed_over"
    if stretch.failed_at is not None:
        return "failed"
    own = stretch.first_own is not None and stretch.first_own + place - 1 <= held.own_delivered
    return "delivered" if own or seq <= held.delivered else "waiting"


def _of_own(hub: Hub, connection: Connection, kind: str, at: Head, asker: int, own: int) -> int | None:
    """Return the number in the log of a record that the asker knows by a number of its own."""
    row = connection.execute("SELECT id FROM destination WHERE receiver = %s AND way = 'feed'", (asker,)).fetchone()
    stands = ledger.stands(connection, destination=row[0], kind=at.kind) if row else None
    if stands is None or not 1 <= own <= stands.own_taken:
        return None
    stretch = ledger.of_own(connection, destination=stands.destination, kind=at.kind, own=own - 1)
    if stretch is None or stretch.first_own is None:
        return None
    if stretch.first < at.oldest:
        raise reading.gone(at.oldest)
    key = (stretch.agreement, stretch.version)
    under = versions(connection, [key], kind=kind)[key]
    given, _ = reading.chosen_of(
        hub,
        connection,
        under,
        at=at,
        after=stretch.first - 1,
        last=stretch.last,
        most=own - stretch.first_own + 1,
        account=Account(stands.destination, stands.taken),
    )
    place = own - stretch.first_own
    return given[place].row[0] if place < len(given) else None
