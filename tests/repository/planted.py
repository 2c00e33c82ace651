"""Personal values that can be told from everything else, and the search for them in whatever form.

Every text value carries a token `zq<number>xw`, every number the digits 73916: folded, shortened, escaped or written in
hexadecimal, what is left of a value still holds its mark.
"""

from __future__ import annotations

import itertools
import re

BIRTH_DATE = "1937-03-19"
_TOKEN = rb"zq[0-9]{3}xw"
_DIGITS = rb"73916[0-9]{3}"
_IN_HEX = rb"7a71(?:3[0-9]){3}7877|3733393136(?:3[0-9]){3}"
_FORMS = re.compile(b"|".join((_TOKEN, _DIGITS, _IN_HEX, BIRTH_DATE.encode())), re.IGNORECASE)
_numbers = itertools.count(100)


def word(around: str = "Quách {} Bá") -> str:
    """A text with a token of its own."""
    return around.format(f"Zq{next(_numbers)}xw")


def digits(length: int, *, begins: str = "") -> str:
    """A number of so many digits with the mark in it."""
    rest = length - len(begins) - len("73916")
    return f"{begins}73916{next(_numbers):0{rest}d}"


def found_in(content: bytes | str) -> list[str]:
    """All marks in a content, with what stands around the first ones."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return [
        data[max(0, match.start() - 80) : match.end() + 40].decode("utf-8", "replace")
        for match in itertools.islice(_FORMS.finditer(data), 5)
    ]
