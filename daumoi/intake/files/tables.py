"""Reads TOML tables into msgspec structs and finds every fault of a table, not only the first."""

import difflib
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T", bound=msgspec.Struct)


class MappingFault(NamedTuple):
    """One fault of a mapping file: the table and key where it stands, and what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class MappingRefused(Exception):
    """A mapping file cannot be used; the message lists all its faults."""

    def __init__(self, faults: list[MappingFault]) -> None:
        """Keep the single faults and join them into one message, a line each."""
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def parse_toml(text: bytes) -> dict[str, Any]:
    """Read a TOML document in UTF-8, with or without a byte order mark; raises MappingRefused."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingRefused([MappingFault("the file", "it is not UTF-8. Save it as UTF-8.")]) from None
    except tomllib.TOMLDecodeError as fault:
        # The parser's sentence names a line and column of the mapping file, which holds no data of persons.
        raise MappingRefused([MappingFault("the file", f"it is not TOML: {fault}. Mend that line.")]) from None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ` Did you mean "code"?`, or the known names when none is near."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f' Did you mean "{near[0]}"?'
    return f" Known: {', '.join(sorted(names))}." if 0 < len(names) <= 45 else ""


def read_table(struct: type[T], table: Any, where: str, faults: list[MappingFault]) -> T | None:
    """Read one table; faults are added to the list, and None is returned when the table cannot be used at all."""
    if not isinstance(table, dict):
        faults.append(MappingFault(where, "must be a table."))
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    before = len(faults)
    for name in table:
        if name not in fields:
            faults.append(MappingFault(f"{where}.{name}", f"is not a known key.{nearest(name, fields)}"))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in table:
            if field.required:
                faults.append(MappingFault(f"{where}.{name}", f"is missing; it must be {_expected(field.type)}."))
            continue
        try:
            values[field.name] = msgspec.convert(table[name], field.type)
        except msgspec.ValidationError:
            faults.append(MappingFault(f"{where}.{name}", f"must be {_expected(field.type)}."))
    return struct(**values) if len(faults) == before else None


def _expected(annotation: Any) -> str:
    return _words(inspect.type_info(annotation))


def _words(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return _words(kind.type)
    if isinstance(kind, inspect.UnionType):
        options = [_words(option) for option in kind.types if not isinstance(option, inspect.NoneType)]
        return " or ".join(dict.fromkeys(options))
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(f'"{value}"' for value in kind.values)
    if isinstance(kind, inspect.IntType):
        return "a whole number" if kind.ge is None else f"a whole number from {kind.ge} on"
    if isinstance(kind, inspect.ListType):
        return f"a list, each {_words(kind.item_type)}"
    return _PLAIN_WORDS.get(type(kind), "a value of another type")


_PLAIN_WORDS: dict[type[Any], str] = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.FloatType: "a number",
    inspect.DictType: "a table",
    inspect.StructType: "a table",
}
