"""A wide table, a column a day, becomes a row a day."""

from __future__ import annotations

from io import BytesIO

import pytest

from daumoi.intake.files.reading.delimited import CsvReader
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.reading.unfolded import UnfoldedTable


def unfolded(text: str, **changes: str) -> UnfoldedTable:
    given = {"titles": "%d/%m/%Y", "into": "Ngày", "value": "Số ca"} | changes
    return UnfoldedTable(CsvReader(BytesIO(text.encode())), **given)


def test_each_cell_under_a_date_is_a_row_and_an_empty_one_is_none() -> None:
    table = unfolded("Tỉnh,1/8/2021,2/8/2021,Ghi chú\nHà Nội,5,,x\nCà Mau,0,7,\n")
    assert table.header == ["Tỉnh", "Ghi chú", "Ngày", "Số ca"]
    assert [(row.line, *(row.cells or {}).values()) for row in table.rows()] == [
        (2, "Hà Nội", "x", "1/8/2021", "5"),
        (3, "Cà Mau", "", "1/8/2021", "0"),
        (3, "Cà Mau", "", "2/8/2021", "7"),
    ]
    assert "2 columns are read as rows" in table.remarks()[-1]


def test_a_broken_row_stays_one_row() -> None:
    rows = list(unfolded("Tỉnh,1/8/2021,2/8/2021\nHà Nội,5,6,7,8\nCà Mau,1,2\n").rows())
    assert [row.cells is None for row in rows] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "changes", "said"),
    [
        ("Tỉnh,Thứ hai\nHà Nội,5\n", {}, "No column has a title like"),
        ("Ngày,1/8/2021\nHà Nội,5\n", {}, 'a column "Ngày" already'),
        ("Tỉnh,1/8/2021\nHà Nội,5\n", {"value": "Ngày"}, "Choose another name"),
        ("Tỉnh,1/8/2021,1/8/2021\nHà Nội,5,6\n", {}, "more than once"),
    ],
)
def test_a_table_that_cannot_be_unfolded_is_refused(text: str, changes: dict[str, str], said: str) -> None:
    with pytest.raises(FileRefused, match=said):
        unfolded(text, **changes)
