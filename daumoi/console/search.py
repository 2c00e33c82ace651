"""The search box of the console: whatever somebody has in hand, by POST, so that it stands in no address and no log.

A record by kind and number, or by its system and ref; a submission, a held row; an area by name or code; a checkpoint;
a system; an agreement by its name. What looks like the number of a person is not looked for here: that asks for a
purpose first.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.search import search as search_areas
from daumoi.areas.unit import SCHEMES
from daumoi.console import purpose
from daumoi.console.access import hub_of, standing_of
from daumoi.console.presentation import kind_title
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange import roll
from daumoi.intake import held_groups
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.registry import ALL, BY_NUMBER, KINDS
from daumoi.log import records
from daumoi.log.entries import receipt_key
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry
from daumoi.places.checkpoints import living_by_code

TEXT_MAX = 300
_AREAS_SHOWN = 12
_AGREEMENTS_SHOWN, _NAME_MIN = 5, 3
_SEPARATORS = re.compile(r"[\s.\-()]")
_PERSON = re.compile(
    r"(?:\+?84\d{9,10}|0\d{9,10}|\d{9}|\d{10}|\d{12}|\d{13}|[A-Z]{2}\d{13}|[A-Z]\d{7,8}|[A-Z]{2}\d{6,7})", re.ASCII
)
_NUMBER = re.compile(r"\d{1,8}", re.ASCII)
_KIND_NUMBER = re.compile(r"([a-z_]+)\s*[/#:]?\s*(\d{1,18})", re.ASCII)


class Hit(NamedTuple):
    """Something that was found; without an address it is only named."""

    what: str
    title: str
    more: str
    address: str


def looks_like_a_person(text: str) -> bool:
    """Tell whether a text is shaped like a number of a person: identity card, insurance, passport or telephone."""
    bare = _SEPARATORS.sub("", text).upper()
    return bool(_PERSON.fullmatch(bare))


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Find what was typed; a single hit that is exact is opened at once."""
    standing = standing_of(request)
    assert standing is not None  # the doorkeeper let nobody else in
    text = request.POST.get("q", "").strip()[:TEXT_MAX] if request.method == "POST" else ""
    if text and looks_like_a_person(text):
        context = {"person": True, "find_person": _find_person(standing.scope), "crumbs": _crumbs()}
        return render(request, "console/search.html", context)
    hub = hub_of(request)
    exact: list[Hit] = []
    listed: list[Hit] = []
    if text:
        with hub.pool.connection() as connection:
            exact = _exact(hub, connection, standing.scope, registry.load(connection), text)
            today = hub.clock.now().astimezone(VIET_NAM_TIME).date()
            listed = _agreements(connection, standing.scope, text, today)
        listed += _areas(standing.scope, text)
    if len(exact) == 1 and not listed and exact[0].address:
        return HttpResponseRedirect(exact[0].address)
    context = {
        "text": text,
        "hits": [*exact, *listed],
        "kinds": [(kind.name, kind_title(kind.name)) for kind in ALL],
        "find_person": _find_person(standing.scope),
        "crumbs": _crumbs(),
    }
    return purpose.shown(render(request, "console/search.html", context))


def _crumbs() -> list[tuple[str, str]]:
    return [(gettext("Search"), "")]


def _find_person(scope: Scope) -> str:
    """Return the address of the page that finds people, where there is one and the member may open it."""
    if not scope.may("person.find"):
        return ""
    try:
        return reverse("find_person")
    except NoReverseMatch:
        return ""


def _exact(hub: Hub, connection: Connection, scope: Scope, systems: Registry, text: str) -> list[Hit]:
    found: list[Hit] = []
    with suppress(ValueError):
        found += _by_id(connection, scope, systems, UUID(text))
    if scope.may("record.view"):
        within = scope.for_right("record.view")
        if (named := _KIND_NUMBER.fullmatch(text.lower())) and named[1] in KINDS:
            found += _by_number(connection, within, int(named[2]), named[1])
        elif _NUMBER.fullmatch(text):
            found += _by_number(connection, within, int(text), None)
        found += _by_ref(hub, connection, within, systems, text)
        found += _checkpoints(connection, within, systems, text)
    found += _systems(scope, systems, text)
    return found


def _by_id(connection: Connection, scope: Scope, systems: Registry, wanted: UUID) -> list[Hit]:
    if not scope.may("held.view"):
        return []
    within = scope.for_right("held.view")
    submission = held_groups.submission(connection, within, systems, wanted)
    if submission is not None:
        return [Hit(gettext("Submission"), str(wanted), submission.system.name, reverse("submission", args=[wanted]))]
    held = held_groups.entry(connection, within, systems, wanted)
    if held is not None:
        return [Hit(gettext("Held row"), held.code, held.system.name, reverse("held_row", args=[wanted]))]
    return []


def _record(kind: int, seq: int, more: str = "") -> Hit:
    name = BY_NUMBER[kind].name
    title = gettext("No. %(number)s") % {"number": seq}
    return Hit(kind_title(name), title, more, reverse("record", args=[name, seq]))


def _by_number(connection: Connection, scope: Scope, seq: int, kind: str | None) -> list[Hit]:
    numbers = records.by_number(connection, scope, seq=seq)
    return [_record(each, seq) for each in numbers if each in BY_NUMBER and kind in (None, BY_NUMBER[each].name)]


def _by_ref(hub: Hub, connection: Connection, scope: Scope, systems: Registry, text: str) -> list[Hit]:
    """Find the records of a ref, given as a system's code and the ref with a space or slash between."""
    code, _, ref = text.replace("/", " ", 1).partition(" ")
    system = systems.by_code(code)
    if system is None or not ref.strip():
        return []
    keys = [
        (kind.number, receipt_key(hub.keys, system_id=system.id, kind=kind.number, ref=ref.strip())) for kind in ALL
    ]
    return [_record(kind, seq, system.name) for kind, seq in records.newest_of(connection, scope, keys=keys)]


def _checkpoints(connection: Connection, scope: Scope, systems: Registry, text: str) -> list[Hit]:
    found = [each for each in living_by_code(connection, text) if scope.covers(each[2])]
    hits = []
    for system_id, key, _ in found:
        system = systems.system(system_id)
        for kind, seq in records.newest_of(connection, scope, keys=[(CHECKPOINT.number, key)]):
            more = f"{text} · {system.name}" if system else text
            hits.append(_record(kind, seq, more))
    return hits


def _systems(scope: Scope, systems: Registry, text: str) -> list[Hit]:
    system = next((each for each in systems.systems.values() if each.code.lower() == text.lower()), None)
    if system is None or not (scope.may("system.view") or scope.may("held.view")):
        return []
    address = ""
    if scope.may("held.view") and held_groups.sees(scope.for_right("held.view"), system):
        address = f"{reverse('held_groups')}?system={system.code}"
    elif not scope.may("system.view"):
        return []
    return [Hit(gettext("System"), system.code, system.name, address)]


def _agreements(connection: Connection, scope: Scope, text: str, today: date) -> list[Hit]:
    """Find agreements by a part of their name; they are shown to who sees the whole country."""
    if len(text) < _NAME_MIN or not scope.for_right("agreement.view").nationwide:
        return []
    found = roll.agreements(connection, today=today, text=text, most=_AGREEMENTS_SHOWN).agreements
    what = gettext("Sharing agreement")
    return [
        Hit(what, each.name, gettext("No. %(number)s") % {"number": each.id}, reverse("agreement", args=[each.id]))
        for each in found
    ]


def _areas(scope: Scope, text: str) -> list[Hit]:
    if not scope.may("areas.view"):
        return []
    units = [unit for scheme in SCHEMES if (unit := areas.find(scheme, text.upper())) is not None]
    if not units:
        units = [match.unit for match in search_areas(text).matches[:_AREAS_SHOWN]]
    return [
        Hit(
            gettext("Administrative unit"),
            areas.full_name(unit),
            f"{unit.scheme} {unit.code}",
            reverse("console_area", args=[unit.scheme, unit.code]),
        )
        for unit in units
    ]
