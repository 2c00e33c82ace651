"""Ids of one instant: UUIDv7, all different, in the two forms in which they are made."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from daumoi.core.ids import uuid7, uuid7_block, uuid7_texts

AT = datetime(2021, 8, 1, 1, 2, 3, 456789, UTC)


@pytest.mark.parametrize("made", [[UUID(text) for text in uuid7_texts(AT, 500)], uuid7_block(AT, 500), [uuid7(AT)]])
def test_every_id_is_of_version_7_and_tells_its_millisecond(made: list[UUID]) -> None:
    assert {found.version for found in made} == {7}
    assert {found.variant for found in made} == {"specified in RFC 4122"}
    assert {found.int >> 80 for found in made} == {int(AT.timestamp() * 1000)}
    assert len(set(made)) == len(made)


def test_ids_written_as_text_use_all_of_their_random_digits() -> None:
    texts = uuid7_texts(AT, 2000)
    for place in (*range(13, 16), *range(17, 32)):
        assert {text[place] for text in texts} == set("0123456789abcdef")
    assert {text[16] for text in texts} == set("89ab")
