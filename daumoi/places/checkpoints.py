"""Knows the checkpoints of each system: by ref for their records, by code for the passages that name them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from daumoi.core.database import Connection
from daumoi.core.sql import statements

_SQL = statements("daumoi.places", "checkpoints")


@dataclass(frozen=True, slots=True)
class Place:
    """A living checkpoint, as a passage needs it."""

    id: int
    path: str | None
    opened_on: date | None
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """What one stored revision of a checkpoint record says."""

    system_id: int
    ref_key: bytes
    revision: int
    withdrawn: bool
    code: str | None = None
    path: str | None = None
    opened_on: date | None = None
    closed_on: date | None = None


def by_codes(connection: Connection, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Place]:
    """Return the living checkpoints of these (system, code) pairs."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    systems, codes = zip(*pairs, strict=True)
    rows = connection.execute(
        "SELECT p.system_id, p.code, p.id, p.path, p.opened_on, p.closed_on FROM place p"
        " JOIN unnest(%s::int[], %s::text[]) w(system_id, code) USING (system_id, code) WHERE NOT p.withdrawn",
        (list(systems), list(codes)),
    )
    return {(row[0], row[1]): Place(row[2], row[3], row[4], row[5]) for row in rows}


def owners_of(
    connection: Connection, wanted: Iterable[tuple[int, str]], ref_keys: Iterable[bytes]
) -> dict[tuple[int, str], bytes]:
    """Return which ref (as key) holds each of these codes now, and the codes these refs hold."""
    pairs = sorted(set(wanted))
    systems, codes = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rows = connection.execute(
        "SELECT p.system_id, p.code, p.ref_key FROM place p"
        " JOIN unnest(%s::int[], %s::text[]) w(system_id, code) USING (system_id, code) WHERE NOT p.withdrawn"
        " UNION SELECT system_id, code, ref_key FROM place WHERE ref_key = ANY(%s::bytea[]) AND NOT withdrawn",
        (systems, codes, sorted(set(ref_keys))),
        binary=True,
    )
    return {(row[0], row[1]): bytes(row[2]) for row in rows}


def paths(connection: Connection) -> dict[int, str | None]:
    """Return the path of the unit of every checkpoint, withdrawn ones too: passages of before still point to them."""
    return dict(connection.execute("SELECT id, path FROM place").fetchall())


def receipts(connection: Connection, places: Iterable[int]) -> dict[int, tuple[int, bytes, int]]:
    """Return (system, receipt key, revision) of the record that says what each place is."""
    rows = connection.execute(
        "SELECT id, system_id, ref_key, revision FROM place WHERE id = ANY(%s)", (sorted(set(places)),), binary=True
    )
    return {row[0]: (row[1], bytes(row[2]), row[3]) for row in rows}


def record_states(connection: Connection, states: Iterable[CheckpointState]) -> None:
    """Keep what the newest stored revisions of checkpoints say; of several of one ref the highest counts.

    Called while the head of the checkpoint kind is held, so nobody else writes here. Codes are let go before they are
    taken: within one chunk a code may pass from one checkpoint to another.
    """
    newest: dict[bytes, CheckpointState] = {}
    for state in states:
        if state.ref_key not in newest or newest[state.ref_key].revision < state.revision:
            newest[state.ref_key] = state
    rows = list(newest.values())
    if not rows:
        return
    connection.execute(_SQL["let_go"], (list(newest),))
    connection.execute(
        _SQL["keep"],
        {
            "systems": [row.system_id for row in rows],
            "keys": list(newest),
            "revisions": [row.revision for row in rows],
            "withdrawn": [row.withdrawn for row in rows],
            "codes": [row.code for row in rows],
            "paths": [row.path for row in rows],
            "opened": [row.opened_on for row in rows],
            "closed": [row.closed_on for row in rows],
        },
    )


def living_by_code(connection: Connection, code: str) -> list[tuple[int, bytes, str | None]]:
    """Return (system, receipt key, path) of the living checkpoints of a code, in any system; at most 20."""
    rows = connection.execute(
        "SELECT system_id, ref_key, path FROM place WHERE code = %s AND NOT withdrawn ORDER BY system_id LIMIT 20",
        (code,),
    )
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


def code_of(connection: Connection, place: int) -> str | None:
    """Return the code of a checkpoint by its number."""
    row = connection.execute("SELECT code FROM place WHERE id = %s", (place,)).fetchone()
    return row[0] if row else None
