"""Systems on the board: which send and which are silent. A silent one is no data, never zero."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from daumoi.console.situation.reading import Situation
from daumoi.situation.flows import Flow
from daumoi.situation.rhythm import Rhythm

_WORST = (Rhythm.SILENT, Rhythm.SENDING, Rhythm.LEARNING, Rhythm.NEVER)


class SystemLine(NamedTuple):
    """One system over its kinds."""

    system_id: int
    name: str
    rhythm: Rhythm
    """Silent when one of its kinds is; never when all are."""
    rows: int | None
    """Received in the last 24 hours; None is no data."""
    last_seen: datetime | None


def systems(situation: Situation) -> list[SystemLine]:
    """Return the systems, the silent ones first, then the busiest."""
    by_system: dict[int, list[Flow]] = {}
    for flow in situation.flows:
        by_system.setdefault(flow.system_id, []).append(flow)
    lines = []
    for system_id, found in by_system.items():
        rhythms = {flow.rhythm for flow in found}
        rows = sum(sum(flow.sparkline) for flow in found)
        lines.append(
            SystemLine(
                system_id,
                situation.systems.get(system_id, str(system_id)),
                next(each for each in _WORST if each in rhythms),
                rows or None,
                max((flow.last_seen for flow in found if flow.last_seen), default=None),
            )
        )
    order = {Rhythm.SILENT: 0, Rhythm.SENDING: 1, Rhythm.LEARNING: 1, Rhythm.NEVER: 2}
    return sorted(lines, key=lambda line: (order[line.rhythm], -(line.rows or 0), line.name))
