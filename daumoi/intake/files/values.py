"""One cell into one JSON value. What cannot be read goes on as it stood, so that intake refuses and keeps it."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daumoi.areas.search import Found, search
from daumoi.intake.files.paths import Several
from daumoi.intake.files.rules import SERIAL_FORMAT, UNIX_FORMATS, Ambiguous, FieldRule, Format, folded
from daumoi.intake.files.targets import Shape, is_day, is_instant

ABSENT: Any = object()
"""Stands for an empty cell: the field is left out."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_UNIX = re.compile(r"-?\d{1,12}(\.\d{1,10})?", re.ASCII)
_UNIX_MS = re.compile(r"-?\d{1,15}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SERIAL = re.compile(r"\d{1,7}(\.\d{1,15})?", re.ASCII)
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - serial dates have no zone
_SERIAL_FIRST = 61
"""Serial dates before 1 March 1900 are a day off: spreadsheets believe in a 29 February 1900."""
_MIDNIGHT = time()


class Value(NamedTuple):
    """What a cell gave, and what was wrong with it: never the cell's own text."""

    value: Any
    note: str = ""


def read_value(rule: FieldRule, cells: Mapping[str, Any]) -> Value:
    """Read the value of one field from a row."""
    cell = _cell(rule, cells)
    if cell is ABSENT and rule.otherwise:
        cell = _joined(rule, rule.otherwise, cells)
    if cell is ABSENT:
        return Value(ABSENT)
    if rule.target.shape in (Shape.TEXTS, Shape.FLAGS):
        cell = _as_list(rule, cell)
    if isinstance(cell, Several):
        cell = cell.only()
    if isinstance(cell, Several):
        what = f"the path finds {len(cell)} different values; add a condition, or a place such as [0]."
        return Value(list(cell), f"{rule.target.name}: {what}")
    if rule.split is not None and isinstance(cell, str | list):
        return _several(rule, cell)
    if rule.values and isinstance(cell, str | int | float):
        mapped = _looked_up(rule, cell)
        if mapped is not None:
            return mapped
    if rule.lookup and isinstance(cell, str):
        return _unit_named(rule, cell)
    if rule.pad is not None:
        cell = _padded(cell, rule.pad)
    if not isinstance(cell, str):
        return _not_text(rule, cell)
    return _read(rule, cell)


def _as_list(rule: FieldRule, cell: Any) -> Any:
    """Give a field that takes several what a path found, were it one text alone."""
    found = list(cell) if isinstance(cell, Several) else cell
    return [found] if isinstance(found, str) and rule.split is None else found


@lru_cache(maxsize=4096)  # a file names few places, again and again
def _looked_for(text: str) -> Found:
    return search(text)


def _unit_named(rule: FieldRule, cell: str) -> Value:
    """Read a unit by its name, if it is certain which one is meant. Whether it was divided since is not asked here."""
    found = _looked_for(cell)
    if found.unit is not None:
        return Value({"scheme": found.unit.scheme, "code": found.unit.code})
    several = f"it may be {len(found.matches)} units" if found.matches else "no unit has this name"
    return Value(cell, f"{rule.target.name}: {several}; nothing is picked. Add the district or province, or the code.")


def _padded(cell: Any, digits: int) -> Any:
    """Put back the zeros in front that a spreadsheet took from a number."""
    text = str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
    return text.zfill(digits) if isinstance(text, str) and text.isascii() and text.isdigit() else cell


def text_of(cell: Any) -> str | None:
    """Return a cell as part of a text; None when it is empty or no text."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, datetime | time):
        return _date_as_text(cell)
    if isinstance(cell, Several) and cell.only() is not cell:
        return text_of(cell.only())
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else None


def _cell(rule: FieldRule, cells: Mapping[str, Any]) -> Any:
    if rule.column is not None:
        cell = cells.get(rule.column)
        return _known(rule, cell.strip() if isinstance(cell, str) else cell)
    if rule.template is not None:
        text = rule.template.fill(cells, lambda cell: _part(rule, cell))
        return ABSENT if text is None else text
    return _joined(rule, rule.joined, cells)


def _joined(rule: FieldRule, columns: tuple[str, ...], cells: Mapping[str, Any]) -> Any:
    """Join columns; those of a list, such as given names, in their order."""
    found = (cells.get(name) for name in columns)
    parts = (_part(rule, each) for cell in found for each in (cell if isinstance(cell, list) else [cell]))
    return _known(rule, rule.join.join(part for part in parts if part is not None))


def _part(rule: FieldRule, cell: Any) -> str | None:
    text = text_of(cell)
    return None if text in rule.empty else text


def _known(rule: FieldRule, cell: Any) -> Any:
    return ABSENT if cell is None or (isinstance(cell, str) and (not cell or cell in rule.empty)) else cell


def _looked_up(rule: FieldRule, cell: Any) -> Value | None:
    """Look a cell up in the value map; None means that it goes on as it is."""
    key = folded(cell if isinstance(cell, str) else _spelled(cell), rule.ignore_case)
    if key in rule.values:
        return Value(rule.values[key])
    if rule.unmapped == "drop":
        return Value(ABSENT)
    if rule.unmapped == "pass":
        return None
    return Value(_refusable(rule, cell), f"{rule.target.name}: the cell is not in the value map.")


def _spelled(cell: Any) -> str:
    return {True: "true", False: "false"}[cell] if isinstance(cell, bool) else str(cell)


def _refusable(rule: FieldRule, cell: Any) -> Any:
    """Return a cell in a form that intake refuses at this field, with the cell's own text kept in it.

    A free text would be taken as it is, although the mapping asks for a fault; an object in its place is not.
    """
    taken = rule.target.shape in (Shape.TEXT, Shape.DATE_PART, Shape.TEXTS) or (
        isinstance(cell, str) and (cell in rule.target.choices or is_instant(cell) or is_day(cell))
    )
    return {"unmapped": cell} if taken or not isinstance(cell, str) else cell


def _several(rule: FieldRule, cell: str | list[Any]) -> Value:
    """Cut a cell into parts: a list of texts, or a table of codes that are all true."""
    parts = [part.strip() for part in cell.split(rule.split)] if isinstance(cell, str) else cell
    if not all(isinstance(part, str) for part in parts):
        return Value(cell)
    found: list[Any] = []
    note = ""
    for part in parts:
        if not part or part in rule.empty:
            continue
        looked_up = _looked_up(rule, part) if rule.values else None
        if looked_up is None:
            found.append(part)
        elif looked_up.note:
            return Value({"unmapped": cell}, looked_up.note)
        elif looked_up.value is not ABSENT:
            found.append(looked_up.value)
    if not found:
        return Value(ABSENT)
    return Value(found if rule.target.shape is Shape.TEXTS else dict.fromkeys(found, True), note)


def _not_text(rule: FieldRule, cell: Any) -> Value:
    """A number, true, false, list or object of a JSON row; a number or date of a sheet."""
    shape = rule.target.shape
    if isinstance(cell, datetime | time):
        return _typed_date(rule, cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        if shape in (Shape.TEXT, Shape.DATE_PART):
            return Value(str(cell))
        if shape in (Shape.INSTANT, Shape.DAY):
            return _read(rule, str(cell))
    if isinstance(cell, float) and shape in (Shape.INSTANT, Shape.DAY, Shape.DATE_PART):
        return _read(rule, f"{cell:.10f}".rstrip("0").rstrip(".") if math.isfinite(cell) else "")
    if isinstance(cell, float) and not math.isfinite(cell):
        # JSON cannot say it; as a text it is refused where a number belongs.
        return Value(str(cell), f"{rule.target.name}: the number is too large.")
    return Value(cell)


def _date_as_text(cell: datetime | time) -> str:
    if isinstance(cell, datetime) and cell.time() == _MIDNIGHT:
        return cell.date().isoformat()
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()


def _typed_date(rule: FieldRule, cell: datetime | time) -> Value:
    """Read a cell that a sheet keeps as a date: it needs no format, and an instant still needs a zone."""
    shape = rule.target.shape
    if isinstance(cell, time) or shape not in (Shape.INSTANT, Shape.DAY, Shape.DATE_PART):
        return Value(_date_as_text(cell))
    if shape is not Shape.INSTANT:
        return Value(cell.date().isoformat())
    if rule.clock is not None and cell.time() == _MIDNIGHT:
        cell = datetime.combine(cell.date(), rule.clock)
    if rule.zone is None:
        return Value(_date_as_text(cell), f"{rule.target.name}: the cell is a date without an offset; give time_zone.")
    aware, note = in_zone(cell, rule.zone, rule.ambiguous)
    return Value(_written(aware)) if aware is not None else Value(_date_as_text(cell), f"{rule.target.name}: {note}")


def _read(rule: FieldRule, cell: str) -> Value:
    shape = rule.target.shape
    if shape is Shape.NUMBER or shape is Shape.WHOLE:
        return _number(rule, cell)
    if shape is Shape.INSTANT:
        return _instant(rule, cell)
    if shape is Shape.DAY or shape is Shape.DATE_PART:
        return _day(rule, cell)
    if shape is Shape.FLAG and cell in ("true", "false"):
        return Value(cell == "true")
    return Value(cell)


def _number(rule: FieldRule, cell: str) -> Value:
    text = cell
    if rule.thousands is not None and rule.thousands in text:
        whole, sign, rest = text.partition(rule.decimal)
        groups = re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(rule.thousands)}\d{{3}})+", whole, re.ASCII)
        text = whole.replace(rule.thousands, "") + sign + rest if groups else ""
    if rule.decimal == ",":
        text = "" if "." in text else text.replace(",", ".")
    if _WHOLE.fullmatch(text):
        return Value(int(text))
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return Value(number)
    return Value(cell, f"{rule.target.name}: the cell is not a number as the mapping says numbers are written.")


def _instant(rule: FieldRule, cell: str) -> Value:
    for form in rule.formats:
        naive = _parsed(form, cell)
        if naive is None:
            continue
        if rule.clock is not None and not form.has_clock:
            naive = naive.replace(hour=rule.clock.hour, minute=rule.clock.minute, second=rule.clock.second)
        if naive.tzinfo is not None:
            return Value(_written(naive))
        assert rule.zone is not None  # the mapping is refused without one
        aware, note = in_zone(naive, rule.zone, rule.ambiguous)
        return Value(_written(aware)) if aware is not None else Value(cell, f"{rule.target.name}: {note}")
    if is_instant(cell):
        return Value(cell)
    return Value(cell, f"{rule.target.name}: the cell is not written in a format of the mapping.")


def _parsed(form: Format, cell: str) -> datetime | None:
    if form.text in UNIX_FORMATS:
        return _since_epoch(form.text, cell)
    if form.text == SERIAL_FORMAT:
        return _of_serial(cell)
    try:
        return datetime.strptime(cell, form.text)  # noqa: DTZ007 - the zone is put on by in_zone
    except (ValueError, OverflowError):
        return None


def _of_serial(cell: str) -> datetime | None:
    if not _SERIAL.fullmatch(cell) or not _SERIAL_FIRST <= float(cell) < 2_958_466:  # 10000-01-01
        return None
    return _SERIAL_EPOCH + timedelta(seconds=round(float(cell) * 86400))


def _since_epoch(form: str, cell: str) -> datetime | None:
    if not (_UNIX if form == "unix" else _UNIX_MS).fullmatch(cell):
        return None
    try:
        seconds, _, fraction = cell.partition(".")
        if form == "unix_ms":
            return _EPOCH + timedelta(milliseconds=int(seconds))
        micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
        return _EPOCH + timedelta(seconds=int(seconds), microseconds=-micros if cell.startswith("-") else micros)
    except OverflowError:
        return None


def in_zone(naive: datetime, zone: ZoneInfo, ambiguous: Ambiguous) -> tuple[datetime | None, str]:
    """Put a local time into its zone; returns None and why when the clocks jumped over it or showed it twice."""
    earlier, later = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    try:
        if earlier.utcoffset() == later.utcoffset():
            return earlier, ""
        back = earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        return None, "the date lies outside the calendar."
    if back != naive.replace(fold=0):
        return None, f"clocks in {zone.key} jumped over this local time."
    if ambiguous == "fault":
        return None, f"clocks in {zone.key} showed this local time twice; ambiguous = earlier or later decides."
    return (earlier if ambiguous == "earlier" else later), ""


def _written(aware: datetime) -> str:
    """Write RFC 3339. Offsets before standard time have seconds, which it cannot say: those go to UTC."""
    try:
        offset = aware.utcoffset()
        return (aware.astimezone(UTC) if offset is not None and offset.total_seconds() % 60 else aware).isoformat()
    except OverflowError:
        return aware.isoformat()


def _day(rule: FieldRule, cell: str) -> Value:
    for form in rule.formats:
        found = _day_parsed(form, cell)
        if found is not None:
            return Value(found)
    if not rule.formats or is_day(cell):
        return Value(cell)
    wrong = rule.target.shape is Shape.DATE_PART and re.fullmatch(r"\d{4}(-\d{2})?", cell, re.ASCII)
    return Value(cell, "" if wrong else f"{rule.target.name}: the cell is not written in a format of the mapping.")


@lru_cache(maxsize=4096)  # dates repeat much more than instants: birth dates, days of a month
def _day_parsed(form: Format, cell: str) -> str | None:
    found = _parsed(form, cell)
    if found is None:
        return None
    written = found.date().isoformat()
    return {"day": written, "month": written[:7], "year": written[:4]}[form.precision]
