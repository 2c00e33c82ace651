"""The columns of a kind's files: what of a line stands in which, and of what type. For CSV and Parquet.

What stands around the records comes first, then people as far as the agreement shows them, then the members of `data`
as `data_<name>`. Lists and objects are JSON text. A column is there whether or not a record has a value in it, so that
every file of a kind, an empty one too, has the same header as long as the agreement stays.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from daumoi.exchange.terms import Terms, members
from daumoi.kinds.fields import Identity
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE

TEXT, WHOLE, REAL, YES_NO, INSTANT, DAY = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMPTZ", "DATE"
"""Types as DuckDB names them."""


class Column(NamedTuple):
    """One column: its name, its type, and the members that lead to its value in a line."""

    name: str
    type: str
    path: tuple[str, ...]


_FRONT = (
    Column("kind", TEXT, ("kind",)),
    Column("seq", WHOLE, ("seq",)),
    Column("id", TEXT, ("id",)),
    Column("op", TEXT, ("op",)),
    Column("current", YES_NO, ("current",)),
    Column("system", TEXT, ("system",)),
    Column("ref", TEXT, ("ref",)),
    Column("revision", WHOLE, ("revision",)),
    Column("occurred_at", INSTANT, ("occurred_at",)),
    Column("received_at", INSTANT, ("received_at",)),
    Column("area_scheme", TEXT, ("area", "scheme")),
    Column("area_code", TEXT, ("area", "code")),
)
_LOCATION = tuple(Column(name, REAL, ("location", name)) for name in ("lat", "lon", "accuracy_m"))
_CHANGE = tuple(Column(f"data_{name}", TEXT, ("data", name)) for name in ("reason", "from", "to", "claim"))


def columns(kind: str, terms: Terms) -> tuple[Column, ...]:
    """Return the columns of a kind's files, as an agreement's terms give them."""
    if kind == IDENTITY_CHANGE:
        return (*_FRONT, *_CHANGE)
    located = _LOCATION if terms.location else ()
    return (*_FRONT, *located, *_people(kind, terms), *_data(kind, terms))


def _people(kind: str, terms: Terms) -> tuple[Column, ...]:
    if terms.identity == "none" or KINDS[kind].subject == "none":
        return ()
    found = [Column("subject_pseudonym", TEXT, ("subject", "pseudonym"))]
    if terms.gives_identity:
        found += [Column(f"subject_{name}", TEXT, ("subject", "identity", name)) for name in Identity.__struct_fields__]
    found.append(Column("declarant_pseudonym", TEXT, ("declarant", "pseudonym")))
    if terms.gives_identity:
        found.append(Column("declarant_identity", TEXT, ("declarant", "identity")))
    return (*found, Column("companions", TEXT, ("companions",)))


def _data(kind: str, terms: Terms) -> tuple[Column, ...]:
    given = terms.fields.get(kind)
    types = _types(kind)
    return tuple(
        Column(f"data_{name}", types[name], ("data", name)) for name in members(kind) if given is None or name in given
    )


def _types(kind: str) -> dict[str, str]:
    envelope = inspect.type_info(KINDS[kind].wire)
    assert isinstance(envelope, inspect.StructType)
    data = next(field.type for field in envelope.fields if field.encode_name == "data")
    found: dict[str, str] = {}
    for option in data.types if isinstance(data, inspect.UnionType) else (data,):
        if isinstance(option, inspect.StructType):
            found |= {field.encode_name: _type(field.type) for field in option.fields}
    return found


_SIMPLE: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.BoolType, YES_NO),
    (inspect.IntType, WHOLE),
    (inspect.FloatType, REAL),
    (inspect.DateTimeType, INSTANT),
    (inspect.DateType, DAY),
)


def _type(said: inspect.Type) -> str:
    """Name the type of a member; one that may be absent has the type it has when it is there."""
    if isinstance(said, inspect.Metadata):
        return _type(said.type)
    if isinstance(said, inspect.UnionType):
        options = {_type(each) for each in said.types if not isinstance(each, inspect.NoneType)}
        return options.pop() if len(options) == 1 else TEXT
    return next((name for simple, name in _SIMPLE if isinstance(said, simple)), TEXT)


_JSON = msgspec.json.Encoder().encode


def values(line: dict[str, Any], wanted: Sequence[Column]) -> list[Any]:
    """Return the values of a line by column: text, numbers, booleans, or None; lists and objects as JSON text."""
    found = []
    for column in wanted:
        value: Any = line
        for name in column.path:
            value = value.get(name) if isinstance(value, dict) else None
        found.append(_JSON(value).decode() if isinstance(value, (dict, list)) else value)
    return found
