"""What an identity is searched by: typed, folded, keyed hashes. Nothing here stores or opens a value."""

from dataclasses import dataclass
from enum import IntEnum

import msgspec

from daumoi.core.crypto import Keys
from daumoi.people import folding

RULE_VERSION = 1
"""Version of the folding rules; stored with each claim, so that a change of rules can find what it must index again."""

_CANONICAL = msgspec.json.Encoder(order="deterministic")


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


_FIRST_WEAK = 100


class PassportLike(msgspec.Struct):
    """A passport as an identity gives it."""

    number: str
    country: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """An identity as sent: plain values, None where the source was silent."""

    national_id: str | None = None
    old_national_id: str | None = None
    passport: tuple[str, str] | None = None  # number, country
    health_insurance_no: str | None = None
    phone: str | None = None
    full_name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    nationality: str | None = None
    system_person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """The search keys of an identity."""

    strong: tuple[bytes, ...]
    weak: tuple[tuple[int, bytes], ...]
    typed_strong: tuple[tuple[int, bytes], ...]
    name_index: bytes | None
    birth_year_index: bytes | None
    sex_index: bytes | None


def has_strong(identity: Claimed) -> bool:
    """Tell whether the identity holds an identifier that may join: one that is no placeholder."""
    return bool(_strong_values(identity, system_id=0))


def _strong_values(identity: Claimed, *, system_id: int) -> list[tuple[Type, str]]:
    """Return the strong identifiers, folded. Placeholder numbers join nothing (design, section 7)."""
    phone = folding.phone_key(identity.phone) if identity.phone else None
    found: list[tuple[Type, str]] = []
    if identity.national_id:
        _add(found, Type.NATIONAL_ID, folding.national_id_key(identity.national_id), phone)
    if identity.passport:
        key = folding.passport_key(*identity.passport)
        if key and not folding.is_placeholder(folding.passport_number_of(key), phone):
            found.append((Type.PASSPORT, key))
    if identity.health_insurance_no:
        _add(found, Type.HEALTH_INSURANCE, folding.health_insurance_key(identity.health_insurance_no), phone)
    if identity.system_person_id:
        key = folding.system_person_id_key(identity.system_person_id)
        if key:
            # The sender's own id means something within its system only.
            found.append((Type.SYSTEM_PERSON, f"{system_id}|{key}"))
    return found


def _add(found: list[tuple[Type, str]], kind: Type, key: str | None, phone: str | None) -> None:
    if key and not folding.is_placeholder(key, phone):
        found.append((kind, key))


def _hash(keys: Keys, kind: Type, value: str) -> bytes:
    return keys.index("identifier", f"{int(kind)}|{value}".encode())


def fold(keys: Keys, identity: Claimed, *, system_id: int, anchor: bytes) -> Folded:
    """Fold and hash an identity; `anchor` names the ref and role it came with, the only bond of an identity
    without a strong identifier."""
    strong = [(int(kind), _hash(keys, kind, value)) for kind, value in _strong_values(identity, system_id=system_id)]
    if not strong:
        strong = [(int(Type.REF), keys.index("anchor", anchor))]
    weak: list[tuple[int, bytes]] = []
    name = folding.name_key(identity.full_name) if identity.full_name else ""
    birth = folding.parse_birth_date(identity.birth_date) if identity.birth_date else None
    phone = folding.phone_key(identity.phone) if identity.phone else None
    old = folding.old_national_id_key(identity.old_national_id) if identity.old_national_id else None
    for kind, value in (
        (Type.NAME, name),
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
        birth_year_index=keys.index("birth-year", str(birth.year).encode()) if birth else None,
        sex_index=keys.index("sex", identity.sex.encode()) if identity.sex in ("male", "female", "other") else None,
    )
