"""Rows into records: dates and zones, numbers, value maps, templates, conditions, the absent and the refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daumoi.intake.files.tables import MappingRefused
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import KINDS
from tests.unit.intake.files.rows import Tally, one, plan, records, report, sent, value

NEW_YORK = '[source]\ntime_zone = "America/New_York"\ninstant_format = "%Y-%m-%d %H:%M"'
HANOI = '[source]\ntime_zone = "Asia/Ho_Chi_Minh"\n'


def codes(line: bytes, kind: str = "citizen_report") -> list[tuple[str, str]]:
    return [(fault.code, fault.pointer) for fault in decode(KINDS[kind], line).faults]


# Dates and zones


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-01-15 08:00", "2024-01-15T08:00:00-05:00"),
        ("2024-07-15 08:00", "2024-07-15T08:00:00-04:00"),
        ("2024-07-15T08:00:00+07:00", "2024-07-15T08:00:00+07:00"),
    ],
)
def test_a_local_time_gets_the_offset_of_its_zone_on_that_day(cell: str, expected: str) -> None:
    assert value("data.closed_at = 'c'", {"c": cell}, "data.closed_at", NEW_YORK) == expected


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2024-03-10 02:30", "jumped over this local time"),
        ("2024-11-03 01:30", "showed this local time twice"),
        ("yesterday", "not written in a format of the mapping"),
        ("2024-02-30 08:00", "not written in a format of the mapping"),
    ],
)
def test_a_time_that_cannot_be_told_goes_on_as_it_stood_and_is_a_bad_instant(cell: str, reason: str) -> None:
    line = one("data.closed_at = 'c'", {"c": cell}, NEW_YORK)
    assert json.loads(line.body)["data"]["closed_at"] == cell
    assert codes(line.body) == [("bad_instant", "/data/closed_at")]
    assert reason in line.notes[0]
    assert cell not in line.notes[0]


@pytest.mark.parametrize(("choice", "offset"), [("earlier", "-04:00"), ("later", "-05:00")])
def test_a_time_shown_twice_can_be_decided_by_the_mapping(choice: str, offset: str) -> None:
    columns = f"data.closed_at = {{ column = 'c', ambiguous = '{choice}' }}"
    assert value(columns, {"c": "2024-11-03 01:30"}, "data.closed_at", NEW_YORK) == f"2024-11-03T01:30:00{offset}"


def test_a_date_alone_takes_the_time_that_the_mapping_gives() -> None:
    columns = "data.closed_at = { column = 'c', format = '%d/%m/%Y', time = '12:00' }"
    assert value(columns, {"c": "1/8/2021"}, "data.closed_at", HANOI) == "2021-08-01T12:00:00+07:00"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("01/08/2021", "2021-08-01T12:00:00+07:00"), ("01/08/2021 07:05", "2021-08-01T07:05:00+07:00")],
)
def test_of_formats_of_both_sorts_the_time_is_for_those_without(cell: str, expected: str) -> None:
    columns = "data.closed_at = { column = 'c', format = ['%d/%m/%Y %H:%M', '%d/%m/%Y'], time = '12:00' }"
    assert value(columns, {"c": cell}, "data.closed_at", HANOI) == expected


def test_a_date_and_a_time_in_two_columns_make_one_instant() -> None:
    columns = "data.closed_at = { template = '{d} {t}', format = '%d/%m/%Y %H:%M' }"
    cells = {"d": "01/08/2021", "t": "07:05"}
    assert value(columns, cells, "data.closed_at", HANOI) == "2021-08-01T07:05:00+07:00"
    assert value(columns, {**cells, "t": ""}, "data.closed_at", HANOI) is None


@pytest.mark.parametrize(
    ("form", "cell", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S%z", "2021-08-01T08:00:00+0700", "2021-08-01T08:00:00+07:00"),
        ("unix", "1627779600", "2021-08-01T01:00:00+00:00"),
        ("unix", "1627779600.5", "2021-08-01T01:00:00.500000+00:00"),
        ("unix_ms", "1627779600000", "2021-08-01T01:00:00+00:00"),
    ],
)
def test_a_format_with_an_offset_needs_no_zone(form: str, cell: str, expected: str) -> None:
    columns = f"data.closed_at = {{ column = 'c', format = '{form}' }}"
    assert value(columns, {"c": cell}, "data.closed_at") == expected


def test_an_offset_with_seconds_is_written_in_utc() -> None:
    found = value("data.closed_at = { column = 'c', format = '%Y-%m-%d %H:%M' }", {"c": "1905-01-01 00:00"},
                  "data.closed_at", HANOI)  # fmt: skip
    assert found.endswith("+00:00")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("07/02/1987", "1987-02-07"), ("02/1987", "1987-02"), ("1987", "1987"), ("1987-02-07", "1987-02-07")],
)
def test_a_birth_date_is_as_exact_as_its_cell(cell: str, expected: str) -> None:
    columns = "subject.full_name = 'n'\nsubject.birth_date = { column = 'b', format = ['%d/%m/%Y', '%m/%Y', '%Y'] }"
    assert value(columns, {"n": "Lê Thị Mẫu", "b": cell}, "subject.birth_date") == expected


# Numbers


@pytest.mark.parametrize(
    ("source", "cell", "expected"),
    [
        ("", "16.0678", 16.0678),
        ("", " 16 ", 16),
        ("", "1e1", 10.0),
        ("[source]\ndecimal = ','", "16,0678", 16.0678),
        ("[source]\ndecimal = ','", "16.0678", "16.0678"),
        ("[source]\ndecimal = ','\nthousands = '.'", "1.016,5", 1016.5),
        ("[source]\ndecimal = ','\nthousands = '.'", "1.01,5", "1.01,5"),
        ("", "16,0678", "16,0678"),
        ("", "１６", "１６"),
        ("", "1e999", "1e999"),
        ("", "nan", "nan"),
    ],
)
def test_a_number_is_read_as_the_mapping_says_or_passed_on_as_text(source: str, cell: str, expected: Any) -> None:
    columns = "location.lat = 'lat'\nlocation.lon = 'lon'"
    found = value(columns, {"lat": cell, "lon": "1"}, "location.lat", source)
    assert found == expected
    assert type(found) is type(expected)


def test_ids_that_look_like_numbers_stay_text() -> None:
    assert value("data.title = 't'", {"t": "12e456"}, "data.title") == "12e456"
    assert value("data.title = 't'", {"t": "00123"}, "data.title") == "00123"


# Value maps

SEX = "subject.full_name = 'n'\nsubject.sex = {{ column = 's', values = {{ Nam = 'male', 'Nữ' = 'female' }}, {} }}"


def test_a_value_map_turns_cells_into_codes_in_any_unicode_form() -> None:
    decomposed = "Nu\u031b\u0303"
    assert value(SEX.format("unmapped = 'fault'"), {"n": "A", "s": decomposed}, "subject.sex") == "female"
    assert value(SEX.format("ignore_case = true"), {"n": "A", "s": "NỮ"}, "subject.sex") == "female"


@pytest.mark.parametrize(
    ("unmapped", "cell", "expected"), [("fault", "X", "X"), ("pass", "male", "male"), ("drop", "X", None)]
)
def test_what_a_value_map_does_not_list_is_refused_passed_or_dropped(unmapped: str, cell: str, expected: Any) -> None:
    assert value(SEX.format(f"unmapped = '{unmapped}'"), {"n": "A", "s": cell}, "subject.sex") == expected


@pytest.mark.parametrize(
    ("columns", "cell"),
    [
        ("data.title = { column = 'c', values = { a = 'A' } }", "b"),
        ("subject.full_name = 'text'\nsubject.sex = { column = 'c', values = { M = 'male' } }", "female"),
        ("subject.full_name = 'text'\nsubject.sex = { column = 'c', values = { M = 'male' } }", "F"),
        ("data.contact_allowed = { column = 'c', values = { 'có' = true } }", "true"),
        ("data.closed_at = { column = 'c', values = { x = '2021-08-01T08:00:00Z' } }", "2021-08-02T08:00:00Z"),
        ("subject.full_name = 'text'\nsubject.birth_date = { column = 'c', values = { x = '1987' } }", "1988"),
    ],
)
def test_an_unmapped_cell_is_always_refused_by_intake_and_kept(columns: str, cell: str) -> None:
    line = one(columns, {"c": cell})
    assert codes(line.body), "a free text would be taken, were it not wrapped"
    assert cell in line.body.decode()
    assert "not in the value map" in line.notes[0]


def test_true_and_false_need_no_value_map() -> None:
    assert value("data.contact_allowed = 'c'", {"c": "false"}, "data.contact_allowed") is False
    assert value("data.contact_allowed = 'c'", {"c": "yes"}, "data.contact_allowed") == "yes"


def test_a_cell_of_several_parts_becomes_codes_that_are_true() -> None:
    toml = """
    [[record]]
    kind = "health_declaration"
    ref = "{id}"
    [record.constants]
    data.form = "daily"
    [record.columns]
    occurred_at = "at"
    subject.full_name = "name"
    data.symptoms = { column = "s", split = ",", values = { "sốt" = "fever", "ho" = "cough" } }
    """
    at = "2021-08-01T08:00:00Z"
    rows = f'id,at,name,s\n1,{at},A,"sốt, ho"\n2,{at},B,\n3,{at},C,"ho, đau"\n'
    first, second, third = records(toml, rows)
    assert first["data"]["symptoms"] == {"fever": True, "cough": True}
    assert "symptoms" not in second["data"]
    assert third["data"]["symptoms"] == {"unmapped": "ho, đau"}


def test_places_of_a_list_are_filled_in_order_and_close_up() -> None:
    toml = """
    [[record]]
    kind = "health_declaration"
    ref = "{id}"
    [record.constants]
    data.form = "daily"
    [record.columns]
    occurred_at = "at"
    subject.full_name = "name"
    data.vaccinations.0.product = "v1"
    data.vaccinations.1.product = "v2"
    """
    rows = "id,at,name,v1,v2\n1,2021-08-01T08:00:00Z,A,x,y\n2,2021-08-01T08:00:00Z,B,,y\n"
    first, second = records(toml, rows)
    assert first["data"]["vaccinations"] == [{"product": "x"}, {"product": "y"}]
    assert second["data"]["vaccinations"] == [{"product": "y"}]


# Absent cells, constants, templates


def test_empty_cells_are_absent_and_so_are_the_signs_for_empty() -> None:
    source = "[source]\nempty = ['N/A', '-']"
    for cell in ("", "  ", "N/A", " - "):
        assert value("data.title = 't'", {"t": cell}, "data.title", source) is None


def test_a_constant_of_an_optional_object_stands_only_with_a_column_of_it() -> None:
    mapping = report("area.code = 'ward'").replace("data.category", "area.scheme = 'vn-2025'\ndata.category")
    rows = "id,at,text,ward\n1,2021-08-01T08:00:00Z,x,00004\n2,2021-08-01T08:00:00Z,x,\n"
    first, second = records(mapping, rows)
    assert first["area"] == {"scheme": "vn-2025", "code": "00004"}
    assert "area" not in second


def test_columns_are_joined_without_the_empty_ones_and_a_template_needs_all() -> None:
    cells = {"a": "12 Đường Mẫu", "b": "", "c": "Hà Nội"}
    joined = "data.address.line = { columns = ['a', 'b', 'c'], join = ', ' }"
    assert value(joined, cells, "data.address.line") == "12 Đường Mẫu, Hà Nội"
    assert value("data.title = { template = '{a} ({c}) {{x}}' }", cells, "data.title") == "12 Đường Mẫu (Hà Nội) {x}"
    assert value("data.title = { template = '{a} ({b})' }", cells, "data.title") is None


def test_column_names_match_in_any_unicode_form() -> None:
    assert value("data.title = 'Ho\u0323 te\u0302n'", {"Họ tên": "x"}, "data.title") == "x"


# Refs


def test_a_ref_without_all_its_columns_is_left_out_and_the_row_is_refused() -> None:
    line = one("", {"id": " "})
    assert codes(line.body) == [("missing_field", "/ref")]
    assert line.notes == ("ref: a column it is made of is empty.",)


def test_a_keyed_ref_shows_nothing_of_its_parts_and_tells_rows_apart() -> None:
    mapping = report("subject.full_name = 'name'").replace('"{id}"', '{ template = "{name}{id}", keyed = true }')
    at = "2021-08-01T08:00:00Z"
    rows = f"id,at,text,name\n3,{at},x,An 12\n23,{at},x,An 1\n3,{at},x,An 12\n"
    refs = [record["ref"] for record in records(mapping, rows)]
    assert refs[0] != refs[1]
    assert refs[0] == refs[2]
    assert all(len(ref) == 32 and "An" not in ref for ref in refs)


# Conditions and several records of a row


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{ column = 'c', present = true }", ["1", "2"]),
        ("{ column = 'c', present = false }", ["3"]),
        ("{ column = 'c', equals = 'x' }", ["1"]),
        ("{ column = 'c', one_of = ['x', 'y'] }", ["1", "2"]),
        ("[{ column = 'c', present = true }, { column = 'text', equals = 'b' }]", ["2"]),
    ],
)
def test_a_record_is_made_only_when_all_conditions_hold(when: str, expected: list[str]) -> None:
    mapping = report("").replace("[record.constants]", f"when = {when}\n[record.constants]")
    at = "2021-08-01T08:00:00Z"
    rows = f"id,at,text,c\n1,{at},a,x\n2,{at},b,y\n3,{at},c,\n"
    tally = Tally()
    assert [json.loads(line.body)["ref"] for line in sent(mapping, rows, tally=tally)] == expected
    assert (tally.rows, tally.without_record) == (3, 3 - len(expected))


TWO_KINDS = """
[[record]]
kind = "checkpoint"
ref = "{gate}"
distinct = true
[record.constants]
data.type = "road"
area = { scheme = "vn-2025", code = "01" }
[record.columns]
occurred_at = "opened"
data.code = "gate"
data.name = "name"

[[record]]
kind = "checkpoint_passage"
ref = "{id}"
[record.constants]
data.direction = "in"
data.method = "manual"
data.decision = "allowed"
[record.columns]
occurred_at = "at"
data.checkpoint = "gate"
subject.full_name = "person"
"""
STAYS = """id,gate,name,opened,at,person
1,G1,Chốt 1,2021-07-01T00:00:00Z,2021-08-01T08:00:00Z,An
2,G1,Chốt 1,2021-07-01T00:00:00Z,2021-08-01T09:00:00Z,Bình
3,G2,Chốt 2,2021-07-01T00:00:00Z,2021-08-01T10:00:00Z,An
4,G2,Chốt hai,2021-07-01T00:00:00Z,2021-08-01T11:00:00Z,An
"""


def test_all_records_of_the_first_kind_come_before_those_of_the_next() -> None:
    refs = [record["ref"] for record in records(TWO_KINDS, STAYS)]
    assert refs == ["G1", "G2", "G2", "1", "2", "3", "4"]


def test_distinct_sends_the_same_record_once_and_never_hides_one_that_differs() -> None:
    names = [record["data"]["name"] for record in records(TWO_KINDS, STAYS) if "code" in record["data"]]
    assert names == ["Chốt 1", "Chốt 2", "Chốt hai"]


def test_a_row_that_cannot_be_read_is_sent_once_with_the_first_kind_and_is_refused() -> None:
    lines = sent(TWO_KINDS, STAYS + "5,G3,only three\n")
    broken = [line for line in lines if line.source_line == 6]
    assert len(broken) == 1
    assert json.loads(broken[0].body) == {"unmapped_row": ["5", "G3", "only three"]}
    assert ("unknown_field", "/unmapped_row") in codes(broken[0].body, "checkpoint")
    assert broken[0].notes == ("The row has 3 cells, the header has 6.",)


# NDJSON


def test_members_of_json_lines_are_columns_and_those_inside_have_a_dot() -> None:
    mapping = report("location.lat = 'place.lat'\nlocation.lon = 'place.lon'\ndata.contact_allowed = 'ok'")
    line = {"id": 17, "at": "2021-08-01T08:00:00Z", "text": "x", "place": {"lat": 1.5, "lon": "2"}, "ok": True}
    (record,) = records(mapping, json.dumps(line), format="ndjson")
    assert record["ref"] == "17"
    assert record["location"] == {"lat": 1.5, "lon": 2}
    assert record["data"]["contact_allowed"] is True


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "malformed_json"),
        (b"[1]", "wrong_type"),
        (b'{"id":1,"id":2}', "duplicate_key"),
        (b'{"id":"\xff"}', "not_utf8"),
    ],
)
def test_a_json_line_that_cannot_be_read_goes_on_as_it_is(line: bytes, code: str) -> None:
    (only,) = sent(report(""), line, format="ndjson")
    assert only.body == line
    assert code in [found for found, _ in codes(only.body)]


def test_a_number_too_large_for_json_is_refused_not_lost() -> None:
    text = '{"id": "1", "at": "2021-08-01T08:00:00Z", "text": "x", "lat": 1e999, "lon": 1}'
    (only,) = sent(report("location.lat = 'lat'\nlocation.lon = 'lon'"), text, format="ndjson")
    assert codes(only.body) == [("wrong_type", "/location/lat")]


def test_the_example_of_the_readme_makes_good_records() -> None:
    examples = Path(__file__).parents[4] / "examples"
    toml = (examples / "reports_sample.toml").read_text("utf-8")
    lines = sent(toml, (examples / "reports_sample.csv").read_bytes())
    assert [codes(line.body) for line in lines] == [[], [], [], []]
    assert not any(line.notes for line in lines)


AREA = 'area = { columns = ["Xã", "Huyện", "Tỉnh"], join = ", ", lookup = "name" }'


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("P. Bến Nghé", "Q1", "TP HCM"), {"scheme": "vn-2024", "code": "26740"}),
        (("Phường Ba Đình", "", "Hà Nội"), {"scheme": "vn-2025", "code": "00004"}),
        (("", "", "Hà Nội"), {"scheme": "vn-2025", "code": "01"}),
        (("P. Tràng Tiền", "Hoàn Kiếm", "HN"), {"scheme": "vn-2024", "code": "00079"}),  # divided since
    ],
)
def test_an_area_that_is_certain_is_looked_up_by_its_name(
    cells: tuple[str, str, str], expected: dict[str, str]
) -> None:
    assert value(AREA, dict(zip(("Xã", "Huyện", "Tỉnh"), cells, strict=True)), "area") == expected


@pytest.mark.parametrize("cells", [("P. Tràng Tiền", "Ba Đình", "HN"), ("Phường 1", "", ""), ("Atlantis", "", "")])
def test_an_area_that_is_not_certain_is_never_picked(cells: tuple[str, str, str]) -> None:
    line = one(AREA, dict(zip(("Xã", "Huyện", "Tỉnh"), cells, strict=True)))
    assert isinstance(json.loads(line.body)["area"], str)
    assert "nothing is picked" in line.notes[0]


def test_an_area_that_is_not_given_is_absent() -> None:
    assert value(AREA, {"Xã": "", "Huyện": "", "Tỉnh": ""}, "area") is None


def test_only_areas_are_looked_up() -> None:
    with pytest.raises(MappingRefused, match="administrative unit"):
        plan(report('data.title = { column = "x", lookup = "name" }'))
