"""Divides the fields of a kind by their marks: facts stay in the body, personal values leave it (design, section 7)."""

from functools import cache
from typing import Any

from msgspec import Struct, inspect

from daumoi.kinds.checker import type_of
from daumoi.kinds.fields import Identity

Path = tuple[str, ...]
ANY = "*"
"""Stands for each position of a list in a path."""


def _marks(kind: inspect.Type, path: Path, found: dict[Path, str]) -> None:
    if isinstance(kind, inspect.Metadata):
        mark = (kind.extra or {}).get("mark")
        if mark:
            found[path] = mark
            return
        _marks(kind.type, path, found)
    elif isinstance(kind, inspect.UnionType):
        for option in kind.types:
            _marks(option, path, found)
    elif isinstance(kind, inspect.ListType):
        _marks(kind.item_type, (*path, ANY), found)
    elif isinstance(kind, inspect.StructType):
        if kind.cls is Identity:
            found[path] = "identity"
            return
        for field in kind.fields:
            _marks(field.type, (*path, field.encode_name), found)


@cache
def marked(wire: type[Struct]) -> dict[Path, str]:
    """Return the paths of all fields of a struct that are not facts, each with its mark."""
    found: dict[Path, str] = {}
    _marks(type_of(wire), (), found)
    return found


@cache
def _personal(wire: type[Struct]) -> tuple[Path, ...]:
    return tuple(path for path, mark in marked(wire).items() if mark == "personal")


@cache
def _apart(wire: type[Struct]) -> tuple[str, ...]:
    """Name the members of a struct in which anything lies that is no fact."""
    return tuple(dict.fromkeys(path[0] for path in marked(wire)))


def is_fact(data: Struct) -> bool:
    """Tell whether a record's data hold facts alone: none of the members where others may lie is there."""
    return not any(getattr(data, name) for name in _apart(type(data)))


def take_personal(wire: type[Struct], data: dict[str, Any]) -> dict[str, Any]:
    """Cut the personal values out of `data` (as plain values) and return them by JSON pointer."""
    taken: dict[str, Any] = {}
    for path in _personal(wire):
        if path[0] in data:
            _take(data, path, "", taken)
    return taken


def _take(holder: Any, path: Path, pointer: str, taken: dict[str, Any]) -> None:
    head, rest = path[0], path[1:]
    if head == ANY:
        for position, member in enumerate(holder):
            _take(member, rest, f"{pointer}/{position}", taken)
    elif head in holder:
        if rest:
            _take(holder[head], rest, f"{pointer}/{head}", taken)
        else:
            taken[f"{pointer}/{head}"] = holder.pop(head)


def put_back(data: dict[str, Any], taken: dict[str, Any]) -> None:
    """Set the personal values that `take_personal` cut out."""
    for pointer, value in taken.items():
        *path, last = pointer.split("/")[1:]
        holder: Any = data
        for part in path:
            holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
        holder[last] = value
