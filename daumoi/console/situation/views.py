"""The situation board: for desk and phone, for the wall, and its tables as files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.accounts.scope import Scope
from daumoi.areas.points import source_of_shapes
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.console import home as homes
from daumoi.console.access import StaffRequest, hub_of, needs, standing_of
from daumoi.console.presentation import kind_title
from daumoi.console.situation import charts, tables
from daumoi.console.situation.question import SHOWN, Question, bare, in_field, provinces_of, question
from daumoi.console.situation.reading import Situation, read, source_key
from daumoi.console.situation.systems import systems
from daumoi.situation.moments import Measures
from daumoi.situation.official import Source
from daumoi.situation.outlines import ARCHIPELAGOS
from daumoi.situation.reach import reach

RIGHT = "board.view"
WALL_EVERY_S = 15
STALE_S = 60
"""Figures are stale when the counters are further behind than this."""
_BACK = (0, 1, 6, 29)
"""Quick choices: the days before today at which a span begins."""


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The first page of the console: the board for who may see it, else what their roles open."""
    standing = standing_of(request)
    if standing is None or not standing.scope.may(RIGHT):
        return homes.home(request)
    staff = cast("StaffRequest", request)
    staff.scope = standing.scope.for_right(RIGHT)
    return show(staff)


def show(request: StaffRequest) -> HttpResponse:
    """Show the figures for the days, the area and the moment that the address asks for."""
    hub = hub_of(request)
    asked = question(request.GET, now=hub.clock.now())
    situation = read(hub, request.scope, asked)
    context = _context(situation, request.scope)
    return render(request, "console/situation/wall.html" if asked.wall else "console/situation/board.html", context)


@needs(RIGHT)
@require_safe
def export(request: StaffRequest, table: str) -> HttpResponse:
    """Send one table of the board as CSV, for the same question and scope."""
    if table not in tables.TABLES:
        raise Http404
    hub = hub_of(request)
    situation = read(hub, request.scope, question(request.GET, now=hub.clock.now()))
    name = f"daumoi-{table}-{situation.question.first}-{situation.question.last}"
    return tables.as_csv(tables.TABLES[table](situation), name)


def _context(situation: Situation, reader: Scope) -> dict[str, Any]:
    asked = situation.question
    source, licence = source_of_shapes()
    official = tables.of_flags(situation) if situation.official else None
    return {
        "question": asked,
        "faults": asked.faults,
        "situation": situation,
        "is_stale": (situation.now - situation.known.at).total_seconds() > STALE_S and asked.known is None,
        "asked_known": in_field(asked.known),
        "area_name": asked.area.unit.name if asked.area else _everywhere(situation, reader),
        "days_said": _days_said(asked),
        "is_usual": not asked.fields(wall=False),
        "tiles": _tiles(situation),
        "kinds": tables.of_kinds(situation),
        "hours": tables.of_hours(situation),
        "days": tables.of_days(situation),
        "provinces": tables.of_provinces(situation),
        "wards": tables.of_wards(situation) if situation.wards else None,
        "checkpoints": tables.of_checkpoints(situation) if situation.checkpoints else None,
        "flags": official,
        "flags_shown": tables.FLAGGED_SHOWN,
        "official_total": _official_total(situation),
        "charts": {"hours": charts.hours(situation), "days": charts.days(situation)},
        "curve": charts.official(situation),
        "country": charts.country(situation),
        "steps": charts.classes(list(charts.shown_by_code(situation).values())),
        "archipelagos": [name for name, _ in ARCHIPELAGOS],
        "shapes": {"source": source, "licence": licence},
        "systems": systems(situation),
        "wall_every_s": WALL_EVERY_S,
        **_choices(situation),
    }


def _everywhere(situation: Situation, reader: Scope) -> str:
    """Say what "all areas" is for a reader: the country, or their own areas."""
    return gettext("All areas") if reach(situation.scope).everything else homes.place_names(reader)


def _days_said(asked: Question) -> str:
    if asked.days == 1:
        return f"{asked.first:%d/%m/%Y}"
    return f"{asked.first:%d/%m/%Y} – {asked.last:%d/%m/%Y}"


def _choices(situation: Situation) -> dict[str, Any]:
    """What can be chosen, as addresses and options."""
    asked = situation.question
    home = reverse("console_home")
    titles = (gettext("Today"), gettext("Yesterday"), gettext("7 days"), gettext("30 days"))
    spans = []
    for title, back in zip(titles, _BACK, strict=True):
        first = asked.today - timedelta(days=back)
        last = first if back == 1 else asked.today
        spans.append((title, asked.address(home, first=first, last=last), (asked.first, asked.last) == (first, last)))
    moments = [(gettext("Now"), asked.address(home, known=None), asked.known is None, "")]
    tracks = {"ministry": gettext("Ministry of Health"), "province": gettext("provinces")}
    for cut_off in situation.cut_offs:
        moments.append(
            (
                cut_off.text,
                asked.address(home, known=cut_off.at),
                asked.known == cut_off.at,
                tracks.get(cut_off.track, cut_off.track),
            )
        )
    shown = {
        "records": gettext("All records"),
        "denied": gettext("Refused passages"),
        "symptomatic": gettext("Declarations with symptoms"),
        "official": gettext("Official figure"),
    }
    newest = situation.newest_day
    return {
        "shown_title": shown.get(asked.show) or kind_title(asked.show),
        "spans": spans,
        "moments": moments,
        "areas": [
            (gettext("34 provinces of today"), _area_options(situation, TODAY)),
            (gettext("63 provinces of before 1 July 2025"), _area_options(situation, BEFORE)),
        ],
        "schemes": [
            ("34", asked.address(home, scheme=TODAY), asked.scheme == TODAY),
            ("63", asked.address(home, scheme=BEFORE), asked.scheme == BEFORE),
        ],
        "shows": [
            (name, shown.get(name) or kind_title(name), name == asked.show) for name in SHOWN if name != "area_count"
        ],
        "sources": [_offer(situation, source) for source in situation.sources],
        "newest": (f"{newest:%d/%m/%Y}", asked.address(home, first=newest, last=newest)) if newest else None,
        "wall_address": asked.address(home, wall=not asked.wall),
        "here_address": asked.address(home),
        "query": asked.address(""),
        "without_area": asked.address(home, area=None) if asked.area else "",
        "official_days": _official_days(situation),
    }


def _offer(situation: Situation, source: Source) -> tuple[str, str, bool]:
    system = situation.systems.get(source.system_id, "")
    said = f"{_indicator(source.indicator)} · {system} · {source.first:%m/%Y}–{source.last:%m/%Y}"
    return source_key(source), said, situation.official is not None and source == situation.official.source


def _area_options(situation: Situation, scheme: str) -> list[tuple[str, str, bool]]:
    chosen = situation.question.area.key if situation.question.area else ""
    return [
        (f"{scheme}/{unit.code}", bare(unit.name), f"{scheme}/{unit.code}" == chosen)
        for unit in provinces_of(scheme)
        if tables.is_seen(situation, scheme, unit.code)
    ]


def _indicator(name: str) -> str:
    """Return an indicator in the reader's language; one without words here goes by its own name."""
    return {
        "cases": gettext("New cases"),
        "deaths": gettext("Deaths"),
        "recovered": gettext("Recovered"),
        "tests": gettext("Tests"),
        "vaccinated": gettext("Vaccinated"),
        "beds_free": gettext("Free beds"),
    }.get(name, name)


def _official_total(situation: Situation) -> dict[str, Any] | None:
    found = situation.official
    if found is None:
        return None
    skipped = (found.first - found.series.days[0]).days
    totals = [value for value in found.series.by_day()[skipped:] if value is not None]
    rows = tables.of_flags(situation).rows
    return {
        "title": _indicator(found.source.indicator),
        "system": situation.systems.get(found.source.system_id, ""),
        "total": sum(totals) if totals else None,
        "reported_days": len(totals),
        "days": situation.question.days,
        "marked": len(rows),
    }


def _official_days(situation: Situation) -> tuple[str, str] | None:
    """Where official figures lie when these days have none."""
    found = situation.official
    total = _official_total(situation)
    if found is None or (total and total["total"] is not None):
        return None
    last = found.source.last
    first: date = max(found.source.first, last - timedelta(days=29))
    asked = situation.question.address(reverse("console_home"), first=first, last=last)
    return f"{found.source.first:%d/%m/%Y} – {last:%d/%m/%Y}", asked


def _tiles(situation: Situation) -> list[dict[str, Any]]:
    """The big numbers, each with what it is of, its time, and where it leads."""
    asked, kinds = situation.question, situation.kinds
    passages = kinds.get("checkpoint_passage", Measures())
    declared = [kinds.get(kind, Measures()) for kind in ("health_declaration", "movement_declaration")]
    symptomatic = declared[0].symptomatic
    events = sum(figure.events for figure in situation.people)
    people = {figure.kind: figure.people for figure in situation.people} if asked.days == 1 else {}
    is_known = bool(kinds)
    told: list[dict[str, Any]] = [
        {
            "title": gettext("Records"),
            "value": situation.total.records if is_known else None,
            "under": [(gettext("events"), events if situation.people else None)],
            "address": "#kinds",
            "at": situation.known.at,
        },
        {
            "title": gettext("Passages at checkpoints"),
            "value": passages.records if is_known else None,
            "under": [(gettext("people"), people.get("checkpoint_passage"))],
            "address": tables.records_address(asked, kind="checkpoint_passage"),
            "at": situation.known.at,
        },
        {
            "title": gettext("Refused passages"),
            "value": passages.denied if is_known else None,
            "under": [(gettext("referred"), passages.referred if is_known else None)],
            "address": tables.records_address(asked, kind="checkpoint_passage", only="denied"),
            "at": situation.known.at,
        },
        {
            "title": gettext("Declarations with symptoms"),
            "value": symptomatic if is_known else None,
            "under": [(gettext("health declarations"), declared[0].records if is_known else None)],
            "address": tables.records_address(asked, kind="health_declaration", only="symptomatic"),
            "at": situation.known.at,
        },
    ]
    told.append(
        {
            "title": gettext("Open reports, of all days"),
            "value": situation.reports.open,
            "under": [(gettext("overdue"), situation.reports.overdue)],
            "is_bad": situation.reports.overdue > 0,
            "address": tables.records_address(
                replace(asked, first=date(2000, 1, 1)), kind="citizen_report", only="open"
            ),
            "at": situation.known.at,
        }
    )
    told.append(
        {
            "title": gettext("Held rows, nationwide"),
            "value": situation.held,
            "under": [(gettext("records still to count"), situation.lag)],
            "address": reverse("held_groups"),
            "right": "held.view",
            "at": situation.now,
        }
    )
    return told
