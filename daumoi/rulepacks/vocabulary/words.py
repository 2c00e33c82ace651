"""The words of parameters in both languages: fields, values of a fixed choice, tracks (words.toml)."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Of = Literal["fields", "values", "tracks"]


@cache
def words() -> dict[Of, dict[str, dict[str, str]]]:
    """Return all words, by what they are of."""
    return tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))  # type: ignore[return-value]


def word(of: Of, name: str, language: str | None) -> str:
    """Say a field, a value or a track in Vietnamese, or in English when asked for; one without words is itself."""
    found = words()[of].get(name)
    return name if found is None else found["en" if language == "en" else "vi"]
