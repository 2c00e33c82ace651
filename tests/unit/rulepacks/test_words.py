"""Every field, fixed value and track that a pack may show has words in both languages."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from daumoi.rulepacks import bundled
from daumoi.rulepacks.pack import Rule, Source
from daumoi.rulepacks.vocabulary.base import Part
from daumoi.rulepacks.vocabulary.groups import ALL
from daumoi.rulepacks.vocabulary.words import word, words


def parts_of(kind: type[Any]) -> Iterator[type[Part]]:
    yield kind
    for hint in typing.get_type_hints(kind).values():
        for inner in _within(hint):
            if isinstance(inner, type) and issubclass(inner, Part):
                yield from parts_of(inner)


def _within(hint: Any) -> Iterator[Any]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _within(inner)


def test_every_field_has_words_and_no_word_is_left_over() -> None:
    fields = {name for group in ALL for part in parts_of(group) for name in part.__struct_fields__}
    of_rules = {*Rule.__struct_fields__, *Source.__struct_fields__} - {"group", "track"}

    assert fields | of_rules == set(words()["fields"])


def test_every_fixed_value_has_words() -> None:
    chosen = {
        value
        for group in ALL
        for part in parts_of(group)
        for name, hint in typing.get_type_hints(part).items()
        if name in part.__struct_fields__
        for inner in _within(hint)
        if typing.get_origin(inner) is typing.Literal
        for value in typing.get_args(inner)
        if isinstance(value, str)
    }

    assert chosen == set(words()["values"])


def test_every_track_of_the_bundled_packs_has_words() -> None:
    tracks = {rule.track for code in bundled.codes() for rule in bundled.pack(code).rules}

    assert tracks <= set(words()["tracks"])


def test_a_word_is_vietnamese_unless_english_is_asked_for() -> None:
    assert word("fields", "days", None) == word("fields", "days", "vi") == "Số ngày"
    assert word("fields", "days", "en") == "Days"
    assert word("tracks", "of_another_pack", "vi") == "of_another_pack"


def test_both_languages_are_complete() -> None:
    found = [text for of in words().values() for each in of.values() for text in (each["vi"], each["en"])]

    assert all(text.strip() for text in found)
