"""Drafts a mapping file from a sample of a file. A draft is checked by a person: what is not sure says so.

No cell of a person's is written into a draft; of columns with few values (sex, category) the values are.
"""

import re
from collections import Counter
from datetime import datetime, time
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, BinaryIO, NamedTuple

from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.draft_lines import quoted, still_to_do, takes
from daumoi.intake.files.fhir_drafting import draft_patients
from daumoi.intake.files.headings import meanings
from daumoi.intake.files.mapping import Mapping
from daumoi.intake.files.passes import FilePlan
from daumoi.intake.files.reading.fhir import FhirReader
from daumoi.intake.files.reading.formats import WITH_HEADER, Recognised, recognise
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.targets import Shape, Target, resolve
from daumoi.kinds.kind import Kind

_SAMPLE_ROWS = 500
_HEADER_LINES = 10
_VALUES_MAX = 25
_DATE_SHAPES = (
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}", "%d/%m/%Y %H:%M:%S"),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}", "%d/%m/%Y %H:%M"),
    (r"\d{1,2}:\d{2} \d{1,2}/\d{1,2}/\d{4}", "%H:%M %d/%m/%Y"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    (r"\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}", "%d-%m-%Y %H:%M"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y"),
    (r"\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}:\d{2}", "%Y-%m-%d %H:%M:%S"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", "%Y-%m-%dT%H:%M:%S"),
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
    (r"\d{1,2}/\d{4}", "%m/%Y"),
    (r"\d{4}", "%Y"),
    (r"\d{5}(\.\d+)?", "excel"),
)
_SEXES = {"nam": "male", "nữ": "female", "nu": "female", "male": "male", "female": "female", "m": "male", "f": "female"}
_DIGITS = {"national_id": 12, "old_national_id": 9, "code": 5}
_CLOCKED = ("%H", "excel")


class _Sample(NamedTuple):
    """The columns of a file and the cells of its first rows."""

    found: Recognised
    header_line: int
    columns: dict[str, list[Any]]


def draft(path: FilePath, kind: Kind, *, source: SourceTable) -> str:
    """Write a mapping file for a file; raises FileRefused when it cannot be read."""
    with path.open("rb") as stream:
        found = recognise(stream, path.suffix, source)
        if found.format == "fhir":
            return draft_patients(FhirReader(stream, used=frozenset()), kind)
    sample = _sampled(path, source, found)
    chosen, left = _chosen(kind, sample)
    records = ["[[record]]", f'kind = "{kind.name}"', *_ref(chosen), "", *_constants(kind, chosen), "[record.columns]"]
    fields = [_line(resolve(kind, tuple(name.split("."))), column, sample) for name, column in chosen.items()]
    records += [line for name, line in zip(chosen, fields, strict=True) if name != "ref"]
    top = [f"# A draft for {kind.name}: check every line before use. docs/import.md explains the keys.", ""]
    text = "\n".join([*top, *_source(path, sample, source), "", *records]) + "\n"
    return text + still_to_do(text, left)


def _sampled(path: FilePath, source: SourceTable, found: Recognised) -> _Sample:
    lines = range(1, _HEADER_LINES + 1) if found.format in ("csv", "xlsx") else (1,)
    best: _Sample | None = None
    for line in lines:
        source.header_line = line
        with path.open("rb") as stream:
            try:
                columns = _columns(found, source, stream)
            except FileRefused:
                if line == 1:
                    raise
                continue
        sample = _Sample(found, line, columns)
        if best is None or _known(sample) > _known(best):
            best = sample
    assert best is not None
    return best


def _known(sample: _Sample) -> int:
    return sum(bool(meanings(name)) for name in sample.columns)


def _columns(found: Recognised, source: SourceTable, stream: BinaryIO) -> dict[str, list[Any]]:
    plan = FilePlan(found.format, (), Mapping(source, ()), bytes, 1 << 20, found.encoding)
    reader = plan.reader(stream)
    columns: dict[str, list[Any]] = {}
    if found.format in WITH_HEADER:
        columns = {name: [] for name in reader.header if name}  # type: ignore[attr-defined]
    for row in islice(reader.rows(), _SAMPLE_ROWS):
        for name, cell in (row.cells or {}).items():
            columns.setdefault(name, []).append(cell.strip() if isinstance(cell, str) else cell)
    return columns


def _chosen(kind: Kind, sample: _Sample) -> tuple[dict[str, str], list[str]]:
    """Give each column the first of its meanings that the kind has and no column before it took."""
    chosen: dict[str, str] = {}
    left = []
    for column in sample.columns:
        for name in meanings(column):
            if name not in chosen and takes(kind, name):
                chosen[name] = column
                break
        else:
            left.append(column)
    return chosen, left


def _source(path: FilePath, sample: _Sample, source: SourceTable) -> list[str]:
    lines = ["[source]", f'format = "{sample.found.format}"']
    lines += [f"# {remark}" for remark in sample.found.remarks]
    if sample.found.format == "csv":
        lines.append(f'encoding = "{sample.found.encoding.name}"')
    if sample.found.format in ("csv", "xlsx"):
        lines.append(f"header_line = {sample.header_line}")
    for key in ("sheet", "records"):
        if getattr(source, key) is not None:
            lines.append(f"{key} = {quoted(getattr(source, key))}")
    return [*lines, 'time_zone = "Asia/Ho_Chi_Minh"']


def _ref(chosen: dict[str, str]) -> list[str]:
    if "ref" in chosen:
        return [f"ref = {quoted('{' + chosen['ref'] + '}')}  # does it stay the same from one file to the next?"]
    parts = [chosen[name] for name in ("subject.national_id", "subject.full_name", "occurred_at") if name in chosen]
    template = "|".join("{" + part + "}" for part in parts)
    return [
        "# No column tells records apart by itself: these together, hashed. Are two rows ever alike in all of them?",
        f"ref = {{ template = {quoted(template)}, keyed = true }}",
    ]


def _constants(kind: Kind, chosen: dict[str, str]) -> list[str]:
    lines = []
    if "area.code" in chosen:
        lines.append('area.scheme = "vn-2025"  # or "vn-2024" for codes of before July 2025')
    return ["[record.constants]", *lines, ""] if lines else []


def _line(target: Target, column: str, sample: _Sample) -> str:
    cells = [cell for cell in sample.columns[column] if cell not in (None, "")]
    keys = [f"column = {quoted(column)}"]
    doubt = "" if cells else "  # no cell in the sample"
    if target.shape in (Shape.INSTANT, Shape.DAY, Shape.DATE_PART):
        more, doubt = _date(target, cells)
        keys += more
    elif target.shape is Shape.CHOICE:
        values, doubt = _values(target, cells)
        keys.append(f"values = {{ {values} }}")
    elif target.path[-1] in _DIGITS and _lost_zeros(cells, _DIGITS[target.path[-1]]):
        keys.append(f"pad = {_DIGITS[target.path[-1]]}")
    value = f"{{ {', '.join(keys)} }}" if len(keys) > 1 else quoted(column)
    return f"{target.name} = {value}{doubt}"


def _date(target: Target, cells: list[Any]) -> tuple[list[str], str]:
    texts = [str(cell) for cell in cells if not isinstance(cell, datetime | time)]
    shapes = [next((form for shape, form in _DATE_SHAPES if re.fullmatch(shape, text)), "") for text in texts]
    counted = [form for form, _ in Counter(form for form in shapes if form).most_common()]
    unread = shapes.count("")
    doubt = f"  # {unread} of {len(cells)} cells are written otherwise" if unread else ""
    if any("%d/%m" in form or "%d-%m" in form for form in counted):
        firsts, seconds = _first_two(texts)
        if any(number > 12 for number in seconds):
            counted = [form.replace("%d/%m", "%m/%d").replace("%d-%m", "%m-%d") for form in counted]
        elif not any(number > 12 for number in firsts):
            doubt = "  # day or month first? The sample does not tell"
    if (
        target.shape is Shape.INSTANT
        and cells
        and (not counted or any(not any(sign in form for sign in _CLOCKED) for form in counted))
    ):
        has_time = any(isinstance(cell, datetime) and cell.time() != time() for cell in cells)
        if not has_time:
            doubt = '  # no time of day: add time = "12:00" if one time holds for all'
    if not counted:
        return [], doubt
    forms = ", ".join(quoted(form) for form in counted)
    return [f"format = {forms}" if len(counted) == 1 else f"format = [{forms}]"], doubt


def _first_two(texts: list[str]) -> tuple[list[int], list[int]]:
    found = [re.search(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}", text) for text in texts]
    pairs = [(int(each[1]), int(each[2])) for each in found if each]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _values(target: Target, cells: list[Any]) -> tuple[str, str]:
    distinct = list(dict.fromkeys(str(cell) for cell in cells))
    if len(distinct) > _VALUES_MAX:
        return "", f"  # {len(distinct)} different values; the field takes {', '.join(sorted(target.choices))}"
    known = {**{choice: choice for choice in target.choices}, **(_SEXES if target.path[-1] == "sex" else {})}
    pairs = [f"{quoted(text)} = {quoted(known.get(text.casefold(), '?'))}" for text in distinct]
    doubt = (
        f"  # put one of {', '.join(sorted(target.choices))} for each ?" if any('"?"' in pair for pair in pairs) else ""
    )
    return ", ".join(pairs), doubt


def _lost_zeros(cells: list[Any], digits: int) -> bool:
    texts = [str(cell) for cell in cells if isinstance(cell, int | str) and not isinstance(cell, bool)]
    return any(text.isascii() and text.isdigit() and len(text) < digits for text in texts)
