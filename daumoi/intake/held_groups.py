"""Held rows as the staff of the centre sees them: groups, lists, one row, and the submissions they came with.

Held rows lie in no certain area. Who may see one: a scope that holds the right nationwide, and members who hold it for
the organisation whose system sent the row. Nothing here tells what a row says; `content` does, for a reading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from daumoi.accounts.scope import Scope
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.reading import Reading
from daumoi.core.sql import statements
from daumoi.intake.holding import open_held
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import BY_NUMBER
from daumoi.organisations.registry import Registry, System

_SQL = statements("daumoi.intake", "mending")
PAGE = 50
GROUPS_MAX = 500
EXPORTED_MAX = 10_000
"""Rows of a list that goes out as a file."""
TREND_DAYS = 7


def systems_seen(scope: Scope, registry: Registry) -> list[int] | None:
    """Return the numbers of the systems whose held rows a scope sees; None for all."""
    if scope.nationwide:
        return None
    return sorted(system.id for system in registry.systems.values() if system.organisation in scope.organisations)


def sees(scope: Scope, system: System) -> bool:
    """Tell whether a scope sees the held rows of a system: `systems_seen` for one."""
    return scope.nationwide or system.organisation in scope.organisations


class Group(NamedTuple):
    """Rows of one system and kind that wait for one reason."""

    system: System
    kind: Kind
    code: str
    rows: int
    oldest_at: datetime
    handed_back: int
    trend: tuple[int, ...]
    """Of the rows that still wait: how many came on each of the last seven times 24 hours, the last one last."""


def groups(connection: Connection, scope: Scope, registry: Registry, *, at: datetime) -> list[Group]:
    """Return the groups a scope sees, the largest first, at most GROUPS_MAX. One query of one index."""
    values: dict[str, Any] = {"systems": systems_seen(scope, registry), "most": GROUPS_MAX}
    values |= {f"day_{back}": at - timedelta(days=back) for back in range(1, TREND_DAYS + 1)}
    found = []
    for system_id, kind, code, rows, oldest_at, handed_back, since in connection.execute(_SQL["groups"], values):
        system = registry.system(system_id)
        if system is None or kind not in BY_NUMBER:
            continue
        steps = [0, *since]
        trend = tuple(later - earlier for earlier, later in pairwise(steps))[::-1]
        found.append(Group(system, BY_NUMBER[kind], code, rows, oldest_at, handed_back, trend))
    return found


class GroupSize(NamedTuple):
    """How large a group is now; `oldest_at` is None of an empty one."""

    rows: int
    oldest_at: datetime | None
    handed_back: int


class ListedRow(NamedTuple):
    """A held row in the list of its group."""

    id: UUID
    arrival: int
    faults: list[dict[str, str]]
    created_at: datetime
    expires_at: datetime
    handed_back_at: datetime | None


class Listing(NamedTuple):
    """A page of a group; `after` leads to the next one, None at the end."""

    rows: list[ListedRow]
    after: int | None


def group_size(connection: Connection, scope: Scope, *, system: System, kind: Kind, code: str) -> GroupSize:
    """Count a group; an empty one for who may not see it."""
    if not sees(scope, system):
        return GroupSize(0, None, 0)
    row = connection.execute(_SQL["group_size"], (system.id, kind.number, code)).fetchone()
    assert row is not None
    return GroupSize(*row)


def rows_of_group(
    connection: Connection, scope: Scope, *, system: System, kind: Kind, code: str, after: int = 0, most: int = PAGE
) -> Listing:
    """List a group in order of arrival, after a number of arrival."""
    if not sees(scope, system):
        return Listing([], None)
    values = (system.id, kind.number, code, after, most + 1)
    found = [ListedRow(*row) for row in connection.execute(_SQL["rows_of_group"], values)]
    return Listing(found[:most], found[most - 1].arrival if len(found) > most else None)


def pointers_of_group(connection: Connection, scope: Scope, *, system: System, kind: Kind, code: str) -> list[str]:
    """Return where the faults of a group lie, the most frequent first; positions in lists are stars."""
    if not sees(scope, system):
        return []
    rows = connection.execute(
        _SQL["pointers_of_group"], {"system": system.id, "kind": kind.number, "code": code}
    ).fetchall()
    return [pointer for pointer, _ in rows if pointer]


class HeldEntry(NamedTuple):
    """One held row without what it says. `closed_by` and `mended_seq` are the centre's doing."""

    id: UUID
    system: System
    kind: Kind
    code: str
    faults: list[dict[str, str]]
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_as: str | None
    closed_by: str | None
    mended_seq: int | None
    handed_back_at: datetime | None
    handed_back_by: str | None
    remark: str | None


def entry(connection: Connection, scope: Scope, registry: Registry, held_id: UUID) -> HeldEntry | None:
    """Return one held row, open or closed; None when there is none that this scope sees."""
    values = {"id": held_id, "systems": systems_seen(scope, registry)}
    row = connection.execute(_SQL["one"], values).fetchone()
    if row is None:
        return None
    system = registry.system(row[1])
    if system is None or row[2] not in BY_NUMBER:
        return None
    return HeldEntry(row[0], system, BY_NUMBER[row[2]], *row[3:])


def content(hub: Hub, connection: Connection, found: HeldEntry, reading: Reading) -> bytes:
    """Open what a row says, as it was sent; the reading stands in the audit log. Empty when it is gone by now."""
    assert reading.entry
    row = connection.execute(_SQL["sealed"], (found.id,)).fetchone()
    return open_held(hub, bytes(row[0]), bytes(row[1])) if row else b""


def came_with(connection: Connection, found: HeldEntry) -> list[tuple[UUID, int]]:
    """Return the last submissions that brought this row, each with the row's number in it."""
    return [(row[0], row[1]) for row in connection.execute(_SQL["came_with"], (found.id,))]


class ClosedByCentre(NamedTuple):
    """A row that a member of the centre mended or replayed."""

    id: UUID
    system: System | None
    kind: Kind | None
    code: str
    closed_at: datetime
    closed_as: str
    closed_by: str
    mended_seq: int | None
    arrival: int


def closed_by_centre(
    connection: Connection,
    scope: Scope,
    registry: Registry,
    *,
    before: tuple[datetime, int] | None = None,
    most: int = PAGE,
) -> list[ClosedByCentre]:
    """Return what the centre closed, the newest first, at most one more than `most`: the last tells there is more."""
    at, arrival = before or (None, 0)
    values = {"systems": systems_seen(scope, registry), "at": at, "arrival": arrival, "most": most + 1}
    return [
        ClosedByCentre(row[0], registry.system(row[1]), BY_NUMBER.get(row[2]), *row[3:])
        for row in connection.execute(_SQL["closed_by_centre"], values)
    ]


class Mended(NamedTuple):
    """Which held row a record was mended from, and by whom."""

    held_id: UUID
    at: datetime
    by: str
    code: str


def mending_of_record(connection: Connection, *, kind: int, seq: int) -> Mended | None:
    """Tell whether the centre mended this record, for as long as its held row is kept. Holds nothing of the row."""
    row = connection.execute(_SQL["mending_of_record"], (kind, seq)).fetchone()
    return Mended(*row) if row else None


class SubmissionView(NamedTuple):
    """A submission with its receipt; `still_held` is as of now."""

    id: UUID
    system: System
    kind: Kind | None
    received: int
    accepted: int
    corrected: int
    withdrawn: int
    repeated: int
    held: int
    first_seq: int | None
    last_seq: int | None
    created_at: datetime
    finished_at: datetime | None
    still_held: int


def submission(connection: Connection, scope: Scope, registry: Registry, wanted: UUID) -> SubmissionView | None:
    """Return one submission; None when there is none that this scope sees (as its held rows)."""
    row = connection.execute(_SQL["submission"], {"id": wanted, "systems": systems_seen(scope, registry)}).fetchone()
    system = registry.system(row[1]) if row else None
    if row is None or system is None:
        return None
    return SubmissionView(row[0], system, BY_NUMBER.get(row[2]), *row[3:])


class SubmissionNote(NamedTuple):
    """A row of a submission that was not stored, or doubts about one that was. Its ref is not shown."""

    row_number: int
    warning: bool
    held_id: UUID | None
    faults: list[dict[str, str]]


def notes(
    connection: Connection, found: SubmissionView, *, after: tuple[bool, int] = (False, 0), most: int = PAGE
) -> list[SubmissionNote]:
    """Return the problems of a submission, then the doubts; at most one more than `most`, which tells there is more."""
    values: dict[str, Any] = {"id": found.id, "warning": after[0], "row": after[1], "most": most + 1}
    return [SubmissionNote(*row) for row in connection.execute(_SQL["submission_notes"], values)]


class CameWith(NamedTuple):
    """A submission among whose numbers a record's number lies."""

    id: UUID
    created_at: datetime
    received: int
    first_seq: int
    last_seq: int


def submissions_of_record(connection: Connection, *, system_id: int, kind: int, seq: int) -> list[CameWith]:
    """Return the submissions a record may have come with; several when bodies were sent at once. No personal data."""
    values = {"system": system_id, "kind": kind, "seq": seq}
    return [CameWith(*row) for row in connection.execute(_SQL["submissions_of_record"], values)]
