"""Rows out of XLSX workbooks, sheet by sheet, without keeping the sheet in memory."""

import math
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Literal, TypeVar

from daumoi.intake.files.reading.rows import Counted, FileRefused, SourceRow, quoted
from daumoi.intake.files.templates import column_name

# What openpyxl has to say of a file it says with the cell's own value, on the terminal.
warnings.filterwarnings("ignore", module="openpyxl")

T = TypeVar("T")
UNPACKED_MAX_BYTES = 4 * 1024 * 1024 * 1024
"""What a workbook may unpack to, all its parts together: a few megabytes can be made to unpack to any size."""
_COLUMNS_MAX = 1024
_BEYOND = 8
_BLANK_ROWS_MAX = 100_000
"""So many blank rows in a row are the end: formats put on whole columns make a million of them."""


class WorkbookReader:
    """Rows of one sheet; the header may stand in several rows (merged cells above single ones)."""

    def __init__(
        self,
        stream: BinaryIO,
        *,
        sheet: str | None = None,
        header_line: int = 1,
        header_rows: int = 1,
        short_rows: Literal["hold", "empty"] = "hold",
    ) -> None:
        """Find the sheet and read the header; raises FileRefused when either cannot be told."""
        self.counted = Counted(share=0.0)
        self._short_rows = short_rows
        self._sheet, self._sheet_was_given = _sheet(_opened(stream), sheet), sheet is not None
        self._total = max(self._sheet.max_row or 0, 1)
        last = header_line + header_rows - 1
        lines = _guarded(lambda: [list(row) for row in self._sheet.iter_rows(header_line, last, 1, _COLUMNS_MAX, True)])
        if len(lines) < header_rows:
            raise FileRefused(f"The sheet has no row {header_line}, where its header should be.")
        self.header = _header(lines)
        if not any(self.header):
            raise FileRefused("The header is empty. Give its row as header_line under [source].")
        # A little wider than the header, to see cells that stand beyond it. Formats put on whole rows reach to the
        # 16,384th column, and a sheet read so wide would take hours.
        self._rows = enumerate(
            self._sheet.iter_rows(last + 1, None, 1, len(self.header) + _BEYOND, True), start=last + 1
        )

    def remarks(self) -> list[str]:
        """Say the sheet, when it was not given."""
        return [] if self._sheet_was_given else [f'Sheet: "{self._sheet.title}", the only one with cells.']

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row after the header that is not blank."""
        blank_in_a_row = 0
        while (following := _guarded(lambda: next(self._rows, None))) is not None:
            number, values = following
            self.counted.share = min(number / self._total, 1.0)
            cells = [plain(value) for value in values]
            if all(cell is None or cell == "" for cell in cells):
                blank_in_a_row += 1
                if blank_in_a_row >= _BLANK_ROWS_MAX:
                    break
                continue
            # Blank rows at the end of a sheet are no rows: only those between others are counted.
            self.counted.blank += blank_in_a_row
            blank_in_a_row = 0
            self.counted.rows += 1
            width = len(self.header)
            if any(cell not in (None, "") for cell in cells[width:]):
                raw = ["" if cell is None else str(cell) for cell in cells]
                yield SourceRow(number, None, raw, f"The row has cells beyond the {width} columns of the header.")
            else:
                yield SourceRow(number, {name: cell for name, cell in zip(self.header, cells, strict=False) if name})
        self.counted.share = 1.0


def _guarded(step: Callable[[], T]) -> T:
    """Take a step of reading; raises FileRefused where the sheet is damaged, before or after good rows."""
    try:
        return step()
    except (ValueError, KeyError, IndexError, TypeError, OSError, EOFError, SyntaxError, zipfile.BadZipFile):
        # SyntaxError: xml.etree's ParseError is one. Whatever stands in the sheet is not repeated.
        raise FileRefused("The sheet is damaged from here on. Open it in a spreadsheet, save it anew.") from None


def _opened(stream: BinaryIO) -> Any:
    # Here, because reading it takes a tenth of what every command takes to start.
    import openpyxl  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as parts:
            size = sum(part.file_size for part in parts.infolist())
            if "xl/workbook.xml" not in parts.namelist():
                raise FileRefused("The file is a ZIP file and no XLSX workbook. Unpack it, then import what is in it.")
        if size > UNPACKED_MAX_BYTES:
            raise FileRefused("The workbook unpacks to more than 4 GiB. Save its sheet as CSV UTF-8 and import that.")
        stream.seek(0)
        return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError):
        # SyntaxError: xml.etree's ParseError is one.
        raise FileRefused("The workbook is damaged. Open it in a spreadsheet, save it anew, import that.") from None


def _sheet(workbook: Any, wanted: str | None) -> Any:
    sheets = {column_name(sheet.title): sheet for sheet in workbook.worksheets}
    if wanted is not None:
        if column_name(wanted) not in sheets:
            raise FileRefused(f'The workbook has no sheet "{wanted}"; it has {quoted(list(sheets))}. Mend sheet.')
        return _measured(sheets[column_name(wanted)])
    filled = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible" and _has_cells(sheet)]
    if len(filled) == 1:
        return _measured(filled[0])
    if not filled:
        raise FileRefused("The workbook has no visible sheet with cells in it.")
    names = [sheet.title for sheet in filled]
    raise FileRefused(f'The workbook has several sheets: {quoted(names)}. Say which one: sheet = "{names[0]}".')


def _measured(sheet: Any) -> Any:
    """Let no wrong size that some programs write cut the rows off."""
    if (sheet.max_row or 0) <= 1 or (sheet.max_column or 0) <= 1:
        sheet.reset_dimensions()
    return sheet


def _has_cells(sheet: Any) -> bool:
    rows = sheet.iter_rows(1, 1000, 1, _COLUMNS_MAX, True)
    return _guarded(lambda: any(cell is not None for row in rows for cell in row))


def _header(lines: list[list[Any]]) -> list[str]:
    """Name the columns. Of a header of several rows a name above reaches to the right, as merged cells show it."""
    width = max(len(line) for line in lines)
    names: list[list[str]] = [[] for _ in range(width)]
    for depth, line in enumerate(lines):
        last = ""
        for place in range(width):
            text = column_name(str(line[place])) if place < len(line) and line[place] is not None else ""
            is_lowest = depth == len(lines) - 1
            below = any(place < len(other) and other[place] is not None for other in lines[depth + 1 :])
            last = text or (last if not is_lowest and below and not names[place] else "")
            if last and last not in names[place]:
                names[place].append(last)
    found = [" / ".join(parts) for parts in names]
    while found and not found[-1]:
        found.pop()
    return found


def plain(value: Any) -> Any:
    """Return a cell as the mapping takes it: whole numbers as such, dates typed, formula errors as their text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, int | datetime | time):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date of a sheet has no zone
    if isinstance(value, timedelta):
        # A time of day of 24 hours or more, or a duration: spreadsheets keep both as parts of a day.
        return value.total_seconds() / 86400
    return str(value)
