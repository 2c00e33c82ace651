"""Which checkpoints of several systems are one place in the world: each system names its own."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from daumoi.areas.naming import taken_apart

WITHIN_M = 150.0
"""Checkpoints of different systems this near are taken as one; a gate and its scanner's map pin differ by some 50 m."""
_METRES_PER_DEGREE = 111_195.0


class Checkpoint(NamedTuple):
    """A checkpoint as its record says."""

    place: int
    system_id: int
    name: str
    ward: str
    """Path of its unit; empty when not known."""
    lat: float | None
    lon: float | None


def sites(checkpoints: Iterable[Checkpoint]) -> dict[int, int]:
    """Return the site of each place: the lowest number of the places that are one.

    Two are one when they are of different systems and lie within WITHIN_M, or, where a location is missing, have the
    same name in the same ward. What is one with a third is one with both. Places of one system are never joined
    by their own nearness: a system knows its gates apart.
    """
    given = sorted(checkpoints)
    leader = {each.place: each.place for each in given}

    def lead(place: int) -> int:
        while leader[place] != place:
            place = leader[place]
        return place

    def join(one: int, other: int) -> None:
        low, high = sorted((lead(one), lead(other)))
        leader[high] = low

    for group in _near_groups(given):
        for at, one in enumerate(group):
            for other in group[at + 1 :]:
                if one.system_id != other.system_id and _is_one(one, other):
                    join(one.place, other.place)
    return {place: lead(place) for place in leader}


def _near_groups(checkpoints: list[Checkpoint]) -> Iterable[list[Checkpoint]]:
    """Yield groups of checkpoints that may be one: of neighbouring squares of the grid, and of one name and ward."""
    squares: dict[tuple[int, int], list[Checkpoint]] = defaultdict(list)
    named: dict[tuple[str, str], list[Checkpoint]] = defaultdict(list)
    for each in checkpoints:
        if each.lat is not None and each.lon is not None:
            squares[_square(each.lat, each.lon)].append(each)
        if each.ward and each.name:
            named[each.ward, taken_apart(each.name).loose].append(each)
    for (row, column), group in squares.items():
        # Half of the neighbours: the other half looks at this one.
        for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
            yield [*group, *squares.get((row + down, column + right), ())]
    yield from named.values()


_SQUARE_DEGREES = 0.004
"""Wider than WITHIN_M to the north everywhere, and to the east up to 70 degrees of latitude."""


def _square(lat: float, lon: float) -> tuple[int, int]:
    return math.floor(lat / _SQUARE_DEGREES), math.floor(lon / _SQUARE_DEGREES)


def _is_one(one: Checkpoint, other: Checkpoint) -> bool:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return (
            bool(one.ward) and one.ward == other.ward and taken_apart(one.name).loose == taken_apart(other.name).loose
        )
    north = (one.lat - other.lat) * _METRES_PER_DEGREE
    east = (one.lon - other.lon) * _METRES_PER_DEGREE * math.cos(math.radians((one.lat + other.lat) / 2))
    return math.hypot(north, east) <= WITHIN_M
