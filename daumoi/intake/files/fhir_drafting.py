"""Drafts a mapping file for the patients of a FHIR R4 file: which identifiers they have decides the lines."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from daumoi.intake.files.draft_lines import quoted, still_to_do, takes
from daumoi.intake.files.paths import Tree, find, parse_path
from daumoi.intake.files.reading.fhir import FhirReader
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.kinds.kind import Kind

_SAMPLE = 500
_SYSTEM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\[\]\"']{1,200}", re.ASCII)
_CODE = re.compile(r"[A-Z]{2,10}", re.ASCII)
_NATIONAL = re.compile(r"NI|NN[A-Z]{3}", re.ASCII)
"""Types of identifier, HL7 v2 table 0203: national number, without and with the country."""
_NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
_ALWAYS = (
    ("subject.system_person_id", "id"),
    ("subject.birth_date", "birthDate"),
    ("subject.sex", "gender"),
    ("subject.phone", "telecom[system=phone][use!=old][0].value"),
    (
        "subject.nationality",
        f"extension[url={_NATIONALITY}].extension[url=code].valueCodeableConcept.coding[system=urn:iso:std:iso:3166].code",
    ),
)
_NAME = (
    "# Family name first, as in Vietnamese; for names of the other order turn the last two round.",
    'subject.full_name = { column = "name[use?=official][0].text",'
    ' otherwise = ["name[use?=official][0].family", "name[use?=official][0].given"] }',
)
_ADDRESS = (
    'data.address.line = { column = "address[use?=home][0].text", join = ", ",'
    ' otherwise = ["address[use?=home][0].line", "address[use?=home][0].district", "address[use?=home][0].city"] }'
)


@dataclass
class _Series:
    """The identifiers of one system and type."""

    system: str
    code: str
    values: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path that picks them: by system, else by type."""
        condition = f"system={self.system}" if self.system else f"type.coding.code={self.code}"
        return f"identifier[{condition}].value"

    def meaning(self) -> str:
        """Return the field they fill, or an empty text."""
        if self.code == "PPN":
            return "subject.passport.number"
        if all(re.fullmatch(r"[0-9]{12}", value) for value in self.values):
            return "subject.national_id"
        if _NATIONAL.fullmatch(self.code) and all(re.fullmatch(r"[0-9]{9}", value) for value in self.values):
            return "subject.old_national_id"
        return "subject.health_insurance_no" if self.code == "HC" else ""


def draft_patients(reader: FhirReader, kind: Kind) -> str:
    """Write a mapping file for the patients of a file; raises FileRefused when it has none."""
    rows = (row.cells for row in reader.rows())
    patients = (cells for cells in rows if isinstance(cells, Tree) and cells.get("resourceType") == "Patient")
    sample = list(islice(patients, _SAMPLE))
    if not sample:
        raise FileRefused(
            "The file has no patient, and drafts are made for patients. examples/fhir_vaccinations.toml shows how"
            " other resources become records."
        )
    chosen, left = _identifiers(kind, sample)
    lines = [f"{name} = {quoted(path)}" for name, path in chosen.items()]
    lines += [f"{name} = {quoted(path)}" for name, path in _ALWAYS if takes(kind, name) and _is_there(path, sample)]
    if takes(kind, "subject.full_name"):
        lines += _NAME
    if takes(kind, "data.address.line") and _is_there("address.line", sample):
        lines.append(_ADDRESS)
    top = f"# A draft for {kind.name}: check every line before use. docs/import.md explains the keys and the paths."
    record = ["[[record]]", f'kind = "{kind.name}"', 'resource = "Patient"', 'ref = "Patient/{id}"']
    time = [
        "# A patient has no time of its own: give occurred_at under [record.constants], or take meta.lastUpdated,",
        "# which moves with every save, and import with --snapshot.",
    ]
    text = (
        "\n".join([top, "", "[source]", 'format = "fhir"', "", *record, "", *time, "[record.columns]", *lines]) + "\n"
    )
    return text + still_to_do(text, left)


def _is_there(path: str, patients: list[Tree]) -> bool:
    read = parse_path(path)
    return any(find(read, patient.whole) for patient in patients)


def _identifiers(kind: Kind, patients: list[Tree]) -> tuple[dict[str, str], list[str]]:
    """Return the fields that identifiers fill, the most frequent first, and the series that fill none."""
    chosen: dict[str, str] = {}
    left = []
    for series in _series(patients):
        name = series.meaning()
        if name and name not in chosen and takes(kind, name):
            chosen[name] = series.path
        else:
            left.append(series.path)
    return chosen, left


def _series(patients: list[Tree]) -> list[_Series]:
    """Gather identifiers by system and type. What only one of several patients has may be theirs alone, and is left."""
    found: dict[tuple[str, str], _Series] = {}
    owners = Counter[tuple[str, str]]()
    for patient in patients:
        mine = set()
        for identifier in patient.whole.get("identifier") or []:
            value = identifier.get("value") if isinstance(identifier, dict) else None
            if not isinstance(value, str):
                continue
            key = (_text(identifier, "system", _SYSTEM), _text(identifier, "type.coding.code", _CODE))
            if any(key):
                found.setdefault(key, _Series(*key)).values.append(value)
                mine.add(key)
        owners.update(mine)
    least = min(2, len(patients))
    return [found[key] for key, count in owners.most_common() if count >= least]


def _text(identifier: dict[str, Any], path: str, shape: re.Pattern[str]) -> str:
    texts = (value for value in find(parse_path(path), identifier) if isinstance(value, str))
    return next((text for text in texts if shape.fullmatch(text)), "")
