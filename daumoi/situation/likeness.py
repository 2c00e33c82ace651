"""Events and people behind the records: marks what several systems likely sent of one event, and counts the distinct.

One event: passages of one person at one site in one direction, each within EVENT_MINUTES of the one before;
declarations of one person of one kind on one day. All within one day of Viet Nam. People are counted by the person
behind the claim as it is when the day is counted; joins and splits are followed: their days are counted again. After an
erasure a day keeps its figures until it is counted again, and then no longer counts the person.

Figures of days are written by a job, not as records arrive: a distinct count cannot be added up, and to keep every
person's days in an index would cost each record more than all other counters together, and be a trail of each person.
The job reads again the ranges of 20,000 numbers in which the records of changed days lie: some 5 µs a record.
"""

import time
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE
from daumoi.core.arrays import Numbers
from daumoi.core.database import Connection, connect
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.kinds.registry import BY_NUMBER, KINDS
from daumoi.log.erasing import naming
from daumoi.log.identity_change import KIND_NUMBER as IDENTITY_CHANGE
from daumoi.log.selectors import stated
from daumoi.places import checkpoints as places
from daumoi.situation.counting import BLOCK, COUNTERS, NUMBERS
from daumoi.situation.reach import reach
from daumoi.situation.sites import Checkpoint, sites

_SQL = statements("daumoi.situation", "likeness")
EVENT_MINUTES = 5
READER = "people"
"""Name of the cursor by which identity changes are followed."""
_DAYS_AT_ONCE = 10
_DAYS_MAX = 10_000
_REST_MAX_S = 60.0
_PART_RECORDS = 200_000
"""Records that are grouped by one statement, a second or so."""
_JOINED = ("checkpoint_passage", "health_declaration", "movement_declaration")
"""Kinds of which several records may be one event."""

LEVELS = {"country": 0, "province": 1, "province_before": 2, "ward": 3}


class PeopleFigure(NamedTuple):
    """One day, kind and unit."""

    day: date
    kind: str
    area: str
    """Code of a province or ward; empty at the level of the country."""
    records: int
    events: int
    people: int
    as_of: datetime
    """Records received up to then are counted."""
    is_outdated: bool
    """Records came, or people were joined or split, since."""


def people(
    connection: Connection, scope: Scope, *, level: str, first: date, last: date, kinds: Collection[str] = KINDS
) -> list[PeopleFigure]:
    """Return records, events and people by day, at a level of LEVELS. People of several days or units do not add up.

    Raises KeyError for another level.
    """
    sees = reach(scope)
    values = {
        "kinds": [KINDS[name].number for name in kinds],
        "first": first,
        "last": last,
        "level": LEVELS[level],
    }
    found = []
    for day, kind, _, area, records, events, persons, as_of, outdated in connection.execute(_SQL["people"], values):
        if level == "country":
            seen = sees.everything
        elif level == "province":
            seen = sees.sees(area)
            area = area.removeprefix("VN.")
        else:
            unit = areas.find(BEFORE if level == "province_before" else "vn-2025", area)
            seen = sees.sees_path(unit.path if unit is not None else None)
        if seen:
            found.append(PeopleFigure(day, BY_NUMBER[kind].name, area, records, events, persons, as_of, outdated))
    return found


def count_people(hub: Hub) -> int:
    """Count events and people of all days that have changed; returns how many days of a kind there were.

    Safe to stop anywhere and to run again. The newest days go first, and each statement is a transaction of its own.
    """
    days = 0
    with connect(hub.dsn, "daumoi people") as connection:
        follow_identity_changes(connection, at=hub.clock.now())
        for statement in _SQL["prepare"].split(";"):
            connection.execute(statement)
        _fill_sites(connection)
        for kind in BY_NUMBER:
            # Each day once: while records come in, a day of today has changed again before it is counted.
            changed = _changed(connection, kind)
            for at in range(0, len(changed), _DAYS_AT_ONCE):
                began = time.monotonic()
                _count_days(connection, kind, changed[at : at + _DAYS_AT_ONCE])
                # Half of a core at most, and intake goes on beside it.
                time.sleep(min(time.monotonic() - began, _REST_MAX_S))
            days += len(changed)
    return days


def follow_identity_changes(connection: Connection, *, at: datetime) -> int:
    """Have the days counted again on which people have records whose claims moved; returns how many claims moved.

    There is no index from claims to records: with any change, all kept records are passed over once, in short steps.
    """
    row = connection.execute(
        "SELECT seq FROM consumer WHERE name = %s AND kind = %s", (READER, IDENTITY_CHANGE)
    ).fetchone()
    after = row[0] if row else 0
    rows = connection.execute(_SQL["moved"], {"kind": IDENTITY_CHANGE, "after": after}).fetchall()
    claims = sorted({claim for _, claim in rows if claim is not None})
    if rows:
        by_kind: dict[int, list[int]] = {}
        for named in naming(connection, claims):
            by_kind.setdefault(named.kind, []).append(named.seq)
        with connection.transaction():
            for kind, seqs in by_kind.items():
                found = connection.execute(_SQL["days_of"], {"kind": kind, "seqs": Numbers(seqs)})
                connection.execute(_SQL["again"], {"kind": kind, "days": [day for (day,) in found]})
            connection.execute(
                "INSERT INTO consumer (name, kind, seq, at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (name, kind) DO UPDATE SET seq = excluded.seq, at = excluded.at",
                (READER, IDENTITY_CHANGE, rows[-1][0], at),
            )
    return len(claims)


def _changed(connection: Connection, kind: int) -> list[date]:
    return [row[0] for row in connection.execute(_SQL["changed"], {"kind": kind, "most": _DAYS_MAX, "block": BLOCK})]


def _fill_sites(connection: Connection) -> None:
    paths = places.paths(connection)
    receipts = places.receipts(connection, paths)
    facts = stated(
        connection,
        kind=KINDS["checkpoint"].number,
        receipts=[(key, revision) for _, key, revision in receipts.values()],
    )
    known = [
        Checkpoint(place, system, facts[key].body.get("name", ""), paths[place] or "", facts[key].lat, facts[key].lon)
        for place, (system, key, _) in receipts.items()
        if key in facts
    ]
    joined = [(place, site) for place, site in sites(known).items() if place != site]
    if joined:
        ones, others = zip(*joined, strict=True)
        connection.execute(
            "INSERT INTO pg_temp.site SELECT * FROM unnest(%s::bigint[], %s::bigint[])", (list(ones), list(others))
        )


def _count_days(connection: Connection, kind: int, days: list[date]) -> None:
    row = connection.execute(_SQL["counted_to"], {"reader": COUNTERS, "kind": kind}).fetchone()
    upto, as_of = row if row is not None else (0, None)
    values: dict[str, Any] = NUMBERS | {
        "kind": kind,
        "days": days,
        "upto": upto,
        "as_of": as_of,
        "joined": BY_NUMBER[kind].name in _JOINED,
        "within": timedelta(minutes=EVENT_MINUTES) if kind == NUMBERS["passage"] else timedelta(days=1),
    }
    connection.execute(_SQL["clear"])
    records = 0
    for first, last in _ranges(connection, values, upto):
        records += connection.execute(_SQL["see"], values | {"first": first, "last": last}).rowcount
    parts = {"parts": records // _PART_RECORDS + 1}
    for part in range(parts["parts"]):
        connection.execute(_SQL["group"], values | parts | {"part": part})
    for part in range(parts["parts"]):
        connection.execute(_SQL["tell"], values | parts | {"part": part})
    with connection.transaction():
        for step in ("forget", "forget_marks", "keep", "keep_marks", "settle"):
            connection.execute(_SQL[step], values)


def _ranges(connection: Connection, values: dict[str, Any], upto: int) -> Iterator[tuple[int, int]]:
    for (block,) in connection.execute(_SQL["blocks"], values).fetchall():
        first = block * BLOCK
        yield first, min(first + BLOCK - 1, upto)
