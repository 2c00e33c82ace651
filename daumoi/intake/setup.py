"""Makes sure that every kind has its place in the log; run at each start, safe to run again."""

from daumoi.core.hub import Hub
from daumoi.kinds.registry import ALL
from daumoi.log import identity_change
from daumoi.log.segments import ensure_kind, ensure_segments


def prepare_log(hub: Hub) -> None:
    """Make heads, partitions and the first segments of all kinds."""
    with hub.pool.connection() as connection:
        for name, number in numbered_kinds():
            ensure_kind(connection, number=number, name=name)
            ensure_segments(connection, kind=number, segment_rows=hub.settings.segment_rows)


def numbered_kinds() -> list[tuple[str, int]]:
    """Return all kinds of the log: those that are sent, and the log's own."""
    return [(kind.name, kind.number) for kind in ALL] + [(identity_change.KIND_NAME, identity_change.KIND_NUMBER)]
