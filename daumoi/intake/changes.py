"""One change made to many held rows alike: a value set, replaced or taken away at a place, or a field renamed.

Pure: a change reads nothing and keeps nothing. Places are JSON pointers (RFC 6901); `*` stands for every position of a
list. A row in which the change finds nothing to do is left as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Action = Literal["set", "replace", "remove", "rename"]
ACTIONS: tuple[Action, ...] = ("replace", "set", "remove", "rename")
EVERY = "*"
POINTER_MAX = 300


class NotAChange(ValueError):
    """A place is a JSON pointer such as /data/form; replacing and renaming need what is there now and what is to be."""


class Change(msgspec.Struct, frozen=True):
    """What is to be done. `old` is what `replace` looks for; `new` the value, or for `rename` the new name."""

    action: Action
    pointer: str
    old: Any = None
    new: Any = None

    def __post_init__(self) -> None:
        """Refuse what could do nothing or anything; raises NotAChange."""
        parts = self.pointer.split("/")
        if len(self.pointer) > POINTER_MAX or len(parts) < 2 or parts[0] or not all(parts[1:]):
            raise NotAChange(NotAChange.__doc__)
        if self.action == "rename" and (not isinstance(self.new, str) or not self.new or parts[-1] == EVERY):
            raise NotAChange(NotAChange.__doc__)
        if self.action == "replace" and self.old is None:
            raise NotAChange(NotAChange.__doc__)

    def applied(self, record: Any) -> Any | None:
        """Return the changed record, or None when the change finds nothing to do; the record itself stays."""
        made = copy.deepcopy(record)
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in self.pointer.split("/")[1:]]
        holders = list(_holders(made, path, make=self.action == "set"))
        done = [self._do(holder, last) for holder in holders]
        return made if any(done) else None

    def _do(self, holder: Any, last: str) -> bool:
        if isinstance(holder, list):
            # From the end, so that taking one away moves none that is still to come.
            return any([self._at(holder, place) for place in reversed(_places(holder, last))])
        return isinstance(holder, dict) and self._at(holder, last)

    def _at(self, holder: Any, key: Any) -> bool:
        there = isinstance(holder, list) or key in holder
        if self.action == "set":
            if there and _same(holder[key], self.new):
                return False
            holder[key] = copy.deepcopy(self.new)
            return True
        if not there:
            return False
        if self.action == "replace":
            there, old, new = holder[key], self.old, self.new
            if isinstance(there, str) and _is_whole(old):
                # Somebody typed a code of digits: a text is replaced by a text.
                old, new = str(old), str(new) if _is_whole(new) else new
            if not _same(there, old):
                return False
            holder[key] = copy.deepcopy(new)
        elif self.action == "remove":
            del holder[key]
        else:
            if isinstance(holder, list) or self.new in holder:
                return False
            holder[self.new] = holder.pop(key)
        return True


def _places(holder: list[Any], name: str) -> list[int]:
    if name == EVERY:
        return list(range(len(holder)))
    return [int(name)] if name.isascii() and name.isdigit() and len(name) < 7 and int(name) < len(holder) else []


def _holders(value: Any, path: list[str], *, make: bool) -> Iterator[Any]:
    """Yield what the last step is taken in; `make` adds objects that are missing on the way."""
    if not path:
        yield value
        return
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        for place in _places(value, head):
            yield from _holders(value[place], rest, make=make)
    elif isinstance(value, dict):
        if make and head not in value and head != EVERY:
            value[head] = {}
        if head in value:
            yield from _holders(value[head], rest, make=make)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    return type(one) is type(other) and bool(one == other)


def value_of(text: str) -> Any:
    """Read a value as a person typed it: JSON where it is JSON and no text would say the same, else the text itself.

    `37.9`, `true` and `["a"]` are JSON, `quốc lộ 1` is text, and `"01"` in quotes is the text 01. A number with leading
    zeros is no JSON, so codes of areas stay texts; a code of digits alone is put in quotes.
    """
    try:
        return msgspec.json.decode(text.strip())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text.strip()
