"""Reading CSV and NDJSON: what spreadsheets and people do to files, and any bytes at all."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.passes import plan_file
from daumoi.intake.files.reading.delimited import CsvReader
from daumoi.intake.files.reading.formats import recognise
from daumoi.intake.files.reading.lines import NdjsonReader
from daumoi.intake.files.reading.rows import FileRefused, SourceRow, check_columns
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import KINDS
from tests.unit.intake.files.rows import plan, report, sent


def read(content: bytes | str, **options: Any) -> tuple[CsvReader, list[SourceRow]]:
    reader = CsvReader(io.BytesIO(content.encode() if isinstance(content, str) else content), **options)
    return reader, list(reader.rows())


def cells(content: bytes | str, **options: Any) -> list[list[str] | None]:
    return [list(row.cells.values()) if row.cells is not None else None for row in read(content, **options)[1]]


@pytest.mark.parametrize(("sign", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_the_delimiter_is_found_in_the_header(sign: str, name: str) -> None:
    reader, rows = read(f"a{sign}b\n1{sign}2\n")
    assert reader.delimiter == sign
    assert rows[0].cells == {"a": "1", "b": "2"}
    made = plan(report(""))
    made.check(io.BytesIO(f"id{sign}at{sign}text{sign}more\n".encode()))
    assert made.remarks == [f"Delimiter found: {name}.", "Columns not used: more."]


def test_delimiters_inside_quotes_do_not_count() -> None:
    assert read('"a,b,c";d\n1;2\n')[0].header == ["a,b,c", "d"]


def test_a_header_that_fits_two_delimiters_is_refused() -> None:
    with pytest.raises(FileRefused, match="Give delimiter"):
        read("a,b;c\n")
    assert read("a,b;c\n", delimiter=";")[0].header == ["a,b", "c"]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbfid,b\n1,2\n")[0].header == ["id", "b"]
    assert [row.raw for row in NdjsonReader(io.BytesIO(b"\xef\xbb\xbf{}\n")).lines()] == [b"{}"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_and_line_ends_inside_cells_are_kept_and_lines_are_counted_in_the_file(end: str) -> None:
    _, rows = read(end.join(["a,b", '1,"x', '""y"", z"', "2,w", ""]))
    assert [(row.line, row.cells) for row in rows] == [
        (2, {"a": "1", "b": f'x{end}"y", z'}),
        (4, {"a": "2", "b": "w"}),
    ]


def test_blank_rows_are_counted_and_skipped() -> None:
    reader, rows = read("a,b\n\n1,2\n  \n3,4\n")
    assert [row.line for row in rows] == [3, 5]
    assert (reader.counted.rows, reader.counted.blank) == (2, 2)


def test_a_row_with_too_many_or_too_few_cells_is_kept_whole_and_not_guessed_at() -> None:
    _, rows = read("a,b\n1,2,3\n1\n4,5\n")
    assert [(row.cells, row.raw) for row in rows[:2]] == [(None, ["1", "2", "3"]), (None, ["1"])]
    assert rows[0].reason == "The row has 3 cells, the header has 2."
    assert rows[2].cells == {"a": "4", "b": "5"}


def test_empty_cells_that_a_spreadsheet_adds_do_no_harm_and_short_rows_can_be_allowed() -> None:
    assert cells("a,b\n1,2,,\n") == [["1", "2"]]
    assert cells("a,b,c\n1,2\n", short_rows="empty") == [["1", "2"]]


def test_a_quote_that_is_never_closed_breaks_its_own_row_alone() -> None:
    _, rows = read('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert [(row.line, row.cells is None) for row in rows] == [(2, False), (3, True), (4, False), (5, False)]
    assert rows[1].raw == ['3,"4']


def test_a_stray_quote_that_meets_another_gives_the_rows_between_back() -> None:
    _, rows = read('a,b\n3,"4\n5,6\n7,"x",y"\n9,10\n')
    assert [(row.line, row.cells is None) for row in rows] == [(2, True), (3, False), (4, True), (5, False)]


def test_text_behind_a_closed_quote_breaks_its_own_row_alone() -> None:
    assert cells('a,b\n"1"x,2\n3,4\n') == [None, ["3", "4"]]


def test_a_line_that_is_too_long_is_one_bad_row() -> None:
    _, rows = read("a,b\n1," + "x" * 5000 + "\n3,4\n", line_max_bytes=1000)
    assert [(row.line, row.code) for row in rows] == [(2, "line_too_long"), (3, "")]
    lines = list(NdjsonReader(io.BytesIO(b"{}\n" + b"x" * 5000 + b"\n{}\n"), line_max_bytes=1000).lines())
    assert [(row.line, row.code) for row in lines] == [(1, ""), (2, "line_too_long"), (3, "")]
    assert lines[1].mark


def test_a_nul_goes_on_and_is_text_that_cannot_be_stored() -> None:
    (line,) = sent(report(""), b"id,at,text\n1,2021-08-01T08:00:00Z,a\x00b\n")
    assert [fault.code for fault in decode(KINDS["citizen_report"], line.body).faults] == ["text_not_storable"]


def test_a_row_that_is_not_utf8_goes_on_byte_for_byte() -> None:
    (line,) = sent(report(""), b"id,at,text\n1,2021-08-01T08:00:00Z,ph\xe1\xba\n")
    assert b"ph\xe1\xba" in line.body
    assert [fault.code for fault in decode(KINDS["citizen_report"], line.body).faults] == ["not_utf8"]


def test_a_title_above_the_header_can_be_skipped() -> None:
    _, rows = read("Báo cáo ngày 1/8\n\na,b\n1,2\n", header_line=3)
    assert [(row.line, row.cells) for row in rows] == [(4, {"a": "1", "b": "2"})]
    with pytest.raises(FileRefused, match="no line 9"):
        read("a,b\n", header_line=9)


def test_missing_and_double_columns_are_named_at_once() -> None:
    header = read("a,b,b\n")[0].header
    with pytest.raises(FileRefused, match='no column "x", "y"'):
        check_columns(header, {"a", "x", "y"}, remedy="")
    with pytest.raises(FileRefused, match='"b" more than once'):
        check_columns(header, {"b"}, remedy="")
    check_columns(header, {"a"}, remedy="")


@pytest.mark.parametrize(
    ("beginning", "suffix", "what"),
    [
        (b"PK\x03\x04...", ".csv", "is XLSX"),
        (b"PAR1...", ".csv", "is Parquet"),
        (b"a;b;c", ".xlsx", "no XLSX file"),
        (b"a;b;c", ".parquet", "no Parquet file"),
        (b"\xd0\xcf\x11\xe0....", ".xls", "Save it as XLSX"),
        ('{"ref": "Đường"}'.encode("utf-16"), ".ndjson", "JSON is UTF-8"),
        (b"\x1f\x8b...", ".csv.gz", "gzip"),
        (b"", ".csv", "empty"),
        (b"a,b", ".dat", "tells no format"),
        ("tên\n".encode() + "phường\nđường\nhọ\n".encode("utf-16-le"), ".csv", "not UTF-8"),
        ("\n".join(["Đường Mẫu"] * 5).encode("cp1252", "replace") + b"\n\xd0\xf0\n\xd0\n\xf0\n", ".csv", "not UTF-8"),
    ],
)
def test_what_import_does_not_take_is_refused_with_a_remedy(beginning: bytes, suffix: str, what: str) -> None:
    with pytest.raises(FileRefused, match=what):
        recognise(io.BytesIO(beginning), suffix, SourceTable())


def test_formats_are_told_by_name_or_mapping() -> None:
    endings = (".csv", ".TSV", ".ndjson", ".jsonl", ".json")
    found = [recognise(io.BytesIO(b"a"), suffix, SourceTable()).format for suffix in endings]
    assert found == ["csv", "csv", "ndjson", "ndjson", "json"]
    assert recognise(io.BytesIO(b"a"), ".dat", SourceTable(format="csv")).format == "csv"
    assert recognise(io.BytesIO(b"PAR1"), "", SourceTable()).format == "parquet"


def test_json_lines_of_a_named_kind_are_sent_as_they_are_with_blank_lines_counted() -> None:
    made = plan_file(format="ndjson", mapping=None, kind=KINDS["checkpoint"], hash_ref=bytes, line_max_bytes=100)
    content = b'{"ref": "1"}\n\n nonsense\n' + b"x" * 200
    lines = list(made.lines(KINDS["checkpoint"], io.BytesIO(content)))
    assert [line.body for line in lines[:3]] == [b'{"ref": "1"}', b"", b" nonsense"]
    assert lines[3].too_long_mark


@pytest.mark.parametrize(("format", "what"), [("csv", "needs a mapping file"), ("ndjson", "Say which kind")])
def test_a_file_without_map_or_kind_is_refused(format: Any, what: str) -> None:
    with pytest.raises(FileRefused, match=what):
        plan_file(format=format, mapping=None, kind=None, hash_ref=bytes, line_max_bytes=100)


BYTES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"a", b",", b";", b'"', b"\n", b"\r", b"\0", b"\xff", b"{}"]), max_size=80).map(b"".join),
)


@given(BYTES)
@example(b'"')
@example(b'a,b\n"')
@example(b'a\n"\n"')
def test_any_bytes_are_read_as_csv_or_refused(content: bytes) -> None:
    try:
        reader, rows = read(content, line_max_bytes=50)
    except FileRefused:
        return
    assert reader.counted.rows == len(rows)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines)), "every row begins on a line of its own, in order"


@given(BYTES)
def test_any_bytes_are_read_as_lines_of_json(content: bytes) -> None:
    reader = NdjsonReader(io.BytesIO(content), line_max_bytes=50)
    for row in reader.rows():
        assert row.cells is None or isinstance(row.cells, dict)


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8)


@given(TABLE)
def test_a_table_written_by_any_csv_writer_comes_back(table: list[list[str]]) -> None:
    rows = [["x" + row[0], *row[1:]] for row in table]
    written = "a,b,c\n" + "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    assert cells(written) == rows


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_cell_becomes_one_line_for_intake(first: bytes, second: bytes) -> None:
    content = b"id,at,text\n1,2021-08-01T08:00:00Z,ok\n" + first + b"," + second + b",x\n"
    try:
        lines = sent(report(""), content)
    except FileRefused:
        return
    for line in lines:
        assert b"\n" not in line.body
        decode(KINDS["citizen_report"], line.body)
    assert json.loads(lines[0].body)["ref"] == "1"
