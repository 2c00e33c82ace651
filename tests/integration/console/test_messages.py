"""Both languages are complete: every text of the pages has Vietnamese words, and what runs is what was written."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
CONSOLE = REPOSITORY / "daumoi" / "console"
SOURCE = CONSOLE / "locale" / "vi" / "LC_MESSAGES" / "django.po"
_CALL = re.compile(r"""\b_?n?gettext\(u?(?P<quote>['"])(?P<text>.*?)(?<!\\)(?P=quote)""")
_TEXT = re.compile(r"""(?:^|[^\w])n?gettext(?:_lazy|_noop)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)""")
"""One text, which may be written in several parts on lines of their own."""


@pytest.fixture(scope="module")
def compiler() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compile_messages", REPOSITORY / "scripts" / "compile_messages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts_of_templates() -> set[str]:
    """The English texts that templates mark for translation."""
    from django.utils.translation.template import templatize

    found: set[str] = set()
    for file in [*(CONSOLE / "templates").rglob("*.html"), *(CONSOLE / "templates").rglob("*.txt")]:
        marked = templatize(file.read_text("utf-8"), origin=str(file))
        found |= {match["text"] for match in _CALL.finditer(marked)}
    return found


def texts_of_code() -> set[str]:
    """The English texts that code marks for translation."""
    return {
        ast.literal_eval(f"({parts})")
        for file in CONSOLE.rglob("*.py")
        for parts in _TEXT.findall(file.read_text("utf-8"))
    }


def test_the_compiled_messages_are_those_of_the_source(compiler: ModuleType) -> None:
    assert SOURCE.with_suffix(".mo").read_bytes() == compiler.compiled(compiler.read_messages(SOURCE)), (
        "run scripts/compile_messages.py"
    )


def test_every_text_has_vietnamese_words_and_none_is_left_over(compiler: ModuleType) -> None:
    messages = compiler.read_messages(SOURCE)
    known = {name.split("\0")[0] for name in messages if name}
    used = texts_of_templates() | texts_of_code()

    assert len(used) > 50
    assert used - known == set()
    assert known - used == set()
    assert all(words.strip() for words in messages.values())


def test_a_fuzzy_entry_is_refused_with_its_line(compiler: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "django.po"
    source.write_text('msgid ""\nmsgstr ""\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n')

    with pytest.raises(compiler.MessagesFault, match=r"django\.po:4"):
        compiler.read_messages(source)
