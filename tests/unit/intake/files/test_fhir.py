"""FHIR R4: the forms a file may have, resources that are not valid, references, drafts."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daumoi.core.clock import SystemClock
from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.drafting import draft
from daumoi.intake.files.passes import Sent, Tally
from daumoi.intake.files.reading.fhir import FhirReader
from daumoi.intake.files.reading.formats import recognise
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.tables import MappingRefused
from daumoi.intake.validation import examine
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import KINDS
from tests.unit.intake.files.patients import PATIENTS, a_bundle, a_dose, a_patient, in_lines
from tests.unit.intake.files.rows import plan, report, sent

DECLARATION = KINDS["health_declaration"]
EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DOSES = (EXAMPLES / "fhir_vaccinations.toml").read_text("utf-8")


def taken(content: bytes, toml: str = PATIENTS) -> list[Sent]:
    return sent(toml, content, format="fhir")


def made(content: bytes, toml: str = PATIENTS) -> list[dict[str, Any]]:
    return [json.loads(line.body) for line in taken(content, toml)]


def said(content: bytes, toml: str = PATIENTS) -> str:
    """What is said of a file before its first row."""
    checked = plan(toml, format="fhir")
    checked.check(io.BytesIO(content))
    return " ".join(checked.remarks)


# Identity


def test_a_patient_becomes_a_declaration_that_says_who_it_is() -> None:
    (record,) = made(in_lines(a_patient()))
    assert record["ref"] == "Patient/bn-1"
    assert record["subject"] == {
        "system_person_id": "bn-1",
        "national_id": "001087000001",
        "passport": {"number": "C1000001", "country": "VN"},
        "birth_date": "1987-01-18",
        "sex": "female",
        "phone": "0905123456",
        "nationality": "VN",
        "full_name": "Nguyễn Thị Mẫu",
    }
    assert decode(DECLARATION, json.dumps(record).encode()).faults == []


@pytest.mark.parametrize("birth_date", ["1987", "1987-01", "1987-01-18"])
def test_a_birth_date_may_be_a_year_or_a_month(birth_date: str) -> None:
    (line,) = taken(in_lines(a_patient(birthDate=birth_date)))
    assert json.loads(line.body)["subject"]["birth_date"] == birth_date
    assert decode(DECLARATION, line.body).faults == []


@pytest.mark.parametrize("gender", ["male", "female", "other", "unknown"])
def test_each_gender_of_fhir_is_a_sex_of_the_hub(gender: str) -> None:
    (line,) = taken(in_lines(a_patient(gender=gender)))
    assert json.loads(line.body)["subject"]["sex"] == gender
    assert decode(DECLARATION, line.body).faults == []


def test_a_name_that_is_written_out_is_taken_as_it_is_written() -> None:
    names = [{"use": "official", "text": "NGUYỄN THỊ MẪU", "family": "Nguyễn", "given": ["Mẫu"]}]
    assert made(in_lines(a_patient(name=names)))[0]["subject"]["full_name"] == "NGUYỄN THỊ MẪU"


def test_without_an_official_name_the_first_is_taken() -> None:
    names = [{"family": "Trần", "given": ["Văn", "Mẫu"]}, {"use": "old", "text": "Tý"}]
    assert made(in_lines(a_patient(name=names)))[0]["subject"]["full_name"] == "Trần Văn Mẫu"


def test_what_a_patient_does_not_have_is_left_out() -> None:
    (record,) = made(in_lines({"resourceType": "Patient", "id": "bn-2", "name": [{"text": "Lê Văn Mẫu"}]}))
    assert record["subject"] == {"system_person_id": "bn-2", "full_name": "Lê Văn Mẫu"}


# Forms of a file


@pytest.mark.parametrize("type", ["transaction", "collection", "searchset", "batch", "document", "message"])
def test_each_type_of_bundle_gives_its_patients(type: str) -> None:
    content = a_bundle(a_dose(), a_patient(1), a_patient(2), type=type)
    lines = taken(content)
    assert [(line.source_line, json.loads(line.body)["ref"]) for line in lines] == [
        (2, "Patient/bn-1"), (3, "Patient/bn-2"),
    ]  # fmt: skip
    assert said(content) == (f"FHIR R4, Bundle of type {type}: 3 resources. Used: 2 Patient. Not used: 1 Immunization.")


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (json.dumps(a_patient()).encode(), "resources without a Bundle: 1 resource."),
        (json.dumps(a_patient(), indent=2).encode(), "resources without a Bundle: 1 resource."),
        (b"\xef\xbb\xbf" + json.dumps(a_patient()).encode(), "resources without a Bundle: 1 resource."),
        (json.dumps([a_patient()], indent=2).encode(), "resources without a Bundle: 1 resource."),
        (in_lines(a_patient(), a_dose()), "one resource a line: 2 resources."),
        (b"\n" + in_lines(a_patient(), a_dose()), "one resource a line: 2 resources."),
        (b"\xef\xbb\xbf" + in_lines(a_patient(), a_dose()), "one resource a line: 2 resources."),
        (a_bundle(a_patient()), "Bundle of type collection: 1 resource."),
        (json.dumps(json.loads(a_bundle(a_patient()))).encode(), "Bundle of type collection: 1 resource."),
        (in_lines(json.loads(a_bundle(a_patient())), a_dose()), "one resource a line, with Bundles (collection): 2 resources."),
    ],
)  # fmt: skip
def test_every_form_is_recognised_and_said(content: bytes, form: str) -> None:
    for suffix in (".json", ".ndjson"):
        assert recognise(io.BytesIO(content), suffix, SourceTable()).format == "fhir"
    assert form in said(content)
    assert [record["ref"] for record in made(content)] == ["Patient/bn-1"]


def test_members_may_stand_in_any_order() -> None:
    content = json.dumps(json.loads(a_bundle(a_patient(), a_dose())), sort_keys=True).encode()
    assert recognise(io.BytesIO(content), ".json", SourceTable()).format == "fhir"


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 1, "text": "resourceType"}',
        b'{"data": [{"id": 1, "about": {"resourceType": "Patient"}}]}',
        b'[{"id": 1}, {"id": 2}]',
        b"{",
    ],
)
def test_other_json_stays_json(content: bytes) -> None:
    assert recognise(io.BytesIO(content), ".json", SourceTable()).format == "json"


def test_a_format_that_is_given_is_kept() -> None:
    assert recognise(io.BytesIO(in_lines(a_patient())), ".ndjson", SourceTable(format="ndjson")).format == "ndjson"
    assert recognise(io.BytesIO(a_bundle(a_patient())), ".json", SourceTable(records="entry")).format == "json"


@pytest.mark.parametrize("format", ["json", "ndjson"])
def test_a_bundle_may_still_be_read_as_plain_json(format: Any) -> None:
    toml = report("subject.full_name = 'resource.name[use=official].family'", '[source]\nrecords = "entry"')
    toml = toml.replace('"{id}"', '"{resource.id}"')
    entry = {"at": "2021-08-01T08:00:00+07:00", "text": "x", "resource": a_patient()}
    content = {"resourceType": "Bundle", "entry": [entry]} if format == "json" else entry
    mapping = toml if format == "json" else toml.replace('records = "entry"', "")
    (line,) = sent(mapping, json.dumps(content), format=format)
    assert json.loads(line.body)["subject"]["full_name"] == "Nguyễn"


def test_blank_lines_and_lines_that_are_broken_or_too_long_keep_their_numbers() -> None:
    long = json.dumps(a_patient(3, id="x" * 64, text={"status": "empty", "div": "x" * (1 << 20)})).encode() + b"\n"
    content = in_lines(a_patient(1)) + b'\n{"resourceType": "Patient", "id"\n' + long + in_lines(a_patient(4))
    tally = Tally()
    lines = sent(PATIENTS, content, format="fhir", tally=tally)
    assert [(line.source_line, bool(line.notes)) for line in lines] == [(1, False), (3, True), (4, True), (5, False)]
    assert lines[2].too_long_mark
    assert (tally.rows, tally.blank) == (4, 1)


def test_a_first_line_that_is_broken_breaks_only_itself() -> None:
    content = b'{"resourceType": "Patient", "id"\n' + in_lines(a_patient(2), a_patient(3))
    assert recognise(io.BytesIO(content), ".ndjson", SourceTable()).format == "fhir"
    assert [line.source_line for line in taken(content)] == [1, 2, 3]


def test_entries_without_a_resource_and_further_pages_are_said() -> None:
    bundle = json.loads(a_bundle(a_patient(), type="searchset"))
    bundle["entry"].append({"request": {"method": "DELETE", "url": "Patient/bn-9"}})
    bundle["link"] = [{"relation": "self", "url": "urn:a"}, {"relation": "next", "url": "urn:b"}]
    text = said(json.dumps(bundle).encode())
    assert "Entries without a resource: 1; nothing is done for them." in text
    assert "this file is not the whole list" in text


def test_bundles_in_lines_break_only_where_they_are_broken() -> None:
    broken = {"resourceType": "Bundle", "type": "batch", "entry": 3}
    half = {"resourceType": "Bundle", "type": "batch", "entry": [3, {"resource": a_patient(2)}, {"resource": 4}]}
    content = in_lines(json.loads(a_bundle(a_patient(1))), broken, half, a_patient(3))
    lines = taken(content)
    assert [(line.source_line, bool(line.notes)) for line in lines] == [
        (1, False), (2, True), (3, True), (3, False), (3, True), (4, False),
    ]  # fmt: skip
    assert "6 resources. Used: 3 Patient. Not used: 3 not readable." in said(content)


def test_a_bundle_of_old_versions_is_refused() -> None:
    with pytest.raises(FileRefused, match="old versions"):
        said(a_bundle(a_patient(), type="history"))


@pytest.mark.parametrize("content", [b'{"resourceType": "Bundle", "entry": 3}', b'{"resourceType": "Bundle", "ty'])
def test_a_bundle_that_cannot_be_cut_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused, match="Mend it"):
        said(content)


# What is not valid


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"birthDate": "18/01/1987"}, "birthDate is not written as FHIR R4 asks."),
        ({"birthDate": "1987-02-30"}, "birthDate is not written as FHIR R4 asks."),
        ({"gender": "nữ"}, "gender is none of male, female, other, unknown."),
        ({"telecom": [{"system": "zalo", "value": "0905123456"}]}, "telecom[0].system is none of phone, fax,"),
        ({"name": "Nguyễn Thị Mẫu"}, "name is of the wrong type."),
        ({"name": [{"given": "Mẫu"}]}, "name[0].given is of the wrong type."),
        ({"hoTen": "Nguyễn Thị Mẫu"}, "hoTen is no member that FHIR R4 has there."),
        ({"Nguyễn Thị Mẫu": 1}, "(a member) is no member that FHIR R4 has there."),
        ({"identifier": [{"value": 1087000001}]}, "identifier[0].value is of the wrong type."),
        ({"communication": [{}]}, "communication[0].language is missing."),
        ({"deceasedBoolean": True, "deceasedDateTime": "2021-08-01"}, "exclude each other"),
        ({"contained": [{"resourceType": "Benhnhan"}]}, "Patient is not valid FHIR R4."),
    ],
)
def test_a_resource_that_is_not_valid_is_one_held_row_that_says_where(members: dict[str, Any], fault: str) -> None:
    lines = taken(in_lines(a_patient(1), a_patient(2, **members), a_patient(3)))
    assert [bool(decode(DECLARATION, line.body).faults) for line in lines] == [False, True, False]
    record = json.loads(lines[1].body)
    assert record["ref"] == "Patient/bn-2"
    assert any(fault in each for each in record["invalid_row"])
    assert any(fault in note for note in lines[1].notes)
    assert ("unknown_field", "/invalid_row") in [
        (each.code, each.pointer) for each in decode(DECLARATION, lines[1].body).faults
    ]
    for secret in ("Mẫu", "0905123456", "1087000001", "18/01/1987"):
        assert not any(secret in note for note in lines[1].notes)


@pytest.mark.parametrize(
    "row",
    [b'{"id": "1"}', b'{"resourceType": 3}', b'{"resourceType": "Benhnhan"}', b'{"resourceType": "HumanName"}', b"[]",
     b'{"resourceType": "Patient", "id": "1", "id": "2"}', b'{"resourceType": "Patient\xff"}'],
)  # fmt: skip
def test_a_row_that_is_no_resource_is_one_held_row(row: bytes) -> None:
    lines = taken(in_lines(a_patient(1)) + row + b"\n" + in_lines(a_patient(2)))
    assert [line.source_line for line in lines] == [1, 2, 3]
    assert lines[1].notes
    assert decode(DECLARATION, lines[1].body).faults


def test_what_no_record_is_made_of_is_not_checked() -> None:
    tally = Tally()
    content = in_lines(a_patient(), a_dose(status="gone"), {"resourceType": "SubstancePolymer", "x": 1})
    assert len(sent(PATIENTS, content, format="fhir", tally=tally)) == 1
    assert (tally.rows, tally.without_record) == (3, 2)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([{}]) | st.just({"a": []})
)


@given(st.sampled_from(sorted(a_patient())), VALUES, st.sampled_from(["", "identifier", "name", "telecom"]))
@settings(max_examples=200)
def test_nothing_that_stands_in_a_patient_breaks_more_than_its_own_row(member: str, value: Any, inside: str) -> None:
    broken = a_patient(2)
    if inside:
        broken[inside] = [*broken[inside], {member: value}, value]
    else:
        broken[member] = value
    lines = taken(in_lines(a_patient(1), broken, a_patient(3)))
    assert [line.source_line for line in lines if line.source_line != 2] == [1, 3]
    assert len(lines) <= 3


# References


def test_an_immunization_takes_its_patient_from_the_bundle() -> None:
    content = a_bundle(
        a_dose(1, of="urn:uuid:bn-1"), a_patient(1), a_dose(2, of="Patient/bn-2", code="210"), a_patient(2)
    )
    records = made(content, DOSES)
    assert [(record["ref"], record["subject"]["system_person_id"]) for record in records] == [
        ("Immunization/mui-1", "bn-1"), ("Immunization/mui-2", "bn-2"),
    ]  # fmt: skip
    assert [record["data"]["vaccinations"] for record in records] == [
        [{"product": "comirnaty", "dose_number": 2, "given_on": "2021-08-01"}],
        [{"product": "vaxzevria", "dose_number": 2, "given_on": "2021-08-01"}],
    ]
    assert records[0]["subject"]["full_name"] == "Nguyễn Thị Mẫu"
    for line in taken(content, DOSES):
        assert decode(DECLARATION, line.body).faults == []


@pytest.mark.parametrize("of", ["Patient/bn-9", "#bn-8", "Patient?identifier=1", "urn:uuid:none"])
def test_a_patient_that_is_not_in_the_bundle_leaves_the_dose_held(of: str) -> None:
    (line,) = taken(a_bundle(a_dose(of=of), a_patient(1)), DOSES)
    decoded = decode(DECLARATION, line.body)
    assert decoded.record is not None
    faults = examine(DECLARATION, decoded.record, SystemClock().now()).faults
    assert [(fault.code, fault.pointer) for fault in faults] == [("missing_field", "/subject")]


def test_a_patient_inside_the_resource_itself_is_found() -> None:
    (record,) = made(in_lines(a_dose(of="#bn-1", contained=[a_patient(1)])), DOSES)
    assert record["subject"]["full_name"] == "Nguyễn Thị Mẫu"


def test_of_two_resources_with_one_name_a_reference_names_neither() -> None:
    (line,) = taken(a_bundle(a_dose(of="Patient/bn-1"), a_patient(1), a_patient(1)), DOSES)
    assert "subject" not in json.loads(line.body)


def test_doses_that_were_not_given_or_are_of_other_vaccines_make_no_record() -> None:
    content = a_bundle(a_dose(1, status="not-done"), a_dose(2, code="140"), a_patient(1))
    assert taken(content, DOSES) == []


# The mapping


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ('"birthDate"', '"birthdate"', "record 1.columns.subject.birth_date", 'Did you mean "birthDate"?'),
        ("type.coding.code=PPN", "type.coding.cod=PPN", "record 1.columns.subject.passport.number", "Coding has no member"),
        ("[0].value", ".0.value", "record 1.columns.subject.phone", 'ContactPoint has no member "0"'),
        ('"gender"', '"gender.code"', "record 1.columns.subject.sex", "has no members"),
        ("Patient/{id}", "Patient/{ids}", "record 1.ref", "has no member"),
        ('resource = "Patient"', 'resource = "Benhnhan"', "record 1.resource", "no type of resource"),
        ('resource = "Patient"', "", "record 1.resource", "is missing"),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_in_fhir_is_a_fault_of_the_mapping(old: str, new: str, where: str, what: str) -> None:
    assert old in PATIENTS
    with pytest.raises(MappingRefused) as refused:
        plan(PATIENTS.replace(old, new), format="fhir")
    (fault,) = refused.value.faults
    assert fault.where == where
    assert what in fault.what


def test_resource_is_for_fhir_alone() -> None:
    with pytest.raises(MappingRefused, match="files of FHIR resources"):
        plan(report("").replace('ref = "{id}"', 'ref = "{id}"\nresource = "Patient"'), format="csv")


def test_a_command_that_reads_no_fhir_does_not_load_its_models() -> None:
    program = (
        "import sys, daumoi.cli.import_file; print([n for n in sys.modules if n.split('.')[0] in ('fhir', 'pydantic')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Drafts


def drafted(tmp_path: Path, content: bytes) -> str:
    file = tmp_path / "benh-nhan.json"
    file.write_bytes(content)
    return draft(file, DECLARATION, source=SourceTable())


def test_a_draft_for_patients_knows_their_identifiers(tmp_path: Path) -> None:
    content = a_bundle(a_patient(1), a_patient(2), a_dose())
    text = drafted(tmp_path, content)
    (record,) = tomllib.loads(text)["record"]
    subject = record["columns"]["subject"]
    assert subject["national_id"] == "identifier[system=urn:oid:2.16.704.1.1].value"
    assert subject["passport"]["number"] == "identifier[type.coding.code=PPN].value"
    assert subject["phone"] == "telecom[system=phone][use!=old][0].value"
    assert "nationality" in subject
    assert "Columns left out: identifier[system=urn:benh-vien:ma-ho-so].value" in text
    for secret in ("Mẫu", "0905123456", "1087000001", "C1000001", "1987-01-18", "HS1", "bn-1"):
        assert secret not in text
    constants = "\n[record.constants]\noccurred_at = 2021-08-01T08:00:00+07:00\ndata.form = 'domestic'\nsubject.passport.country = 'VN'\n"
    records = made(content, text.replace("[record.columns]", f"{constants}\n[record.columns]"))
    assert [record["subject"]["full_name"] for record in records] == ["Nguyễn Thị Mẫu"] * 2
    assert records[0]["data"]["address"]["line"] == "12 Hàng Mẫu, Hoàn Kiếm, Hà Nội"


def test_a_system_that_one_patient_alone_has_is_not_written_down(tmp_path: Path) -> None:
    alone = a_patient(2, identifier=[{"system": "urn:person:001087000009", "value": "001087000009"}])
    assert "001087000009" not in drafted(tmp_path, in_lines(a_patient(1), alone, a_patient(3)))


def test_a_file_without_patients_cannot_be_drafted(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no patient"):
        drafted(tmp_path, a_bundle(a_dose()))


def test_fhir_without_a_mapping_is_refused_with_what_to_do() -> None:
    from daumoi.intake.files.passes import plan_file

    with pytest.raises(FileRefused, match="--map"):
        plan_file(format="fhir", mapping=None, kind=DECLARATION, hash_ref=lambda part: part, line_max_bytes=1 << 20)


def test_a_reader_asked_for_all_checks_all() -> None:
    rows = list(FhirReader(io.BytesIO(in_lines(a_patient(), a_dose(status="gone")))).rows())
    assert [bool(row.faults) for row in rows] == [False, True]
