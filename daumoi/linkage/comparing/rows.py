"""What of a claim is compared: folded values, in memory only, for as long as the comparison runs."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.log.appearances import last_paths
from daumoi.people import folding
from daumoi.people.identifiers import Claimed

_SQL = statements("daumoi.people", "candidates")
_PAGE = 2000
_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")


class Row(NamedTuple):
    """One claim as it is compared; None where the source was silent, or the value says nothing."""

    claim: int
    person: int
    name: str | None
    """Folded: without case, accents, punctuation."""
    spelling: str | None
    """With its accents, when it was written with any: hùng and hưng are one folded name and two people."""
    birth_year: int | None
    birth_month: int | None
    birth_day: int | None
    sex: str | None
    phone: str | None
    national_id: str | None
    old_national_id: str | None
    area: str | None
    """Path of the unit of the newest record."""
    province: str | None


def spelling(name: str) -> str | None:
    """Return a name with its accents in one form, or None when it was written without any.

    The place of a tone mark within a word does not count (hòa, hoà): it is a matter of typing.
    """
    words = []
    for word in unicodedata.normalize("NFD", name.casefold()).split():
        tones = "".join(sorted(sign for sign in word if sign in _TONES))
        words.append("".join(sign for sign in word if sign not in _TONES) + tones)
    text = " ".join(words)
    return None if text.isascii() else text


def row(claim: int, person: int, said: Claimed, area: str | None) -> Row:
    """Fold an identity for comparison. Placeholder numbers say nothing."""
    phone = folding.phone_key(said.phone) if said.phone else None
    number = folding.national_id_key(said.national_id) if said.national_id else None
    old = folding.old_national_id_key(said.old_national_id) if said.old_national_id else None
    birth = folding.parse_birth_date(said.birth_date) if said.birth_date else None
    name = folding.name_key(said.full_name) if said.full_name else ""
    return Row(
        claim,
        person,
        name or None,
        spelling(said.full_name) if said.full_name else None,
        birth.year if birth else None,
        birth.month if birth else None,
        birth.day if birth else None,
        said.sex if said.sex in ("male", "female") else None,
        phone,
        number if number and not folding.is_placeholder(number, phone) else None,
        old if old and not folding.is_placeholder(old, phone) else None,
        area,
        ".".join(area.split(".")[:2]) if area else None,
    )


def rows_of_claims(connection: Connection, keys: Keys) -> Iterator[list[Row]]:
    """Open all claims, page by page; each page is a short statement. Those without a name, phone or birth date can be
    compared with nothing and are left out."""
    after = 0
    while page := connection.execute(_SQL["page_of_claims"], (after, _PAGE), binary=True).fetchall():
        after = page[-1][0]
        areas = last_paths(connection, [claim for claim, *_ in page])
        yield list(_folded(keys, page, areas))


def _folded(keys: Keys, page: Iterable[tuple[int, int, bytes, bytes]], areas: dict[int, str]) -> Iterator[Row]:
    for claim, person, mark, sealed in page:
        said = msgspec.json.decode(keys.open(bytes(sealed), bytes(mark)), type=Claimed)
        found = row(claim, person, said, areas.get(claim))
        if found.name or found.old_national_id or (found.phone and found.birth_year):
            yield found
