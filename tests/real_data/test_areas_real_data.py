"""The compiled tables and shapes against published ones."""

from __future__ import annotations

import csv
import functools
import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from daumoi.areas.points import province_at
from daumoi.areas.selectors import centre, codes_of, find, successors
from daumoi.areas.unit import BEFORE, TODAY

TABLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "vn_admin" / "provinces_63_to_34.csv"
pytestmark = pytest.mark.skipif(not TABLE.parents[1].is_dir(), reason="shared/data is absent")


def test_every_old_province_goes_where_the_published_table_says() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        published = {
            (row["code63"], row["full_name63"], row["code34"], row["full_name34"]) for row in csv.DictReader(file)
        }
    ours = {
        (old.code, old.name, new.code, new.name)
        for code in codes_of(BEFORE)
        if (old := find(BEFORE, code)) is not None and old.level == "province"
        for new in successors(BEFORE, code)
    }
    assert len(published) == 63
    assert ours == published


@functools.cache
def published_shapes(name: str) -> dict[str, BaseGeometry]:
    features = json.loads((TABLE.parent / name).read_text("utf-8"))["features"]
    return {each["properties"]["code"]: shapely.make_valid(shape(each["geometry"])) for each in features}


def points_within(name: str, step: float) -> list[tuple[float, float, str]]:
    """Latitude, longitude and published province of points on a grid of `step` degrees."""
    found = []
    for code, province in published_shapes(name).items():
        west, south, east, north = province.bounds
        for row in range(int(south / step), int(north / step) + 1):
            for column in range(int(west / step), int(east / step) + 1):
                if province.contains(Point(column * step, row * step)):
                    found.append((row * step, column * step, code))
    return found


@pytest.mark.parametrize("scheme", [BEFORE, TODAY])
def test_points_of_the_published_shapes_lie_in_the_same_province(scheme: str) -> None:
    """Both come from Natural Earth, by other ways; the published ones keep its borders of before 2004."""
    points = points_within("vn_provinces_63.geojson" if scheme == BEFORE else "vn_provinces_34.geojson", 0.07)
    assert len(points) > 5_000
    inside = among = 0
    for lat, lon, code in points:
        found = province_at(lat, lon)
        near = found.before if scheme == BEFORE else found.today
        inside += [each.unit.code for each in near if each.distance_km == 0] == [code]
        among += code in [each.unit.code for each in near]
    assert inside / len(points) >= 0.965
    assert among / len(points) >= 0.975


def test_more_ward_centres_lie_in_their_province_than_in_the_published_shapes() -> None:
    ours = published = count = 0
    shapes = published_shapes("vn_provinces_34.geojson")
    for code in codes_of(TODAY):
        unit, where = find(TODAY, code), centre(code)
        if unit is not None and unit.parent is not None and where is not None:
            count += 1
            ours += [near.unit.code for near in province_at(*where).today if near.distance_km == 0] == [unit.parent]
            published += bool(shapes[unit.parent].covers(Point(where[1], where[0])))
    assert count > 3_000
    assert ours > published
    assert ours / count >= 0.975
    assert published / count >= 0.93


@pytest.mark.parametrize(
    ("lat", "lon", "before", "today"),
    [
        (21.0285, 105.8542, "Thành phố Hà Nội", "Thành phố Hà Nội"),
        (10.7769, 106.7009, "Thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        (9.2850, 105.7244, "Tỉnh Bạc Liêu", "Tỉnh Cà Mau"),
        (19.5, 107.5, None, None),
        (17.9667, 102.6, None, None),
    ],
)
def test_the_known_answers_of_the_published_shapes_are_ours(
    lat: float, lon: float, before: str | None, today: str | None
) -> None:
    found = province_at(lat, lon)
    assert [near.unit.name for near in found.before] == ([before] if before else [])
    assert [near.unit.name for near in found.today] == ([today] if today else [])
