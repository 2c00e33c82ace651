"""Reads the code lists that are shipped with the kinds."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code: its names, and the days on which it may be used (both ends included; none means open)."""

    code: str
    en: str
    vi: str
    valid_from: date | None = None
    valid_to: date | None = None


class CodeList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of codes with the source its entries were taken from."""

    name: str
    title_en: str
    title_vi: str
    source: str
    entries: list[Entry]


@cache
def code_list(name: str) -> CodeList:
    """Return a list by name; raises FileNotFoundError for a list that is not shipped."""
    return msgspec.json.decode((files(__package__) / f"{name}.json").read_bytes(), type=CodeList)


@cache
def _by_code(name: str) -> dict[str, Entry]:
    return {entry.code: entry for entry in code_list(name).entries}


def is_known(name: str, code: str, on: date) -> bool:
    """Tell whether a code of the list may be used on that day."""
    entry = _by_code(name).get(code)
    if entry is None:
        return False
    return (entry.valid_from is None or entry.valid_from <= on) and (entry.valid_to is None or on <= entry.valid_to)


def unknown(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each (list, code) that the list has not, whatever its days."""
    return [
        f"{code} is no code of the list {name}. Correct it, or add it to the list first."
        for name, code in sorted(pairs)
        if code not in _by_code(name)
    ]


def title(name: str, code: str, language: str | None) -> str:
    """Say a code in Vietnamese, or in English when asked for; one that the list has not is itself."""
    entry = _by_code(name).get(code)
    return code if entry is None else entry.en if language == "en" else entry.vi
