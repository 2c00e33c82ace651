"""Where a point lies: its province by the border, and the wards whose centres are nearest.

The borders are drawn at 1:10,000,000 and rough in places (see README.md), so a point near one has several candidates.
Nothing here is a legal place: the law describes borders in words and on maps of its own.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from importlib import resources
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from daumoi.areas.catalogue import catalogue, centres
from daumoi.areas.unit import BEFORE, TODAY, Unit

Relation: TypeAlias = Literal["inside", "near_border", "outside", "none"]
Ring: TypeAlias = list[tuple[float, float]]

BORDER_DOUBT_KM = 2.0
"""Another province this near is a candidate too. Of 10,035 geocoded wards of before, less than 1 % lie further off
than that from the shape of their own province."""
OUTSIDE_MAX_KM = 5.0
"""A point outside all shapes is given the provinces this near: a pier, a ford, an islet that the shapes leave out."""
_EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG)."""
_KM_PER_DEGREE = math.radians(_EARTH_RADIUS_KM)


class BordersFile(msgspec.Struct, gc=False):
    """data/vn-borders.json: province code, closed rings of (longitude, latitude) in degrees (WGS 84).

    A point is inside when it is inside an odd number of rings; the same rule draws them (SVG `evenodd`).
    """

    source: str
    licence: str
    before: list[tuple[str, list[Ring]]]
    today: list[tuple[str, list[Ring]]]


class Near(msgspec.Struct, frozen=True):
    """A province the point lies in (0 km), or that lies this near to it."""

    unit: Unit
    distance_km: float


class AtPoint(msgspec.Struct, frozen=True):
    """The provinces a point may lie in, of today and of before 1 July 2025, the nearest first.

    `inside` one and far from the others; `near_border`: inside one, with others within `BORDER_DOUBT_KM`; `outside`
    all, with some within `OUTSIDE_MAX_KM` (at sea or beyond the border); `none`. `certain` is about today: the point is
    inside, and all candidates are one province today. Whether a point at the country's border lies abroad is not told.
    """

    relation: Relation
    certain: bool
    today: tuple[Near, ...]
    before: tuple[Near, ...]


class _Shape(NamedTuple):
    code: str
    west: float
    south: float
    east: float
    north: float
    rings: list[Ring]


_lock = threading.Lock()
_file: BordersFile | None = None
_shapes: list[_Shape] | None = None


def shapes_of(scheme: str) -> Sequence[tuple[str, list[Ring]]]:
    """The shapes of the 34 provinces of today or the 63 of before by code, to be drawn; empty for another scheme."""
    if scheme == TODAY:
        return _borders().today
    return _borders().before if scheme == BEFORE else ()


def source_of_shapes() -> tuple[str, str]:
    """Where the shapes come from, and under which licence."""
    return _borders().source, _borders().licence


def _borders() -> BordersFile:
    global _file
    if _file is None:
        with _lock:
            if _file is None:
                content = (resources.files("daumoi.areas") / "data" / "vn-borders.json").read_bytes()
                _file = msgspec.json.decode(content, type=BordersFile)
    return _file


def _boxed() -> list[_Shape]:
    global _shapes
    if _shapes is None:  # threads that come at once make the same list; the last one stays
        found = []
        for code, rings in _borders().before:
            lons, lats = [lon for ring in rings for lon, _ in ring], [lat for ring in rings for _, lat in ring]
            found.append(_Shape(code, min(lons), min(lats), max(lons), max(lats), rings))
        _shapes = found
    return _shapes


def province_at(lat: float, lon: float) -> AtPoint:
    """Find the provinces a point may lie in (degrees, WGS 84). The first call reads the shapes, about 20 ms."""
    near = sorted(_provinces_near(lat, lon), key=lambda each: (not each[1], each[2], each[0]))
    if not near:
        return AtPoint("none", False, (), ())
    inside = near[0][1]
    most = BORDER_DOUBT_KM if inside else OUTSIDE_MAX_KM
    before: list[Near] = []
    today: dict[str, Near] = {}
    for code, within, distance in near:
        if within or distance <= most:
            km = 0.0 if within else distance
            before.append(Near(catalogue().units[BEFORE, code], km))
            (now,) = catalogue().successors[BEFORE, code]
            today.setdefault(now, Near(catalogue().units[TODAY, now], km))
    if not inside:
        return AtPoint("outside", False, tuple(today.values()), tuple(before))
    relation: Relation = "inside" if len(before) == 1 else "near_border"
    return AtPoint(relation, len(today) == 1, tuple(today.values()), tuple(before))


def _provinces_near(lat: float, lon: float) -> Iterator[tuple[str, bool, float]]:
    """Provinces with the point in or near them: code, whether inside, km to the border."""
    high = OUTSIDE_MAX_KM / _KM_PER_DEGREE
    wide = high / max(math.cos(math.radians(lat)), 0.01)
    for code, west, south, east, north, rings in _boxed():
        if west - wide <= lon <= east + wide and south - high <= lat <= north + high:
            within, distance = _against(rings, lat, lon)
            if within or distance <= OUTSIDE_MAX_KM:
                yield code, within, distance


def _against(rings: list[Ring], lat: float, lon: float) -> tuple[bool, float]:
    """Tell whether a point is inside the rings, and its distance to the nearest of them in km, on a flat map there."""
    east = _KM_PER_DEGREE * math.cos(math.radians(lat))
    within = False
    nearest_squared = math.inf
    for ring in rings:
        here_lon, here_lat = ring[0]
        x, y = (here_lon - lon) * east, (here_lat - lat) * _KM_PER_DEGREE
        for next_lon, next_lat in ring[1:]:
            next_x, next_y = (next_lon - lon) * east, (next_lat - lat) * _KM_PER_DEGREE
            across, up = next_x - x, next_y - y
            if (y > 0) != (next_y > 0) and x - y * across / up > 0:
                within = not within
            length = across * across + up * up
            along = -(x * across + y * up) / length if length else 0.0
            along = 0.0 if along < 0 else min(along, 1.0)
            off_x, off_y = x + along * across, y + along * up
            squared = off_x * off_x + off_y * off_y
            nearest_squared = min(squared, nearest_squared)
            x, y = next_x, next_y
    return within, math.sqrt(nearest_squared)


def nearest(lat: float, lon: float, *, count: int = 5, first_in: Collection[str] = ()) -> list[tuple[Unit, float]]:
    """Return the wards of today whose centres lie nearest to a point (degrees, WGS 84), with the distance in km.

    Wards of the provinces in `first_in` (codes of today) come before all others. Candidates, never a legal place: a
    centre says nothing of where a border runs, and a centre across a provincial border may be the nearer one.
    """
    units = catalogue().units
    near = sorted(
        (units[TODAY, code].parent not in first_in if first_in else False, _distance_km(lat, lon, *centre), code)
        for code, centre in centres().items()
    )
    return [(units[TODAY, code], distance) for _, distance, code in near[:count]]


def _distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance by the haversine formula."""
    here, there = math.radians(lat), math.radians(other_lat)
    across = math.sin((there - here) / 2) ** 2
    across += math.cos(here) * math.cos(there) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, across)))


_DEGREES = r"([+-]?\d{1,3}\.\d{1,15})°?"
_POINT = re.compile(rf"\s*\(?\s*{_DEGREES}\s*[,; ]\s*{_DEGREES}\s*\)?\s*", re.ASCII)


def read_point(text: str) -> tuple[float, float] | None:
    """Read "21.0285, 105.8542" as latitude and longitude in degrees; None when it is no point.

    Both need a decimal point, so that numbers of houses are none. The other order is taken when only it is possible.
    """
    found = _POINT.fullmatch(text)
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    if abs(lat) > 90 >= abs(lon):
        lat, lon = lon, lat
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None
