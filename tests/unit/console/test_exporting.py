"""Cells of exported lists never become formulas, and come back as they were but for the mark that says so."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.console.exporting import as_text, lines


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_takes_for_a_formula_is_text(begin: str) -> None:
    assert as_text(f"{begin}1+1") == f"'{begin}1+1"


def test_numbers_days_and_instants_are_written_plainly() -> None:
    at = datetime(2021, 8, 1, 17, 0, tzinfo=UTC)

    assert [as_text(value) for value in (-5, date(2021, 8, 1), at, None, True)] == [
        "-5", "2021-08-01", "2021-08-02 00:00:00+07:00", "", "True",
    ]  # fmt: skip


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=2, max_size=2)
    )
)
def test_a_file_reads_back_as_it_was_written(rows: list[list[str]]) -> None:
    text = "".join(lines(("one", "two"), rows))
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    assert read[0] == ["one", "two"]
    assert read[1:] == [[as_text(cell) for cell in row] for row in rows]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read[1:] for cell in row)
