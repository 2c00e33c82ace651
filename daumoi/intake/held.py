"""Held rows as their owner sees them: listed, mended, replayed (contract, section 3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from daumoi.core.database import UNREACHABLE, Connection
from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7
from daumoi.core.outages import outage
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.intake.decoding import read_row
from daumoi.intake.holding import open_held, readable
from daumoi.intake.receipts import Receipt, note, save
from daumoi.intake.rows import Row
from daumoi.intake.store import Undone, store_chunk
from daumoi.intake.submissions import refusal, refuse_when_low
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import BY_NUMBER, KINDS
from daumoi.organisations.registry import System

_SQL = statements("daumoi.intake", "held")
_PAGE = 500
MOST_LISTED = 1000


class HandedBack(msgspec.Struct):
    """When the centre handed a row back to its sender, and what it asks for."""

    at: datetime
    remark: str


class HeldRow(msgspec.Struct):
    """One held row, for its owner."""

    held_id: UUID
    kind: str
    code: str
    faults: list[dict[str, str]]
    held_at: datetime
    expires_at: datetime
    record: Any
    handed_back: HandedBack | None = None


class HeldPage(msgspec.Struct):
    """Held rows in order of arrival; `next` is the `after` of the next page."""

    items: list[HeldRow]
    next: UUID | None


@dataclass(frozen=True)
class _Stored:
    id: UUID
    kind: Kind
    code: str
    faults: list[dict[str, str]]
    created_at: datetime
    expires_at: datetime
    content_key: bytes
    sealed: bytes
    arrival: int
    handed_back_at: datetime | None
    remark: str | None


def _select(
    connection: Connection,
    *,
    system: System,
    after: int,
    limit: int,
    kind: str | None,
    code: str | None,
    submission_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
) -> list[_Stored]:
    rows = connection.execute(
        _SQL["list"],
        {
            "system": system.id,
            "after": after,
            "limit": limit,
            "kind": KINDS[kind].number if kind else None,
            "code": code,
            "submission": submission_id,
            "ids": list(ids) if ids is not None else None,
        },
    )
    return [
        _Stored(row[0], BY_NUMBER[row[1]], row[2], row[3], row[4], row[5], bytes(row[6]), bytes(row[7]), *row[8:])
        for row in rows
    ]


def list_held(
    hub: Hub,
    *,
    system: System,
    kind: str | None = None,
    code: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> HeldPage:
    """List the system's own held rows with their problems, in order of arrival."""
    with hub.pool.connection() as connection:
        start = 0
        if after is not None:
            found = connection.execute(_SQL["arrival_of"], (after, system.id)).fetchone()
            start = found[0] if found else 0
        rows = _select(connection, system=system, after=start, limit=limit, kind=kind, code=code)
    items = [
        HeldRow(
            row.id,
            row.kind.name,
            row.code,
            row.faults,
            row.created_at,
            row.expires_at,
            readable(open_held(hub, row.content_key, row.sealed)),
            HandedBack(row.handed_back_at, row.remark or "") if row.handed_back_at else None,
        )
        for row in rows
    ]
    return HeldPage(items, items[-1].held_id if len(items) == limit else None)


def mend(
    hub: Hub, *, system: System, held_id: UUID, line: bytes, also: Callable[[Connection, Row], None] | None = None
) -> Receipt | None:
    """Store a mended record and close its entry; None when the system holds no such row.

    `also` writes something more in the same transaction, once the record is stored.

    Raises CallProblem rows_refused when the record is still bad, and no_right when the system may no longer send the
    kind: the entry then stays as it was.
    """
    refuse_when_low(hub)
    with hub.pool.connection() as connection:
        found = connection.execute(_SQL["one"], (held_id, system.id)).fetchone()
    if found is None:
        return None
    kind = BY_NUMBER[found[1]]
    if not system.may_send(kind.name):
        raise CallProblem("no_right")
    row = read_row(hub, system_id=system.id, kind=kind, line=line, number=1)
    receipt = Receipt(uuid7(hub.clock.now()), kind.name)

    def beside(connection: Connection) -> None:
        nonlocal receipt
        if row.faults:
            raise Undone
        receipt = Receipt(receipt.submission_id, kind.name)
        receipt.count([row])
        connection.execute(_SQL["close_one"], (hub.clock.now(), "mended", held_id))
        keep(hub, connection, receipt, system, kind.number, [row], finished=True)
        if also is not None:
            also(connection, row)

    try:
        store_chunk(hub, kind, [row], beside)
    except Undone:
        raise refusal(kind, [row]) from None
    except UNREACHABLE as error:
        raise outage(error) from None
    return receipt


def replay(
    hub: Hub,
    *,
    system: System,
    kind: str | None = None,
    code: str | None = None,
    submission_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
) -> Receipt:
    """Try held rows again in order of arrival; those still bad stay held under the same ids.

    Rows of kinds that the system may no longer send are not tried; raises CallProblem no_right when it asks for one.
    """
    if kind and not system.may_send(kind):
        raise CallProblem("no_right")
    refuse_when_low(hub)
    receipt = Receipt(uuid7(hub.clock.now()), kind)
    kinds: set[str] = set()
    number = 0
    after = 0
    while True:
        with hub.pool.connection() as connection:
            page = _select(
                connection,
                system=system,
                after=after,
                limit=_PAGE,
                kind=kind,
                code=code,
                submission_id=submission_id,
                ids=ids,
            )
        if not page:
            break
        after = page[-1].arrival
        for one_kind, stored in groupby(page, key=lambda row: row.kind):
            if not system.may_send(one_kind.name):
                continue
            kinds.add(one_kind.name)
            rows = []
            for held in stored:
                number += 1
                text = open_held(hub, held.content_key, held.sealed)
                rows.append(read_row(hub, system_id=system.id, kind=one_kind, line=text, number=number))
                rows[-1].held_as = held.content_key
            receipt = _replay_chunk(hub, system, one_kind, rows, receipt, mixed=len(kinds) > 1)
    receipt.kind = kinds.pop() if len(kinds) == 1 else kind
    with hub.pool.connection() as connection:
        keep(hub, connection, receipt, system, KINDS[receipt.kind].number if receipt.kind else None, [], finished=True)
    return receipt


def _replay_chunk(
    hub: Hub, system: System, kind: Kind, rows: Sequence[Row], before: Receipt, *, mixed: bool
) -> Receipt:
    refuse_when_low(hub, before)
    after = before

    def beside(connection: Connection) -> None:
        nonlocal after
        after = before.copy()
        after.count(rows, numbers=not mixed)
        if mixed:
            after.first_seq = after.last_seq = None
        keep(hub, connection, after, system, None if mixed else kind.number, rows, finished=False)

    store_chunk(hub, kind, rows, beside)
    return after


def keep(
    hub: Hub,
    connection: Connection,
    receipt: Receipt,
    system: System,
    kind: int | None,
    rows: Sequence[Row],
    *,
    finished: bool,
) -> None:
    """Write the receipt so far and the problems of these rows; part of the caller's transaction."""
    assert receipt.submission_id is not None
    save(connection, receipt=receipt, system_id=system.id, kind=kind, at=hub.clock.now(), finished=finished)
    note(connection, receipt.submission_id, rows)


def expire(connection: Connection, at: datetime) -> int:
    """Delete the entries whose time is over, in steps; returns how many. Called by the worker."""
    return sum(_steps(connection, at))


def _steps(connection: Connection, at: datetime) -> Iterator[int]:
    while True:
        deleted = connection.execute(_SQL["expire"], (at,)).rowcount
        yield deleted
        if not deleted:
            return
