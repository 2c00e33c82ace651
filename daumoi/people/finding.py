"""Finds claims by what somebody knows of a person: a number, a phone, or a name with a birth date (or its year).

What is known is folded and hashed as identities are; nothing is opened. A name alone finds nothing: it would be a
thousand people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from daumoi.core.arrays import Hashes
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.people import folding
from daumoi.people.identifiers import Type, name_and_year, search_hash

_SQL = statements("daumoi.people", "finding")
MOST = 1000
"""So many claims are found at most: who meets more has to say more of whom they seek."""


class NotSearchable(Exception):
    """This is no number, phone or name with a birth date that anybody could be found by. Compare it with the paper."""


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """A claim that was found, and the person it belongs to."""

    claim: int
    person: int


def by_number(
    connection: Connection, keys: Keys, number: str, *, country: str | None = None, system_id: int | None = None
) -> list[FoundClaim]:
    """Find by a number, whichever it may be: national id, old id, health insurance; with a country also a passport,
    with a system also that system's own id of a person. Raises NotSearchable."""
    text = number.strip()
    bare = text.translate({ord(sign): None for sign in " .-"})
    insurance = folding.health_insurance_key(text)
    passport = folding.passport_key(text, country) if country else None
    own = folding.system_person_id_key(text) if system_id is not None else None
    candidates = (
        (Type.NATIONAL_ID, folding.national_id_key(bare)),
        (Type.OLD_NATIONAL_ID, folding.old_national_id_key(bare)),
        (Type.HEALTH_INSURANCE, insurance),
        (Type.PASSPORT, passport),
        (Type.SYSTEM_PERSON, f"{system_id}|{own}" if own else None),
    )
    hashes = [search_hash(keys, kind, value) for kind, value in candidates if value]
    return _of_hashes(connection, hashes)


def by_phone(connection: Connection, keys: Keys, phone: str) -> list[FoundClaim]:
    """Find by a phone, however it is written. One phone may be a whole family's. Raises NotSearchable."""
    key = folding.phone_key(phone)
    return _of_hashes(connection, [search_hash(keys, Type.PHONE, key)] if key else [])


def by_name_and_birth(connection: Connection, keys: Keys, name: str, birth: str) -> list[FoundClaim]:
    """Find by name and date of birth (YYYY-MM-DD, YYYY-MM or YYYY).

    Accents, case and the order of the words do not count. Claims that say the year alone are found with a whole date
    too; those that say another day are not. Raises NotSearchable.
    """
    key, born = folding.name_key(name), folding.parse_birth_date(birth.strip())
    if not key or born is None:
        raise NotSearchable(NotSearchable.__doc__)
    # Older papers are less exact than the question, or more: all that may be the same day counts.
    exact = [f"{born.year:04d}"]
    if born.month is not None:
        exact.append(f"{born.year:04d}-{born.month:02d}")
    if born.day is not None:
        exact.append(f"{born.year:04d}-{born.month:02d}-{born.day:02d}")
    rows = connection.execute(
        _SQL["by_name_and_birth"],
        {
            "name_and_year": search_hash(keys, Type.NAME_AND_YEAR, name_and_year(key, born.year)),
            "name": search_hash(keys, Type.NAME, key),
            "year": keys.index("birth-year", b"%d" % born.year),
            "dates": Hashes(search_hash(keys, Type.BIRTH_DATE, date) for date in exact),
            "whole": born.day is not None,
            "most": MOST,
        },
    )
    return [FoundClaim(*row) for row in rows]


def _of_hashes(connection: Connection, hashes: Sequence[bytes]) -> list[FoundClaim]:
    if not hashes:
        raise NotSearchable(NotSearchable.__doc__)
    rows = connection.execute(_SQL["by_identifier"], (Hashes(hashes), MOST))
    return [FoundClaim(*row) for row in rows]
