"""Where a record came from and where it went: worked out from receipts, submissions and stretches when it is asked.

Its sender learns to whom it went as far as the agreements allow: those with its own organisation by name, the others by
their number. A receiver learns of its own deliveries alone. The operator of the hub sees all.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import versions
from daumoi.exchange.deliveries import hides_numbers
from daumoi.exchange.handovers import Handover, Handovers, Went, receivers_of
from daumoi.exchange.reading import Head, Reader
from daumoi.exchange.selection import Account
from daumoi.intake import held_groups
from daumoi.log import selectors as log
from daumoi.log.entries import Op, receipt_key
from daumoi.log.selectors import ShownRow
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

_SQL = statements("daumoi.exchange", "deliveries")


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
        handovers = Handovers(hub, connection, known, [row], kind=kind, at=at, receiver=None if is_sender else asker)
        went, others = _for(connection, handovers, log_seq, asker, reader, is_sender=is_sender, check=check)
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


def _for(
    connection: Connection,
    handovers: Handovers,
    seq: int,
    asker: int | None,
    reader: Reader,
    *,
    is_sender: bool,
    check: bool,
) -> tuple[list[Went], int]:
    """Return what an asker is told: deliveries, and how many receivers are only counted."""
    own = None
    if asker is not None and is_sender:
        row = connection.execute(_SQL["organisation_of"], (asker,)).fetchone()
        own = row[0] if row else None
    told: list[Went] = []
    others: list[Handover] = []
    for held in handovers.held(seq):
        handover = handovers.handover(held)
        if asker is not None and not is_sender and handover.state == "withheld":
            # It was never sent: its receiver learns nothing of it.
            continue
        is_named = asker is None or held.receiver == asker or (own is not None and held.provider == own)
        if is_named:
            told.append(handovers.went(held, reader=reader, check=check, shows_own=held.receiver == asker))
        else:
            others.append(handover)
    return told, receivers_of(others)


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
