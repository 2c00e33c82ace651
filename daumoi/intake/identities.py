"""Reads the identity objects of a record: their faults, their doubts, and what may not be used as a ref."""

import re

from daumoi.kinds.faults import Fault, fault
from daumoi.kinds.fields import Identity
from daumoi.people import folding
from daumoi.people.doubts import doubts
from daumoi.people.identifiers import Keyed

_DIGIT, _LETTER = re.compile("[0-9]"), re.compile("[A-Za-z]")
_SEPARATORS = str.maketrans("", "", " .-+()")


def identity_faults(identity: Identity, keys: Keyed, pointer: str) -> list[Fault]:
    """Return what is wrong with an identity whose fields have the right types; `keys` are its identifiers, folded."""
    faults = []
    if not _names_somebody(identity):
        faults.append(fault("no_identity", pointer))
    if identity.passport and keys.passport is None:
        faults.append(fault("bad_identifier", f"{pointer}/passport/number"))
    if identity.health_insurance_no and keys.health_insurance_no is None:
        faults.append(fault("bad_identifier", f"{pointer}/health_insurance_no"))
    if identity.phone and keys.phone is None:
        faults.append(fault("bad_identifier", f"{pointer}/phone"))
    if identity.system_person_id and keys.system_person_id is None:
        faults.append(fault("bad_identifier", f"{pointer}/system_person_id"))
    if identity.birth_date and keys.birth is None:
        faults.append(fault("bad_date", f"{pointer}/birth_date"))
    return faults


def _names_somebody(identity: Identity) -> bool:
    return bool(
        identity.national_id
        or identity.phone
        or identity.passport
        or identity.old_national_id
        or identity.health_insurance_no
        or identity.system_person_id
        or (identity.full_name and folding.name_key(identity.full_name))
    )


def identity_doubts(identity: Identity, keys: Keyed, pointer: str) -> list[Fault]:
    """Return doubts about an identity: they are said, and stop nothing."""
    if not identity.national_id:
        return []
    year = keys.birth.year if keys.birth else None
    found = doubts(identity.national_id, sex=identity.sex, birth_year=year, phone_key=keys.phone)
    return [Fault(doubt.code, pointer + doubt.pointer, doubt.message) for doubt in found]


def is_personal_ref(ref: str, identity: Identity) -> bool:
    """Tell whether a ref is one of the identity's identifiers or its name, however they are written."""
    passport, insurance, own = identity.passport, identity.health_insurance_no, identity.system_person_id
    has_letters = _LETTER.search(ref) is not None
    if not has_letters or passport or insurance or own:
        bare = ref.translate(_SEPARATORS).upper()
        if bare in (identity.national_id, identity.old_national_id):
            return True
        for text in (passport.number if passport else None, insurance, own):
            if text and (text == ref or text.translate(_SEPARATORS).upper() == bare):
                return True
        phone = identity.phone
        if phone and not has_letters and (bare == phone.translate(_SEPARATORS) or _same_phone(ref, phone)):
            return True
    return identity.full_name is not None and _same_name(ref, identity.full_name)


def _same_phone(ref: str, phone: str) -> bool:
    key = folding.phone_key(ref) if ref.lstrip("+( ")[:1].isdigit() else None
    return key is not None and key == folding.phone_key(phone)


def _same_name(ref: str, name: str) -> bool:
    if _DIGIT.search(ref) and name.replace(" ", "").isalpha():
        return False  # folding keeps digits and makes none of letters: most refs hold one, most names none
    key = folding.name_key(name)
    return bool(key) and folding.name_key(ref) == key
