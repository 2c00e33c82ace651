"""Ugly files as offices have them, made here: what stands in them, and what import has to understand."""

from __future__ import annotations

import codecs
import datetime
import gzip
import io
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

TEXTS = [
    "Quán nhậu phường Bến Nghé vẫn mở cửa",
    "Chợ Bà Chiểu tụ tập đông người",
    "Nước thải ứ đọng ở ngõ Trần Hưng Đạo",
]
AT = ["15/08/2021 19:20", "16/08/2021 07:05", "17/08/2021 00:00"]
INSTANTS = ["2021-08-15T19:20:00+07:00", "2021-08-16T07:05:00+07:00", "2021-08-17T00:00:00+07:00"]
HEADER = ["Mã", "Ngày giờ", "Nội dung"]
ROWS = [[f"PA-{number}", at, text] for number, (at, text) in enumerate(zip(AT, TEXTS, strict=True), start=1)]
GOOD = [(f"PA-{number}", at, text) for number, (at, text) in enumerate(zip(INSTANTS, TEXTS, strict=True), start=1)]

VNI_OF = {
    "ậ": "aä", "ư": "ö", "ờ": "ôø", "ế": "eá", "é": "eù", "ẫ": "aã", "ở": "ôû", "ử": "öû", "ợ": "ôï", "à": "aø",
    "ể": "eå", "ụ": "uï", "đ": "ñ", "ô": "oâ", "ớ": "ôù", "ả": "aû", "ứ": "öù", "ọ": "oï", "õ": "oõ", "ầ": "aà",
    "Đ": "Ñ", "ạ": "aï", "á": "aù", "ã": "aõ", "ộ": "oä", "ẽ": "eõ", "ừ": "öø", "ơ": "ô", "ị": "ò",
}  # fmt: skip


@dataclass
class Ugly:
    """One file: its name, its bytes, what `[source]` says of it, and what is to come of it."""

    name: str
    content: bytes
    source: str = ""
    good: list[tuple[str, str, str]] = field(default_factory=lambda: list(GOOD))
    bad: int = 0
    """Rows that intake will hold."""
    says: str = ""
    """A part of what is said of the file without being asked."""
    refused: str = ""
    columns: str = ""
    """Lines of [record.columns] instead of those that fit HEADER."""


def csv_text(rows: Iterable[Iterable[str]], *, sign: str = ",", end: str = "\r\n") -> str:
    return end.join(sign.join(row) for row in rows) + end


PLAIN = csv_text([HEADER, *ROWS])


def vni(text: str) -> bytes:
    """Write VNI by hand: letter by letter, so that it does not lean on the product's table."""
    return "".join(VNI_OF.get(letter, letter) for letter in text).encode("cp1252")


def tcvn3(text: str) -> bytes:
    """Let the C library write TCVN3: an independent table. It has capitals of its own, so only small letters."""
    done = subprocess.run(
        ["iconv", "-t", "TCVN5712-1", "-f", "UTF-8"], input=text.encode(), capture_output=True, check=True
    )
    return done.stdout


def cp1258(text: str) -> bytes:
    """Windows-1258 writes a tone mark behind its vowel."""
    found = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            found += letter.encode("cp1258")
        except UnicodeEncodeError:
            spread = unicodedata.normalize("NFD", letter)
            tones = [sign for sign in spread if sign in "\u0300\u0301\u0303\u0309\u0323"]
            base = unicodedata.normalize("NFC", "".join(sign for sign in spread if sign not in tones))
            found += (base + "".join(tones)).encode("cp1258")
    return bytes(found)


def workbook(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet(rows: Iterable[Iterable[Any]], change: Callable[[Any], None] = lambda _: None) -> bytes:
    def fill(book: Any) -> None:
        for row in rows:
            book.active.append(list(row))
        change(book)

    return workbook(fill)


def two_sheets(*, hidden: bool) -> bytes:
    def fill(book: Any) -> None:
        book.active.title = "Phản ánh"
        for row in [HEADER, *ROWS]:
            book.active.append(row)
        other = book.create_sheet("Danh mục")
        other.append(["Loại", "Mã"])
        other.sheet_state = "hidden" if hidden else "visible"

    return workbook(fill)


def far_cell(book: Any) -> None:
    """Formats put on a whole sheet leave something at its last corner."""
    book.active["XFD1048576"] = " "


def spoiled(content: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with something replaced in its first sheet."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part.replace(old, new) if name == "xl/worksheets/sheet1.xml" else part)
    return stream.getvalue()


def merged_header() -> bytes:
    def fill(book: Any) -> None:
        page = book.active
        page.append(["TỔNG HỢP PHẢN ÁNH CỦA NGƯỜI DÂN", None, None])
        page.append(["Mã", "Phản ánh", None])
        page.append([None, "Ngày giờ", "Nội dung"])
        for row in ROWS:
            page.append(row)
        page.merge_cells("A1:C1")
        page.merge_cells("A2:A3")
        page.merge_cells("B2:C2")

    return workbook(fill)


def parquet(tmp: Path) -> bytes:
    path = tmp / "made.parquet"
    with duckdb.connect() as engine:
        engine.execute(
            "COPY (SELECT * FROM (VALUES"
            " ('PA-1', TIMESTAMPTZ '2021-08-15 12:20:00Z', {'text': $1}),"
            " ('PA-2', TIMESTAMPTZ '2021-08-16 00:05:00Z', {'text': $2}),"
            " ('PA-3', TIMESTAMPTZ '2021-08-16 17:00:00Z', {'text': $3})) t(id, received, said))"
            f" TO '{path}' (FORMAT parquet)",
            TEXTS,
        )
    return path.read_bytes()


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as parts:
        parts.writestr(name, PLAIN)
    return stream.getvalue()


def dated(number: int) -> datetime.datetime:
    return datetime.datetime.strptime(AT[number], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - a sheet's dates have no zone


def serial(number: int) -> float:
    return (dated(number) - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)  # noqa: DTZ001


UTC_GOOD = [
    ("PA-1", "2021-08-15T12:20:00.000000Z", TEXTS[0]),
    ("PA-2", "2021-08-16T00:05:00.000000Z", TEXTS[1]),
    ("PA-3", "2021-08-16T17:00:00.000000Z", TEXTS[2]),
]
OBJECTS = "[" + ",".join(f'{{"Mã":"{a}","Ngày giờ":"{b}","Nội dung":"{c}"}}' for a, b, c in ROWS) + "]"
SMALL = [(ref, at, text.lower()) for ref, at, text in GOOD]
UNACCENTED = "id,at,text\r\n"
OF_UNACCENTED = 'ref = "{id}"\noccurred_at = { column = "at", format = "%d/%m/%Y %H:%M" }\ndata.text = "text"'


def cases(tmp: Path) -> list[Ugly]:  # one list, so that a stranger can read it from top to bottom
    """Every ugly file."""
    quoted = csv_text([HEADER, *[[ref, at, f'"{text}\r\nvà ""ồn ào"""'] for ref, at, text in ROWS]])
    lines = [(ref, at, f'{text}\r\nvà "ồn ào"') for ref, at, text in GOOD]
    body = UNACCENTED + csv_text(ROWS)
    small = UNACCENTED + csv_text([[ref, at, text.lower()] for ref, at, text in ROWS])
    return [
        # --- encodings
        Ugly("utf8.csv", PLAIN.encode(), says="Delimiter found: comma"),
        Ugly("utf8-bom.csv", codecs.BOM_UTF8 + PLAIN.encode()),
        Ugly("decomposed.csv", unicodedata.normalize("NFD", PLAIN).encode(), good=[
            (ref, at, unicodedata.normalize("NFD", text)) for ref, at, text in GOOD]),
        Ugly("utf16.csv", PLAIN.encode("utf-16"), says="UTF-16, by its first bytes"),
        Ugly("utf16-be.csv", codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), says="UTF-16"),
        Ugly("utf16-no-mark.csv", PLAIN.encode("utf-16-le"), says="without a byte order mark"),
        Ugly("1258.csv", cp1258(body), says="Windows-1258", columns=OF_UNACCENTED),
        Ugly("1258-declared.csv", cp1258(PLAIN), 'encoding = "windows-1258"'),
        Ugly("tcvn3.csv", tcvn3(small), says="TCVN3", good=SMALL, columns=OF_UNACCENTED),
        Ugly("vni.csv", vni(body), says="VNI", columns=OF_UNACCENTED),
        Ugly("1252-declared.csv", "id,at,text\nPA-1,15/08/2021 19:20,Café\xa0Müller\n".encode("cp1252"),
             'encoding = "windows-1252"', columns=OF_UNACCENTED, good=[("PA-1", INSTANTS[0], "Café\xa0Müller")]),
        Ugly("first-that-fits.csv", "id,at,text\nPA-1,15/08/2021 19:20,Café\xa0Müller\n".encode("cp1252"),
             'encoding = ["utf-8", "windows-1252"]', columns=OF_UNACCENTED, says="Windows-1252, the first",
             good=[("PA-1", INSTANTS[0], "Café\xa0Müller")]),
        Ugly("unsure.csv", ("id,at,text\n" + "PA-1,15/08/2021 19:20,Größe Übung Straße\n" * 4).encode("cp1252"),
             refused="no other encoding is sure", columns=OF_UNACCENTED),
        # --- signs between, lines, quotes
        Ugly("semicolons.csv", csv_text([HEADER, *ROWS], sign=";").encode(), says="semicolon"),
        Ugly("tabs.txt", csv_text([HEADER, *ROWS], sign="\t").encode(), says="tab"),
        Ugly("newlines.csv", csv_text([HEADER, *ROWS], end="\n").encode()),
        Ugly("line-breaks-inside.csv", quoted.encode(), good=lines),
        Ugly("titles-above.csv", ("BÁO CÁO NGÀY 18/08\r\n\r\n" + PLAIN).encode(), "header_line = 3"),
        Ugly("empty-cells-behind.csv", PLAIN.replace("\r\n", ",,\r\n").encode()),
        Ugly("blank-lines.csv", PLAIN.replace("\r\n", "\r\n\r\n").encode()),
        Ugly("a-cell-too-few.csv", (PLAIN + "PA-4,15/08/2021 19:20\r\n").encode(), bad=1),
        Ugly("an-open-quote.csv", (csv_text([HEADER]) + 'PA-0,15/08/2021 19:20,"mở\r\n' + csv_text(ROWS)).encode(), bad=1),
        Ugly("not-a-date.csv", (PLAIN + "PA-4,hôm qua,Ồn ào\r\n").encode(), bad=1),
        Ugly("two-signs.csv", b"id;at,text\r\n", refused="as many of"),
        Ugly("another-table.csv", b"name,phone\r\nx,1\r\n", refused='no column "M'),
        # --- what is no table
        Ugly("packed.csv", gzip.compress(PLAIN.encode()), refused="packed with gzip"),
        Ugly("old.xls", b"\xd0\xcf\x11\xe0" + bytes(600), refused="Save it as XLSX"),
        Ugly("report.csv", b"%PDF-1.7 ...", refused="a PDF"),
        Ugly("empty.csv", b"", refused="empty"),
        Ugly("archive.xlsx", zipped("phan-anh.csv"), refused="no XLSX workbook"),
        # --- workbooks
        Ugly("plain.xlsx", sheet([HEADER, *ROWS]), says='Sheet: "Sheet"'),
        Ugly("named-wrongly.csv", sheet([HEADER, *ROWS]), refused="is XLSX"),
        Ugly("damaged.xlsx", sheet([HEADER, *ROWS])[:-400], refused="damaged"),
        Ugly("typed-dates.xlsx", sheet([HEADER, *[[row[0], dated(at), row[2]] for at, row in enumerate(ROWS)]])),
        Ugly("serial-dates.xlsx", sheet([HEADER, *[[row[0], serial(at), row[2]] for at, row in enumerate(ROWS)]]),
             columns='ref = "{Mã}"\noccurred_at = { column = "Ngày giờ", format = "excel" }\ndata.text = "Nội dung"'),
        Ugly("mixed-dates.xlsx", sheet([HEADER, [ROWS[0][0], dated(0), TEXTS[0]], *ROWS[1:]])),
        Ugly("numbers-for-codes.xlsx", sheet([HEADER, *[[number, *row[1:]] for number, row in enumerate(ROWS, start=7)]]),
             good=[(str(number), *row[1:]) for number, row in enumerate(GOOD, start=7)]),
        Ugly("merged-header.xlsx", merged_header(), "header_line = 2\nheader_rows = 2",
             columns='ref = "{Mã}"\noccurred_at = { column = "Phản ánh / Ngày giờ", format = "%d/%m/%Y %H:%M" }\n'
             'data.text = "Phản ánh / Nội dung"'),
        Ugly("two-sheets.xlsx", two_sheets(hidden=False), refused='several sheets: "Phản ánh", "Danh mục"'),
        Ugly("two-sheets-one-named.xlsx", two_sheets(hidden=False), 'sheet = "Phản ánh"'),
        Ugly("a-hidden-sheet.xlsx", two_sheets(hidden=True), says='Sheet: "Phản ánh"'),
        Ugly("no-such-sheet.xlsx", two_sheets(hidden=False), 'sheet = "Tháng 8"', refused='no sheet "Tháng 8"'),
        Ugly("blank-rows.xlsx", sheet([HEADER, ROWS[0], [None] * 3, *ROWS[1:], *[[None] * 3] * 50])),
        Ugly("formula-error.xlsx", sheet([HEADER, *ROWS, ["PA-4", "#REF!", "Ồn ào"]]), bad=1),
        Ugly("cells-beyond.xlsx", sheet([HEADER, *ROWS, ["PA-4", AT[0], "Ồn ào", "một ô thừa"]]), bad=1),
        Ugly("a-far-cell.xlsx", sheet([HEADER, *ROWS], far_cell)),
        # --- JSON and Parquet
        Ugly("list.json", OBJECTS.encode()),
        Ugly("list-in-object.json", f'{{"modified": "2021", "data": {OBJECTS}}}'.encode(), 'records = "data"'),
        Ugly("which-list.json", f'{{"data": {OBJECTS}, "old": {OBJECTS}}}'.encode(), refused='lists in it: "data", "old"'),
        Ugly("no-such-list.json", f'{{"data": {OBJECTS}}}'.encode(), 'records = "items"', refused='no member "items"'),
        Ugly("broken.json", OBJECTS[:-9].encode(), refused="not one JSON object"),
        Ugly("lines.ndjson", OBJECTS[1:-1].replace("},{", "}\n{").encode()),
        Ugly("table.parquet", parquet(tmp), good=UTC_GOOD,
             columns='ref = "{id}"\noccurred_at = "received"\ndata.text = "said.text"'),
        Ugly("damaged.parquet", parquet(tmp)[:-40], refused="damaged",
             columns='ref = "{id}"\noccurred_at = "received"\ndata.text = "said.text"'),
    ]  # fmt: skip
