"""Paths into nested JSON: `identifier[type.coding.code=PPN].value`, `telecom[system=phone][use!=old][0].value`.

A step is the name of a member; a step over a list goes into all its elements. Brackets after a step pick elements:

- `[0]` by place, `[code=PPN]` those that have the value, `[use!=old]` those that have it not,
- `[use?=official]` those that have it if any has, else all.

Brackets are applied from left to right, for each list by itself. `docs/import.md` is the reference.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NoReturn
from unicodedata import normalize

from daumoi.intake.files.templates import column_name

RESOLVED = "resolved"
"""The step from a reference to what it refers to, where the reader of the file can tell."""

Resolve = Callable[[dict[str, Any]], Any]
"""From an object with a `reference` to what it refers to; None when that is not in the file."""

_NAME = re.compile(r'[^.\[\]"]+')
_NAME_IN_BRACKETS = re.compile(r'[^.\[\]"=!?]+')
_PLACE = re.compile(r"[0-9]{1,6}\]", re.ASCII)
_OPERATOR = re.compile(r"=|!=|\?=")
_QUOTED = re.compile(r'"([^"]*)"')
_VALUE = re.compile(r'[^\[\]"]+')


class Several(list[Any]):
    """What a path found when it is more than one value, in the order of the file."""

    def only(self) -> Any:
        """Return the value when all are equal, else all of them."""
        return self[0] if all(value == self[0] for value in self) else self


@dataclass(frozen=True)
class Place:
    """`[0]`: the element at a place, from 0."""

    number: int


@dataclass(frozen=True)
class Having:
    """`[code=PPN]`: the elements that have a value, have it not, or have it if any has."""

    path: "JsonPath"
    operator: Literal["=", "!=", "?="]
    text: str


@dataclass(frozen=True)
class Step:
    """A member, and which of its elements."""

    name: str
    picks: tuple[Place | Having, ...] = ()


@dataclass(frozen=True)
class JsonPath:
    """A path, ready for use."""

    steps: tuple[Step, ...]


class PathFault(ValueError):
    """A path cannot be read; the message says where in it and what to do."""


@lru_cache(maxsize=1024)
def parse_path(text: str) -> JsonPath:
    """Read a path; raises PathFault."""
    reader = _PathReader(text)
    path = reader.path(_NAME)
    if reader.at < len(text):
        reader.refuse("a dot or a bracket is missing")
    return path


def is_path(column: str) -> bool:
    """Tell whether a column's name says more than the name of one member."""
    return any(sign in column for sign in '.["')


class _PathReader:
    """Reads from left to right; `at` is the place of the next sign."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def path(self, name: re.Pattern[str]) -> JsonPath:
        steps = [self._step(name)]
        while self._next("."):
            steps.append(self._step(name))
        return JsonPath(tuple(steps))

    def _step(self, name: re.Pattern[str]) -> Step:
        found = self._match(_QUOTED)
        member = found.group(1) if found else ""
        if found is None and (found := self._match(name)):
            member = found.group()
        if not member.strip():
            self.refuse("the name of a member is missing")
        picks: list[Place | Having] = []
        while self._next("["):
            picks.append(self._pick())
        return Step(column_name(member), tuple(picks))

    def _pick(self) -> Place | Having:
        if place := self._match(_PLACE):
            return Place(int(place.group()[:-1]))
        path = self.path(_NAME_IN_BRACKETS)
        operator = self._match(_OPERATOR)
        if operator is None:
            self.refuse("brackets hold a place such as [0], or a condition such as [code=PPN]")
        quoted = self._match(_QUOTED)
        plain = None if quoted else self._match(_VALUE)
        text = quoted.group(1) if quoted else plain.group().strip() if plain else ""
        if not text:
            self.refuse("the value of the condition is missing")
        if not self._next("]"):
            self.refuse("the closing bracket is missing")
        return Having(path, operator.group(), normalize("NFC", text))  # type: ignore[arg-type]

    def _next(self, sign: str) -> bool:
        there = self.text.startswith(sign, self.at)
        self.at += len(sign) * there
        return there

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def refuse(self, what: str) -> NoReturn:
        raise PathFault(
            f'"{self.text}" is no path: at sign {self.at + 1}, {what}. A name that has brackets or dots'
            " in it stands in quotes."
        )


def find(path: JsonPath, whole: Any, resolve: Resolve | None = None) -> list[Any]:
    """Return all that a path finds, in the order of the file; lists at its end are opened."""
    found = [whole]
    for step in path.steps:
        found = [inner for outer in found for item in _opened(outer) for inner in _members(item, step, resolve)]
    return [item for value in found for item in _opened(value) if item is not None]


def _members(item: Any, step: Step, resolve: Resolve | None) -> Iterator[Any]:
    if not isinstance(item, dict):
        return
    member = _member(item, step.name)
    if member is None and step.name == RESOLVED and resolve is not None and isinstance(item.get("reference"), str):
        member = resolve(item)
    if member is None:
        return
    if not step.picks:
        yield member
        return
    elements = list(_opened(member))
    for pick in step.picks:
        elements = _picked(elements, pick, resolve)
    yield from elements


def _picked(elements: list[Any], pick: Place | Having, resolve: Resolve | None) -> list[Any]:
    if isinstance(pick, Place):
        return elements[pick.number : pick.number + 1]
    has = [any(spelled(value) == pick.text for value in find(pick.path, element, resolve)) for element in elements]
    if pick.operator == "?=" and not any(has):
        return elements
    return [element for element, there in zip(elements, has, strict=True) if there is not (pick.operator == "!=")]


def _member(item: dict[str, Any], name: str) -> Any:
    if name in item:
        return item[name]
    return next((value for key, value in item.items() if column_name(key) == name), None)


def _opened(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spelled(value: Any) -> str | None:
    """Write a text, number, true or false as conditions are written; None for what is none of them."""
    if isinstance(value, str):
        return normalize("NFC", value).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else None


class Tree(dict[str, Any]):
    """The cells of a JSON object: members by name, those of inner objects as `outer.inner`, all others by path."""

    resolve: Resolve | None = None
    """How references are followed; set by a reader that can."""

    def __init__(self, whole: dict[str, Any]) -> None:
        """Lay the members out flat; lists stay as they are."""
        super().__init__()
        self.whole = whole
        _flatten(whole, "", self)

    def get(self, column: str, default: Any = None) -> Any:
        """Return a cell, or what a path finds: one value as it is, more as Several, none as the default."""
        if column in self:
            return self[column]
        if not is_path(column):
            return default
        found = find(parse_path(column), self.whole, self.resolve)
        return Several(found) if len(found) > 1 else found[0] if found else default


def _flatten(value: dict[str, Any], above: str, cells: dict[str, Any]) -> None:
    for name, member in value.items():
        path = above + column_name(name)
        if isinstance(member, dict):
            _flatten(member, f"{path}.", cells)
        else:
            cells[path] = member
