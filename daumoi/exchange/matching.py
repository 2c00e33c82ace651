"""Whether a record lies within what an agreement gives: by its area, and by who sent it. One look a distinct place.

A record is given when it certainly lies in an area of the agreement: its stored path lies in what the area is today, or
it was sent with a code of that area's own scheme that lies in it. A record without an area, or of a divided ward that
might lie outside, is given only where the agreement names no area.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from daumoi.accounts.scope import EVERYWHERE, Scope, self_and_above
from daumoi.areas import selectors as areas
from daumoi.areas.coverage import paths_within
from daumoi.exchange.terms import AreaRef

Place = tuple[str | None, str | None, str | None]
"""Of a record: its stored path, and scheme and code as sent."""
Unit = tuple[str, str]
"""Scheme and code."""


class Matcher:
    """The predicate of one version of an agreement; `senders` are the provider's systems, None for all."""

    __slots__ = ("scope", "senders", "units")

    def __init__(self, units: frozenset[Unit], senders: frozenset[int] | None = None) -> None:
        """Work out once what the areas are today; without any all places are given, without senders all of them."""
        self.units, self.senders = units, senders
        self.scope = scope_of(units) if units else EVERYWHERE

    @property
    def gives_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.units and self.senders is None

    def covers(self, place: Place, system_id: int) -> bool:
        """Tell whether a record of this place and sender is given."""
        return self.covers_sender(system_id) and self.covers_place(place)

    def covers_sender(self, system_id: int) -> bool:
        """Tell whether records of this sender may be given."""
        return self.senders is None or system_id in self.senders

    def covers_place(self, place: Place) -> bool:
        """Tell whether a record of this place is given, whoever sent it."""
        if not self.units:
            return True
        path, scheme, code = place
        if self.scope.covers(path):
            return True
        return (
            scheme is not None
            and code is not None
            and any(each in self.units for each in _unit_and_above(scheme, code))
        )


@lru_cache(maxsize=4096)
def matcher_of(areas_named: tuple[AreaRef, ...], senders: frozenset[int] | None) -> Matcher:
    """Return the matcher of some areas and senders; the same for the same ones."""
    return Matcher(frozenset((area.scheme, area.code) for area in areas_named), senders)


@lru_cache(maxsize=4096)
def scope_of(units: frozenset[Unit]) -> Scope:
    """Return the scope over the paths of today that lie wholly within some areas."""
    paths = {path for scheme, code in units for path in paths_within(scheme, code)}
    return Scope.of(member_id=None, label="agreement", rights=(), paths=paths)


@lru_cache(maxsize=32_768)
def _unit_and_above(scheme: str, code: str) -> tuple[Unit, ...]:
    found: list[Unit] = []
    next_code: str | None = code
    while next_code is not None and (unit := areas.find(scheme, next_code)) is not None:
        found.append((scheme, next_code))
        next_code = unit.parent
    return tuple(found)


_PLACES_KEPT = 20_000


class Routes:
    """Which of many destinations get a record, by the areas that it lies in and not by asking each of them.

    One pass over a batch finds all its receivers, however many there are: a record has five areas at most.
    """

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        """Take the matchers of all destinations; they are named by their positions."""
        self._everywhere = tuple(number for number, matcher in enumerate(matchers) if not matcher.units)
        self._by_sender = {
            number: matcher.senders for number, matcher in enumerate(matchers) if matcher.senders is not None
        }
        self._by_path: dict[str, list[int]] = {}
        self._by_unit: dict[Unit, list[int]] = {}
        for number, matcher in enumerate(matchers):
            if not matcher.units:
                continue
            for path in matcher.scope.paths or ():
                self._by_path.setdefault(path, []).append(number)
            for unit in matcher.units:
                self._by_unit.setdefault(unit, []).append(number)
        self._known: dict[tuple[Place, int], tuple[int, ...]] = {}

    def of(self, place: Place, system_id: int) -> tuple[int, ...]:
        """Return the positions of the destinations that a record of this place and sender goes to."""
        found = self._known.get((place, system_id))
        if found is None:
            if len(self._known) >= _PLACES_KEPT:
                self._known.clear()
            found = self._known[place, system_id] = tuple(sorted(self._find(place, system_id)))
        return found

    def _find(self, place: Place, system_id: int) -> Iterator[int]:
        path, scheme, code = place
        numbers = set(self._everywhere)
        for each in self_and_above(path) if path else ():
            numbers.update(self._by_path.get(each, ()))
        if scheme is not None and code is not None:
            for unit in _unit_and_above(scheme, code):
                numbers.update(self._by_unit.get(unit, ()))
        return (n for n in numbers if n not in self._by_sender or system_id in self._by_sender[n])


@lru_cache(maxsize=64)
def routes_of(matchers: tuple[Matcher, ...]) -> Routes:
    """Return the routes of several matchers, kept while the same ones are asked for."""
    return Routes(matchers)
