"""Reads the identity objects of a record: their faults, their doubts, and what may not be used as a ref."""

from daumoi.kinds.faults import Fault, fault
from daumoi.kinds.fields import Identity
from daumoi.people import folding
from daumoi.people.doubts import doubts
from daumoi.people.identifiers import Claimed


def as_claimed(identity: Identity) -> Claimed:
    """Turn an identity as sent into the form `people` keeps."""
    passport = (identity.passport.number, identity.passport.country) if identity.passport else None
    return Claimed(
        national_id=identity.national_id,
        old_national_id=identity.old_national_id,
        passport=passport,
        health_insurance_no=identity.health_insurance_no,
        phone=identity.phone,
        full_name=identity.full_name,
        birth_date=identity.birth_date,
        sex=identity.sex,
        nationality=identity.nationality,
        system_person_id=identity.system_person_id,
    )


def identity_faults(identity: Identity, pointer: str) -> list[Fault]:
    """Return what is wrong with an identity whose fields have the right types."""
    faults = []
    if not _names_somebody(identity):
        faults.append(fault("no_identity", pointer))
    if identity.passport and folding.passport_key(identity.passport.number, identity.passport.country) is None:
        faults.append(fault("bad_identifier", f"{pointer}/passport/number"))
    if identity.health_insurance_no and folding.health_insurance_key(identity.health_insurance_no) is None:
        faults.append(fault("bad_identifier", f"{pointer}/health_insurance_no"))
    if identity.phone and folding.phone_key(identity.phone) is None:
        faults.append(fault("bad_identifier", f"{pointer}/phone"))
    if identity.system_person_id and folding.system_person_id_key(identity.system_person_id) is None:
        faults.append(fault("bad_identifier", f"{pointer}/system_person_id"))
    if identity.birth_date and folding.parse_birth_date(identity.birth_date) is None:
        faults.append(fault("bad_date", f"{pointer}/birth_date"))
    return faults


def _names_somebody(identity: Identity) -> bool:
    given = (
        identity.national_id,
        identity.old_national_id,
        identity.passport,
        identity.health_insurance_no,
        identity.phone,
        identity.system_person_id,
    )
    return any(given) or bool(identity.full_name and folding.name_key(identity.full_name))


def identity_doubts(identity: Claimed, pointer: str) -> list[Fault]:
    """Return doubts about an identity: they are said, and stop nothing."""
    if not identity.national_id:
        return []
    birth = folding.parse_birth_date(identity.birth_date) if identity.birth_date else None
    phone = folding.phone_key(identity.phone) if identity.phone else None
    found = doubts(identity.national_id, sex=identity.sex, birth_year=birth.year if birth else None, phone_key=phone)
    return [Fault(doubt.code, pointer + doubt.pointer, doubt.message) for doubt in found]


_SEPARATORS = str.maketrans("", "", " .-+()")


def is_personal_ref(ref: str, identity: Claimed) -> bool:
    """Tell whether a ref is one of the identity's identifiers or its name, however they are written."""
    bare = ref.translate(_SEPARATORS).upper()
    for text in (
        identity.national_id,
        identity.old_national_id,
        identity.passport[0] if identity.passport else None,
        identity.health_insurance_no,
        identity.system_person_id,
    ):
        if text and (text == ref or text.translate(_SEPARATORS).upper() == bare):
            return True
    if identity.phone and (bare == identity.phone.translate(_SEPARATORS) or _same_phone(ref, identity.phone)):
        return True
    return bool(identity.full_name) and _same_name(ref, identity.full_name or "")


def _same_phone(ref: str, phone: str) -> bool:
    key = folding.phone_key(ref) if ref.lstrip("+( ")[:1].isdigit() else None
    return key is not None and key == folding.phone_key(phone)


def _same_name(ref: str, name: str) -> bool:
    key = folding.name_key(name)
    return bool(key) and folding.name_key(ref) == key
