"""Records of every kind with an unmistakable value in every personal and identity field: good ones, and bad of every fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.contract import records as sample
from tests.contract.records import BA_DINH, put_at, the_bytes
from tests.hubs import Record
from tests.repository.planted import BIRTH_DATE, digits, word

CHECKPOINT = "PLANTED-1"


def a_person() -> Record:
    """Every field of an identity."""
    return {
        "national_id": digits(12, begins="00"),
        "old_national_id": digits(9),
        "passport": {"number": word("C{}"), "country": "VN"},
        "health_insurance_no": digits(10),
        "phone": digits(10, begins="09"),
        "full_name": word(),
        "birth_date": BIRTH_DATE,
        "sex": "female",
        "nationality": "VN",
        "system_person_id": word("{}"),
    }


def an_address() -> Record:
    return {"area": BA_DINH, "line": word("Ngõ 3 phố {}")}


def a_declaration(**envelope: Any) -> Record:
    arrival = {
        "gate": word("Cửa khẩu {}"),
        "transport": {"mode": "car", "number": word("{}"), "seat": word("{}")},
        "from_country": "JP",
        "stay": an_address(),
        "isolation_place": word("Khách sạn {}"),
    }
    data = {
        "form": "entry",
        "travel": [{"country": "JP", "from": "2021-07-20", "place": word("phố {}")}],
        "address": an_address(),
        "arrival": arrival,
        "note": word("ở cùng ông {}"),
    }
    return sample.a_declaration(data, subject=a_person(), declarant=a_person(), **envelope)


def a_movement(**envelope: Any) -> Record:
    leg = sample.a_leg(transport={"mode": "car", "number": word("{}"), "seat": word("{}")})
    data = {"legs": [leg], "purpose": word("thăm bà {}"), "companions": [a_person(), a_person()]}
    return sample.a_movement(data, subject=a_person(), declarant=a_person(), **envelope)


def a_report(**envelope: Any) -> Record:
    data = {"title": word("Ông {}"), "text": word("Nhà bà {} rất đông"), "address": an_address()}
    return sample.a_report(data, subject=a_person(), declarant=a_person(), **envelope)


def a_checkpoint(**envelope: Any) -> Record:
    code = envelope.pop("code", None) or sample.a_ref("CP")
    return sample.a_checkpoint({"code": code, "contact": word("Trực ban: {}")}, **envelope)


def a_passage(**envelope: Any) -> Record:
    data = {"reason": word("đón anh {}"), "vehicle_plate": word("{}")}
    return sample.a_passage(CHECKPOINT, data, subject=a_person(), declarant=a_person(), **envelope)


def a_figure(**envelope: Any) -> Record:
    """About no person: no planted value but what bad rows put in; each with a value of its own, so that none is a repeat."""
    return sample.an_area_count({"value": int(sample.a_ref("").strip("-"))}, **envelope)


MAKE = {
    "health_declaration": a_declaration,
    "movement_declaration": a_movement,
    "citizen_report": a_report,
    "checkpoint": a_checkpoint,
    "checkpoint_passage": a_passage,
    "area_count": a_figure,
}


VOCABULARY = frozenset(
    {
        "name",
        "operator",
        "category",
        "external_status",
        "external_agency",
        "basis",
        "text_version",
        "device_id",
        "publication",
    }
)
"""Texts that a system and its offices choose, never a person about a person: they are facts."""


def at_every_leaf(row: Record, value: Any, at: str = "") -> Iterator[Record]:
    """The row once for each of its leaves but its ref, with the leaf replaced."""
    here: Any = row
    for step in at.split("/")[1:]:
        here = here[int(step)] if isinstance(here, list) else here[step]
    for name, member in here.items() if isinstance(here, dict) else enumerate(here):
        pointer = f"{at}/{name}"
        if pointer in {"/ref", "/revision"} or (name in VOCABULARY and isinstance(value, str)):
            continue
        if isinstance(member, dict | list):
            yield from at_every_leaf(row, value, pointer)
            yield put_at(row, pointer, value)
        else:
            yield put_at(row, pointer, value)


def bad_rows(kind: str) -> list[bytes]:
    """Rows of many faults, all full of planted values."""
    make = MAKE[kind]
    wrong_everywhere: list[Record] = []
    for value in (word(), int(digits(12)), [word()], {word(): word()}, word() * 700, f"\x00{word()}"):
        wrong_everywhere += [{**row, "ref": sample.a_ref("BAD")} for row in at_every_leaf(make(), value)]
    said = the_bytes(make())
    texts = [
        said[:-1],
        said[: len(said) // 2],
        said + said,
        said.replace(b"Zq", b"\xe0Zq"),
        said.replace(b"Zq", b"\\ud800Zq"),
        b'"' + word().encode() + b'"',
        word().encode(),
        b"[" + said + b"]",
        said[:-1] + b',"x":' + b"[" * 40 + json.dumps(word()).encode() + b"]" * 40 + b"}",
        said[:-1] + b',"ref":' + json.dumps(word()).encode() + b"}",
        said[:-1] + b"," + json.dumps(word()).encode() + b":1}",
        said[:-1] + b',"data":{' + json.dumps(word()).encode() + b":1}}",
        json.dumps({**make(), "note": "x" * 1_100_000 + word()}).encode(),
    ]
    return [*map(the_bytes, wrong_everywhere), *texts, *map(the_bytes, faults_of_meaning(kind))]


def faults_of_meaning(kind: str) -> list[Record]:
    """Rows of the right shape that may not be stored."""
    make = MAKE[kind]
    rows = [
        {**make(), word(): 1},
        {**make(), "area": {"scheme": "vn-2025", "code": word("{}")}},
        {**make(), "occurred_at": word("2021-08-01T08:00:00 {}")},
        {**make(), "occurred_at": f"{BIRTH_DATE}T08:00:00"},
        {**make(), "ref": word() * 30},
    ]
    if kind == "checkpoint":
        return [*rows, a_checkpoint(code=CHECKPOINT)]
    if kind == "area_count":
        return [*rows, put_at(make(), "/data/indicator", word())]
    identifiers = ("national_id", "old_national_id", "phone", "health_insurance_no", "system_person_id", "full_name")
    for name in identifiers:
        row = make()
        rows.append({**row, "ref": row["subject"][name]})
        rows.append({**row, "ref": row["declarant"][name]})
        rows.append({**make(), "subject": {"sex": "female", "birth_date": BIRTH_DATE}})
    rows += [{**row, "ref": row["subject"]["passport"]["number"]} for row in (make(), make())]
    if kind == "checkpoint_passage":
        rows.append(put_at(make(), "/data/checkpoint", word("{}")))
    if kind == "movement_declaration":
        row = make()
        rows.append({**row, "ref": row["data"]["companions"][1]["national_id"]})
    if kind == "health_declaration":
        rows += [
            put_at(make(), "/data/symptoms", {word(): True}),
            put_at(make(), "/data/exposures", {word("zq {}"): True}),
            put_at(make(), "/data/vaccinations", [{"product": word()}]),
            put_at(make(), "/data/tests", [{"type": word(), "result": "positive"}]),
        ]
    return rows
