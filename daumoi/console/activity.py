"""What came in, as a picture: for staff who see the flows, people on this machine, and demos. It names systems."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.accounts.scope import EVERYWHERE
from daumoi.areas import selectors as areas
from daumoi.areas.unit import ABROAD, TODAY
from daumoi.console.access import standing_of
from daumoi.console.errors import refused
from daumoi.console.presentation import kind_title
from daumoi.core import facts
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import ROW_CODES
from daumoi.intake.selectors import held_by_reason
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry
from daumoi.situation.board import Received, received

_HOURS = 24
_REASONS = 12
_BAR_WIDTH, _GAP, _HEIGHT = 24, 6, 180
"""Of the chart, in its own units."""


class Segment(NamedTuple):
    """One kind's part of one hour's bar."""

    x: int
    y: str
    height: str
    shade: int
    said: str


class Bar(NamedTuple):
    """One hour."""

    x: int
    label: str
    total: int
    segments: list[Segment]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the last day and night."""
    hub: Hub = request.META["daumoi.hub"]
    at = hub.clock.now()
    since = at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=_HOURS - 1)
    with hub.pool.connection() as connection:
        if not _may_look(request, connection):
            return refused(request)
        came = received(connection, EVERYWHERE, since=since, until=since + timedelta(hours=_HOURS))
        systems = registry.load(connection)
        held = held_by_reason(connection, limit=_REASONS)
    bars, top = _bars(came, since)
    context = {
        "at": at,
        "bars": bars,
        "top": top,
        "width": _HOURS * (_BAR_WIDTH + _GAP),
        "kinds": [(shade, kind_title(name)) for shade, name in enumerate(KINDS, start=1)],
        "total": sum(came.by_province.values()),
        "systems": _systems(came, systems),
        "provinces": _provinces(came),
        "most": max(came.by_province.values(), default=1),
        "held": [(each, kind_title(each.kind), ROW_CODES[each.code]) for each in held if each.code in ROW_CODES],
    }
    return render(request, "console/activity.html", context)


def _may_look(request: HttpRequest, connection: Connection) -> bool:
    """Tell whether it is staff, the hub is a demo, or somebody sits at this machine: behind a proxy all seem to."""
    standing = standing_of(request)
    if standing is not None and standing.scope.for_right("flows.view").nationwide:
        return True
    if facts.read(connection, "demo") == "yes":
        return True
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    if request.META["daumoi.behind_proxy"] or forwarded:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _bars(came: Received, since: datetime) -> tuple[list[Bar], int]:
    """Stack the kinds of each hour; returns the bars and the largest hour."""
    hours = [since + timedelta(hours=number) for number in range(_HOURS)]
    totals = [sum(came.by_hour.get((hour, kind), 0) for kind in KINDS) for hour in hours]
    top = max(totals) or 1
    bars = []
    for place, (hour, total) in enumerate(zip(hours, totals, strict=True)):
        x, y = place * (_BAR_WIDTH + _GAP), float(_HEIGHT)
        segments = []
        for shade, kind in enumerate(KINDS, start=1):
            count = came.by_hour.get((hour, kind), 0)
            if count:
                height = max(_HEIGHT * count / top, 1.0)
                y -= height
                segments.append(Segment(x, f"{y:.1f}", f"{height:.1f}", shade, f"{kind_title(kind)}: {count}"))
        bars.append(Bar(x, f"{hour.astimezone(VIET_NAM_TIME):%H}", total, segments))
    return bars, top


def _systems(came: Received, systems: registry.Registry) -> list[tuple[str, list[int], int]]:
    """Return each system with its records by kind, the busiest first; silent ones stand last, with a dash."""
    found = []
    for system in systems.systems.values():
        counts = [came.by_system.get((system.id, kind), 0) for kind in KINDS]
        found.append((system.name, counts, sum(counts)))
    return sorted(found, key=lambda row: (-row[2], row[0]))


def _provinces(came: Received) -> list[tuple[str, int]]:
    named: dict[str, int] = {}
    for path, records in came.by_province.items():
        name = _place_name(path)
        named[name] = named.get(name, 0) + records
    return sorted(named.items(), key=lambda row: (-row[1], row[0]))


def _place_name(path: str) -> str:
    country, _, unit = path.partition(".")
    if country == "VN":
        found = areas.find(TODAY, unit) if unit else None
        return found.name if found else gettext("Viet Nam, province not certain")
    abroad = areas.find(ABROAD, country) if country else None
    return abroad.name if abroad else gettext("without an area")
