"""The slow reader of JSON: finds what is wrong with a text where the fast one only says no.

Contract, section 1: a key given twice, U+0000, lone surrogates and more than 32 levels are problems of their own.
"""

import json
import math
import re
from typing import Any, NoReturn

from daumoi.kinds.faults import FAULTS_MAX, Fault, below, fault

DEEPEST = 32
"""Levels of nesting a row may have; the row's own object is the first."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_LONGEST_WHOLE_NUMBER = 400
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Pairs(dict[str, Any]):
    """A JSON object that remembers which keys were given twice."""

    repeated: tuple[str, ...] = ()


class _NotJson(ValueError):
    """The text is no JSON."""


def _pairs(members: list[tuple[str, Any]]) -> Pairs:
    found = Pairs(members)
    if len(found) != len(members):
        seen: set[str] = set()
        found.repeated = tuple(key for key, _ in members if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise _NotJson


def _whole(text: str) -> int | float:
    # Python refuses to read very long digits; such a number is out of every range, so its size is all that matters.
    return int(text) if len(text) < _LONGEST_WHOLE_NUMBER else math.copysign(math.inf, -1 if text[0] == "-" else 1)


def is_too_deep(text: bytes) -> bool:
    """Tell whether the text opens more than DEEPEST levels at once; reads broken JSON as far as it goes."""
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", text)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


def parse(text: bytes) -> tuple[Any, Fault | None]:
    """Read one JSON text; returns the value with its objects as Pairs, or None and the fault."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        return None, fault("not_utf8")
    if is_too_deep(text):
        return None, fault("too_deep")
    try:
        return json.loads(decoded, object_pairs_hook=_pairs, parse_constant=_refuse_constant, parse_int=_whole), None
    except (ValueError, RecursionError):
        return None, fault("malformed_json")


def text_faults(value: Any, pointer: str = "") -> list[Fault]:
    """Find keys given twice and text that cannot be stored, anywhere in a parsed value; hardly more than FAULTS_MAX."""
    found: list[Fault] = []
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            found.append(fault("text_not_storable", pointer))
    elif isinstance(value, dict):
        found += [fault("duplicate_key", below(pointer, key)) for key in getattr(value, "repeated", ())[:FAULTS_MAX]]
        for key, member in value.items():
            if len(found) >= FAULTS_MAX:
                break
            if _UNSTORABLE.search(key):
                found.append(fault("text_not_storable", pointer))
            found += text_faults(member, below(pointer, key))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            if len(found) >= FAULTS_MAX:
                break
            found += text_faults(member, below(pointer, position))
    return found


def has_repeated_key(text: bytes) -> bool:
    """Tell whether any object of a valid JSON text gives a key twice; about 6 µs for 300 bytes."""
    seen: list[bool] = []

    def note(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            seen.append(True)
        return made

    json.loads(text, object_pairs_hook=note)
    return bool(seen)
