"""The list of records behind a figure: by kind, area, days or hours, page by page. Facts alone, no identities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.presentation import kind_title
from daumoi.console.situation.question import Question, in_field, moment_of, question, written
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry
from daumoi.situation.moments import known_at, known_now
from daumoi.situation.records import ONLY, Listed, Only, of_days, received_between

PAGE = 50
_DAYS_MAX = 36_600
"""A hundred years: open reports are counted whatever day they are of."""


@needs("board.view")
@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """Show one page of the records that a figure counts."""
    hub = hub_of(request)
    now = hub.clock.now()
    got = request.GET
    kind = got.get("kind", "")
    kind = kind if kind in KINDS else "health_declaration"
    only: Only = next((each for each in ONLY if each == got.get("only", "")), "")
    is_received = got.get("by") == "received"
    faults: list[str] = []
    span: dict[str, str] = {}
    asked = question(_days_of(got.dict()) if is_received else got, now=now, days_max=_DAYS_MAX)
    below = int(got["below"]) if got.get("below", "").isdecimal() and len(got["below"]) < 19 else None
    scope = request.scope.within(asked.area.paths) if asked.area and asked.area.paths is not None else request.scope
    before = asked.area.before if asked.area else None
    with hub.pool.connection() as connection:
        if is_received:
            since = moment_of(got.get("from", ""), faults, now=now) or now - timedelta(hours=1)
            until = moment_of(got.get("to", ""), faults, now=now) or now
            page = received_between(
                connection,
                scope,
                kind=kind,
                since=since,
                until=until,
                before=before,
                only=only,
                below=below,
                limit=PAGE,
            )
            span = {"since": in_field(since), "until": in_field(until)}
            said = f"{span['since']} – {span['until']}"
        else:
            known = known_at(connection, asked.known, now=now) if asked.known else known_now(connection, now=now)
            page = of_days(
                connection,
                scope,
                known,
                kind=kind,
                first=asked.first,
                last=asked.last,
                before=before,
                only=only,
                below=below,
                limit=PAGE,
            )
            said = f"{asked.first:%d/%m/%Y} – {asked.last:%d/%m/%Y}" if asked.days > 1 else f"{asked.first:%d/%m/%Y}"
        systems = {system.id: system.name for system in registry.load(connection).systems.values()}
    fields = {name: value for name, value in got.items() if value and name != "below"} | {"kind": kind}
    more = f"{reverse('records')}?{urlencode(fields | {'below': str(page.next)})}" if page.next else ""
    names_systems = request.scope.nationwide
    context = {
        "crumbs": [(gettext("Records"), "")],
        "faults": (*asked.faults, *faults),
        "question": asked,
        "kind": kind,
        "kind_title": kind_title(kind),
        "kinds": [(name, kind_title(name)) for name in KINDS],
        "only": only,
        "only_said": _only_said(only),
        "said": said,
        "is_received": is_received,
        **span,
        "known": written(asked.known),
        "known_at": asked.known,
        "area_name": asked.area.unit.name if asked.area else gettext("All areas"),
        "area_key": asked.area.key if asked.area else "",
        "rows": [_row(kind, each, systems if names_systems else {}) for each in page.records],
        "more": more,
        "is_full": page.is_full,
        "is_first": below is None,
        "may_open": request.standing.scope.may("record.view"),
        "board_address": _board(asked, is_received=is_received),
    }
    return render(request, "console/records.html", context)


def _days_of(got: dict[str, str]) -> dict[str, str]:
    """Cut the hours off, so that the rest of the address is read as the board's."""
    return got | {name: got[name][:10] for name in ("from", "to") if name in got}


def _board(asked: Question, *, is_received: bool) -> str:
    home = reverse("console_home")
    return asked.address(home, first=asked.today, last=asked.today) if is_received else asked.address(home)


def _only_said(only: str) -> str:
    return {
        "denied": gettext("Refused passages"),
        "referred": gettext("Referred passages"),
        "symptomatic": gettext("Declarations with symptoms"),
        "open": gettext("Open reports"),
        "closed": gettext("Closed reports"),
    }.get(only, "")


def _row(kind: str, record: Listed, systems: dict[int, str]) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "address": f"{reverse('records')}{kind}/{record.seq}/",
        "occurred_at": record.occurred_at,
        "received_at": record.received_at,
        "system": systems.get(record.system_id, ""),
        "area": _area(record),
        "facts": _facts(record.facts),
        "op": {2: gettext("correction"), 3: gettext("withdrawal")}.get(record.op, ""),
    }


def _area(record: Listed) -> str:
    """The unit as the sender named it; without one, the narrowest of today that is certain."""
    unit = areas.find(record.area_scheme, record.area_code) if record.area_scheme and record.area_code else None
    if unit is None and record.path:
        unit = areas.find(TODAY, record.path.rpartition(".")[2])
    return areas.full_name(unit) if unit else ""


def _facts(facts: dict[str, Any]) -> str:
    """Coded facts, in the words of the page where there are some; other codes as they are."""
    words = {
        "in": gettext("in"),
        "out": gettext("out"),
        "allowed": gettext("let through"),
        "denied": gettext("refused"),
        "referred": gettext("referred"),
    }
    told = [words.get(str(facts[name]), str(facts[name])) for name in ("direction", "decision") if name in facts]
    told += [str(facts[name]) for name in ("category", "form", "purpose", "indicator", "day", "value") if name in facts]
    if "symptoms" in facts:
        told.append(gettext("with symptoms") if facts["symptoms"] else gettext("no symptom"))
    if facts.get("closed"):
        told.append(gettext("closed"))
    return " · ".join(told)
