"""How names of units are compared: without prefixes, in both spellings of tone marks, Roman numerals as Arabic ones.

Two keys: the *loose* key has no accents, the *strict* key keeps them, with the tone of a syllable at its end, so that
"Hoà" and "Hòa" are one and "Hòa" and "Hoa" are not.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple, TypeAlias

Rank: TypeAlias = Literal["province", "district", "ward"]

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_DROPPED = re.compile("['`\u00b4\u02bc\u02b9\u2018\u2019\u2032]")
_PARTING = re.compile(r"[-\u2010-\u2015\u2212_.]+")
_ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})")
_ROMAN_OF = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}

PREFIXES: tuple[tuple[str, str, tuple[Rank, ...]], ...] = (
    ("thành phố", "city", ("province", "district")),
    ("thị trấn", "town", ("ward",)),
    ("thị xã", "town_district", ("district",)),
    ("đặc khu", "special", ("ward",)),
    ("phường", "phuong", ("ward",)),
    ("huyện", "huyen", ("district",)),
    ("quận", "quan", ("district",)),
    ("tỉnh", "province", ("province",)),
    ("xã", "xa", ("ward",)),
)
"""Words that stand before a name, the sort of unit they say, and the ranks it may have."""
_SHORT: dict[str, str] = {
    "tp": "thành phố", "t p": "thành phố", "tt": "thị trấn", "tx": "thị xã", "đk": "đặc khu", "dk": "đặc khu",
    "p": "phường", "ph": "phường", "h": "huyện", "q": "quận", "t": "tỉnh", "x": "xã",
    "thanh pho": "thành phố", "thi tran": "thị trấn", "thi xa": "thị xã", "dac khu": "đặc khu", "phuong": "phường",
    "huyện đảo": "huyện", "huyen dao": "huyện", "huyen": "huyện", "quan": "quận", "tinh": "tỉnh", "xa": "xã",
    "city": "thành phố", "ward": "phường", "district": "quận", "commune": "xã", "province": "tỉnh",
}  # fmt: skip
_SORT_OF = {word: sort for word, sort, _ in PREFIXES}
RANKS_OF = {sort: ranks for _, sort, ranks in PREFIXES}


class Name(NamedTuple):
    """A name as written, taken apart."""

    sort: str | None
    """The sort of unit that its prefix says, such as "phuong"; None without a prefix."""
    loose: str
    strict: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number without a prefix, such as that of a house: no unit is called so."""
        return self.sort is None and self.loose.isdigit()


def taken_apart(text: str) -> Name:
    """Take a written name apart: its prefix, and the keys of the rest."""
    words = _words(text)
    for count in (2, 1):
        prefix = " ".join(words[:count])
        word = prefix if prefix in _SORT_OF else _SHORT.get(prefix)
        if word is not None and len(words) > count:
            return Name(_SORT_OF[word], *keys(words[count:]))
    return Name(None, *keys(words))


def as_one_name(text: str) -> Name:
    """Take all of a text as a name, also what looks like a prefix: "TT Huế"."""
    return Name(None, *keys(_words(text)))


def uses_accents(text: str) -> bool:
    """Tell whether somebody wrote with accents, so that a name without them has none."""
    return not text.isascii()


def _words(text: str) -> list[str]:
    """Cut a text into words: "Q1", "P.12" and "TP.HCM" are prefix and name run together."""
    plain = unicodedata.normalize("NFC", text).casefold()
    plain = _PARTING.sub(" ", _DROPPED.sub("", plain))
    words: list[str] = []
    for word in plain.split():
        found = re.fullmatch(r"(p|ph|q|h|x|f|phường|quận|phuong|quan)(\d{1,2})", word)
        if found:
            words += ["p" if found[1] == "f" else found[1], found[2]]
        elif word.startswith("tp") and len(word) > 2:
            words += ["tp", word[2:]]
        else:
            words.append(word)
    return words


def keys(words: list[str]) -> tuple[str, str]:
    """Return the loose and the strict key of a name without its prefix."""
    strict = [_number(word) or _strict(word) for word in words]
    return " ".join(_loose(word) for word in strict), " ".join(strict)


def _number(word: str) -> str:
    if word.isascii() and word.isdigit():
        return word.lstrip("0") or "0"
    found = _ROMAN.fullmatch(word)
    return str(10 * len(found[1]) + _ROMAN_OF[found[2]]) if found else ""


def _strict(word: str) -> str:
    spread = unicodedata.normalize("NFD", word)
    tones = "".join(sign for sign in spread if sign in _TONES)
    return unicodedata.normalize("NFC", "".join(sign for sign in spread if sign not in _TONES)) + tones


def _loose(word: str) -> str:
    spread = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(sign for sign in spread if unicodedata.category(sign) != "Mn")
