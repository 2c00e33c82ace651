"""Knows the checkpoints of each system: by ref for their records, by code for the passages that name them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from daumoi.core.database import Connection


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


def record_states(connection: Connection, states: Iterable[CheckpointState]) -> None:
    """Keep what stored checkpoint records say, in order; a late lower revision changes nothing.

    Called while the head of the checkpoint kind is held, so nobody else writes here.
    """
    for state in states:
        connection.execute(
            "INSERT INTO place (system_id, ref_key, revision, withdrawn, code, path, opened_on, closed_on)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (ref_key) DO UPDATE SET revision = excluded.revision, withdrawn = excluded.withdrawn,"
            " code = coalesce(excluded.code, place.code), path = coalesce(excluded.path, place.path),"
            " opened_on = CASE WHEN excluded.withdrawn THEN place.opened_on ELSE excluded.opened_on END,"
            " closed_on = CASE WHEN excluded.withdrawn THEN place.closed_on ELSE excluded.closed_on END"
            " WHERE place.revision < excluded.revision",
            (
                state.system_id,
                state.ref_key,
                state.revision,
                state.withdrawn,
                state.code,
                state.path,
                state.opened_on,
                state.closed_on,
            ),
        )
