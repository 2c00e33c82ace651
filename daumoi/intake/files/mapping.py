"""The mapping file: what its TOML may hold, and what is made of it. All its faults are reported at once.

`docs/import.md` is the reference of every key.
"""

from dataclasses import dataclass, field
from typing import Any

from daumoi.intake.files.document import ColumnTable, ConditionTable, RecordTable, RefTable, SourceTable
from daumoi.intake.files.rules import FieldRule, Settings, field_rule
from daumoi.intake.files.tables import MappingFault, MappingRefused, nearest, parse_toml, read_table
from daumoi.intake.files.targets import NoSuchField, Path, Shape, Target, as_wire, constant_fits, leaves, resolve
from daumoi.intake.files.templates import Template, column_name
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import KINDS
from daumoi.kinds.schema import required_members


@dataclass(frozen=True)
class Condition:
    """A row makes the record only when the cell is there or not, or is one of some texts."""

    column: str
    present: bool | None
    one_of: frozenset[str] | None


@dataclass(frozen=True)
class Constant:
    """A value every record has. With an owner it stands only where a column put something into that object."""

    path: Path
    value: Any
    owner: Path | None


@dataclass(frozen=True)
class RecordRule:
    """One `[[record]]`, checked against its kind."""

    kind: Kind
    ref: Template
    ref_keyed: bool
    distinct: bool
    when: tuple[Condition, ...]
    constants: tuple[Constant, ...]
    fields: tuple[FieldRule, ...]
    has_lists: bool
    resource: str | None = None
    """The type of FHIR resource that makes it."""

    def columns(self) -> set[str]:
        """Name the columns the record is made of."""
        names = set(self.ref.columns) | {condition.column for condition in self.when}
        return names.union(*(rule.columns for rule in self.fields))


@dataclass(frozen=True)
class Mapping:
    """A mapping file, ready for use."""

    source: SourceTable
    records: tuple[RecordRule, ...]
    kinds: tuple[Kind, ...] = field(default=())

    def columns(self) -> set[str]:
        """Name the columns the mapping uses."""
        return set[str]().union(*(record.columns() for record in self.records))


def load_mapping(text: bytes) -> Mapping:
    """Read a mapping file; raises MappingRefused with every fault at once."""
    document = parse_toml(text)
    faults: list[MappingFault] = []
    for name in document:
        if name not in ("source", "record"):
            faults.append(MappingFault(name, f"is not a known table.{nearest(name, ['source', 'record'])}"))
    source = read_table(SourceTable, document.get("source", {}), "source", faults)
    settings = Settings.of(source or SourceTable(), faults)
    tables = document.get("record", [])
    if not isinstance(tables, list) or not tables:
        faults.append(MappingFault("record", "is missing: write one [[record]] for each record that a row makes."))
        tables = []
    records = [_record(table, f"record {number}", settings, faults) for number, table in enumerate(tables, start=1)]
    if faults:
        raise MappingRefused(faults)
    good = tuple(record for record in records if record is not None)
    kinds = tuple(dict.fromkeys(record.kind.name for record in good))
    return Mapping(source or SourceTable(), good, tuple(KINDS[name] for name in kinds))


def _record(table: Any, where: str, settings: Settings, faults: list[MappingFault]) -> RecordRule | None:
    read = read_table(RecordTable, table, where, faults)
    if read is None:
        return None
    kind = KINDS.get(read.kind)
    if kind is None:
        faults.append(MappingFault(f"{where}.kind", f"is not a kind of this hub.{nearest(read.kind, KINDS)}"))
        return None
    ref, keyed = _ref(read.ref, where, faults)
    fields = _fields(kind, read.columns, f"{where}.columns", settings, faults)
    constants = _constants(kind, read.constants, fields, f"{where}.constants", faults)
    _check_needed(kind, fields, constants, where, faults)
    if ref is not None and not keyed:
        _check_ref_in_clear(ref, fields, where, faults)
    when = _conditions(read.when, f"{where}.when", faults)
    paths = [rule.path for rule in fields] + [constant.path for constant in constants]
    has_lists = any(name.isdigit() for path in paths for name in path)
    return RecordRule(
        kind,
        ref or Template.of(""),
        keyed,
        read.distinct,
        when,
        tuple(constants),
        tuple(fields),
        has_lists,
        read.resource,
    )


def _ref(given: str | dict[str, Any], where: str, faults: list[MappingFault]) -> tuple[Template | None, bool]:
    table = {"template": given} if isinstance(given, str) else given
    read = read_table(RefTable, table, f"{where}.ref", faults)
    if read is None:
        return None, False
    try:
        template = Template.of(read.template)
    except ValueError as fault:
        faults.append(MappingFault(f"{where}.ref", str(fault)))
        return None, read.keyed
    if not template.columns:
        what = 'must be made of at least one column, such as "{unique_key}"; else all rows would be one record.'
        faults.append(MappingFault(f"{where}.ref", what))
    elif template.runs_together and not read.keyed:
        what = 'has two columns with nothing between: "1" and "23" would be "12" and "3". Put a sign between them.'
        faults.append(MappingFault(f"{where}.ref", what))
    return template, read.keyed


def _fields(
    kind: Kind, columns: dict[str, Any], where: str, settings: Settings, faults: list[MappingFault]
) -> list[FieldRule]:
    found: list[FieldRule] = []
    seen: list[Path] = []
    for path, value in leaves(kind, columns):
        place = f"{where}.{'.'.join(path)}"
        if path == ("ref",):
            faults.append(MappingFault(place, "the ref has its own key, `ref`, directly in [[record]]."))
            continue
        try:
            target = resolve(kind, path)
        except NoSuchField as fault:
            faults.append(MappingFault(place, str(fault)))
            continue
        if target.shape in (Shape.OBJECT, Shape.LIST) and not _is_looked_up(target, value):
            faults.append(MappingFault(place, f"takes {target.shape.value}: map the fields below it."))
            continue
        if any(path[: len(other)] == other or other[: len(path)] == path for other in seen):
            faults.append(MappingFault(place, "is mapped twice, or both as a whole and in parts; keep one of them."))
            continue
        seen.append(path)
        table = read_table(ColumnTable, {"column": value} if isinstance(value, str) else value, place, faults)
        rule = field_rule(target, table, place, settings, faults) if table is not None else None
        if rule is not None:
            found.append(rule)
    return found


def _is_looked_up(target: Target, value: Any) -> bool:
    return target.is_area and isinstance(value, dict) and "lookup" in value


def _constants(
    kind: Kind, table: dict[str, Any], fields: list[FieldRule], where: str, faults: list[MappingFault]
) -> list[Constant]:
    found: list[Constant] = []
    mapped = {rule.path for rule in fields}
    for path, given in leaves(kind, table):
        place = f"{where}.{'.'.join(path)}"
        value = as_wire(given)
        if path == ("ref",):
            faults.append(MappingFault(place, "a ref cannot be constant: all rows would be one record."))
            continue
        try:
            target = resolve(kind, path)
        except NoSuchField as fault:
            faults.append(MappingFault(place, str(fault)))
            continue
        if not constant_fits(target, value):
            more = f": {', '.join(sorted(target.choices))}" if target.choices else ""
            offset = " with an offset, such as 2021-08-01T08:00:00+07:00" if target.shape is Shape.INSTANT else ""
            faults.append(MappingFault(place, f"must be {target.shape.value}{offset}{more}."))
        elif any(path[: len(other)] == other or other[: len(path)] == path for other in mapped):
            faults.append(MappingFault(place, "is given by a column too; keep one of them."))
        found.append(Constant(path, value, _owner(path, mapped)))
    return found


def _owner(path: Path, mapped: set[Path]) -> Path | None:
    """The optional object that a constant belongs to, when columns fill that object too."""
    above = path[:-1]
    if above in ((), ("data",)):
        return None
    return above if any(other[: len(above)] == above for other in mapped) else None


def _check_needed(
    kind: Kind, fields: list[FieldRule], constants: list[Constant], where: str, faults: list[MappingFault]
) -> None:
    """Find required fields that neither a column nor a constant gives; a withdrawal needs none."""
    given = [rule.path for rule in fields] + [constant.path for constant in constants]
    if ("op",) in given:
        return
    needed: set[Path] = {(name,) for name in required_members(kind) if name != "ref"}
    for path in given:
        for depth in range(1, len(path)):
            try:
                above = resolve(kind, path[:depth])
            except NoSuchField:
                continue
            needed |= {(*path[:depth], name) for name in above.required_below}
    for path in sorted(needed):
        if not any(other[: len(path)] == path for other in given):
            what = f"{kind.name} needs it: give it under columns or constants."
            faults.append(MappingFault(f"{where}: {'.'.join(path)}", what))


def _check_ref_in_clear(ref: Template, fields: list[FieldRule], where: str, faults: list[MappingFault]) -> None:
    personal = {column for rule in fields if rule.target.personal for column in rule.columns}
    alone = {column for rule in fields if rule.path[-1] == "system_person_id" for column in rule.columns}
    for column in ref.columns:
        if column in personal or (column in alone and ref.is_one_column):
            what = f'is made of "{column}", which names a person. Write ref = {{ template = …, keyed = true }}.'
            faults.append(MappingFault(f"{where}.ref", what))


def _conditions(
    given: dict[str, Any] | list[dict[str, Any]], where: str, faults: list[MappingFault]
) -> tuple[Condition, ...]:
    tables = [given] if isinstance(given, dict) and given else list(given)
    found = []
    for table in tables:
        read = read_table(ConditionTable, table, where, faults)
        if read is None:
            continue
        asked = [key for key in (read.present, read.equals, read.one_of) if key is not None]
        if len(asked) != 1:
            faults.append(MappingFault(where, "needs exactly one of present, equals, one_of beside column."))
            continue
        one_of = frozenset([read.equals]) if read.equals is not None else read.one_of
        found.append(Condition(column_name(read.column), read.present, None if one_of is None else frozenset(one_of)))
    return tuple(found)
