"""Which fields of a wire struct need more than their type: found once a struct, looked at once a record."""

from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct, inspect

from daumoi.kinds.checker import type_of
from daumoi.kinds.fields import Area, Identity


class Care(Enum):
    """What a field needs."""

    INSTANT = "instant"
    DAY = "day"
    CODE = "code"
    ANSWERS = "answers"
    AREA = "area"
    IDENTITY = "identity"


class Step(NamedTuple):
    """A field that needs care, or that holds a struct with such fields."""

    attribute: str
    pointer: str  # of the field within its struct, such as /area
    care: Care | None
    list_name: str
    inner: type[Struct] | None
    many: bool


def _bare(kind: inspect.Type, extra: dict[str, Any]) -> tuple[inspect.Type, dict[str, Any]]:
    """Strip marks and `| None` from a type; returns it with its marks."""
    while True:
        if isinstance(kind, inspect.Metadata):
            extra = extra | (kind.extra or {})
            kind = kind.type
        elif isinstance(kind, inspect.UnionType):
            kind = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
        else:
            return kind, extra


def _care(kind: inspect.Type, extra: dict[str, Any]) -> Care | None:
    if isinstance(kind, inspect.DateTimeType):
        return Care.INSTANT
    if isinstance(kind, inspect.DateType):
        return Care.DAY
    if isinstance(kind, inspect.StructType):
        return {Area: Care.AREA, Identity: Care.IDENTITY}.get(kind.cls)
    if "list" in extra:
        return Care.ANSWERS if isinstance(kind, inspect.DictType) else Care.CODE
    return None


def _step(field: inspect.Field) -> Step | None:
    kind, extra = _bare(field.type, {})
    many = isinstance(kind, inspect.ListType)
    if isinstance(kind, inspect.ListType):
        kind, extra = _bare(kind.item_type, {})
    care = _care(kind, extra)
    inner = kind.cls if isinstance(kind, inspect.StructType) and care is not Care.AREA else None
    if care is None and (inner is None or not steps(inner)):
        return None
    return Step(field.name, f"/{field.encode_name}", care, extra.get("list", ""), inner, many)


@cache
def steps(wire: type[Struct]) -> tuple[Step, ...]:
    """Return the fields of a struct that need care, in the order of the struct."""
    kind = type_of(wire)
    assert isinstance(kind, inspect.StructType)
    return tuple(step for step in map(_step, kind.fields) if step is not None)


FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years that instants and dates may lie in (contract, section 1)."""


def in_years(value: date | datetime) -> bool:
    """Tell whether an instant or date lies in 1900–2199 (an instant: in UTC)."""
    return FIRST_YEAR <= value.year <= LAST_YEAR
