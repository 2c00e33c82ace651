"""How one field gets its value: the checked form of a line of `[record.columns]`."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from daumoi.intake.files.document import ColumnTable, SourceTable
from daumoi.intake.files.tables import MappingFault
from daumoi.intake.files.targets import Path, Shape, Target, constant_fits
from daumoi.intake.files.templates import Template, column_name

UNIX_FORMATS = ("unix", "unix_ms")
"""Seconds or milliseconds since 1970-01-01T00:00:00Z in the place of a strptime format."""
SERIAL_FORMAT = "excel"
"""Days since 1899-12-30, as spreadsheets keep dates (of the 1900 date system, from 1 March 1900 on)."""
_DIRECTIVE = re.compile(r"%(.)", re.DOTALL)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DATED = (Shape.INSTANT, Shape.DAY, Shape.DATE_PART)
_KNOWN_DIRECTIVES = frozenset("aAwdbBmyYHIpMSfzZjUWcxXGuV%")
Ambiguous = Literal["fault", "earlier", "later"]


@dataclass(frozen=True)
class Format:
    """A strptime format and what it gives."""

    text: str
    directives: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Format":
        """Read a format; raises ValueError with a sentence for whoever wrote it."""
        if text in UNIX_FORMATS or text == SERIAL_FORMAT:
            return cls(text, frozenset())
        directives = frozenset(_DIRECTIVE.findall(text))
        unknown = directives - _KNOWN_DIRECTIVES
        if unknown or not directives:
            raise ValueError(f'"{text}" is not a format of strptime, such as "%d/%m/%Y %H:%M".')
        try:
            datetime.strptime("", text)  # noqa: DTZ007 - tried for its form only
        except ValueError as fault:
            if "does not match" not in str(fault):
                raise ValueError(f'"{text}" is not a format of strptime, such as "%d/%m/%Y %H:%M".') from None
        return cls(text, directives)

    @property
    def has_clock(self) -> bool:
        """Whether it gives a time of day."""
        return self.text in (*UNIX_FORMATS, SERIAL_FORMAT) or bool(self.directives & frozenset("HIcX"))

    @property
    def has_offset(self) -> bool:
        """Whether it gives an offset from UTC."""
        return self.text in UNIX_FORMATS or "z" in self.directives

    @property
    def has_year(self) -> bool:
        """Whether it gives a year; strptime would make it 1900."""
        return self.text == SERIAL_FORMAT or bool(self.directives & frozenset("YycxG"))

    @property
    def precision(self) -> Literal["day", "month", "year"]:
        """The smallest unit of the calendar that it gives."""
        if self.text == SERIAL_FORMAT or self.directives & frozenset("djcxUWV"):
            return "day"
        return "month" if self.directives & frozenset("mbB") else "year"


@dataclass(frozen=True)
class Settings:
    """The defaults of `[source]`, checked."""

    zone: ZoneInfo | None
    instant_formats: tuple[Format, ...]
    day_formats: tuple[Format, ...]
    ambiguous: Ambiguous
    decimal: str
    thousands: str | None
    empty: frozenset[str]

    @classmethod
    def of(cls, source: SourceTable, faults: list[MappingFault]) -> "Settings":
        """Check the defaults; faults are added to the list."""
        if source.thousands == source.decimal:
            faults.append(MappingFault("source.thousands", "must be another sign than decimal."))
        return cls(
            _zone(source.time_zone, "source.time_zone", faults),
            _formats(source.instant_format, "source.instant_format", faults),
            _formats(source.date_format, "source.date_format", faults),
            source.ambiguous,
            source.decimal,
            source.thousands,
            frozenset(text.strip() for text in source.empty),
        )


@dataclass(frozen=True)
class FieldRule:
    """Where the value of one field comes from and how it is read."""

    target: Target
    column: str | None
    joined: tuple[str, ...]
    join: str
    template: Template | None
    otherwise: tuple[str, ...]
    empty: frozenset[str]
    values: dict[str, Any]
    unmapped: Literal["fault", "pass", "drop"]
    ignore_case: bool
    split: str | None
    pad: int | None
    lookup: bool
    formats: tuple[Format, ...]
    clock: time | None
    zone: ZoneInfo | None
    ambiguous: Ambiguous
    decimal: str
    thousands: str | None

    @property
    def path(self) -> Path:
        """The field that is filled."""
        return self.target.path

    def described(self) -> str:
        """Say in a line how the value is read, for whoever checks a mapping: the field, its columns, its formats."""
        how = [form.text for form in self.formats]
        if how and self.zone is not None and not all(form.has_offset for form in self.formats):
            how.append(self.zone.key)
        how += [f"{len(self.values)} values"] if self.values else []
        how += ["looked up by name"] if self.lookup else []
        how += [f"{self.pad} digits"] if self.pad else []
        columns = " + ".join(f'"{column}"' for column in self._first)
        if self.otherwise:
            columns += ", else " + " + ".join(f'"{column}"' for column in self.otherwise)
        return f"{self.target.name} ← {columns}" + (f" ({', '.join(how)})" if how else "")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the value is made of."""
        return (*self._first, *self.otherwise)

    @property
    def _first(self) -> tuple[str, ...]:
        if self.column is not None:
            return (self.column,)
        return self.template.columns if self.template is not None else self.joined


def field_rule(
    target: Target, table: ColumnTable, where: str, settings: Settings, faults: list[MappingFault]
) -> FieldRule | None:
    """Check one line of `[record.columns]`; faults are added to the list."""
    before = len(faults)
    template = _template(table, where, faults)
    formats = _formats(table.format, f"{where}.format", faults)
    zone = _zone(table.time_zone, f"{where}.time_zone", faults) or settings.zone
    clock = _clock(table.time, f"{where}.time", faults)
    if target.shape is Shape.INSTANT:
        formats = formats or settings.instant_formats
        _check_instant(formats, clock, zone, where, faults)
    elif target.shape in _DATED:
        formats = formats or settings.day_formats
        _check_day(target, formats, table, where, faults)
    elif table.format is not None or table.time is not None:
        faults.append(MappingFault(where, f"takes {target.shape.value}: format and time are for dates only."))
    if table.lookup is not None and not target.is_area:
        faults.append(MappingFault(f"{where}.lookup", "is for fields that take an administrative unit, such as area."))
    if table.pad is not None and target.shape is not Shape.TEXT:
        what = f"is for texts made of digits; {target.name} takes {target.shape.value}."
        faults.append(MappingFault(f"{where}.pad", what))
    _check_values(target, table, where, faults)
    decimal, thousands = table.decimal or settings.decimal, table.thousands or settings.thousands
    if decimal == thousands:
        faults.append(MappingFault(f"{where}.thousands", "must be another sign than decimal."))
    if len(faults) > before:
        return None
    return FieldRule(
        target=target,
        column=column_name(table.column) if table.column is not None else None,
        joined=tuple(map(column_name, table.columns or ())),
        join=table.join,
        template=template,
        otherwise=tuple(map(column_name, table.otherwise or ())),
        empty=settings.empty if table.empty is None else frozenset(text.strip() for text in table.empty),
        values={folded(text, table.ignore_case): value for text, value in table.values.items()},
        unmapped=table.unmapped,
        ignore_case=table.ignore_case,
        split=table.split,
        pad=table.pad,
        lookup=table.lookup is not None,
        formats=formats,
        clock=clock,
        zone=zone,
        ambiguous=table.ambiguous or settings.ambiguous,
        decimal=decimal,
        thousands=thousands,
    )


def folded(text: str, ignore_case: bool) -> str:
    """Return a cell as keys of a value map are compared: NFC, without spaces around, and without case if asked."""
    name = column_name(text)
    return name.casefold() if ignore_case else name


def _template(table: ColumnTable, where: str, faults: list[MappingFault]) -> Template | None:
    given = [name for name in ("column", "columns", "template") if getattr(table, name) is not None]
    if len(given) != 1:
        faults.append(MappingFault(where, "needs exactly one of column, columns, template."))
    if table.columns == []:
        faults.append(MappingFault(f"{where}.columns", "names no column."))
    if table.otherwise == []:
        faults.append(MappingFault(f"{where}.otherwise", "names no column."))
    if table.template is None:
        return None
    try:
        template = Template.of(table.template)
    except ValueError as fault:
        faults.append(MappingFault(f"{where}.template", str(fault)))
        return None
    if not template.columns:
        faults.append(MappingFault(f"{where}.template", "has no column in it; a fixed value belongs under constants."))
    return template


def _formats(given: str | list[str] | None, where: str, faults: list[MappingFault]) -> tuple[Format, ...]:
    found = []
    for text in [given] if isinstance(given, str) else given or []:
        try:
            found.append(Format.of(text))
        except ValueError as fault:
            faults.append(MappingFault(where, str(fault)))
    return tuple(found)


def _zone(name: str | None, where: str, faults: list[MappingFault]) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        faults.append(MappingFault(where, f'"{name}" is not a time zone such as "Asia/Ho_Chi_Minh".'))
        return None


def _clock(text: str | None, where: str, faults: list[MappingFault]) -> time | None:
    if text is None:
        return None
    if not _CLOCK.fullmatch(text):
        faults.append(MappingFault(where, 'must be a time of day such as "12:00".'))
        return None
    return time.fromisoformat(text)


def _check_instant(
    formats: tuple[Format, ...], clock: time | None, zone: ZoneInfo | None, where: str, faults: list[MappingFault]
) -> None:
    for form in formats:
        if form.text not in UNIX_FORMATS and not (form.precision == "day" and form.has_year):
            faults.append(MappingFault(f"{where}.format", f'"{form.text}" gives no day with its year.'))
        if not form.has_clock and clock is None:
            what = f'"{form.text}" gives no time of day. Add time, such as time = "12:00", if one time holds for all.'
            faults.append(MappingFault(f"{where}.format", what))
        if not form.has_offset and zone is None:
            what = 'is missing: the format gives no offset. Write it here or in [source], such as "Asia/Ho_Chi_Minh".'
            faults.append(MappingFault(f"{where}.time_zone", what))
    if clock is not None and formats and all(form.has_clock for form in formats):
        faults.append(MappingFault(f"{where}.time", f'"{formats[0].text}" gives the time of day already.'))
    if clock is not None and not formats:
        faults.append(MappingFault(f"{where}.format", "is missing: time is added to a date that a format reads."))


def _check_day(
    target: Target, formats: tuple[Format, ...], table: ColumnTable, where: str, faults: list[MappingFault]
) -> None:
    if table.time is not None:
        faults.append(MappingFault(f"{where}.time", f"{target.name} is a date and takes no time."))
    for form in formats:
        if form.text in UNIX_FORMATS:
            faults.append(MappingFault(f"{where}.format", f"{target.name} is a date; {form.text} gives an instant."))
        elif target.shape is Shape.DAY and form.precision != "day":
            faults.append(MappingFault(f"{where}.format", f'"{form.text}" gives no day.'))
        elif not form.has_year:
            faults.append(MappingFault(f"{where}.format", f'"{form.text}" gives no year.'))


def _check_values(target: Target, table: ColumnTable, where: str, faults: list[MappingFault]) -> None:
    if table.split is not None and target.shape not in (Shape.TEXTS, Shape.FLAGS):
        faults.append(MappingFault(f"{where}.split", f"{target.name} takes one value, not several."))
    if table.split == "":
        faults.append(MappingFault(f"{where}.split", "must be the sign between the parts."))
    if target.shape is Shape.FLAGS and table.split is None:
        what = f"takes {target.shape.value}: map its codes one by one, or add split to cut one cell into codes."
        faults.append(MappingFault(where, what))
    several = target.shape in (Shape.TEXTS, Shape.FLAGS)
    for text, value in table.values.items():
        fits = isinstance(value, str) if several else constant_fits(target, value)
        if not fits:
            expected = "a text" if several else target.shape.value
            listed = f": {', '.join(sorted(target.choices))}" if target.choices else ""
            faults.append(MappingFault(f'{where}.values."{text}"', f"must be {expected}{listed}."))
    if table.unmapped != "fault" and not table.values:
        faults.append(MappingFault(f"{where}.unmapped", "is for cells that values does not list; values is missing."))
