"""Mapping files: every fault is found at once, with its place and what to do."""

from __future__ import annotations

import pytest

from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.tables import MappingRefused
from tests.unit.intake.files.rows import HEAD, report


def faults(toml: str) -> list[str]:
    with pytest.raises(MappingRefused) as refused:
        load_mapping(toml.encode())
    return [str(fault) for fault in refused.value.faults]


def test_all_faults_are_reported_at_once_with_table_and_key() -> None:
    found = faults(
        """
        sorce = 1
        [source]
        delimiter = "|"
        time_zone = "Asia/Hanoy"
        [[record]]
        kind = "citizen_report"
        ref = "{id}"
        [record.constants]
        data.categorie = "x"
        [record.columns]
        occurred_at = { column = "at", format = "%d/%m/%Y" }
        data.text = { column = "text", colum = "x" }
        [[record]]
        kind = "citizen_raport"
        ref = "{id}"
        """
    )
    text = "\n".join(found)
    for expected in (
        'sorce: is not a known table. Did you mean "source"?',
        "source.delimiter: must be one of",
        'record 1.constants.data.categorie: citizen_report has no such field. Did you mean "category"?',
        "record 1.columns.occurred_at.format",
        'record 1.columns.data.text.colum: is not a known key. Did you mean "column"?',
        'record 2.kind: is not a kind of this hub. Did you mean "citizen_report"?',
    ):
        assert expected in text
    assert len(found) >= 7


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("", "record: is missing"),
        ("[[record]]\nref = '{id}'", "record 1.kind: is missing; it must be a text."),
        ("record = 1", "record: is missing"),
        ("[source]\nheader_line = 0\n" + report(""), "source.header_line: must be a whole number from 1 on."),
        ("[source]\ntime_zone = 'Hanoi'\n" + report(""), '"Hanoi" is not a time zone'),
        ("[source]\nthousands = '.'\n" + report(""), "source.thousands: must be another sign than decimal."),
        (report("data.title = { column = 't', otherwise = [] }"), "data.title.otherwise: names no column."),
        (
            report("data.closed_at = { column = 'c', format = '%d/%m/%Y %H:%M%z', time = '12:00' }"),
            "time of day already",
        ),
        (report("").replace('"{id}"', '"fixed"'), "record 1.ref: must be made of at least one column"),
        (report("").replace('"{id}"', '"{a}{b}"'), "record 1.ref: has two columns with nothing between"),
        (report("").replace('"{id}"', '"{a"'), "record 1.ref: has a single brace"),
        (report("ref = 'x'"), "record 1.columns.ref: the ref has its own key"),
        (report("location = 'x'"), "takes a table: map the fields below it"),
        (report("data.title = { column = 'a', template = '{b}' }"), "needs exactly one of column, columns, template"),
        (report("data.category = 'a'"), "record 1.constants.data.category: is given by a column too"),
        (report("subject.sex = { column = 's', values = { M = 'man' } }"), 'values."M": must be one of a list: female'),
        (report("data.title = { column = 't', unmapped = 'drop' }"), "values is missing"),
        (report("data.title = { column = 't', format = '%Y' }"), "format and time are for dates only"),
        (report("data.closed_at = { column = 'c', format = 'dd/mm/yyyy' }"), "is not a format of strptime"),
        (report("data.closed_at = { column = 'c', format = '%Y-%m-%d %H:%M' }"), "time_zone: is missing"),
        (report("data.closed_at = { column = 'c', format = '%Y-%m-%d' }"), "gives no time of day. Add time"),
        (report("data.closed_at = { column = 'c', format = '%d %H:%M%z' }"), "gives no day with its year"),
        (report("subject.birth_date = { column = 'c', format = '%d/%m' }"), "gives no year"),
        (report("data.title = { column = 't', split = ',' }"), "takes one value, not several"),
        (report("area.code = 'c'"), "record 1: area.scheme: citizen_report needs it"),
        (report("[[record.when]]\ncolumn = 'a'"), "record 1.when: needs exactly one of present, equals, one_of"),
        ("= 1", "the file: it is not TOML"),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(toml: str, expected: str) -> None:
    assert expected in "\n".join(faults(toml))


def test_required_fields_that_nothing_gives_are_named() -> None:
    found = faults(HEAD)
    assert found == [
        "record 1: data.text: citizen_report needs it: give it under columns or constants.",
        "record 1: occurred_at: citizen_report needs it: give it under columns or constants.",
    ]


def test_a_ref_made_of_what_names_a_person_must_be_keyed() -> None:
    named = report("subject.full_name = 'name'").replace('"{id}"', '"{name}/{id}"')
    assert 'ref: is made of "name", which names a person' in "\n".join(faults(named))
    load_mapping(named.replace('"{name}/{id}"', '{ template = "{name}/{id}", keyed = true }').encode())


def test_a_ref_may_hold_the_senders_own_person_id_but_not_be_it() -> None:
    mapping = report("subject.system_person_id = 'person'")
    assert "names a person" in "\n".join(faults(mapping.replace('"{id}"', '"{person}"')))
    load_mapping(mapping.replace('"{id}"', '"{person} stay 1"').encode())


def test_dotted_nested_and_quoted_paths_are_the_same() -> None:
    ways = ("data.address.line = 'a'", '"data.address.line" = "a"', "[record.columns.data.address]\nline = 'a'")
    paths = [{rule.path for rule in load_mapping(report(way).encode()).records[0].fields} for way in ways]
    assert paths[0] == paths[1] == paths[2]
    assert ("data", "address", "line") in paths[0]


def test_a_mapping_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(MappingRefused, match="not UTF-8"):
        load_mapping("[source]\nempty = ['không']".encode("cp1258", "replace") + b"\xff")
