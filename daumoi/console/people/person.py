"""A person: what each claim said of them, their records over all kinds and sources, and what was decided on them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY
from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.people.identities import claims_shown, system_name
from daumoi.console.people.looking import hidden_alike, look_of
from daumoi.console.people.wording import proposal_rows
from daumoi.console.presentation import kind_title
from daumoi.kinds.registry import KINDS
from daumoi.linkage.proposals import Proposal, decisions_on
from daumoi.linkage.selectors import NotVisible, person_origins, timeline
from daumoi.log.appearances import SUBJECT, Appearance, Behind
from daumoi.log.entries import Op, Role
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

_NAMES = {kind.number: kind.name for kind in KINDS.values()}
_FACTS = 8
_PAGE = 30
"""Records of one page of the timeline."""


class Moment(NamedTuple):
    """One record on the timeline."""

    at: datetime
    kind: str
    title: str
    seq: int
    role: str
    system: str
    where: str
    state: str
    """`withdraw`, `correct`, `superseded`, or nothing for what is simply stated."""
    facts: list[tuple[str, str]]


@never_cache
@needs("person.find")
@require_http_methods(["GET", "HEAD", "POST"])
@hidden_alike
def show(request: StaffRequest, person: int) -> HttpResponse:
    """Show a person to who has named a purpose; the identities masked unless they ask to see them whole."""
    why = purpose.stated(request)
    crumbs = [(gettext("Find a person"), reverse("find_person")), (person_title(person), "")]
    context: dict[str, Any] = {"person": person, "why": why, "crumbs": crumbs}
    if why is None:
        # Nothing is looked up: that somebody is there is a fact of a person too.
        return render(request, "console/people/person.html", context | {"purpose_form": purpose.form(request)})
    hub, scope = hub_of(request), request.scope
    whole = request.method == "POST" and "unmask" in request.POST
    look = look_of(request, why)
    action = "person.unmask" if whole else "person.read"
    origins = person_origins(scope, hub, look=look, person=person, action=action)
    kind = _kind(request)
    page = timeline(scope, hub, look=look, person=person, after=behind_of(request), kind=kind, limit=_PAGE)
    decisions = _decisions(request, person)
    with hub.pool.connection() as connection:
        systems = registry.load(connection)
        rows = proposal_rows(connection, decisions or [])
    context |= {
        "claims": claims_shown(origins, systems, whole=whole),
        "whole": whole,
        "moments": [_moment(one, systems) for one in page.records],
        "next": _address(person, kind, Behind(*page.next[1:])) if page.next else "",
        "first": _address(person, kind, None) if behind_of(request) else "",
        "filters": _filters(person, kind),
        "sees_decisions": decisions is not None,
        "open": [row for row in rows if row.state == "open"],
        "decided": [row for row in rows if row.state != "open"],
        "may_propose": scope.may("person.merge.propose"),
        "may_open_records": scope.may("record.view"),
    }
    return render(request, "console/people/person.html", context)


def _decisions(request: StaffRequest, person: int) -> list[Proposal] | None:
    """Return what was decided; None to whom it is not open, in all of the country or about this person."""
    scope = request.scope.for_right("person.merge.view")
    try:
        return decisions_on(scope, hub_of(request), person=person) if scope.may("person.merge.view") else None
    except NotVisible:
        return None


def person_title(person: int) -> str:
    """Name a person by their number."""
    return gettext("Person %(number)s") % {"number": person}


def _kind(request: StaffRequest) -> int | None:
    """Return the number of the kind that is asked for; all without one."""
    name = request.GET.get("kind", "")
    if not name:
        return None
    if name not in KINDS:
        raise Http404
    return KINDS[name].number


def behind_of(request: StaffRequest) -> Behind | None:
    """Read where the last page ended: numbers of a record, no instant and nobody."""
    text = request.GET.get("after", "")
    if not text:
        return None
    parts = text.split("-")
    if len(parts) != len(Behind._fields) or not all(part.isascii() and part.isdecimal() for part in parts):
        raise Http404
    kind, seq, role = map(int, parts)
    if kind >= 2**15 or seq >= 2**63 or role >= 2**15:
        raise Http404
    return Behind(kind, seq, role)


def _address(person: int, kind: int | None, behind: Behind | None) -> str:
    asked = {"kind": _NAMES.get(kind) if kind else None, "after": "-".join(map(str, behind)) if behind else None}
    query = urlencode({name: value for name, value in asked.items() if value})
    path = reverse("person", args=[person])
    if behind is None and not query:
        return path
    return f"{path}?{query}"


def _filters(person: int, chosen: int | None) -> list[tuple[str, str, bool]]:
    """The kinds by which the timeline can be narrowed: title, address, whether it is chosen."""
    every = [(gettext("All kinds"), _address(person, None, None), chosen is None)]
    named = [
        (kind_title(kind.name), _address(person, kind.number, None), kind.number == chosen)
        for kind in KINDS.values()
        if kind.subject != "none"
    ]
    return every + named


def _moment(one: Appearance, systems: Registry) -> Moment:
    name = _NAMES.get(one.kind, str(one.kind))
    state = "superseded" if not one.current and one.op != Op.WITHDRAW else Op(one.op).word
    return Moment(
        one.at,
        name,
        kind_title(name),
        one.seq,
        role_words(one.role),
        system_name(systems, one.system_id),
        _where(one.path),
        "" if state == "assert" else state,
        _facts(one.body),
    )


def role_words(role: int) -> str:
    """Say as whom a record names somebody; nothing for whom it is about."""
    if role == SUBJECT:
        return ""
    return gettext("as declarant") if role == Role.DECLARANT else gettext("as companion")


def _where(path: str | None) -> str:
    country, _, unit = (path or "").partition(".")
    found = areas.find(TODAY, unit.rpartition(".")[2]) if country == "VN" and unit else None
    return areas.full_name(found) if found else ""


def _facts(body: str | None) -> list[tuple[str, str]]:
    """Return the first facts of a record by their names in the contract; sealed values are not among them."""
    return _lines(json.loads(body) if body else {})[:_FACTS]


def _lines(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _lines(inner, f"{name}/{key}" if name else key)]
    if isinstance(value, list):
        simple = [str(each) for each in value if isinstance(each, str | int | float)]
        return [(name, ", ".join(simple))] if simple else []
    if isinstance(value, bool):
        return [(name, gettext("yes") if value else gettext("no"))]
    return [] if value is None else [(name, str(value))]
