"""The map's outlines: light, whole, with one border between two neighbours, and never without the archipelagos."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from shapely.geometry import Point, shape

from daumoi.areas import selectors as areas
from daumoi.areas.points import shapes_of
from daumoi.situation.outlines import BYTES_MAX, outlines

SCHEMES = {"vn-2025": 34, "vn-2024": 63}


def features(scheme: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(outlines(scheme))["features"]
    return found


def provinces(scheme: str) -> list[dict[str, Any]]:
    return [each for each in features(scheme) if each["geometry"]["type"] == "MultiPolygon"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_province_is_drawn_with_its_code_and_name_and_weighs_little(scheme: str) -> None:
    assert len(outlines(scheme)) < BYTES_MAX
    codes = {each["properties"]["code"] for each in provinces(scheme)}
    expected = {code for code in areas.codes_of(scheme) if len(code) == 2}
    assert codes == expected
    assert len(codes) == SCHEMES[scheme]
    assert all(
        each["properties"]["name"] == areas.find(scheme, each["properties"]["code"]).name for each in provinces(scheme)
    )  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_source_and_licence_are_named(scheme: str) -> None:
    told = json.loads(outlines(scheme))
    assert "Natural Earth" in told["source"]
    assert "public domain" in told["licence"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_hoang_sa_and_truong_sa_are_always_there(scheme: str) -> None:
    named = {each["properties"]["name"]: each for each in features(scheme) if "archipelago" in each["properties"]}
    assert set(named) == {"Quần đảo Hoàng Sa", "Quần đảo Trường Sa"}
    for name, (province, lon, lat) in {
        "Quần đảo Hoàng Sa": ("48", 112.0, 16.5),
        "Quần đảo Trường Sa": ("56", 113.0, 9.5),
    }.items():
        there = named[name]
        assert there["properties"]["code"] == province
        assert Point(there["geometry"]["coordinates"]).distance(Point(lon, lat)) < 1.5
        west, south, east, north = there["bbox"]
        (land,) = [shape(each["geometry"]) for each in provinces(scheme) if each["properties"]["code"] == province]
        islands = [part for part in land.geoms if west <= part.bounds[0] and part.bounds[2] <= east]
        assert len(islands) >= 7
        assert all(south <= part.bounds[1] and part.bounds[3] <= north for part in islands)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_lighter_shape_is_nearly_the_one_it_was_made_from(scheme: str) -> None:
    exact = dict(shapes_of(scheme))
    for each in provinces(scheme):
        drawn = shape(each["geometry"]).buffer(0)
        rings = [
            shape({"type": "Polygon", "coordinates": [ring]}).buffer(0) for ring in exact[each["properties"]["code"]]
        ]
        whole = rings[0]
        for ring in rings[1:]:
            whole = whole.symmetric_difference(ring)
        assert drawn.symmetric_difference(whole).area < 0.03 * whole.area, each["properties"]["name"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_neighbours_share_one_border(scheme: str) -> None:
    """Every side is one's alone, at the coast or the border, or the side of two; provinces do not lie on each other."""
    sides: Counter[frozenset[tuple[float, float]]] = Counter()
    for each in provinces(scheme):
        for polygon in each["geometry"]["coordinates"]:
            for ring in polygon:
                sides.update(frozenset((tuple(one), tuple(other))) for one, other in pairwise(ring))
    assert max(sides.values()) == 2
    assert sum(many == 2 for many in sides.values()) > 0.25 * len(sides)
    land = [shape(each["geometry"]).buffer(0) for each in provinces(scheme)]
    overlap = sum(one.intersection(other).area for at, one in enumerate(land) for other in land[at + 1 :])
    assert overlap < 0.0005 * sum(one.area for one in land)


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="vn-2025"):
        outlines("iso-3166")
