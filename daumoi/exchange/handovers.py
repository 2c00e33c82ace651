"""To whom records were handed over, as what, and what became of it: worked out from the stretches that hold them.

Read for some records of one kind at once: their stretches and the versions these name are two statements, however many
records and ways out there are. A way out asks for three more where earlier revisions decide on corrections and
withdrawals; the place of a record in a stretch that gave only some is looked up when it is asked for.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange import reading
from daumoi.exchange.agreements import Agreement, versions
from daumoi.exchange.ledger import Stretch
from daumoi.exchange.reading import Head, Portion, Reader
from daumoi.exchange.selection import Account, Chosen, choose, sent_now
from daumoi.log.entries import Op
from daumoi.log.identity_change import KIND_NUMBER as IDENTITY_CHANGE_NUMBER
from daumoi.log.selectors import ShownRow
from daumoi.organisations.registry import Registry

_SQL = statements("daumoi.exchange", "deliveries")
State = Literal["delivered", "waiting", "failed", "passed_over", "withheld"]
"""`withheld`: taken out, and not sent, because a later version gave it no more."""
Check = Literal["same", "changed", "gone"]


NOT_GIVEN: frozenset[State] = frozenset({"passed_over", "withheld"})
"""States in which nothing of the record went to a receiver."""


class Handover(msgspec.Struct, frozen=True):
    """One handing over of a record to a receiver."""

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


class Went(Handover, frozen=True, omit_defaults=True):
    """One delivery of the record, and its place in what was delivered with it."""

    first: int
    last: int
    place: int
    """The first record of the stretch has place 1."""
    records: int | None
    digest: str | None
    check: Check | None = None
    """When asked for: whether the lines, written again from the log, have the digest they were sent with. `changed`
    also where people were joined or erased since, for then a line says something else today."""


def receivers_of(handovers: Iterable[Handover]) -> int:
    """Count those it went to; what a receiver passed over was never taken out for it."""
    return len({each.receiver for each in handovers if each.state not in NOT_GIVEN})


class Holding(NamedTuple):
    """A stretch of a way out that holds a record."""

    seq: int
    destination: int
    receiver: int
    way: str
    name: str
    delivered: int
    own_delivered: int
    taken: int
    stretch: Stretch
    provider: int | None


class Handovers:
    """What the account says of some records of one kind."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        known: Registry,
        rows: Iterable[ShownRow],
        *,
        kind: str,
        at: Head,
        receiver: int | None = None,
    ) -> None:
        """Read the stretches that hold them; those of one receiver alone, if it is named."""
        self._hub, self._connection, self._known, self._at = hub, connection, known, at
        self._rows: dict[int, ShownRow] = {row[0]: row for row in rows}
        held = self._read(receiver)
        named = {(each.stretch.agreement, each.stretch.version) for each in held}
        named |= {each.stretch.sent_under for each in held if each.stretch.sent_under is not None}
        self._under = versions(connection, named, kind=kind)
        self._withheld: set[tuple[int, int]] = set()
        self._left: dict[tuple[int, int], bool] = {}
        """By way out and record that was given: whether it went as a withdrawal because it left the agreement."""
        self._held = self._given(held)
        self._places: dict[tuple[int, int], int] = {}

    def held(self, seq: int) -> Sequence[Holding]:
        """Return the stretches that hold a record and gave it, by way out."""
        return self._held.get(seq, ())

    def handover(self, held: Holding) -> Handover:
        """Return as what a record went by a way out."""
        stretch = held.stretch
        return Handover(
            self._code(held),
            held.way,
            held.name,
            stretch.agreement,
            stretch.version,
            self._op(held),
            self._state(held),
            stretch.day,
            stretch.taken_at,
        )

    def went(self, held: Holding, *, reader: Reader, check: bool, shows_own: bool) -> Went:
        """Return the same with its place in the stretch; the reader is told to the audit log for a check."""
        stretch = held.stretch
        first, last = stretch.first, stretch.last
        if shows_own and stretch.first_own is not None and stretch.records is not None:
            first, last = stretch.first_own, stretch.first_own + stretch.records - 1
        return Went(
            **msgspec.structs.asdict(self.handover(held)),
            first=first,
            last=last,
            place=self._place(held),
            records=None if stretch.records is None else stretch.records - stretch.withheld,
            digest=stretch.digest.hex() if stretch.digest is not None else None,
            check=self._checked(held, reader) if check and stretch.digest is not None else None,
        )

    def _read(self, receiver: int | None) -> list[Holding]:
        values = {"kind": self._at.kind, "numbers": list(self._rows), "receiver": receiver}
        rows = self._connection.execute(_SQL["holding"], values).fetchall()
        return [
            Holding(seq, id_, system, way, name, delivered, own, taken, Stretch(*stretch), provider)
            for seq, id_, system, way, name, delivered, own, taken, *stretch, provider in rows
        ]

    def _version(self, held: Holding) -> Agreement:
        return self._under[held.stretch.agreement, held.stretch.version]

    def _code(self, held: Holding) -> str:
        receiver = self._known.system(held.receiver)
        return receiver.code if receiver else ""

    def _op(self, held: Holding) -> str:
        return "withdraw" if self._left[held.destination, held.seq] else Op(self._rows[held.seq][5]).word

    def _given(self, held: Iterable[Holding]) -> dict[int, list[Holding]]:
        """Leave out what the versions gave not: all records of a way out and version are asked for at once."""
        together: dict[tuple[int, int, int, datetime | None], list[Holding]] = {}
        for each in held:
            # Which changes of people were given depends on what had been taken by then.
            taken_at = each.stretch.taken_at if self._at.kind == IDENTITY_CHANGE_NUMBER else None
            key = each.destination, each.stretch.agreement, each.stretch.version, taken_at
            together.setdefault(key, []).append(each)
        given: dict[int, list[Holding]] = {}
        for some in together.values():
            account = Account(some[0].destination, some[0].taken, some[0].stretch.taken_at)
            rows = [self._rows[each.seq] for each in some]
            under = self._version(some[0])
            chosen = choose(self._hub, self._connection, under, rows, account=account, number=self._at.kind)
            found = {each.row[0]: each for each in chosen}
            for each in some:
                if each.seq in found:
                    self._left[each.destination, each.seq] = self._is_end(each, found[each.seq], account)
                    given.setdefault(each.seq, []).append(each)
        return {seq: sorted(some, key=lambda each: each.destination) for seq, some in given.items()}

    def _is_end(self, held: Holding, chosen: Chosen, account: Account) -> bool:
        """Tell whether a record went as a withdrawal because it left the agreement; notes whether it went at all."""
        sent = self._sent(held, [chosen], account)
        if not sent:
            self._withheld.add((held.destination, held.seq))
            return chosen.left
        return sent[0][1].left

    def _sent(self, held: Holding, chosen: Sequence[Chosen], account: Account) -> list[tuple[int, Chosen]]:
        """Return what was sent of records that were taken out, each with its place among them."""
        stretch = held.stretch
        if stretch.sent_under is None:
            return list(enumerate(chosen))
        return sent_now(
            self._hub,
            self._connection,
            self._under[stretch.sent_under],
            chosen,
            taken_under=(stretch.agreement, stretch.version),
            way=held.way,
            has_own=stretch.first_own is not None,
            account=account,
            number=self._at.kind,
        )

    def _place(self, held: Holding) -> int:
        """Count what the stretch gave up to the record."""
        key = held.destination, held.seq
        if key in self._places:
            return self._places[key]
        under = self._version(held)
        first = max(held.stretch.first, self._at.oldest)
        if under.gives_all:
            place = held.seq - first + 1
        else:
            account = Account(held.destination, held.taken, held.stretch.taken_at)
            chosen, _ = reading.chosen_of(
                self._hub,
                self._connection,
                under,
                at=self._at,
                after=first - 1,
                last=held.seq,
                most=sys.maxsize,
                account=account,
            )
            place = len(chosen)
        self._places[key] = place
        return place

    def _state(self, held: Holding) -> State:
        stretch = held.stretch
        if stretch.records is None:
            return "passed_over"
        if (held.destination, held.seq) in self._withheld:
            return "withheld"
        if stretch.failed_at is not None:
            return "failed"
        if held.seq <= held.delivered:
            return "delivered"
        if stretch.first_own is None or held.own_delivered < stretch.first_own:
            return "waiting"
        ends = stretch.first_own + stretch.records - 1
        has = held.own_delivered >= ends or stretch.first_own + self._place(held) - 1 <= held.own_delivered
        return "delivered" if has else "waiting"

    def _checked(self, held: Holding, reader: Reader) -> Check:
        """Write the stretch again from the log, and compare."""
        stretch, account = held.stretch, Account(held.destination, held.taken, held.stretch.taken_at)
        shown_by = self._version(held) if stretch.sent_under is None else self._under[stretch.sent_under]
        try:
            chosen, _ = reading.chosen_of(
                self._hub,
                self._connection,
                self._version(held),
                at=self._at,
                after=stretch.first - 1,
                last=stretch.last,
                most=sys.maxsize,
                account=account,
            )
            sent = self._sent(held, chosen, account)
            first_own = stretch.first_own
            owns = [first_own + place for place, _ in sent] if first_own and shown_by.hides_numbers else None
            portion = Portion(shown_by, reader, [each for _, each in sent], (stretch.first, stretch.last), owns)
            lines = reading.render(
                self._hub, self._connection, self._known, portion, kind=self._at.kind, action="delivery.check"
            )
        except CallProblem as problem:
            if problem.code != "gone_before":
                raise
            return "gone"
        written = sha256(b"".join(line.text for line in lines)).digest()
        return "same" if written == stretch.digest else "changed"
