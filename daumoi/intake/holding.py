"""Keeps bad rows until they are mended: sealed, once for each system, kind and content (contract, section 3)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7_block
from daumoi.core.sql import statements
from daumoi.intake.rows import Row
from daumoi.kinds.faults import Fault
from daumoi.kinds.kind import Kind
from daumoi.log.entries import Outcome

_SQL = statements("daumoi.intake", "held")


def held_key(hub: Hub, kind: Kind, row: Row) -> bytes:
    """Return the key under which a row of this system, kind and content is held once."""
    if row.held_as is not None:
        return row.held_as
    return hub.keys.index("held", b"%d|%d|%s" % (row.system_id, kind.number, row.content))


def faults_as_json(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Turn faults into what is stored and answered."""
    return [{"code": found.code, "pointer": found.pointer, "message": found.message} for found in faults]


def hold(hub: Hub, connection: Connection, kind: Kind, bad: Sequence[Row]) -> None:
    """Hold bad rows and give each its id; a row that is held already keeps its id. Part of the caller's transaction."""
    if not bad:
        return
    first: dict[bytes, Row] = {}
    held_keys = [held_key(hub, kind, row) for row in bad]
    for key, row in zip(held_keys, bad, strict=True):
        first.setdefault(key, row)
    now = hub.clock.now()
    keys = sorted(first)
    ids = uuid7_block(now, len(keys))
    # Ids of one instant have random tails; the numbers of arrival follow the order of the body.
    by_arrival = sorted(zip(keys, ids, strict=True), key=lambda pair: first[pair[0]].number)
    connection.execute(_SQL["lock_keys"], (keys,))
    rows = [first[key] for key, _ in by_arrival]
    connection.execute(
        _SQL["insert"],
        {
            "kind": kind.number,
            "ids": [id_ for _, id_ in by_arrival],
            "systems": [row.system_id for row in rows],
            "keys": [key for key, _ in by_arrival],
            "codes": [row.faults[0].code for row in rows],
            "faults": [Jsonb(faults_as_json(row.faults)) for row in rows],
            "ref_keys": [row.ref_key for row in rows],
            "revisions": [row.revision for row in rows],
            "sealed": [hub.keys.seal(row.raw, key) for row, (key, _) in zip(rows, by_arrival, strict=True)],
            "now": now,
            "expires_at": now + timedelta(days=hub.settings.held_days),
        },
    )
    found = {bytes(key): id_ for key, id_ in connection.execute(_SQL["ids"], (keys,), binary=True)}
    for key, row in zip(held_keys, bad, strict=True):
        row.held_id = found[key]


def close_stored(hub: Hub, connection: Connection, kind: Kind, good: Sequence[Row]) -> None:
    """Close the entries whose row has now been stored, as it was or mended; one look when the systems hold nothing."""
    systems = sorted({row.system_id for row in good})
    if not systems:
        return
    waiting = connection.execute(_SQL["any_open"], (systems, kind.number)).fetchone()
    if not (waiting and waiting[0]):
        return
    at = hub.clock.now()
    keys = sorted({held_key(hub, kind, row) for row in good})
    connection.execute(_SQL["close"], {"at": at, "as": "stored", "keys": keys})
    new = [row.entry for row in good if row.entry and row.decision and row.decision.outcome is not Outcome.REPEATED]
    if new:
        pairs = {"keys": [entry.key for entry in new], "revisions": [entry.revision for entry in new]}
        connection.execute(_SQL["close_mended"], {"at": at} | pairs)


def open_held(hub: Hub, key: bytes, sealed: bytes) -> bytes:
    """Return the text of a held row as it was sent."""
    return hub.keys.open(sealed, key)


def readable(raw: bytes) -> Any:
    """Return a held row for its owner: as JSON when it is JSON, else as text with what is no UTF-8 replaced."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw.decode("utf-8", "replace")
