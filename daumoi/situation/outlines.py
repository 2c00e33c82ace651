"""Outlines of the provinces for a map: GeoJSON (RFC 7946), light enough for a phone, never without the archipelagos.

Neighbours keep one common border: a stretch that two provinces share is simplified once, in one direction, by Douglas
and Peucker (1973, Cartographica 10:112-22). Drawn, not surveyed, and no legal border (`daumoi.areas.points`).
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec

from daumoi.areas import selectors as areas
from daumoi.areas.points import Ring, shapes_of, source_of_shapes
from daumoi.areas.unit import BEFORE, TODAY

BYTES_MAX = 150_000
"""The most that the outlines of one scheme weigh as JSON, before packing."""
TOLERANCE_DEGREES = 0.003
"""Some 300 m: a quarter of a pixel when the country fills a screen 1,080 pixels high."""
_DECIMALS = 3
_ISLETS_EAST_OF = 111.0
"""Degrees of longitude. East of it Viet Nam has the two archipelagos alone; their rings are never simplified."""
ARCHIPELAGOS = (("Quần đảo Hoàng Sa", "48"), ("Quần đảo Trường Sa", "56"))
"""Name, and the province (its code is the same in both schemes): Đà Nẵng, Khánh Hòa."""

_Point = tuple[float, float]


@cache
def outlines(scheme: str) -> bytes:
    """Return a FeatureCollection as JSON: the 34 provinces of today or the 63 of before (vn-2025, vn-2024).

    Each province is a MultiPolygon with `scheme`, `code` and `name`. Hoàng Sa and Trường Sa are features of their own
    besides: a labelled point in the middle of their islands, and the box of an inset. `source` and `licence` name
    where the shapes come from. Raises ValueError for another scheme. Made once, some 100 ms.
    """
    if scheme not in (TODAY, BEFORE):
        raise ValueError(f"provinces are drawn in {TODAY} or {BEFORE}")
    shapes = shapes_of(scheme)
    lighter = _lighter([ring for _, rings in shapes for ring in rings])
    features = []
    islets: dict[str, list[Ring]] = {}
    for code, rings in shapes:
        unit = areas.find(scheme, code)
        assert unit is not None
        islets[code] = [ring for ring in rings if _is_islet(ring)]
        kept = [ring for ring in (lighter[_key(ring)] for ring in rings) if len(ring) >= 4]
        features.append(
            {
                "type": "Feature",
                "id": f"{scheme}/{code}",
                "properties": {"scheme": scheme, "code": code, "name": unit.name},
                "geometry": {"type": "MultiPolygon", "coordinates": _polygons(kept)},
            }
        )
    features += [_archipelago(scheme, name, code, islets[code]) for name, code in ARCHIPELAGOS]
    source, licence = source_of_shapes()
    collection = {
        "type": "FeatureCollection",
        "scheme": scheme,
        "source": f"{source}. Simplified by {TOLERANCE_DEGREES} degrees.",
        "licence": licence,
        "features": features,
    }
    return msgspec.json.encode(collection)


def _archipelago(scheme: str, name: str, code: str, rings: list[Ring]) -> dict[str, Any]:
    lons, lats = [lon for ring in rings for lon, _ in ring], [lat for ring in rings for _, lat in ring]
    west, south, east, north = min(lons), min(lats), max(lons), max(lats)
    margin = 0.2
    box = [west - margin, south - margin, east + margin, north + margin]
    return {
        "type": "Feature",
        "id": f"{scheme}/{code}/{name}",
        "properties": {"scheme": scheme, "code": code, "name": name, "archipelago": True},
        "bbox": [round(edge, _DECIMALS) for edge in box],
        "geometry": {
            "type": "Point",
            "coordinates": [round((west + east) / 2, _DECIMALS), round((south + north) / 2, _DECIMALS)],
        },
    }


def _is_islet(ring: Ring) -> bool:
    return min(lon for lon, _ in ring) > _ISLETS_EAST_OF


def _key(ring: Ring) -> tuple[_Point, ...]:
    return tuple((lon, lat) for lon, lat in ring)


def _lighter(rings: list[Ring]) -> dict[tuple[_Point, ...], list[_Point]]:
    """Simplify rings so that what two of them share stays the same in both; returns each by its points.

    A ring is cut where its neighbour changes: between two cuts each of its sides is a side of the same rings.
    """
    beside: dict[frozenset[_Point], set[int]] = defaultdict(set)
    for number, ring in enumerate(rings):
        for one, other in pairwise(_key(ring)):
            beside[frozenset((one, other))].add(number)
    found = {}
    for ring in rings:
        points = list(_key(ring)[:-1])
        if _is_islet(ring):
            found[_key(ring)] = _rounded([*points, points[0]])
            continue
        sides = [beside[frozenset((points[at - 1], points[at]))] for at in range(len(points))]
        cuts = [at for at in range(len(points)) if sides[at] != sides[(at + 1) % len(points)]]
        # A ring without a neighbour is cut at two of its points that every reader of it finds alike.
        cuts = cuts if len(cuts) > 1 else sorted({points.index(min(points)), points.index(max(points))})
        turned = points[cuts[0] :] + points[: cuts[0]]
        ends = [at - cuts[0] for at in cuts[1:]] + [len(points)]
        closed = [*turned, turned[0]]
        simple: list[_Point] = []
        begin = 0
        for end in ends:
            simple += _simplified(closed[begin : end + 1])[:-1]
            begin = end
        found[_key(ring)] = _rounded([*simple, simple[0]])
    return found


def _simplified(line: list[_Point]) -> list[_Point]:
    """Simplify a line between its ends, the same whichever end it is read from."""
    if line[0] > line[-1]:
        return _simplified(line[::-1])[::-1]
    keep = {0, len(line) - 1}
    stack = [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        farthest, distance = 0, TOLERANCE_DEGREES
        for at in range(first + 1, last):
            away = _distance(line[at], line[first], line[last])
            if away > distance:
                farthest, distance = at, away
        if farthest:
            keep.add(farthest)
            stack += [(first, farthest), (farthest, last)]
    return [line[at] for at in sorted(keep)]


def _distance(point: _Point, begin: _Point, end: _Point) -> float:
    """Return how far a point lies from a stretch, in degrees."""
    along_x, along_y = end[0] - begin[0], end[1] - begin[1]
    off_x, off_y = point[0] - begin[0], point[1] - begin[1]
    length = along_x * along_x + along_y * along_y
    share = min(1.0, max(0.0, (off_x * along_x + off_y * along_y) / length)) if length else 0.0
    across_x, across_y = off_x - share * along_x, off_y - share * along_y
    return float((across_x * across_x + across_y * across_y) ** 0.5)


def _rounded(points: Iterable[_Point]) -> list[_Point]:
    """Round, and leave out what falls on the point before."""
    found: list[_Point] = []
    for lon, lat in points:
        point = (round(lon, _DECIMALS), round(lat, _DECIMALS))
        if not found or point != found[-1]:
            found.append(point)
    return found


def _polygons(rings: list[list[_Point]]) -> list[list[list[_Point]]]:
    """Put rings inside others into them as holes; outer rings run against the clock, holes with it (RFC 7946)."""
    by_size = sorted(rings, key=lambda ring: -abs(_area(ring)))
    polygons: list[list[list[_Point]]] = []
    for ring in by_size:
        around = [polygon for polygon in polygons if _is_inside(_middle(ring), polygon[0])]
        if len(around) % 2:
            around[-1].append(ring if _area(ring) < 0 else ring[::-1])
        else:
            polygons.append([ring if _area(ring) > 0 else ring[::-1]])
    return polygons


def _middle(ring: list[_Point]) -> _Point:
    """Return a point on the first side, so that it is not a corner that two rings share."""
    (x, y), (next_x, next_y) = ring[0], ring[1]
    return (x + next_x) / 2, (y + next_y) / 2


def _area(ring: list[_Point]) -> float:
    """Return the signed area; above 0 when the ring runs against the clock."""
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise(ring)) / 2


def _is_inside(point: _Point, ring: list[_Point]) -> bool:
    inside = False
    for (x, y), (next_x, next_y) in pairwise(ring):
        if (y > point[1]) != (next_y > point[1]):
            inside ^= point[0] < x + (next_x - x) * (point[1] - y) / (next_y - y)
    return inside
