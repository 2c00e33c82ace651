"""Made-up FHIR R4 resources of a Vietnamese hospital."""

from __future__ import annotations

import json
from typing import Any

CCCD = "urn:oid:2.16.704.1.1"
PATIENTS = """
[source]
format = "fhir"

[[record]]
kind = "health_declaration"
resource = "Patient"
ref = "Patient/{id}"

[record.constants]
occurred_at = "2021-08-01T08:00:00+07:00"
data.form = "domestic"
subject.passport.country = "VN"

[record.columns]
subject.system_person_id = "id"
subject.national_id = "identifier[system=urn:oid:2.16.704.1.1].value"
subject.passport.number = "identifier[type.coding.code=PPN].value"
subject.birth_date = "birthDate"
subject.sex = "gender"
subject.phone = "telecom[system=phone][use!=old][0].value"
subject.nationality = "extension[url=http://hl7.org/fhir/StructureDefinition/patient-nationality].extension[url=code].valueCodeableConcept.coding[system=urn:iso:std:iso:3166].code"

[record.columns."subject.full_name"]
column = "name[use?=official][0].text"
otherwise = ["name[use?=official][0].family", "name[use?=official][0].given"]
"""


def a_patient(number: int = 1, **members: Any) -> dict[str, Any]:
    """A patient with two names, an old and a new phone, an identity card and a passport."""
    return {
        "resourceType": "Patient",
        "id": f"bn-{number}",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-nationality",
                "extension": [
                    {
                        "url": "code",
                        "valueCodeableConcept": {"coding": [{"system": "urn:iso:std:iso:3166", "code": "VN"}]},
                    }
                ],
            }
        ],
        "identifier": [
            {"system": CCCD, "value": f"{1087000000 + number:012d}"},
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PPN"}]},
                "value": f"C{1000000 + number}",
            },
            {"system": "urn:benh-vien:ma-ho-so", "value": f"HS{number}"},
        ],
        "name": [
            {"use": "nickname", "text": "Bé Na"},
            {"use": "official", "family": "Nguyễn", "given": ["Thị", "Mẫu"]},
        ],
        "telecom": [
            {"system": "email", "value": "mau@example.vn"},
            {"system": "phone", "use": "old", "value": "0901000001"},
            {"system": "phone", "use": "mobile", "value": "0905123456"},
        ],
        "gender": "female",
        "birthDate": "1987-01-18",
        "address": [{"use": "home", "line": ["12 Hàng Mẫu"], "district": "Hoàn Kiếm", "city": "Hà Nội"}],
        **members,
    }


def a_dose(number: int = 1, *, of: str = "Patient/bn-1", code: str = "208", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": f"mui-{number}",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}], "text": "Vắc xin"},
        "patient": {"reference": of},
        "occurrenceDateTime": "2021-08-01T09:30:00+07:00",
        "protocolApplied": [{"doseNumberPositiveInt": 2}],
        **members,
    }


def a_bundle(*resources: dict[str, Any], type: str = "collection", **members: Any) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{each.get('id')}", "resource": each} for each in resources]
    return json.dumps({"resourceType": "Bundle", "type": type, "entry": entries, **members}, indent=1).encode()


def in_lines(*resources: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in resources)
