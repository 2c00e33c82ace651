"""What the charts of the board are drawn from, as JSON in the page; the tables beside them say the same in figures."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from daumoi.areas.unit import TODAY
from daumoi.console.outlines import address_of
from daumoi.console.presentation import kind_title
from daumoi.console.situation.question import Area, bare, provinces_of
from daumoi.console.situation.reading import CURVE_DAYS, HOURS, Situation
from daumoi.console.situation.tables import OWN_KINDS, days_between, is_seen
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.kinds.registry import KINDS

CLASSES = 5
"""Steps of the colour scale."""
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8a8a")
"""Of kinds, by their place: after Okabe and Ito (2008, "Color Universal Design"), told apart by the colour-blind."""


def hours(situation: Situation) -> dict[str, Any]:
    """Stacked bars of the rows received in each hour."""
    marks = [situation.since + timedelta(hours=number) for number in range(HOURS)]
    labels = [mark.astimezone(VIET_NAM_TIME).strftime("%H:%M") for mark in marks]
    series = {kind: [situation.received.by_hour.get((mark, kind), 0) for mark in marks] for kind in KINDS}
    return _bars(labels, series)


def days(situation: Situation) -> dict[str, Any]:
    """Stacked bars of the records of each day of event; a day without any is left open."""
    first = min(situation.question.first, situation.question.last - timedelta(days=CURVE_DAYS - 1))
    shown = list(days_between(first, situation.question.last))
    series = {
        kind: [measures.records if (measures := situation.days.get((day, kind))) else None for day in shown]
        for kind in OWN_KINDS
    }
    return _bars([f"{day:%d/%m}" for day in shown], series)


def _bars(labels: list[str], series: dict[str, list[Any]]) -> dict[str, Any]:
    return {
        "animation": False,
        "grid": {"left": 8, "right": 8, "top": 12, "bottom": 64, "containLabel": True},
        "legend": {"bottom": 0, "type": "plain", "itemWidth": 12, "itemHeight": 12},
        "xAxis": {"type": "category", "data": labels, "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "stack": "kinds",
                "name": kind_title(kind),
                "data": values,
                "barCategoryGap": "25%",
                "itemStyle": {"color": _COLOURS[tuple(KINDS).index(kind) % len(_COLOURS)]},
            }
            for kind, values in series.items()
            if any(values)
        ],
    }


def official(situation: Situation) -> dict[str, Any] | None:
    """The curve of official figures, spikes marked, with our own records of the same days behind it."""
    found = situation.official
    if found is None or not any(value is not None for value in found.series.by_day()):
        return None
    totals = found.series.by_day()
    spikes = {flag.day for flags in found.series.flags.values() for flag in flags if flag.mark == "spike"}
    late = {day for places in found.series.late.values() for day in places}
    return {
        "animation": False,
        "color": ["#0072b2"],
        "grid": {"left": 8, "right": 16, "top": 24, "bottom": 40, "containLabel": True},
        "legend": {"bottom": 0},
        "xAxis": {"type": "category", "data": [f"{day:%d/%m/%Y}" for day in found.series.days], "boundaryGap": False},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": "line", "name": gettext("Official figure"), "data": totals, "showSymbol": len(totals) < 40},
            _points(gettext("entry spike"), totals, spikes, "triangle", "#d55e00"),
            _points(gettext("entered late"), totals, late, "rect", "#8a5a00"),
        ],
    }


def _points(name: str, totals: list[int | None], places: set[int], symbol: str, colour: str) -> dict[str, Any]:
    values = [value if at in places else None for at, value in enumerate(totals)]
    return {
        "type": "line",
        "name": name,
        "data": values,
        "symbol": symbol,
        "symbolSize": 11,
        "itemStyle": {"color": colour},
        "lineStyle": {"opacity": 0},
        "connectNulls": False,
        "showSymbol": True,
    }


def shown_by_code(situation: Situation) -> dict[str, int]:
    """Return what the map shows of each province."""
    show = situation.question.show
    if show == "official":
        return _official(situation)
    found: dict[str, int] = {}
    for figure in situation.provinces.figures:
        if show == "records" and figure.kind != "area_count":
            value = figure.measures.records
        elif show == "denied":
            value = figure.measures.denied
        elif show == "symptomatic":
            value = figure.measures.symptomatic
        else:
            value = figure.measures.records if figure.kind == show else 0
        if value or figure.code in found:
            found[figure.code] = found.get(figure.code, 0) + value
    return found


def _official(situation: Situation) -> dict[str, int]:
    found = situation.official
    if found is None:
        return {}
    skipped = (found.first - found.series.days[0]).days
    told = {
        code: [value for value in values[skipped:] if value is not None] for code, values in found.series.values.items()
    }
    return {code: sum(values) for code, values in told.items() if values}


def classes(values: list[int]) -> list[tuple[int, int]]:
    """Return the ranges of the colour scale, both ends included: about as many provinces in each."""
    ordered = sorted(value for value in values if value > 0)
    if not ordered:
        return []
    cuts = sorted({_rounded(ordered[len(ordered) * step // CLASSES]) for step in range(1, CLASSES)} - {0, 1})
    bounds = [1, *cuts, max(ordered[-1] + 1, 2)]
    return [(low, high - 1) for low, high in pairwise(bounds) if high > low]


def _rounded(value: int) -> int:
    """Round down to two figures that count."""
    size: int = 10 ** max(0, len(str(value)) - 2)
    return value // size * size


def country(situation: Situation) -> dict[str, Any]:
    """The map: each province with its figure, its step of the scale, and where a click leads."""
    question = situation.question
    values = shown_by_code(situation)
    steps = classes(list(values.values()))
    home = reverse("console_home")
    chosen = question.area.unit.code if question.area and question.area.unit.scheme == question.scheme else ""
    provinces = []
    for unit in provinces_of(question.scheme):
        seen = is_seen(situation, unit.scheme, unit.code)
        value = values.get(unit.code) if seen else None
        step = next((at for at, (low, high) in enumerate(steps, 1) if value is not None and low <= value <= high), 0)
        provinces.append(
            {
                "code": unit.code,
                "name": bare(unit.name),
                "value": value,
                "step": step if seen else -1,
                "chosen": unit.code == chosen,
                "address": question.address(home, area=Area(unit), wall=False) if seen else "",
            }
        )
    return {
        "outlines": address_of(question.scheme),
        "map": f"provinces-{34 if question.scheme == TODAY else 63}",
        "label": gettext("Map of Viet Nam by province, with Hoàng Sa and Trường Sa"),
        "none": gettext("no data"),
        "outside": gettext("outside your area"),
        "provinces": provinces,
    }
