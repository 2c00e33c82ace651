"""What an identity is searched by: typed, folded, keyed hashes. Nothing here stores or opens a value."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import msgspec

from daumoi.core.crypto import Keys
from daumoi.people import folding

RULE_VERSION = 2
"""Version of the folding rules; stored with each claim, so that a change of rules can find what it must index again."""


class Type(IntEnum):
    """Types of identifiers, as stored in the index. Those below 100 are strong: they may join claims to a person."""

    NATIONAL_ID = 1
    PASSPORT = 2
    HEALTH_INSURANCE = 3
    SYSTEM_PERSON = 4
    REF = 5
    OLD_NATIONAL_ID = 100
    PHONE = 101
    NAME = 102
    BIRTH_DATE = 103
    NAME_AND_YEAR = 104
    """Stands in the place of NAME where a birth date was said: a name alone is a thousand people's."""


_FIRST_WEAK = 100


class Passport(msgspec.Struct, frozen=True, omit_defaults=True):
    """A passport as an identity gives it."""

    number: str
    country: str


class Claimed(msgspec.Struct, frozen=True, omit_defaults=True):
    """An identity as sent: plain values, None where the source was silent. Its JSON is the identity of the contract."""

    national_id: str | None = None
    old_national_id: str | None = None
    passport: Passport | None = None
    health_insurance_no: str | None = None
    phone: str | None = None
    full_name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    nationality: str | None = None
    system_person_id: str | None = None


class PassportSaid(Protocol):
    """What is read of a passport, whichever struct holds it."""

    @property
    def number(self) -> str: ...
    @property
    def country(self) -> str: ...


class Said(Protocol):
    """What is read of an identity, whichever struct holds it: the wire's, or Claimed."""

    @property
    def national_id(self) -> str | None: ...
    @property
    def old_national_id(self) -> str | None: ...
    @property
    def passport(self) -> PassportSaid | None: ...
    @property
    def health_insurance_no(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def full_name(self) -> str | None: ...
    @property
    def birth_date(self) -> str | None: ...
    @property
    def sex(self) -> str | None: ...
    @property
    def system_person_id(self) -> str | None: ...


class Keyed(msgspec.Struct, gc=False):
    """The identifiers of an identity, folded once; None where the source was silent or the text is none."""

    national_id: str | None
    passport: str | None
    health_insurance_no: str | None
    system_person_id: str | None
    phone: str | None
    birth: folding.BirthDate | None


def keyed(said: Said) -> Keyed:
    """Fold the identifiers of an identity."""
    passport = said.passport
    return Keyed(
        folding.national_id_key(said.national_id) if said.national_id else None,
        folding.passport_key(passport.number, passport.country) if passport else None,
        folding.health_insurance_key(said.health_insurance_no) if said.health_insurance_no else None,
        folding.system_person_id_key(said.system_person_id) if said.system_person_id else None,
        folding.phone_key(said.phone) if said.phone else None,
        folding.parse_birth_date(said.birth_date) if said.birth_date else None,
    )


@dataclass(frozen=True, slots=True)
class Folded:
    """The search keys of an identity."""

    strong: tuple[bytes, ...]
    weak: tuple[tuple[int, bytes], ...]
    typed_strong: tuple[tuple[int, bytes], ...]
    name_index: bytes | None
    birth_year_index: bytes | None
    sex_index: bytes | None


def has_strong(keys: Keyed) -> bool:
    """Tell whether the identity holds an identifier that may join: one that is no placeholder."""
    phone = keys.phone
    if keys.national_id and not folding.is_placeholder(keys.national_id, phone):
        return True
    if keys.passport and not folding.is_placeholder(folding.passport_number_of(keys.passport), phone):
        return True
    if keys.health_insurance_no and not folding.is_placeholder(keys.health_insurance_no, phone):
        return True
    return bool(keys.system_person_id)


def _strong_values(keys: Keyed, *, system_id: int) -> list[tuple[Type, str]]:
    """Return the strong identifiers, folded. Placeholder numbers join nothing (design, section 7)."""
    found: list[tuple[Type, str]] = []
    for kind, value, number in (
        (Type.NATIONAL_ID, keys.national_id, keys.national_id),
        (Type.PASSPORT, keys.passport, folding.passport_number_of(keys.passport) if keys.passport else None),
        (Type.HEALTH_INSURANCE, keys.health_insurance_no, keys.health_insurance_no),
    ):
        if value and number and not folding.is_placeholder(number, keys.phone):
            found.append((kind, value))
    if keys.system_person_id:
        # The sender's own id means something within its system only.
        found.append((Type.SYSTEM_PERSON, f"{system_id}|{keys.system_person_id}"))
    return found


def name_and_year(name_key: str, birth_year: int) -> str:
    """Return what a name and a year of birth are searched by; the words of the name may stand in any order."""
    return f"{' '.join(sorted(name_key.split()))}|{birth_year}"


def search_hash(keys: Keys, kind: Type, value: str) -> bytes:
    """Return the hash under which claims with this identifier, folded, stand in the index."""
    return _hash(keys, kind, value)


def _hash(keys: Keys, kind: Type, value: str) -> bytes:
    return keys.index("identifier", b"%d|%s" % (kind, value.encode()))


def fold(keys: Keys, identity: Said, *, system_id: int, anchor: bytes) -> Folded:
    """Fold and hash an identity; `anchor` names the ref and role it came with, the only bond of an identity
    without a strong identifier."""
    known = keyed(identity)
    strong = [(int(kind), _hash(keys, kind, value)) for kind, value in _strong_values(known, system_id=system_id)]
    if not strong:
        strong = [(int(Type.REF), keys.index("anchor", anchor))]
    weak: list[tuple[int, bytes]] = []
    name = folding.name_key(identity.full_name) if identity.full_name else ""
    birth, phone = known.birth, known.phone
    named = name_and_year(name, birth.year) if name and birth else None
    old = folding.old_national_id_key(identity.old_national_id) if identity.old_national_id else None
    for kind, value in (
        (Type.NAME_AND_YEAR, named) if named else (Type.NAME, name),
        (Type.PHONE, phone),
        (Type.OLD_NATIONAL_ID, None if old and folding.is_placeholder(old, phone) else old),
        (Type.BIRTH_DATE, identity.birth_date if birth else None),
    ):
        if value:
            weak.append((int(kind), _hash(keys, kind, value)))
    return Folded(
        strong=tuple(sorted(hash_ for _, hash_ in strong)),
        typed_strong=tuple(strong),
        weak=tuple(weak),
        name_index=keys.index("name", name.encode()) if name else None,
        birth_year_index=keys.index("birth-year", b"%d" % birth.year) if birth else None,
        sex_index=keys.index("sex", identity.sex.encode()) if identity.sex in ("male", "female", "other") else None,
    )
