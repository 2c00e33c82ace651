"""Texts made of columns: `"{complaint_type}: {descriptor}"`; `{{` and `}}` stand for the braces themselves."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")


def column_name(name: str) -> str:
    """Return a column's name as names are compared: NFC, without spaces around."""
    return normalize("NFC", name).strip()


@dataclass(frozen=True)
class Template:
    """A text with columns in it."""

    parts: tuple[tuple[str, bool], ...]
    """Text and whether it is a column's name."""

    @classmethod
    def of(cls, text: str) -> "Template":
        """Read a template; raises ValueError with a sentence for whoever wrote it."""
        parts: list[tuple[str, bool]] = []
        for found in _PART.finditer(text):
            name = found.group(1)
            if name is not None:
                if not name.strip():
                    raise ValueError("has {} without a column's name in it.")
                parts.append((column_name(name), True))
            elif found.group() in "{}":
                raise ValueError("has a single brace. Write {{ or }} for a brace, {name} for a column.")
            else:
                parts.append((found.group().replace("{{", "{").replace("}}", "}"), False))
        return cls(tuple(parts))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in order."""
        return tuple(text for text, is_column in self.parts if is_column)

    @property
    def runs_together(self) -> bool:
        """Whether two columns stand side by side with nothing between."""
        return any(first[1] and second[1] for first, second in zip(self.parts, self.parts[1:], strict=False))

    @property
    def is_one_column(self) -> bool:
        """Whether it is one column and nothing else."""
        return len(self.parts) == 1 and self.parts[0][1]

    def fill(self, cells: Mapping[str, Any], text_of: Callable[[Any], str | None]) -> str | None:
        """Put the cells in; None when one of them is empty, because half a text would say something else."""
        written = []
        for text, is_column in self.parts:
            part = text_of(cells.get(text)) if is_column else text
            if part is None:
                return None
            written.append(part)
        return "".join(written)
