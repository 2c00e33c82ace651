"""Compiles the messages of the pages: django.po, which people edit, into django.mo, which Python reads.

Run it after each change: `.venv/bin/python scripts/compile_messages.py`. Not every machine has GNU gettext, so this
reads the part of its format that we use: msgid, msgid_plural, msgstr, comments. Entries marked fuzzy are refused.
"""

import ast
import re
import struct
import sys
from pathlib import Path

LOCALES = Path(__file__).resolve().parent.parent / "daumoi" / "console" / "locale"
_FIELD = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d+\])?) (".*")$')
_MAGIC = 0x950412DE
_HEADER_BYTES = 28


class MessagesFault(Exception):
    """A line of a .po file cannot be used; the message names the file and the line."""


def read_messages(path: Path) -> dict[str, str]:
    """Return the messages as a .mo holds them: singular and plural joined by U+0000. Raises MessagesFault."""
    entries: list[dict[str, str]] = []
    field = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.startswith("#,") and "fuzzy" in line:
            raise MessagesFault(f"{path}:{number}: an entry is marked fuzzy. Check its words and take the mark away.")
        if not line.strip() or line.startswith("#"):
            continue
        if found := _FIELD.match(line):
            field = found[1]
            if field == "msgid":
                entries.append({})
            entries[-1][field] = ast.literal_eval(found[2])
        elif line.startswith('"') and field:
            entries[-1][field] += ast.literal_eval(line)
        else:
            raise MessagesFault(f"{path}:{number}: this line is not msgid, msgid_plural, msgstr or text in quotes.")
    return dict(_joined(entry) for entry in entries)


def _joined(entry: dict[str, str]) -> tuple[str, str]:
    name = "\0".join(entry[field] for field in ("msgid", "msgid_plural") if field in entry)
    words = "\0".join(entry[field] for field in sorted(entry) if field.startswith("msgstr"))
    return name, words


def compiled(messages: dict[str, str]) -> bytes:
    """Return the .mo of messages (format: GNU gettext manual, "The Format of GNU MO Files"), without a hash table."""
    pairs = sorted((name.encode(), words.encode()) for name, words in messages.items())
    count = len(pairs)
    names_at, words_at = _HEADER_BYTES, _HEADER_BYTES + 8 * count
    texts_at = words_at + 8 * count
    tables: list[bytes] = []
    texts = b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), texts_at + len(texts)))
            texts += pair[column] + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, count, names_at, words_at, 0, texts_at)
    return header + b"".join(tables) + texts


def main() -> int:
    """Compile every .po below the locale folder; returns the exit code."""
    for source in sorted(LOCALES.rglob("*.po")):
        messages = read_messages(source)
        source.with_suffix(".mo").write_bytes(compiled(messages))
        sys.stdout.write(f"{source.relative_to(LOCALES)}: {len(messages) - 1} messages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
