"""Drafts of mapping files: what a file shows is used, what it does not show is asked for, no person's cell is shown."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.drafting import draft
from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.tables import MappingRefused
from daumoi.kinds.registry import KINDS
from tests.unit.intake.files.ugly import HEADER, ROWS, csv_text, sheet, tcvn3

PEOPLE = ["STT", "Họ và tên", "Số CCCD", "SĐT", "Năm sinh", "Giới tính", "Ngày khai báo", "Mã xã", "Địa chỉ"]
PERSON = ["1", "Nguyễn Văn Mẫu", "1087000001", "912345678", "1987", "Nam", "15/08/2021 19:20", "4", "12 Hàng Mẫu"]


def drafted(tmp_path: Path, name: str, content: bytes, kind: str, **source: Any) -> str:
    path = tmp_path / name
    path.write_bytes(content)
    return draft(path, KINDS[kind], source=SourceTable(**source))


def test_a_list_of_people_is_drafted_for_declarations(tmp_path: Path) -> None:
    text = drafted(tmp_path, "khai.csv", csv_text([PEOPLE, PERSON], sign=";").encode(), "health_declaration")
    (record,) = tomllib.loads(text)["record"]
    columns = record["columns"]
    assert columns["subject"]["full_name"] == "Họ và tên"
    assert columns["subject"]["national_id"] == {"column": "Số CCCD", "pad": 12}
    assert columns["subject"]["phone"] == "SĐT"
    assert columns["subject"]["birth_date"] == {"column": "Năm sinh", "format": "%Y"}
    assert columns["subject"]["sex"] == {"column": "Giới tính", "values": {"Nam": "male"}}
    assert columns["occurred_at"] == {"column": "Ngày khai báo", "format": "%d/%m/%Y %H:%M"}
    assert columns["area"]["code"] == {"column": "Mã xã", "pad": 5}
    assert record["ref"]["keyed"] is True
    assert "Columns left out: STT" in text
    assert "data.form: health_declaration needs it" in text


def test_no_cell_of_a_person_stands_in_a_draft(tmp_path: Path) -> None:
    text = drafted(tmp_path, "khai.csv", csv_text([PEOPLE, PERSON]).encode(), "health_declaration")
    for cell in (PERSON[1], PERSON[2], PERSON[3], PERSON[8], "1987"):
        assert cell not in text


def test_a_draft_that_is_completed_as_it_says_is_a_mapping(tmp_path: Path) -> None:
    text = drafted(tmp_path, "phan-anh.csv", csv_text([HEADER, *ROWS]).encode(), "citizen_report")
    with pytest.raises(MappingRefused, match=r"data\.category"):
        load_mapping(text.encode())
    completed = text.replace("[record.columns]", '[record.constants]\ndata.category = "crowd"\n\n[record.columns]')
    assert load_mapping(completed.encode()).columns() == set(HEADER)


def test_the_header_is_found_below_titles(tmp_path: Path) -> None:
    content = sheet([["BÁO CÁO NGÀY 18/08"], [], HEADER, *ROWS])
    assert "header_line = 3" in drafted(tmp_path, "bao-cao.xlsx", content, "citizen_report")


@pytest.mark.parametrize(
    ("dates", "form", "doubt"),
    [
        (["15/08/2021 19:20", "01/09/2021 07:00"], '"%d/%m/%Y %H:%M"', ""),
        (["08/15/2021 19:20", "09/01/2021 07:00"], '"%m/%d/%Y %H:%M"', ""),
        (["01/09/2021 19:20", "02/09/2021 07:00"], '"%d/%m/%Y %H:%M"', "day or month first?"),
        (["15/08/2021", "16/08/2021"], '"%d/%m/%Y"', "no time of day"),
        (["2021-08-15 19:20:00", "chiều qua"], '"%Y-%m-%d %H:%M:%S"', "1 of 2 cells are written otherwise"),
        (["44423.8", "44424.3"], '"excel"', ""),
    ],
)
def test_dates_are_read_off_the_cells_and_doubts_are_said(
    tmp_path: Path, dates: list[str], form: str, doubt: str
) -> None:
    rows = [[f"PA-{number}", at, "x"] for number, at in enumerate(dates)]
    text = drafted(tmp_path, "x.csv", csv_text([HEADER, *rows]).encode(), "citizen_report")
    (line,) = [line for line in text.splitlines() if line.startswith("occurred_at")]
    assert form in line
    assert (doubt in line) if doubt else ("#" not in line)


def test_typed_dates_of_a_sheet_need_no_format(tmp_path: Path) -> None:
    at = datetime.datetime(2021, 8, 15, 19, 20)  # noqa: DTZ001 - a sheet's dates have no zone
    text = drafted(tmp_path, "x.xlsx", sheet([HEADER, ["PA-1", at, "x"]]), "citizen_report")
    assert 'occurred_at = "Ngày giờ"\n' in text


def test_the_encoding_found_is_written_down(tmp_path: Path) -> None:
    rows = [["id", "at", "text"], *[[ref, at, text.lower()] for ref, at, text in ROWS]]
    text = drafted(tmp_path, "x.csv", tcvn3(csv_text(rows)), "citizen_report")
    assert 'encoding = "tcvn3"' in text


def test_values_that_are_not_known_are_asked_for(tmp_path: Path) -> None:
    rows = [["Mã chốt", "Tên chốt", "Loại chốt"], ["C-1", "Chốt cầu", "Chốt liên ngành"]]
    text = drafted(tmp_path, "x.csv", csv_text(rows).encode(), "checkpoint")
    assert '"Chốt liên ngành" = "?"' in text
    assert "put one of" in text


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="empty"):
        drafted(tmp_path, "x.csv", b"", "citizen_report")
