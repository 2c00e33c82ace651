"""Faults of rows in the reader's language: where, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import get_language

from daumoi.core.problems import ROW_CODES


class SaidFault(NamedTuple):
    """One fault as a page shows it."""

    code: str
    pointer: str
    sentence: str


def sentence(code: str) -> str:
    """Return the sentence of a code, which says what to do."""
    words = ROW_CODES.get(code)
    if words is None:
        return code
    return words.en if get_language() == "en" else words.vi


def said(faults: Sequence[dict[str, str]]) -> list[SaidFault]:
    """Put faults into the reader's words; what the message adds of the schema is kept."""
    found = []
    for each in faults:
        words = ROW_CODES.get(each["code"])
        more = each["message"].removeprefix(words.en).strip() if words else ""
        found.append(SaidFault(each["code"], each["pointer"], f"{sentence(each['code'])} {more}".strip()))
    return found
