"""The pages of administrative units: find one as it is written, and see what an old one is today. Public tables."""

import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from daumoi.areas.history import history
from daumoi.areas.points import BORDER_DOUBT_KM, OUTSIDE_MAX_KM, nearest, province_at, read_point
from daumoi.areas.search import Match, search
from daumoi.areas.selectors import full_name
from daumoi.areas.unit import Unit

_TEXT_MAX = 300
_SHOWN = 50
_NOW_SHOWN = 12
_NEAR_SHOWN = 5


def _row(unit: Unit) -> dict[str, object]:
    return {"unit": unit, "name": full_name(unit), "address": f"/areas/{unit.scheme}/{unit.code}/"}


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
    text = request.GET.get("q", "").strip()[:_TEXT_MAX]
    point = read_point(text)
    if point is not None:
        return render(request, "console/areas.html", {"text": text, "point": _point(*point)})
    found = search(text) if text else None
    matches = [_match(match) for match in (found.matches[:_SHOWN] if found else ())]
    context = {
        "text": text,
        "found": found,
        "matches": matches,
        "total": len(found.matches) if found else 0,
        "shown": len(matches),
        "unread": "; ".join(found.unread) if found else "",
    }
    return render(request, "console/areas.html", context)


@require_safe
def unit(request: HttpRequest, scheme: str, code: str) -> HttpResponse:
    """Show one unit: what it was made of, and what it is today."""
    found = history(scheme, code)
    if found is None:
        raise Http404
    context = {
        "title": full_name(found.unit),
        "found": found,
        "said": found.text_en if get_language() == "en" else found.text_vi,
        "today": [_row(each) for each in found.is_now if each is not found.unit],
        "was": [{**_row(part.unit), "whole": part.whole} for part in found.was],
    }
    return render(request, "console/area.html", context)
