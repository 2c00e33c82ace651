"""The pages of administrative units: find one as it is written, and see what an old one is today. Public tables."""

import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.areas.history import history
from daumoi.areas.points import BORDER_DOUBT_KM, OUTSIDE_MAX_KM, nearest, province_at, read_point
from daumoi.areas.search import Match, search
from daumoi.areas.selectors import full_name
from daumoi.areas.unit import Unit
from daumoi.console.access import StaffRequest, needs

_TEXT_MAX = 300
_SHOWN = 50
_NOW_SHOWN = 12
_NEAR_SHOWN = 5


PUBLIC_PAGES = ("areas_find", "areas_unit")
STAFF_PAGES = ("console_areas", "console_area")


def _row(unit: Unit) -> dict[str, object]:
    """Describe a unit; the templates make its address, which differs for strangers and for staff."""
    return {"unit": unit, "name": full_name(unit)}


def _match(match: Match) -> dict[str, object]:
    today = [_row(unit) for unit in match.today[:_NOW_SHOWN]]
    return {
        **_row(match.unit),
        "today": today,
        "more": len(match.today) - _NOW_SHOWN,
        "former": match.former,
        "until": _written(match.former.valid_to) if match.former else "",
    }


def _written(day: datetime.date) -> str:
    return date_format(day, "j F Y") if get_language() == "en" else f"{day.day}/{day.month}/{day.year}"


def _point(lat: float, lon: float) -> dict[str, object]:
    where = province_at(lat, lon)
    wards = nearest(lat, lon, count=_NEAR_SHOWN, first_in={province.unit.code for province in where.today})
    return {
        "relation": where.relation,
        "border_km": BORDER_DOUBT_KM,
        "outside_km": OUTSIDE_MAX_KM,
        "today": [{**_row(near.unit), "km": near.distance_km} for near in where.today],
        "before": [{**_row(near.unit), "km": near.distance_km} for near in where.before],
        "wards": [{**_row(unit), "km": distance} for unit, distance in wards],
    }


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Look a place up by its name as people write it, or by the degrees of a point."""
    return render(request, "console/areas.html", _found(request))


@require_safe
@needs("areas.view")
def staff_find(request: StaffRequest) -> HttpResponse:
    """Look a place up, within the shell of staff pages."""
    context = _found(request, STAFF_PAGES) | {"crumbs": [(gettext("Administrative units"), "")]}
    return render(request, "console/areas_staff.html", context)


def _found(request: HttpRequest, pages: tuple[str, str] = PUBLIC_PAGES) -> dict[str, object]:
    text = request.GET.get("q", "").strip()[:_TEXT_MAX]
    point = read_point(text)
    if point is not None:
        return {"text": text, "point": _point(*point), "find_page": pages[0], "unit_page": pages[1]}
    found = search(text) if text else None
    matches = [_match(match) for match in (found.matches[:_SHOWN] if found else ())]
    return {
        "find_page": pages[0],
        "unit_page": pages[1],
        "text": text,
        "found": found,
        "matches": matches,
        "total": len(found.matches) if found else 0,
        "shown": len(matches),
        "unread": "; ".join(found.unread) if found else "",
    }


@require_safe
def unit(request: HttpRequest, scheme: str, code: str) -> HttpResponse:
    """Show one unit: what it was made of, and what it is today."""
    return render(request, "console/area.html", _unit(scheme, code))


@require_safe
@needs("areas.view")
def staff_unit(request: StaffRequest, scheme: str, code: str) -> HttpResponse:
    """Show one unit, within the shell of staff pages."""
    context = _unit(scheme, code, STAFF_PAGES)
    crumbs = [(gettext("Administrative units"), reverse("console_areas")), (str(context["title"]), "")]
    return render(request, "console/area_staff.html", context | {"crumbs": crumbs})


def _unit(scheme: str, code: str, pages: tuple[str, str] = PUBLIC_PAGES) -> dict[str, object]:
    found = history(scheme, code)
    if found is None:
        raise Http404
    return {
        "find_page": pages[0],
        "unit_page": pages[1],
        "title": full_name(found.unit),
        "found": found,
        "said": found.text_en if get_language() == "en" else found.text_vi,
        "today": [_row(each) for each in found.is_now if each is not found.unit],
        "was": [{**_row(part.unit), "whole": part.whole} for part in found.was],
    }
