"""The daily statement of a system, signed with Ed25519: what it was given, and what of its own was accepted.

The job of the night makes those of closed days, and they are kept as they were signed. For a day that is not closed one
is made when it is asked for, and says so; it is not kept. The key is derived from the master key under its own name.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import reconciliation
from daumoi.exchange.agreements import versions
from daumoi.exchange.reading import Head
from daumoi.exchange.reconciliation import Day, DayGone, Destination
from daumoi.exchange.tenures import puts
from daumoi.log.entries import Op
from daumoi.organisations import registry
from daumoi.organisations.registry import System

_SQL = statements("daumoi.exchange", "statements")
_KINDS = statements("daumoi.exchange", "proving")
_KEY = "delivery statement"
KEY_ID = "statements-1"
SIGNED_WITH = b"daumoi statement 1\n"
"""Stands before what is signed, so that no signature of another use passes for one of a statement."""


class Given(msgspec.Struct, frozen=True):
    """Of one way out, kind and version of an agreement: `in_scope` is the sum of the four behind it."""

    way: str
    name: str
    kind: str
    agreement: int
    version: int
    in_scope: int
    delivered: int
    waiting: int
    failed: int
    filtered: int
    """In scope when received, and not given by the version it was taken under, or that is in force now."""
    passed_over: int
    """Of those delivered: the receiver asked for later numbers without having taken them."""
    first: int | None
    """First and last number of what was taken out, the receiver's own where the agreement gives none of the log."""
    last: int | None
    digest: str | None
    """SHA-256 of the digests of the day's stretches one behind the other, 64 hexadecimal digits."""


class Sent(msgspec.Struct, frozen=True):
    """Of the system's own records of a kind: how many were accepted, and to how many receivers some of them went."""

    kind: str
    accepted: int
    corrected: int
    withdrawn: int
    receivers: int
    named: tuple[str, ...]
    """Codes of those receivers whose agreement is with the sender's own organisation; the others are only counted."""


class Statement(msgspec.Struct, frozen=True):
    """What is said of a day of receipt (UTC+7)."""

    system: str
    day: date
    closed: bool
    """Whether the day was over; no further record can come to it then."""
    made_at: datetime
    given: tuple[Given, ...]
    sent: tuple[Sent, ...]


class Signed(NamedTuple):
    """A statement as JSON text, and the signature over `SIGNED_WITH` and it."""

    said: bytes
    signature: bytes


class SignedStatement(msgspec.Struct, frozen=True):
    """As a door gives it. `said` is the JSON text exactly as signed."""

    said: str
    signature: str
    public_key: str


def signing_key(keys: Keys) -> Ed25519PrivateKey:
    """Return the key that statements are signed with."""
    return Ed25519PrivateKey.from_private_bytes(keys.derived(_KEY))


def statement(hub: Hub, connection: Connection, *, system: System, day: date) -> Signed:
    """Return the statement of a day: the kept one, or one made now; raises DayGone, ValueError for a day to come."""
    found = kept(connection, system_id=system.id, day=day)
    return found or _sign(hub, make(hub, connection, system=system, day=day))


def kept(connection: Connection, *, system_id: int, day: date) -> Signed | None:
    """Return the statement of a day as a night signed it; None where there is none."""
    row = connection.execute(_SQL["kept"], (system_id, day)).fetchone()
    return Signed(bytes(row[0]), bytes(row[1])) if row else None


def as_given(hub: Hub, found: Signed) -> SignedStatement:
    """Write a statement as a door gives it."""
    public = signing_key(hub.keys).public_key().public_bytes_raw().hex()
    return SignedStatement(found.said.decode(), found.signature.hex(), public)


def keep_missing(hub: Hub, *, days: int) -> int:
    """Make and keep the statements of the last closed days that are not there yet; returns how many."""
    now = hub.clock.now()
    today = now.astimezone(VIET_NAM_TIME).date()
    made = 0
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        for back in range(days, 0, -1):
            day = today - timedelta(days=back)
            for (system_id,) in connection.execute(_SQL["without"], (day,)).fetchall():
                system = known.system(system_id)
                if system is None:
                    continue
                try:
                    said = make(hub, connection, system=system, day=day)
                except DayGone:
                    continue
                signed = _sign(hub, said)
                made += connection.execute(_SQL["keep"], (system_id, day, now, *signed)).rowcount
    return made


def make(hub: Hub, connection: Connection, *, system: System, day: date) -> Statement:
    """Work out the statement of a day; raises DayGone, ValueError for a day to come."""
    now = hub.clock.now()
    today = now.astimezone(VIET_NAM_TIME).date()
    if day > today:
        raise ValueError("This day has not begun. Ask for today or a day before.")
    kinds = [(name, Head(*rest)) for name, *rest in connection.execute(_KINDS["kinds"]).fetchall()]
    found = [reconciliation.day_of(connection, kind=kind, kind_name=name, day=day) for name, kind in kinds]
    found = [each for each in found if each.first <= each.last]
    held = puts(connection, receiver=system.id)
    given: list[Given] = []
    for destination in reconciliation.destinations(connection, receiver=system.id):
        for each in found:
            if not destination.takes(each.kind_name):
                continue
            reckoned = reconciliation.reckon(hub, connection, destination, each, held=held)
            given += _given(connection, destination, each, reckoned)
    known = registry.load(connection)
    sent = [one for each in found if (one := _sent(connection, known, system, each)) is not None]
    return Statement(system.code, day, day < today, now, tuple(given), tuple(sent))


def _sign(hub: Hub, said: Statement) -> Signed:
    text = msgspec.json.encode(said)
    return Signed(text, signing_key(hub.keys).sign(SIGNED_WITH + text))


def _given(
    connection: Connection, destination: Destination, day: Day, reckoned: reconciliation.Reckoned
) -> list[Given]:
    rows = connection.execute(_SQL["digests"], (destination.id, day.kind.kind, day.day))
    taken = {(row[0], row[1]): row[2:] for row in rows}
    found = []
    for key in sorted({*reckoned.by, *taken}):
        first, last, first_own, last_own, digest = taken.get(key, (None,) * 5)
        if first_own is not None:
            first, last = (first_own, last_own) if last_own >= first_own else (None, None)
        figures = reckoned.of(key)
        found.append(
            Given(
                destination.way,
                destination.name,
                day.kind_name,
                *key,
                figures.in_scope,
                figures.delivered,
                figures.waiting,
                figures.failed,
                figures.filtered,
                figures.passed_over,
                first,
                last,
                digest.hex() if digest is not None else None,
            )
        )
    return found


def _sent(connection: Connection, known: registry.Registry, system: System, day: Day) -> Sent | None:
    span = (day.kind.kind, day.first, day.last, system.id)
    ops: dict[int, int] = dict(connection.execute(_SQL["sent"], span).fetchall())
    if not ops:
        return None
    own = connection.execute(_SQL["organisation_of"], (system.id,)).fetchone()
    reached: set[int] = set()
    named: set[str] = set()
    for receiver, agreement, version, first, last, provider in connection.execute(
        _SQL["went_out"], (day.kind.kind, day.day, system.id)
    ).fetchall():
        key = (agreement, version)
        matcher = versions(connection, [key], kind=day.kind_name)[key].matcher
        if not matcher.covers_sender(system.id):
            continue
        places = connection.execute(_SQL["places_sent"], (day.kind.kind, first, last, system.id))
        if not any(matcher.covers_place(place) for place in places.fetchall()):
            continue
        reached.add(receiver)
        other = known.system(receiver)
        if provider is not None and own is not None and provider == own[0] and other is not None:
            named.add(other.code)
    accepted, corrected, withdrawn = (ops.get(int(op), 0) for op in (Op.ASSERT, Op.CORRECT, Op.WITHDRAW))
    return Sent(day.kind_name, accepted, corrected, withdrawn, len(reached), tuple(sorted(named)))
