"""Flows: how each system sends each kind, what stands out first; and one system's history. Staff who see the flows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.presentation import kind_title
from daumoi.console.situation.tables import Cell, Table, as_csv
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.problems import ROW_CODES
from daumoi.intake.selectors import held_of_system
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from daumoi.situation.flows import HOURS, Flow, days_of, flows
from daumoi.situation.rhythm import DAYS, Rhythm

_ORDER = {Rhythm.SILENT: 1, Rhythm.SENDING: 2, Rhythm.LEARNING: 2, Rhythm.NEVER: 3}
_BAR, _GAP, _HEIGHT = 4, 1, 24
"""Of a sparkline, in its own units."""


class Bar(NamedTuple):
    """One bar of a sparkline."""

    x: int
    y: str
    height: str


class Line(NamedTuple):
    """One flow as the page shows it."""

    flow: Flow
    system: System | None
    kind: str
    bars: list[Bar]
    said: str
    """The sparkline in words."""
    latency: str
    trouble: bool


@needs("flows.view")
@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """Show all flows, those in trouble first."""
    now, lines = _lines(request)
    shown = _filtered(lines, request)
    context = {
        "crumbs": [(gettext("Flows"), "")],
        "now": now,
        "lines": shown,
        "all": len(lines),
        "silent": sum(line.flow.rhythm is Rhythm.SILENT for line in lines),
        "erring": sum(line.flow.has_errors for line in lines),
        "rows_received": sum(sum(line.flow.sparkline) for line in lines),
        "held_open": sum(line.flow.held_open for line in lines),
        "text": request.GET.get("q", "")[:100],
        "kind": request.GET.get("kind", ""),
        "kinds": [(name, kind_title(name)) for name in KINDS],
        "trouble": request.GET.get("trouble") == "1",
        "is_nationwide": request.scope.nationwide,
        "query": request.GET.urlencode(),
        "width": HOURS * (_BAR + _GAP),
        "height": _HEIGHT,
    }
    return render(request, "console/flows.html", context)


@needs("flows.view")
@require_safe
def export(request: StaffRequest) -> HttpResponse:
    """Send the flows as CSV, by the same filter."""
    _, lines = _lines(request)
    columns = [
        gettext("System"),
        gettext("Kind"),
        gettext("State"),
        gettext("Records an hour"),
        gettext("Accepted"),
        gettext("Corrected"),
        gettext("Withdrawn"),
        gettext("Held in 24 hours"),
        gettext("Waiting"),
        gettext("Last seen"),
        gettext("Delay in seconds"),
    ]
    rows = [_cells(line) for line in _filtered(lines, request)]
    return as_csv(Table("flows", "", columns, rows), "daumoi-flows")


@needs("flows.view")
@require_safe
def system(request: StaffRequest, system_id: int) -> HttpResponse:
    """Show one system: its flows, its last days, and why rows of it wait for mending."""
    hub = hub_of(request)
    now, lines = _lines(request, system_id)
    if not lines or lines[0].system is None:
        raise Http404
    with hub.pool.connection() as connection:
        history = days_of(connection, request.scope, system_id=system_id, now=now)
        reasons = held_of_system(connection, system_id)
    context = {
        "crumbs": [(gettext("Flows"), "/console/flows/"), (lines[0].system.name, "")],
        "system": lines[0].system,
        "now": now,
        "lines": lines,
        "history": _history(history, [line.flow.kind for line in lines], now),
        "reasons": [(kind_title(each.kind), _reason(each.code), each) for each in reasons],
        "width": HOURS * (_BAR + _GAP),
        "height": _HEIGHT,
    }
    return render(request, "console/flow_system.html", context)


def _reason(code: str) -> str:
    found = ROW_CODES.get(code)
    return "" if found is None else found.en if get_language() == "en" else found.vi


def _lines(request: StaffRequest, system_id: int | None = None) -> tuple[datetime, list[Line]]:
    hub = hub_of(request)
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        found = flows(connection, request.scope, now=now)
        systems = registry.load(connection).systems if found else {}
    lines = [
        _line(flow, systems.get(flow.system_id)) for flow in found if system_id is None or flow.system_id == system_id
    ]
    lines.sort(
        key=lambda line: (
            0 if line.flow.has_errors else _ORDER[line.flow.rhythm],
            -sum(line.flow.sparkline),
            line.system.name if line.system else "",
            line.kind,
        )
    )
    return now, lines


def _line(flow: Flow, system: System | None) -> Line:
    top = max(flow.sparkline) or 1
    bars = []
    for place, value in enumerate(flow.sparkline):
        if value:
            height = max(_HEIGHT * value / top, 1.5)
            bars.append(Bar(place * (_BAR + _GAP), f"{_HEIGHT - height:.1f}", f"{height:.1f}"))
    said = gettext("last %(hours)s hours, most in one: %(most)s") % {"hours": HOURS, "most": max(flow.sparkline)}
    trouble = flow.has_errors or flow.rhythm is Rhythm.SILENT
    return Line(flow, system, kind_title(flow.kind), bars, said, duration(flow.latency_s), trouble)


def duration(seconds: float | None) -> str:
    """Write a time in the largest unit that fits; nothing for none."""
    if seconds is None:
        return ""
    for size, unit in ((86_400, gettext("days")), (3_600, gettext("hours")), (60, gettext("min"))):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    unit = gettext("s")
    return f"{seconds:.0f} {unit}"


def _filtered(lines: list[Line], request: StaffRequest) -> list[Line]:
    text = request.GET.get("q", "").strip().casefold()[:100]
    kind = request.GET.get("kind", "")
    only_trouble = request.GET.get("trouble") == "1"
    return [
        line
        for line in lines
        if (not text or (line.system is not None and text in f"{line.system.name} {line.system.code}".casefold()))
        and (not kind or line.flow.kind == kind)
        and (not only_trouble or line.trouble)
    ]


def state_said(flow: Flow) -> str:
    """Say how a flow keeps to its rhythm."""
    return {
        Rhythm.SENDING: gettext("sending"),
        Rhythm.SILENT: gettext("silent, no data"),
        Rhythm.LEARNING: gettext("new, rhythm not known yet"),
        Rhythm.NEVER: gettext("has never sent"),
    }[flow.rhythm]


def _cells(line: Line) -> list[Cell]:
    flow = line.flow
    seen = flow.last_seen.astimezone(VIET_NAM_TIME).isoformat(timespec="seconds") if flow.last_seen else None
    return [
        Cell(line.system.name if line.system else str(flow.system_id)),
        Cell(line.kind),
        Cell(state_said(flow)),
        Cell(round(flow.per_hour)),
        Cell(flow.accepted),
        Cell(flow.corrected),
        Cell(flow.withdrawn),
        Cell(flow.held),
        Cell(flow.held_open),
        Cell(seen),
        Cell(None if flow.latency_s is None else round(flow.latency_s)),
    ]


def _history(
    days: dict[tuple[Any, str], tuple[int, int, int]], kinds: list[str], now: datetime
) -> list[tuple[str, list[tuple[int, int, int] | None]]]:
    """Return each of the last days, the newest first, with what came of each kind; None is no data."""
    today = now.astimezone(VIET_NAM_TIME).date()
    shown = [today - timedelta(days=number) for number in range(DAYS)]
    return [(f"{day:%d/%m/%Y}", [days.get((day, kind)) for kind in kinds]) for day in shown]
