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
_HEX_RUN = re.compile(rb"[0-9a-f]*", re.IGNORECASE)
_numbers = itertools.count(100)


def word(around: str = "Quách {} Bá") -> str:
    """A text with a token of its own."""
    return around.format(f"Zq{next(_numbers)}xw")


def digits(length: int, *, begins: str = "") -> str:
    """A number of so many digits with the mark in it."""
    rest = length - len(begins) - len("73916")
    return f"{begins}73916{next(_numbers):0{rest}d}"


def found_in(content: bytes | str) -> list[str]:
    """The first marks in a content, with what stands around them."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    marks = (match for match in _FORMS.finditer(data) if not _is_chance(data, match))
    return [
        data[max(0, match.start() - 80) : match.end() + 40].decode("utf-8", "replace")
        for match in itertools.islice(marks, 5)
    ]


def _is_chance(data: bytes, match: re.Match[bytes]) -> bool:
    """Eight digits in the hexadecimal writing of a key, an id or sealed bytes; a value in hexadecimal reads otherwise."""
    if not match.group().isdigit() or match.group().startswith(b"37333931"):
        return False
    before = _HEX_RUN.match(data[max(0, match.start() - 64) : match.start()][::-1])
    after = _HEX_RUN.match(data, match.end(), match.end() + 64)
    assert before is not None
    assert after is not None
    return re.search(rb"[a-f]", before.group() + after.group(), re.IGNORECASE) is not None
