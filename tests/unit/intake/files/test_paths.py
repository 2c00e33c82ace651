"""Paths into nested JSON: what they find, what they never pick in silence, and what is wrong with one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.intake.files.paths import PathFault, Several, Tree, find, is_path, parse_path
from daumoi.intake.files.tables import MappingRefused
from tests.unit.intake.files.rows import plan, report, sent

PERSON = {
    "id": "bn-1",
    "name": [{"use": "usual", "text": "Bé Na"}, {"use": "official", "family": "Lê", "given": ["Thị", "Mẫu"]}],
    "identifier": [
        {"system": "urn:a", "value": "1"},
        {"type": {"coding": [{"code": "PPN"}, {"code": "X"}]}, "value": "C1"},
        {"type": {"coding": [{"code": "MR"}]}, "rank": 2, "ok": True, "value": "H1"},
    ],
    "place": {"lat": 16.05, "tags": ["a", "b"]},
    "nhiệt độ [°C]": 37.5,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id", ["bn-1"]),
        ("place.lat", [16.05]),
        ("place.tags", ["a", "b"]),
        ("place.tags[1]", ["b"]),
        ("place.tags[9]", []),
        ("name.text", ["Bé Na"]),
        ("name[use=official].given", ["Thị", "Mẫu"]),
        ("name[use=official].given[0]", ["Thị"]),
        ("name[use?=official].family", ["Lê"]),
        ("name[use?=maiden].use", ["usual", "official"]),
        ("name[use?=maiden][0].use", ["usual"]),
        ("name[use!=official].text", ["Bé Na"]),
        ("identifier[type.coding.code=PPN].value", ["C1"]),
        ("identifier[type.coding.code=X].value", ["C1"]),
        ("identifier[type.coding[0].code=X].value", []),
        ("identifier[type.coding[code=MR].code=MR].value", ["H1"]),
        ("identifier[type.coding.code!=PPN].value", ["1", "H1"]),
        ("identifier[rank=2].value", ["H1"]),
        ("identifier[ok=true].value", ["H1"]),
        ("identifier[system=urn:a].value", ["1"]),
        ('identifier[system="urn:a"].value', ["1"]),
        ("identifier.value", ["1", "C1", "H1"]),
        ('"nhiệt độ [°C]"', [37.5]),
        ("id.lower", []),
        ("gone[0].x", []),
    ],
)
def test_a_path_finds_what_stands_there(path: str, expected: list[Any]) -> None:
    assert find(parse_path(path), PERSON) == expected


@pytest.mark.parametrize(
    ("path", "sign", "what"),
    [
        ("", 1, "the name of a member is missing"),
        ("a..b", 3, "the name of a member is missing"),
        ("a.", 3, "the name of a member is missing"),
        ("a[b=c", 6, "the closing bracket is missing"),
        ("a[b=]", 5, "the value of the condition is missing"),
        ("a[b]", 4, "brackets hold a place"),
        ("a[-1]", 5, "brackets hold a place"),
        ("a[]", 3, "the name of a member is missing"),
        ("a[0]b", 5, "a dot or a bracket is missing"),
        ("a]", 2, "a dot or a bracket is missing"),
        ('a[b="c]d', 5, "the value of the condition is missing"),
    ],
)
def test_a_path_that_cannot_be_read_says_where_and_why(path: str, sign: int, what: str) -> None:
    with pytest.raises(PathFault, match=rf"at sign {sign}, {what}"):
        parse_path(path)


@given(st.text(alphabet='ab[]=!?."0 ế', max_size=12))
def test_any_text_is_a_path_or_a_fault_and_a_path_can_always_be_followed(text: str) -> None:
    try:
        path = parse_path(text)
    except PathFault as fault:
        assert text in str(fault)
        return
    found = find(path, {"a": [{"b": "0"}, {"a": ["b", None]}], "b": {"a": 1}, "ế": [[1]]})
    assert None not in found


NAMES = st.text(alphabet="abcdeđ_", min_size=1, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_every_plain_member_is_found_by_its_name_as_by_its_path(whole: dict[str, Any]) -> None:
    tree = Tree(whole)
    for name, cell in tree.items():
        assert tree.get(name) == cell
        opened = cell if isinstance(cell, list) else [cell]
        assert find(parse_path(name), whole) == [each for each in opened if each is not None]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 9)), max_size=8), st.sampled_from("xyz"))
def test_conditions_pick_as_a_loop_would(pairs: list[tuple[str, int]], wanted: str) -> None:
    whole = {"all": [{"kind": kind, "n": number} for kind, number in pairs]}
    having = [number for kind, number in pairs if kind == wanted]
    assert find(parse_path(f"all[kind={wanted}].n"), whole) == having
    assert find(parse_path(f"all[kind!={wanted}].n"), whole) == [number for kind, number in pairs if kind != wanted]
    assert find(parse_path(f"all[kind?={wanted}].n"), whole) == (having or [number for _, number in pairs])
    assert find(parse_path(f"all[kind={wanted}][0].n"), whole) == having[:1]


def test_a_cell_of_one_value_is_that_value_and_several_stay_several() -> None:
    tree = Tree(PERSON)
    assert tree.get("identifier[rank=2].value") == "H1"
    assert isinstance(tree.get("identifier.value"), Several)
    assert tree.get("identifier[rank=3].value") is None
    assert tree.get("place.tags") == ["a", "b"]
    assert not is_path("id")


# In a mapping of plain JSON


def one_report(columns: str, **members: Any) -> dict[str, Any]:
    row = {"id": "1", "at": "2021-08-01T08:00:00+07:00", "text": "x", **members}
    (line,) = sent(report(columns), json.dumps(row), format="ndjson")
    return {**json.loads(line.body), "notes": list(line.notes)}


def test_a_mapping_of_plain_json_picks_from_a_list_by_code() -> None:
    contacts = [{"type": "email", "value": "a@b.vn"}, {"type": "phone", "value": "0905123456"}]
    made = one_report("subject.phone = 'contacts[type=phone].value'", contacts=contacts)
    assert made["subject"]["phone"] == "0905123456"


def test_several_values_for_a_field_of_one_are_held_with_what_to_do() -> None:
    contacts = [{"value": "0905123456"}, {"value": "0905123457"}]
    made = one_report("subject.phone = 'contacts.value'", contacts=contacts)
    assert made["subject"]["phone"] == ["0905123456", "0905123457"]
    (note,) = made["notes"]
    assert "finds 2 different values" in note
    assert "0905" not in note


def test_the_same_value_twice_is_one_value() -> None:
    contacts = [{"value": "0905123456"}, {"value": "0905123456"}]
    assert one_report("subject.phone = 'contacts.value'", contacts=contacts)["subject"]["phone"] == "0905123456"


def test_joined_columns_take_all_that_a_path_finds_in_order() -> None:
    columns = "subject.full_name = { columns = ['name.family', 'name.given'] }"
    assert one_report(columns, name=[{"family": "Lê", "given": ["Thị", "Mẫu"]}])["subject"]["full_name"] == "Lê Thị Mẫu"


def test_otherwise_is_taken_when_the_first_is_empty() -> None:
    columns = "subject.full_name = { column = 'full', otherwise = ['family', 'given'] }"
    parts = {"family": "Lê", "given": "Mẫu"}
    assert one_report(columns, full="  ", **parts)["subject"]["full_name"] == "Lê Mẫu"
    assert one_report(columns, full="Lê Thị Mẫu", **parts)["subject"]["full_name"] == "Lê Thị Mẫu"
    assert "subject" not in one_report(columns)


def test_a_condition_on_a_list_holds_when_one_of_its_texts_fits() -> None:
    toml = report("").replace('ref = "{id}"', 'ref = "{id}"\nwhen = { column = "codes.code", equals = "B" }')
    rows = [{"id": str(n), "at": "x", "text": "x", "codes": codes} for n, codes in enumerate(([{"code": "A"}], [{"code": "A"}, {"code": "B"}]))]  # fmt: skip
    lines = sent(toml, "\n".join(map(json.dumps, rows)), format="ndjson")
    assert [json.loads(line.body)["ref"] for line in lines] == ["1"]


def test_faults_of_paths_name_their_place_in_the_mapping_and_come_all_at_once() -> None:
    columns = "subject.phone = 'contacts[type].value'\nsubject.full_name = 'name[0'"
    with pytest.raises(MappingRefused) as refused:
        plan(report(columns), format="json")
    assert [fault.where for fault in refused.value.faults] == [
        "record 1.columns.subject.phone", "record 1.columns.subject.full_name",
    ]  # fmt: skip


def test_brackets_in_the_names_of_a_spreadsheet_are_no_path() -> None:
    (line,) = sent(report("subject.full_name = 'Tên [đầy đủ]'"), "id,at,text,Tên [đầy đủ]\n1,x,y,Lê Thị Mẫu\n")
    assert json.loads(line.body)["subject"]["full_name"] == "Lê Thị Mẫu"
