"""Checks what of a mapping hangs on the form of the file: paths into nested JSON, and types of FHIR resource."""

from collections.abc import Iterator

from daumoi.intake.files.document import FormatName
from daumoi.intake.files.mapping import Mapping, RecordRule
from daumoi.intake.files.paths import PathFault, is_path, parse_path
from daumoi.intake.files.tables import MappingFault, MappingRefused

NESTED: frozenset[FormatName] = frozenset({"json", "ndjson", "fhir"})
"""Formats in which a column may be a path; in the others it is a name, whatever signs are in it."""


def check_nested(mapping: Mapping, format: FormatName) -> None:
    """Raise MappingRefused, with every fault, when paths or resources do not fit a file of this format."""
    faults: list[MappingFault] = []
    for number, rule in enumerate(mapping.records, start=1):
        faults += _resource_faults(rule, f"record {number}.resource", format)
        if format in NESTED:
            for place, column in _columns(rule, f"record {number}"):
                faults += _path_faults(rule, place, column, format)
    if faults:
        raise MappingRefused(faults)


def _columns(rule: RecordRule, where: str) -> Iterator[tuple[str, str]]:
    yield from ((f"{where}.ref", column) for column in rule.ref.columns)
    yield from ((f"{where}.when", condition.column) for condition in rule.when)
    for field in rule.fields:
        yield from ((f"{where}.columns.{field.target.name}", column) for column in field.columns)


def _path_faults(rule: RecordRule, place: str, column: str, format: FormatName) -> Iterator[MappingFault]:
    if format != "fhir" and not is_path(column):
        return
    try:
        path = parse_path(column)
    except PathFault as refused:
        yield MappingFault(place, str(refused))
        return
    if format == "fhir" and rule.resource is not None:
        from daumoi.intake.files.reading import fhir_models

        if fault := fhir_models.path_fault(rule.resource, path):
            yield MappingFault(place, fault)


def _resource_faults(rule: RecordRule, place: str, format: FormatName) -> Iterator[MappingFault]:
    if format != "fhir":
        if rule.resource is not None:
            yield MappingFault(place, "is for files of FHIR resources, and this file is none.")
        return
    if rule.resource is None:
        yield MappingFault(place, 'is missing: say which resources make the record, such as resource = "Patient".')
        return
    from daumoi.intake.files.reading import fhir_models

    if fhir_models.model_of(rule.resource) is None:
        yield MappingFault(place, "is no type of resource that can be checked, such as Patient or Immunization.")
