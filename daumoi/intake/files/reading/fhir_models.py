"""What FHIR R4 says of its resources: whether one is valid, and whether a path can lead anywhere in it.

The models are those of R4B (4.3.0): for patients, immunizations, observations and the other resources of care it is
R4 (4.0.1) unchanged; the resources that it took away are known by name and not checked.
Source: HL7 FHIR R4, https://hl7.org/fhir/R4, and R4B, https://hl7.org/fhir/R4B/diff.html.
"""

import re
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhir.resources.R4B import fhirtypes, get_fhir_model_class
from fhir.resources.R4B.resource import Resource
from pydantic import BaseModel, ValidationError

from daumoi.intake.files.paths import RESOLVED, Having, JsonPath
from daumoi.intake.files.tables import nearest

Model = type[BaseModel]

ONLY_IN_R4 = frozenset(
    [
        "EffectEvidenceSynthesis",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    ]
)
"""Resources of R4 that R4B has no model for."""

_FAULTS_MAX = 10
_MEMBER = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}", re.ASCII)
_OF_ALL = ("resourceType",)


@lru_cache(maxsize=512)
def model_of(resource: str) -> Model | None:
    """Return the model of a type of resource; None when R4B has none of that name."""
    if not _TYPE.fullmatch(resource) or not hasattr(fhirtypes, f"{resource}Type"):
        return None
    found = get_fhir_model_class(resource)
    return found if issubclass(found, Resource) and found is not Resource else None


def is_resource(name: Any) -> bool:
    """Tell whether FHIR R4 has a type of resource with this name."""
    return isinstance(name, str) and (name in ONLY_IN_R4 or model_of(name) is not None)


def faults_of(resource: str, value: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a resource, place by place and without its values; nothing when it is valid."""
    model = model_of(resource)
    if model is None:
        return ()
    found = list(_not_in_list(model, value, ()))
    try:
        model.model_validate(value)
    except ValidationError as fault:
        found += [_sentence(each["loc"], str(each["type"])) for each in fault.errors(include_input=False)]
    except Exception:
        # The models raise errors of their own making, such as a KeyError for an unknown resource inside another one.
        found.append(f"{resource} is not valid FHIR R4.")
    return tuple(dict.fromkeys(found))[:_FAULTS_MAX]


def _not_in_list(model: Model, value: dict[str, Any], above: tuple[str | int, ...]) -> Iterator[str]:
    """Find codes that their element does not have; the models list them and let others pass."""
    members = _members(model)
    for name, member in value.items():
        if name not in members:
            continue
        below, codes = members[name]
        for place, each in enumerate(member) if isinstance(member, list) else ((None, member),):
            at = (*above, name) if place is None else (*above, name, place)
            if codes and isinstance(each, str) and each not in codes:
                yield f"{_place(at)} is none of {', '.join(codes)}."
            elif below is not None and isinstance(each, dict):
                yield from _not_in_list(below, each, at)


@lru_cache(maxsize=512)
def _members(model: Model) -> dict[str, tuple[Model | None, tuple[str, ...]]]:
    """Return the members of a model: the model below each, if it has one, and the codes it is bound to."""
    found: dict[str, tuple[Model | None, tuple[str, ...]]] = {}
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        codes = extra.get("enum_values") if isinstance(extra, dict) else None
        listed = tuple(map(str, codes)) if isinstance(codes, list | tuple) else ()
        found[field.alias or name] = (_below(field.annotation), listed)
    return found


def _below(annotation: Any) -> Model | None:
    model: Any = getattr(annotation, "get_model_klass", None)
    if model is not None:
        try:
            found: Model = model()
        except (AttributeError, ImportError):
            return None
        return found
    below = (_below(part) for part in typing.get_args(annotation))
    return next((each for each in below if each is not None), None)


def _sentence(place: tuple[str | int, ...], code: str) -> str:
    where = _place(tuple(part for part in place if part not in ("root", "resource_type")))
    if code == "extra_forbidden":
        return f"{where} is no member that FHIR R4 has there."
    if code.endswith("missing"):
        return f"{where} is missing."
    if code == "value_error" and not (place and isinstance(place[-1], str)):
        return f"{where}: of members that exclude each other, one is missing or several are given."
    if code.endswith("_type") or code == "model_validation_format":
        return f"{where} is of the wrong type."
    return f"{where} is not written as FHIR R4 asks."


def _place(parts: tuple[str | int, ...]) -> str:
    """Write a place as `name[0].given`; what looks like no member may be somebody's words: not repeated."""
    written = ""
    for part in parts:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            written += ("." if written else "") + (part if _MEMBER.fullmatch(part) else "(a member)")
    return written or "The resource"


def path_fault(resource: str, path: JsonPath) -> str:
    """Say why a path leads nowhere in a type of resource; empty when it may lead somewhere."""
    model = model_of(resource)
    return "" if model is None else _leads_nowhere(model, path)


def _leads_nowhere(model: Model | None, path: JsonPath) -> str:
    here: Model | None = model
    for step in path.steps:
        if here is None:
            return f'"{step.name}" stands below a value that has no members.'
        if here is Resource or (step.name == RESOLVED and "reference" in _members(here)):
            return ""  # a resource of any type
        members = _members(here)
        if step.name not in members and step.name not in _OF_ALL:
            return f'{here.__name__} has no member "{step.name}" in FHIR R4.{nearest(step.name, members)}'
        here = members[step.name][0] if step.name in members else None
        for pick in step.picks:
            if isinstance(pick, Having) and (fault := _leads_nowhere(here, pick.path)):
                return fault
    return ""
