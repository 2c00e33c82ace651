"""`daumoi import` of FHIR R4, at the command: what is said, what is held, what closes when it is mended."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.hubs import DAUMOI, Caller, HubServer, check_equation, counts
from tests.unit.intake.files.patients import PATIENTS, a_bundle, a_dose, a_patient, in_lines


@pytest.fixture
def hospital(hub_server: HubServer) -> Caller:
    return hub_server.new_system(send="health_declaration", read="health_declaration", identity="given")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "benh-nhan.toml"
    file.write_text(PATIENTS, "utf-8")
    return file


def new_patient(**members: Any) -> dict[str, Any]:
    return a_patient(int(uuid.uuid4()) % 10**6, **members)


def test_a_dry_run_says_what_was_understood_and_stores_nothing(
    hub_server: HubServer, hospital: Caller, tmp_path: Path, mapping: Path
) -> None:
    file = tmp_path / "goi.json"
    file.write_bytes(a_bundle(new_patient(), new_patient(), a_dose()))
    head = hospital.head("health_declaration")
    done = hub_server.run("import", file, "--system", hospital.code, "--map", mapping, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Read as FHIR R4." in done.stderr
    assert "Bundle of type collection: 3 resources. Used: 2 Patient. Not used: 1 Immunization." in done.stderr
    assert 'subject.passport.number ← "identifier[type.coding.code=PPN].value"' in done.stderr
    assert hospital.head("health_declaration") == head


def test_a_patient_that_is_not_valid_is_held_with_its_place_and_closes_when_mended(
    hub_server: HubServer, hospital: Caller, tmp_path: Path, mapping: Path
) -> None:
    good, bad = new_patient(), new_patient()
    file = tmp_path / "benh-nhan.ndjson"
    file.write_bytes(in_lines(good, {**bad, "telecom": [{"system": "zalo", "value": "0905123456"}]}))
    run = ("import", file, "--system", hospital.code, "--map", mapping)
    done = hub_server.run(*run, "--json")
    printed = json.loads(done.stdout)
    check_equation(printed)
    assert (done.returncode, counts(printed)) == (3, {"accepted": 1, "held": 1})
    (problem,) = printed["problems"]
    assert (problem["source_row"], problem["code"], problem["pointer"]) == (2, "unknown_field", "/invalid_row")
    assert problem["notes"][0].startswith("not FHIR R4: telecom[0].system is none of phone, fax,")
    assert "telecom[0].system" in "".join(hub_server.run(*run).stdout.split())

    file.write_bytes(in_lines(good, bad))
    assert counts(json.loads(hub_server.run(*run, "--json").stdout)) == {"accepted": 1, "repeated": 1}
    assert hospital.held() == []


def test_a_path_that_leads_nowhere_is_refused_before_a_row_is_read(
    hub_server: HubServer, hospital: Caller, tmp_path: Path, mapping: Path
) -> None:
    mapping.write_text(PATIENTS.replace('"birthDate"', '"birthday"'), "utf-8")
    file = tmp_path / "benh-nhan.json"
    file.write_bytes(a_bundle(new_patient()))
    done = hub_server.run("import", file, "--system", hospital.code, "--map", mapping)
    assert done.returncode == 1
    assert 'record 1.columns.subject.birth_date: Patient has no member "birthday"' in done.stderr
    assert "nothing was imported" in done.stderr


def test_a_draft_for_patients_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "benh-nhan.json"
    file.write_bytes(a_bundle(new_patient()))
    done = subprocess.run([DAUMOI, "map", file, "--kind", "health_declaration"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'resource = "Patient"' in done.stdout
