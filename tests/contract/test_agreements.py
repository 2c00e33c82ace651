"""Contract, section 5: what a receiver sees of a person."""

from __future__ import annotations

import json

import pytest

from tests.contract.records import (
    BA_DINH,
    a_checkpoint,
    a_declaration,
    a_leg,
    a_movement,
    a_passage,
    a_person,
    a_report,
    a_withdrawal,
)
from tests.hubs import Caller, HubServer, Record


def seen_by(reader: Caller, kind: str, seq: int) -> Record:
    """The line as one reader sees it, the same in the feed and by number."""
    line: Record = reader.get(f"/api/v1/records/{kind}/{seq}").json()
    assert reader.feed(kind, after=seq - 1, limit=1).lines == [line]
    return line


def test_identity_stands_only_where_the_agreement_gives_it(dov: Caller, receiver: Caller) -> None:
    person = a_person(phone="0912345678", birth_date="1987-05-17", sex="male")
    seq = dov.receipt("health_declaration", a_declaration(subject=person))["first_seq"]
    assert seen_by(dov, "health_declaration", seq)["subject"]["identity"] == person
    line = seen_by(receiver, "health_declaration", seq)
    assert line["subject"].keys() == {"pseudonym"}
    text = json.dumps(line, ensure_ascii=False)
    for secret in (person["national_id"], "0912345678", "912345678", person["full_name"], "1987-05-17"):
        assert secret not in text


def test_a_pseudonym_is_stable_for_one_receiver(dov: Caller, receiver: Caller) -> None:
    person = a_person()
    receipt = dov.receipt("health_declaration", a_declaration(subject=person), a_declaration(subject=person))
    lines = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    assert len({line["subject"]["pseudonym"] for line in lines}) == 1


def test_a_pseudonym_is_stable_over_kinds_and_systems(dov: Caller, receiver: Caller, cora: Caller) -> None:
    person = a_person()
    declared = dov.receipt("health_declaration", a_declaration(subject=person))["first_seq"]
    moved = cora.receipt("movement_declaration", a_movement(subject=person))["first_seq"]
    pseudonyms = {
        seen_by(receiver, kind, seq)["subject"]["pseudonym"]
        for kind, seq in (("health_declaration", declared), ("movement_declaration", moved))
    }
    assert len(pseudonyms) == 1


def test_two_people_have_two_pseudonyms(dov: Caller, receiver: Caller) -> None:
    receipt = dov.receipt("health_declaration", a_declaration(), a_declaration())
    lines = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    assert len({line["subject"]["pseudonym"] for line in lines}) == 2


def test_pseudonyms_differ_between_receivers(dov: Caller, receiver: Caller, hub_server: HubServer) -> None:
    other = hub_server.new_system(read="all")
    seq = dov.receipt("health_declaration", a_declaration())["first_seq"]
    pseudonyms = {
        seen_by(reader, "health_declaration", seq)["subject"]["pseudonym"] for reader in (dov, receiver, other)
    }
    assert len(pseudonyms) == 3


def test_people_without_a_strong_identifier_are_not_joined(dov: Caller, receiver: Caller) -> None:
    twin = {"full_name": "Trần Thị Mai", "birth_date": "2010-02-03", "phone": "0987654321"}
    receipt = dov.receipt("health_declaration", a_declaration(subject=twin), a_declaration(subject=twin))
    lines = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    assert len({line["subject"]["pseudonym"] for line in lines}) == 2


@pytest.mark.parametrize("number", ["000000000000", "111111111111"])
def test_a_placeholder_number_joins_nobody(dov: Caller, receiver: Caller, number: str) -> None:
    rows = [a_declaration(subject={"national_id": number, "full_name": name}) for name in ("Lê An", "Vũ Bình")]
    receipt = dov.receipt("health_declaration", *rows)
    lines = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    assert len({line["subject"]["pseudonym"] for line in lines}) == 2


def test_the_same_passport_number_of_two_countries_is_two_people(dov: Caller, receiver: Caller) -> None:
    rows = [a_declaration(subject={"passport": {"number": "K5554443", "country": each}}) for each in ("NZ", "VN")]
    receipt = dov.receipt("health_declaration", *rows)
    lines = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    assert len({line["subject"]["pseudonym"] for line in lines}) == 2


SECRET = "bí mật của người khai"


def planted(kind: str, gate: str) -> Record:
    """A record of a kind with something personal in every field that takes it."""
    address = {"area": BA_DINH, "line": SECRET}
    rows = {
        "health_declaration": a_declaration({"note": SECRET, "address": address}),
        "movement_declaration": a_movement(
            {
                "legs": [a_leg(transport={"mode": "coach", "number": "29B-12345", "seat": "K77-X"})],
                "companions": [{"full_name": SECRET}],
            }
        ),
        "citizen_report": a_report({"text": SECRET, "title": SECRET, "address": address}, subject=a_person()),
        "checkpoint_passage": a_passage(gate, {"vehicle_plate": "29A-98765"}),
    }
    return rows[kind]


@pytest.mark.parametrize("kind", ["health_declaration", "movement_declaration", "citizen_report", "checkpoint_passage"])
def test_personal_fields_of_data_stand_only_where_the_agreement_gives_them(
    dov: Caller, receiver: Caller, kind: str
) -> None:
    gate = a_checkpoint()
    dov.receipt("checkpoint", gate)
    row = planted(kind, gate["data"]["code"])
    receipt = dov.receipt(kind, row)
    assert receipt["problems"] == []
    seq = receipt["first_seq"]
    whole = json.dumps(seen_by(dov, kind, seq), ensure_ascii=False)
    cut = json.dumps(seen_by(receiver, kind, seq), ensure_ascii=False)
    for secret in {"checkpoint_passage": ["29A-98765"], "movement_declaration": ["K77-X", SECRET]}.get(kind, [SECRET]):
        assert secret in whole
        assert secret not in cut


def test_facts_stand_in_both_views(dov: Caller, receiver: Caller) -> None:
    row = a_declaration({"temperature_c": 38.5, "note": SECRET})
    seq = dov.receipt("health_declaration", row)["first_seq"]
    line = seen_by(receiver, "health_declaration", seq)
    for name in ("form", "symptoms", "exposures", "temperature_c"):
        assert line["data"][name] == row["data"][name]


def test_a_reader_by_pseudonym_can_follow_a_record_through_its_revisions(dov: Caller, receiver: Caller) -> None:
    row, other = a_declaration(), a_declaration()
    receipt = dov.receipt(
        "health_declaration", row, other, {**row, "revision": 2}, a_withdrawal(row["ref"], 3), {**row, "revision": 4}
    )
    first, another, *rest = receiver.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    keys = {(line["system"], line["ref"]) for line in (first, *rest)}
    assert len(keys) == 1
    assert (another["system"], another["ref"]) not in keys
    assert [line["revision"] for line in (first, *rest)] == [1, 2, 3, 4]


def test_a_ref_goes_only_to_readers_whose_agreement_gives_identity(dov: Caller, receiver: Caller) -> None:
    row = a_declaration()
    seq = dov.receipt("health_declaration", row)["first_seq"]
    assert seen_by(dov, "health_declaration", seq)["ref"] == row["ref"]
    assert seen_by(receiver, "health_declaration", seq)["ref"] != row["ref"]


def test_companions_come_back_whole_where_identity_is_given(dov: Caller) -> None:
    companions = [a_person(full_name="Nguyễn Thị An"), {"full_name": "Nguyễn Bé", "birth_date": "2019"}]
    seq = dov.receipt("movement_declaration", a_movement({"companions": companions}))["first_seq"]
    assert seen_by(dov, "movement_declaration", seq)["data"]["companions"] == companions


def test_the_head_is_the_same_for_every_reader(dov: Caller, receiver: Caller) -> None:
    dov.receipt("health_declaration", a_declaration())
    assert dov.head("health_declaration") == receiver.head("health_declaration")
