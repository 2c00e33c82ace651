"""Kinds of records and code lists, for staff: what each field may hold, and who may see it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.exporting import as_file
from daumoi.console.presentation import kind_title
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.kinds.codes import CodeList, Entry, code_list
from daumoi.kinds.registry import ALL, KINDS
from daumoi.kinds.schema import json_schema, lists_of

_LOCAL = "#/$defs/"


class Field(NamedTuple):
    """One field of a kind: where it is, what it holds, and its mark."""

    pointer: str
    type: str
    mark: str
    is_required: bool
    bounds: str
    said: str


@require_safe
@needs("kinds.view")
def kinds(request: StaffRequest) -> HttpResponse:
    """List the kinds and the code lists."""
    found = request.GET.get("q", "").strip().lower()[:100]
    lists = sorted({name for kind in ALL for name in lists_of(kind)})
    context = {
        "text": found,
        "kinds": [
            (kind, kind_title(kind.name), lists_of(kind))
            for kind in ALL
            if found in f"{kind.name} {kind.title_vi} {kind.title_en}".lower()
        ],
        "lists": [
            (code_list(name), list_title(code_list(name)))
            for name in lists
            if found in f"{name} {code_list(name).title_vi} {code_list(name).title_en}".lower()
        ],
        "crumbs": [(gettext("Kinds and code lists"), "")],
    }
    return render(request, "console/kinds/kinds.html", context)


@require_safe
@needs("kinds.view")
def kind(request: StaffRequest, name: str) -> HttpResponse:
    """Show the fields of one kind."""
    found = KINDS.get(name)
    if found is None:
        raise Http404
    every = fields_of(name)
    wanted = request.GET.get("mark", "")
    context = {
        "kind": found,
        "title": kind_title(name),
        "fields": [field for field in every if not wanted or field.mark == wanted],
        "mark": wanted,
        "counts": [(mark, sum(field.mark == mark for field in every)) for mark in ("fact", "personal", "identity")],
        "lists": [(code_list(each), list_title(code_list(each))) for each in lists_of(found)],
        "example": json.dumps(found.example, ensure_ascii=False, indent=2),
        "crumbs": [(gettext("Kinds and code lists"), reverse("console_kinds")), (kind_title(name), "")],
    }
    return render(request, "console/kinds/kind.html", context)


@require_safe
@needs("kinds.view")
def codes(request: StaffRequest, name: str) -> HttpResponse:
    """Show one code list, with the days on which each code may be used."""
    if name not in {each for kind in ALL for each in lists_of(kind)}:
        raise Http404
    found = code_list(name)
    today = hub_of(request).clock.now().astimezone(VIET_NAM_TIME).date()
    text = request.GET.get("q", "").strip().lower()[:100]
    entries = [each for each in found.entries if text in f"{each.code} {each.en} {each.vi}".lower()]
    if request.GET.get("format") == "csv":
        head = ("code", "vi", "en", "valid_from", "valid_to")
        return as_file(name, head, ((e.code, e.vi, e.en, e.valid_from, e.valid_to) for e in entries))
    context = {
        "list": found,
        "title": list_title(found),
        "text": text,
        "entries": [(each, _is_valid(each, today)) for each in entries],
        "users": [(each.name, kind_title(each.name)) for each in ALL if name in lists_of(each)],
        "crumbs": [(gettext("Kinds and code lists"), reverse("console_kinds")), (list_title(found), "")],
    }
    return render(request, "console/kinds/codes.html", context)


def _is_valid(entry: Entry, on: Any) -> bool:
    return (entry.valid_from is None or entry.valid_from <= on) and (entry.valid_to is None or on <= entry.valid_to)


def list_title(found: CodeList) -> str:
    """Return the title of a code list in the reader's language."""
    return found.title_en if get_language() == "en" else found.title_vi


def fields_of(name: str) -> list[Field]:
    """Return every field of a kind as its published schema describes it; positions in lists are stars."""
    schema = json_schema(name)
    marks = {pointer.rstrip("/"): mark for pointer, mark in schema["x-daumoi-marks"].items()}
    found: list[Field] = []
    _walk(schema, schema, "", marks, set(schema["then"]["required"]), found, ())
    return found


def _walk(
    schema: dict[str, Any],
    node: dict[str, Any],
    pointer: str,
    marks: dict[str, str],
    required: set[str],
    found: list[Field],
    above: tuple[str, ...],
) -> None:
    for name, member in node.get("properties", {}).items():
        inner, word, path = _resolved(schema, member)
        here = f"{pointer}/{name}"
        is_list = inner.get("type") == "array"
        mark = _mark_of(marks, f"{here}/*" if is_list else here)
        found.append(Field(here, _type_of(inner), mark, name in required, _bounds(inner), inner.get("description", "")))
        if is_list:
            inner, word, path = _resolved(schema, inner.get("items", {}))
            here = f"{here}/*"
        if "properties" in inner and word not in above:
            _walk(schema, inner, here, marks, set(inner.get("required", ())), found, (*above, word or path))


def _resolved(schema: dict[str, Any], member: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """Follow references, and take the option that is not null."""
    word = ""
    while True:
        if "$ref" in member:
            word = member["$ref"].removeprefix(_LOCAL)
            member = {**schema["$defs"][word], **{key: value for key, value in member.items() if key != "$ref"}}
        elif "anyOf" in member and "properties" not in member:
            options = [option for option in member["anyOf"] if option.get("type") != "null"]
            if len(options) != 1:
                return member, word, word
            rest = {key: value for key, value in member.items() if key not in ("anyOf", "default")}
            member = {**options[0], **rest}
        else:
            return member, word, word


def _mark_of(marks: dict[str, str], pointer: str) -> str:
    """Return the mark of a field: its own, or that of what it lies in; a fact has none."""
    while pointer:
        if pointer in marks:
            return marks[pointer]
        pointer = pointer.rpartition("/")[0]
    return "fact"


def _type_of(node: dict[str, Any]) -> str:
    if "enum" in node:
        return " | ".join(str(value) for value in node["enum"])
    if "format" in node:
        return f"{node.get('type', '')} ({node['format']})"
    kind = node.get("type", "")
    return str(kind if not isinstance(kind, list) else " | ".join(kind))


def _bounds(node: dict[str, Any]) -> str:
    """Say between what a value, a length or a number of members lies."""
    found = []
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in node or high in node:
            least, most = node.get(low), node.get(high)
            both = least is not None and most is not None
            found.append(f"{least}–{most}" if both else f"≥ {least}" if most is None else f"≤ {most}")
    if "pattern" in node:
        found.append(node["pattern"])
    return " · ".join(found)
