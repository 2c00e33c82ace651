"""All kinds the hub takes. A new kind is one file beside this one and one line in the list."""

from daumoi.kinds import (
    area_count,
    checkpoint,
    checkpoint_passage,
    citizen_report,
    health_declaration,
    movement_declaration,
)
from daumoi.kinds.kind import Kind

ALL: tuple[Kind, ...] = (
    health_declaration.KIND,
    movement_declaration.KIND,
    citizen_report.KIND,
    checkpoint.KIND,
    checkpoint_passage.KIND,
    area_count.KIND,
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in ALL}
BY_NUMBER: dict[int, Kind] = {kind.number: kind for kind in ALL}
