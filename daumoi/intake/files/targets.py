"""Which fields of a kind a mapping may fill, and what kind of value each takes: read from the kind's wire schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from msgspec import inspect

from daumoi.intake.files.tables import nearest
from daumoi.kinds.checker import type_of
from daumoi.kinds.kind import Kind

Path = tuple[str, ...]
"""The names on the way to a field: `data.address.line` is ("data", "address", "line"); list places are digits."""


class Shape(Enum):
    """What a field takes."""

    TEXT = "a text"
    DATE_PART = "a date, or its year and month, or its year"
    CHOICE = "one of a list"
    NUMBER = "a number"
    WHOLE = "a whole number"
    FLAG = "true or false"
    INSTANT = "an instant"
    DAY = "a date"
    FLAGS = "a table of codes with true or false"
    TEXTS = "a list of texts"
    OBJECT = "a table"
    LIST = "a list of tables"


@dataclass(frozen=True)
class Target:
    """One field of a kind."""

    path: Path
    shape: Shape
    choices: frozenset[str] = frozenset()
    required_below: tuple[str, ...] = ()
    personal: bool = False
    """Names a person; the sender's own `system_person_id` does not count, it is a pseudonym already."""

    @property
    def name(self) -> str:
        """The path as written in a mapping file."""
        return ".".join(self.path)

    @property
    def is_area(self) -> bool:
        """Whether it takes an administrative unit, which may be looked up by its name."""
        return self.shape is Shape.OBJECT and self.path[-1] == "area"

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer."""
        return "/" + "/".join(self.path)


class NoSuchField(Exception):
    """The kind has no such field; the message says what it has there."""


def resolve(kind: Kind, path: Path) -> Target:
    """Find the field at a path of a kind; raises NoSuchField."""
    here, extra = _bare(type_of(kind.wire), {})
    for at, name in enumerate(path):
        if isinstance(here, inspect.StructType):
            fields = {field.encode_name: field for field in here.fields}
            if name not in fields:
                raise NoSuchField(f"{kind.name} has no such field.{nearest(name, fields)}")
            here, extra = _bare(fields[name].type, {})
        elif isinstance(here, inspect.ListType):
            if not (name.isascii() and name.isdigit()):
                raise NoSuchField(f'this is a list: write its place after it, as in "{".".join(path[:at])}.0".')
            here, extra = _bare(here.item_type, extra)
        elif isinstance(here, inspect.DictType):
            here, extra = _bare(here.value_type, {})
        else:
            raise NoSuchField(f'"{".".join(path[:at])}" takes {_shape(here, extra).value}, it has no fields below it.')
    return _target(path, here, extra)


def _bare(kind: inspect.Type, extra: dict[str, Any]) -> tuple[inspect.Type, dict[str, Any]]:
    while True:
        if isinstance(kind, inspect.Metadata):
            marks: dict[str, Any] = getattr(kind, "extra", None) or {}
            kind, extra = kind.type, extra | marks
        elif isinstance(kind, inspect.UnionType):
            kind = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
        else:
            return kind, extra


def _target(path: Path, kind: inspect.Type, extra: dict[str, Any]) -> Target:
    choices = frozenset(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else frozenset[str]()
    required: tuple[str, ...] = ()
    if isinstance(kind, inspect.StructType):
        required = tuple(field.encode_name for field in kind.fields if field.required)
    personal = extra.get("mark") == "identity" and path[-1] != "system_person_id"
    return Target(path, _shape(kind, extra), choices, required, personal)


def _shape(kind: inspect.Type, extra: dict[str, Any]) -> Shape:
    if isinstance(kind, inspect.StrType):
        return Shape.DATE_PART if extra.get("code") == "bad_date" else Shape.TEXT
    if isinstance(kind, inspect.ListType):
        inner, _ = _bare(kind.item_type, {})
        return Shape.TEXTS if isinstance(inner, inspect.StrType) else Shape.LIST
    return _SHAPES.get(type(kind), Shape.OBJECT)


_SHAPES: dict[type[Any], Shape] = {
    inspect.LiteralType: Shape.CHOICE,
    inspect.FloatType: Shape.NUMBER,
    inspect.IntType: Shape.WHOLE,
    inspect.BoolType: Shape.FLAG,
    inspect.DateTimeType: Shape.INSTANT,
    inspect.DateType: Shape.DAY,
    inspect.DictType: Shape.FLAGS,
}


def leaves(kind: Kind, table: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of a nested table of a mapping file, down to the fields that take a value.

    `data.address.line = …`, `data = { address = { line = … } }` and `"data.address.line" = …` are the same.
    The schema decides where a field ends, so that a table may also be a field's value.
    """
    yield from _leaves(kind, (), table)


def _leaves(kind: Kind, above: Path, table: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        path = (*above, *name.split("."))
        if isinstance(value, dict) and _goes_on(kind, path, value):
            yield from _leaves(kind, path, value)
        else:
            yield path, value


RULE_KEYS = frozenset({"column", "columns", "template"})


def _goes_on(kind: Kind, path: Path, value: dict[str, Any]) -> bool:
    try:
        shape = resolve(kind, path).shape
    except NoSuchField:
        return False
    if shape in (Shape.FLAGS, Shape.TEXTS):
        return not RULE_KEYS & value.keys()
    if "lookup" in value:
        return False
    return shape in (Shape.OBJECT, Shape.LIST)


def constant_fits(target: Target, value: Any) -> bool:
    """Tell whether a constant of a mapping file is of the field's type."""
    shape = target.shape
    if shape is Shape.CHOICE:
        return isinstance(value, str) and value in target.choices
    if shape in (Shape.NUMBER, Shape.WHOLE):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if shape is Shape.INSTANT:
        return isinstance(value, str) and is_instant(value)
    if shape is Shape.DAY:
        return isinstance(value, str) and is_day(value)
    return isinstance(value, _PYTHON_TYPES[shape])


_PYTHON_TYPES: dict[Shape, type[Any]] = {
    Shape.TEXT: str,
    Shape.DATE_PART: str,
    Shape.FLAG: bool,
    Shape.FLAGS: dict,
    Shape.TEXTS: list,
    Shape.OBJECT: dict,
    Shape.LIST: list,
}


def is_instant(text: str) -> bool:
    """Tell whether a text is an instant with an offset already (RFC 3339)."""
    if len(text) < len("2021-08-01T08:00Z") or not text.isascii() or text[10] not in "Tt":
        return False
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def is_day(text: str) -> bool:
    """Tell whether a text is `YYYY-MM-DD` already."""
    if len(text) != len("2021-08-01") or text[4] != "-" or text[7] != "-" or not text.isascii():
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def as_wire(value: Any) -> Any:
    """Write the dates and instants of TOML as the wire has them; other values stay.

    An instant without an offset stays one without, and is refused as a constant.
    """
    if isinstance(value, datetime):
        aware = value if value.tzinfo is None or value.utcoffset() else value.astimezone(UTC)
        return aware.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_wire(member) for name, member in value.items()}
    return [as_wire(member) for member in value] if isinstance(value, list) else value
