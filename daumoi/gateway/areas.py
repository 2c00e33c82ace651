"""GET /api/v1/areas: units of administration by name as written, by code, and by point."""

import datetime
import math
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.areas.former import Former
from daumoi.areas.history import history
from daumoi.areas.points import Near, nearest, province_at
from daumoi.areas.search import Match, search
from daumoi.areas.selectors import full_name
from daumoi.areas.unit import SCHEMES, Unit
from daumoi.core.problems import CallProblem
from daumoi.gateway.answers import json_answer
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import Query

MATCHES = 50
MATCHES_MAX = 500
TEXT_MAX = 300
_PARAMETERS = ("q", "on", "scheme", "code", "lat", "lon", "limit")


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "scheme": unit.scheme,
        "code": unit.code,
        "name": unit.name,
        "full_name": full_name(unit),
        "level": unit.level,
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
    }


def _by_name(text: str, query: Query) -> dict[str, Any]:
    if len(text) > TEXT_MAX:
        raise CallProblem("bad_parameter", f"q has at most {TEXT_MAX} characters.")
    found = search(text, on=_day(query))
    limit = query.whole("limit", MATCHES, low=1, high=MATCHES_MAX)
    return {
        "certain": found.certain,
        "total": len(found.matches),
        "unread": list(found.unread),
        "matches": [_match(match) for match in found.matches[:limit]],
    }


def _match(match: Match) -> dict[str, Any]:
    found = {**_unit(match.unit), "today": [_unit(unit) for unit in match.today]}
    return found if match.former is None else {**found, "former": _former(match.former)}


def _former(former: Former) -> dict[str, Any]:
    return {
        "name": former.name,
        "full_name": former.full_name,
        "level": former.level,
        "code": former.code,
        "valid_to": former.valid_to.isoformat(),
        "act": former.act,
        "act_on": former.act_on.isoformat(),
    }


def _day(query: Query) -> datetime.date | None:
    text = query.text("on")
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> datetime.date:
    raise CallProblem("bad_parameter", "on is a date, YYYY-MM-DD.")


def _by_code(scheme: str, code: str) -> dict[str, Any]:
    found = history(scheme, code)
    if found is None:
        raise CallProblem("not_found", f"No unit has this code in this scheme. Schemes: {', '.join(SCHEMES)}.")
    return {
        **_unit(found.unit),
        "fate": found.fate,
        "today": [_unit(unit) for unit in found.is_now],
        "was": [{**_unit(part.unit), "whole": part.whole} for part in found.was],
        "text": {"vi": found.text_vi, "en": found.text_en},
    }


def _by_point(query: Query) -> dict[str, Any]:
    lat, lon = _degrees(query, "lat", 90), _degrees(query, "lon", 180)
    limit = query.whole("limit", 5, low=1, high=MATCHES)
    where = province_at(lat, lon)
    near = nearest(lat, lon, count=limit, first_in={province.unit.code for province in where.today})
    return {
        "certain": False,
        "province": {
            "relation": where.relation,
            "certain": where.certain,
            "today": [_near(province) for province in where.today],
            "before": [_near(province) for province in where.before],
        },
        "matches": [_near(Near(unit, distance)) for unit, distance in near],
    }


def _near(near: Near) -> dict[str, Any]:
    return {**_unit(near.unit), "distance_km": round(near.distance_km, 2)}


def _degrees(query: Query, name: str, most: int) -> float:
    try:
        value = float(query.text(name) or "")
    except ValueError:
        value = math.nan
    if not -most <= value <= most:
        raise CallProblem("bad_parameter", f"{name} is a number of degrees from -{most} to {most}.")
    return value


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoint of areas."""

    @get("/api/v1/areas")
    async def areas(request: Request[Any, Any, Any]) -> ASGIApp:
        """Find units by name, code or point."""
        query = Query(request.scope["query_string"], _PARAMETERS)
        text, scheme, code = query.text("q"), query.text("scheme"), query.text("code")
        pointed = query.text("lat") is not None or query.text("lon") is not None
        if [text is not None, scheme is not None or code is not None, pointed].count(True) != 1:
            raise CallProblem("bad_parameter", "Ask in one way: by q, by scheme and code, or by lat and lon.")
        if text is not None:
            return json_answer(_by_name(text, query))
        if pointed:
            return json_answer(_by_point(query))
        if scheme is None or code is None:
            raise CallProblem("bad_parameter", "A code needs its scheme, and a scheme its code.")
        return json_answer(_by_code(scheme, code))

    return [areas]
