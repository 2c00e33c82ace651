"""Compares all people of a hub and writes down the pairs that may be one. It joins nobody: a person decides.

Runs in a process of its own (nightly, and by `daumoi people link`). Opened values live in its memory alone.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.core.turns import Turn, turn
from daumoi.linkage.candidates import drop_not_found, keep_scored
from daumoi.linkage.comparing.model import Model, shipped
from daumoi.linkage.comparing.rows import rows_of_claims
from daumoi.linkage.comparing.run import TRAIN_FROM, Comparison

_SQL = statements("daumoi.people", "candidates")
THRESHOLD = 0.2
"""Pairs that are less likely one person are not shown to anybody. The likeliest come first, and a person decides: one
that is missed costs more than one that is looked at in vain."""
MEMORY_MIB = 2048


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison did."""

    rows: int
    pairs: int
    """Pairs written, new ones and those known before; without those that somebody decided are two people."""
    dropped: int
    """Pairs of an earlier comparison that this one did not find."""
    trained: bool
    """Whether the model was trained on this hub's own data."""


def compare_people(
    hub: Hub,
    *,
    threshold: float = THRESHOLD,
    memory_mib: int = MEMORY_MIB,
    threads: int = 1,
    train_from: int = TRAIN_FROM,
) -> Compared:
    """Compare all claims, and keep the pairs of people that are one with at least `threshold`.

    Raises Busy when another process does so, and duckdb.OutOfMemoryException when `memory_mib` are not enough: give
    more (about 1 GiB and 600 MiB a million claims).
    """
    began_at = hub.clock.now()
    with (
        hub.pool.connection() as held,
        turn(held, Turn.LINKAGE, wait_s=0),
        hub.pool.connection() as connection,
        closing(Comparison(memory_mib=memory_mib, threads=threads)) as comparison,
    ):
        for page in rows_of_claims(connection, hub.keys):
            comparison.add(page)
        rows = comparison.prepare()
        model, trained = shipped(), rows >= train_from
        if trained:
            model = comparison.train(what="this hub's own claims", otherwise=model)
        pairs = 0
        for found in comparison.score(model, threshold=threshold):
            with connection.transaction():
                pairs += keep_scored(connection, found, began_at)
        with connection.transaction():
            dropped = drop_not_found(connection, began_at)
            _note(hub, connection, began_at=began_at, rows=rows, pairs=pairs, threshold=threshold, model=model)
    return Compared(rows, pairs, dropped, trained)


def _note(
    hub: Hub, connection: Connection, *, began_at: datetime, rows: int, pairs: int, threshold: float, model: Model
) -> None:
    values = {
        "began_at": began_at,
        "ended_at": hub.clock.now(),
        "rows": rows,
        "pairs": pairs,
        "threshold": threshold,
        "model": msgspec.json.encode(model).decode(),
    }
    connection.execute(_SQL["note_run"], values)
