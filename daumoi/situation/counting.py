"""The consumer "counters": adds each range of the log to the figures, and what it replaces with the opposite sign."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from daumoi.core.arrays import Hashes, Numbers
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.kinds.registry import KINDS
from daumoi.log.consumers import Work, advance
from daumoi.log.entries import receipt_key

COUNTERS = "counters"
"""The name of the reader."""

_SQL = statements("daumoi.situation", "counting")
TOLD = _SQL["told"]
_ADD = _SQL["add"].format(told=TOLD, beside="")
_ADD_AND_NOTE = _SQL["add"].format(told=TOLD, beside=_SQL["beside"].partition("\n")[2])
BLOCK = 20_000
"""Numbers of one range in which the records of a day are looked for."""
NUMBERS: dict[str, Any] = {
    "passage": KINDS["checkpoint_passage"].number,
    "report": KINDS["citizen_report"].number,
    "official": KINDS["area_count"].number,
    "declarations": [KINDS["health_declaration"].number, KINDS["movement_declaration"].number],
}
"""The kinds whose fields are looked into, as parameters of the statements. All other kinds are counted as records."""


def counting(keys: Keys) -> Work:
    """Return the work of the consumer, for `daumoi.log.consumers.advance`."""

    def count(connection: Connection, kind: int, first: int, last: int) -> None:
        values = {"kind": kind, "first": first, "last": last}
        _mark_replaced(connection, keys, values)
        connection.execute(_ADD_AND_NOTE, values | NUMBERS | {"block": BLOCK})

    return count


def count_all(connection: Connection, keys: Keys, kinds: Iterable[int], at: datetime, *, most: int = 20_000) -> int:
    """Count all there is of some kinds, range by range; returns how many records there were."""
    work = counting(keys)
    records = 0
    for kind in kinds:
        while done := advance(connection, name=COUNTERS, kind=kind, at=at, most=most, work=work):
            records += done
    return records


def add(connection: Connection, values: dict[str, int]) -> None:
    """Add the parts of a range to the figures alone; what it replaces is marked already."""
    connection.execute(_ADD, values | NUMBERS)


def _mark_replaced(connection: Connection, keys: Keys, values: dict[str, int]) -> None:
    """Find the former state of each row of a range that is no first arrival, and keep its number."""
    rows = connection.execute(_SQL["superseding"], values).fetchall()
    if not rows:
        return
    kind = values["kind"]
    found = connection.execute(
        _SQL["formers"],
        {
            "keys": Hashes(receipt_key(keys, system_id=system, kind=kind, ref=ref) for _, system, ref in rows),
            "seqs": Numbers([seq for seq, _, _ in rows]),
        },
    ).fetchall()
    if not found:
        return
    formers = {"kind": kind, "seqs": Numbers([former for _, former in found])}
    kept = {row[0] for row in connection.execute(_SQL["kept"], formers)}
    groundless = {row[0] for row in connection.execute(_SQL["without_ground"], formers)}
    marked = []
    for seq, former in found:
        if former not in kept or former in groundless:
            groundless.add(seq)
            former = 0
        marked.append((seq, former))
    seqs, replaced = zip(*marked, strict=True)
    connection.execute(_SQL["mark_replaced"], {"kind": kind, "seqs": Numbers(seqs), "formers": Numbers(replaced)})
