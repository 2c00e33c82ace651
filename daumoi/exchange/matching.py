"""Whether a record lies within what an agreement gives: by its area, and by who sent it. One look a distinct place.

A record is given when it certainly lies in an area of the agreement: its stored path lies in what the area is today, or
it was sent with a code of that area's own scheme that lies in it. A record without an area, or of a divided ward that
might lie outside, is given only where the agreement names no area.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from daumoi.accounts.scope import EVERYWHERE, Scope
from daumoi.areas import selectors as areas
from daumoi.areas.coverage import paths_within
from daumoi.exchange.terms import AreaRef

Place = tuple[str | None, str | None, str | None]
"""Of a record: its stored path, and scheme and code as sent."""


class Matcher:
    """The predicate of one version of an agreement; `senders` are the provider's systems, None for all."""

    __slots__ = ("_senders", "_units", "scope")

    def __init__(self, named: Iterable[AreaRef], senders: frozenset[int] | None = None) -> None:
        """Work out once what the areas are today."""
        units = frozenset((area.scheme, area.code) for area in named)
        self._units, self._senders = units, senders
        self.scope = scope_of(units) if units else EVERYWHERE

    @property
    def gives_all(self) -> bool:
        """Whether nothing is left out."""
        return not self._units and self._senders is None

    def covers(self, place: Place, system_id: int) -> bool:
        """Tell whether a record of this place and sender is given."""
        return self.covers_sender(system_id) and self.covers_place(place)

    def covers_sender(self, system_id: int) -> bool:
        """Tell whether records of this sender may be given."""
        return self._senders is None or system_id in self._senders

    def covers_place(self, place: Place) -> bool:
        """Tell whether a record of this place is given, whoever sent it."""
        if not self._units:
            return True
        path, scheme, code = place
        if self.scope.covers(path):
            return True
        return (
            scheme is not None
            and code is not None
            and any(each in self._units for each in _unit_and_above(scheme, code))
        )


@lru_cache(maxsize=4096)
def scope_of(units: frozenset[tuple[str, str]]) -> Scope:
    """Return the scope over the paths of today that lie wholly within some areas."""
    paths = {path for scheme, code in units for path in paths_within(scheme, code)}
    return Scope.of(member_id=None, label="agreement", rights=(), paths=paths)


@lru_cache(maxsize=32_768)
def _unit_and_above(scheme: str, code: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    next_code: str | None = code
    while next_code is not None and (unit := areas.find(scheme, next_code)) is not None:
        found.append((scheme, next_code))
        next_code = unit.parent
    return tuple(found)


class Routes:
    """Which of many destinations get a record: worked out once for each distinct place and sender.

    One pass over a batch finds all its receivers, however many there are.
    """

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        """Take the matchers of all destinations; they are named by their positions."""
        self._matchers = matchers
        self._all = tuple(number for number, matcher in enumerate(matchers) if matcher.gives_all)
        self._some = [(number, matcher) for number, matcher in enumerate(matchers) if not matcher.gives_all]
        self._known: dict[tuple[Place, int], tuple[int, ...]] = {}

    def of(self, place: Place, system_id: int) -> tuple[int, ...]:
        """Return the positions of the destinations that a record of this place and sender goes to."""
        found = self._known.get((place, system_id))
        if found is None:
            more = tuple(number for number, matcher in self._some if matcher.covers(place, system_id))
            found = self._known[place, system_id] = tuple(sorted(self._all + more)) if more else self._all
        return found
