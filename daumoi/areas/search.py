"""Finds units by their names as people write them. What is not certain gives candidates; nothing is picked.

A place is written from the narrow to the wide: "P. Bến Nghé, Q1, TP HCM". The first part that names a unit is looked
for; the parts after it have to name what it lies in, in the scheme's own time or in the other one, because people
write new wards with old provinces and the other way round.
"""

from __future__ import annotations

import datetime
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from daumoi.areas.catalogue import catalogue
from daumoi.areas.former import Former, formers
from daumoi.areas.naming import RANKS_OF, Name, as_one_name, taken_apart, uses_accents
from daumoi.areas.selectors import find, predecessors, successors
from daumoi.areas.unit import BEFORE, TODAY, Unit

REFORM_ON = datetime.date(2025, 7, 1)
"""Law 72/2025/QH15: two levels and 34 provinces from this day on."""

_ALIASES: dict[tuple[str, str], str] = {
    ("79", TODAY): "hcm; hcmc; ho chi minh city; sai gon; saigon; sg",
    ("79", BEFORE): "hcm; hcmc; ho chi minh city; sai gon; saigon; sg",
    ("01", TODAY): "hn; hanoi; thu do ha noi",
    ("01", BEFORE): "hn; hanoi; thu do ha noi",
    ("46", BEFORE): "thua thien hue; tt hue; hue",
    ("46", TODAY): "thua thien hue; tt hue; hue",
    ("77", BEFORE): "brvt; br vt; ba ria; vung tau",
    ("66", BEFORE): "dac lac; daklak; dak lac; dac lak",
    ("66", TODAY): "dac lac; daklak; dak lac; dac lak",
    ("67", BEFORE): "dac nong; daknong",
    ("06", BEFORE): "bac can",
    ("62", BEFORE): "kontum; kon tom",
    ("48", BEFORE): "danang",
    ("48", TODAY): "danang",
}
"""Other names of provinces that people write: abbreviations, names of former times, spellings without spaces."""

_BREAK = re.compile(r"[,;|\n]+")
_LOOSE_BREAK = re.compile(r"\s[-\u2013\u2014]\s|/")
_AHEAD = re.compile(
    r"(?<=\s)(?<!thị )(?<!thi )(?=(?:thành phố|thị trấn|thị xã|đặc khu|phường|huyện|quận|tỉnh|xã|thanh pho|thi tran"
    r"|thi xa|phuong|huyen|quan|tinh|tp|tx|tt)[.\s]+\S|(?:tp|q|p|h|x)\.\s*\S|(?:q|p)\d{1,2}(?!\w)|tp[a-z]{2,})",
    re.IGNORECASE,
)
_TEXT_MAX = 300


class Match(msgspec.Struct, frozen=True):
    """One unit that the text may mean, and what it is today: one unit when that is certain, else all candidates."""

    unit: Unit
    today: tuple[Unit, ...]
    former: Former | None = None
    """The unit dissolved before 2024 that was named, when `unit` is what it became."""


class Found(msgspec.Struct, frozen=True):
    """What a text may mean. `certain` only when all that was written points to one unit, which is one unit today."""

    matches: tuple[Match, ...]
    certain: bool
    unit: Unit | None
    """The one unit that was meant, also when it was divided since; of namesakes of both schemes the one of today."""
    unread: tuple[str, ...]
    """Parts that name no unit, such as a house and its street."""


def search(text: str, *, on: datetime.date | None = None) -> Found:
    """Find what a written place may mean; with a day, only units of that day's scheme. Never raises for any text."""
    accented = uses_accents(text)
    parts = _parts(text[:_TEXT_MAX], accented)
    schemes = (TODAY, BEFORE) if on is None else (TODAY,) if on >= REFORM_ON else (BEFORE,)
    contradicts = False
    for start, part in enumerate(parts):
        named, _, former_of = _named(part, accented)
        named = [unit for unit in named if unit.scheme in schemes]
        units, unread = _inside(named, parts[start + 1 :], accented)
        if units:
            matches = tuple(_match(unit, former_of) for unit in units)
            exact = all(_named(each, accented).exact for each in parts[start:] if each not in unread)
            sure = exact and not contradicts and not unread
            certain = sure and _are_one(matches)
            meant = units[0] if certain or (sure and len(units) == 1) else None
            return Found(matches, certain, meant, (*parts[:start], *unread))
        contradicts = contradicts or bool(named)
    return Found((), False, None, tuple(parts))


def _match(unit: Unit, former_of: Mapping[str, Former]) -> Match:
    if unit.scheme == TODAY:
        return Match(unit, (unit,))
    return Match(unit, successors(BEFORE, unit.code), former_of.get(unit.code))


def _parts(text: str, accented: bool) -> list[str]:
    """Cut a text at its commas, else at dashes, else before the words and names that begin a wider unit."""
    found: list[str] = []
    for piece in _BREAK.split(text):
        found += _cut(piece.strip(" ."), accented)
    return [part for part in found if part]


def _cut(piece: str, accented: bool) -> list[str]:
    if not piece or _named(piece, accented).units:
        return [piece]
    for sign in (_LOOSE_BREAK, _AHEAD):
        parts = [part.strip(" .") for part in sign.split(piece)]
        if len(parts) > 1:
            return [cut for part in parts for cut in _cut(part, accented)]
    words = piece.split()
    for place in range(len(words) - 1, 0, -1):
        narrow, wide = " ".join(words[:place]), " ".join(words[place:])
        if _inside(_named(narrow, accented).units, [wide], accented) != ([], []) and _named(wide, accented).units:
            return [narrow, wide]
    return [piece]


def _are_one(matches: tuple[Match, ...]) -> bool:
    """Tell whether all matches are one place of today: one unit, or a unit and its namesake of before."""
    today = {unit.code for match in matches for unit in match.today}
    schemes = {match.unit.scheme for match in matches}
    return len(today) == 1 and all(match.today for match in matches) and len(schemes) == len(matches)


def _inside(units: list[Unit], wider: list[str], accented: bool) -> tuple[list[Unit], list[str]]:
    """Keep the units that lie in all the wider parts name; returns the parts that name nothing beside them.

    Returns no unit when a wider part names a unit and none of the candidates lies in it: the text contradicts itself.
    """
    unread = []
    for part in wider:
        wanted = {(unit.scheme, unit.code) for unit in _named(part, accented).units}
        within = [unit for unit in units if any((each.scheme, each.code) in wanted for each in _around(unit))]
        if within:
            units = within
        elif wanted:
            return [], []
        else:
            unread.append(part)
    return sorted(units, key=lambda unit: (_ORDER[unit.level], unit.scheme != TODAY, unit.code)), unread


_ORDER: dict[str, int] = {"province": 0, "district": 1, "ward": 2}


class _Named(NamedTuple):
    """The units that a part names, and whether it names them to the letter."""

    units: list[Unit]
    exact: bool
    former_of: Mapping[str, Former]
    """Units of 2024, by code, that are meant by the name of one that was dissolved before."""


def _named(part: str, accented: bool) -> _Named:
    """Find the units of a part: those that bear the name, and those that a dissolved unit of this name became."""
    name = taken_apart(part)
    if name.is_number:
        return _Named([], False, {})
    units, exact = _bearing(part, name, accented)
    known = {unit.code for unit in units if unit.scheme == BEFORE}
    widest = min((_ORDER[unit.level] for unit in units), default=len(_ORDER))
    former_of: dict[str, Former] = {}
    became: list[Unit] = []
    for former in formers(name.loose):
        own = taken_apart(former.name)
        # Without a prefix the wider unit is meant, if there is one: "Ninh Bình" is the province, not its old city.
        meant = own.sort == name.sort if name.sort is not None else _ORDER[former.level] <= widest
        if meant and (not accented or own.strict == name.strict):
            became += former.became
            former_of |= {unit.code: former for unit in former.became}
    if not former_of:
        return _Named(units, exact, {})
    if not exact:  # "Quận Thủ Đức" is the dissolved district to the letter, and the city only nearly
        return _Named(list(dict.fromkeys(became)), True, former_of)
    return _Named(
        units + [unit for unit in dict.fromkeys(became) if unit.code not in known],
        True,
        {code: former for code, former in former_of.items() if code not in known},
    )


def _bearing(part: str, name: Name, accented: bool) -> tuple[list[Unit], bool]:
    """Find the units that bear a name, and whether to the letter.

    Who writes accents means them, and who writes a prefix means it, if any unit has it.
    """
    units = [unit for unit in _index().get(name.loose, ()) if name.sort is None or unit.level in RANKS_OF[name.sort]]
    if not units and name.sort is not None:
        name = as_one_name(part)
        units = list(_index().get(name.loose, ()))
    exact = True
    if accented:
        same = [unit for unit in units if _own(unit).strict == name.strict or name.loose in _aliases_of(unit)]
        units, exact = same or units, bool(same)
    if name.sort is not None:
        same = [unit for unit in units if _own(unit).sort == name.sort]
        units, exact = same or units, exact and bool(same)
    return units, exact and bool(units)


def _around(unit: Unit) -> Iterable[Unit]:
    """Return what a unit lies in, by its own scheme and by what it was or became."""
    yield from _ancestors(unit)
    if unit.scheme == TODAY:
        for old in predecessors(unit.code):
            yield from (each for each in (old, *_ancestors(old)) if each.level != "ward")
    else:
        for new in successors(BEFORE, unit.code):
            yield from _ancestors(new)


def _ancestors(unit: Unit) -> Iterable[Unit]:
    while unit.parent is not None and (parent := find(unit.scheme, unit.parent)) is not None:
        yield parent
        unit = parent


def _aliases_of(unit: Unit) -> frozenset[str]:
    if unit.level != "province":
        return frozenset()
    return frozenset(alias.strip() for alias in _ALIASES.get((unit.code, unit.scheme), "").split(";") if alias.strip())


def _own(unit: Unit) -> Name:
    return _names()[unit.scheme, unit.code]


_lock = threading.Lock()
_loaded: tuple[Mapping[str, tuple[Unit, ...]], Mapping[tuple[str, str], Name]] | None = None


def _both() -> tuple[Mapping[str, tuple[Unit, ...]], Mapping[tuple[str, str], Name]]:
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _built()
    return _loaded


def _built() -> tuple[Mapping[str, tuple[Unit, ...]], Mapping[tuple[str, str], Name]]:
    names: dict[tuple[str, str], Name] = {}
    index: dict[str, list[Unit]] = defaultdict(list)
    for (scheme, code), unit in catalogue().units.items():
        if scheme in (TODAY, BEFORE):
            name = names[scheme, code] = taken_apart(unit.name)
            for key in sorted({name.loose, *_aliases_of(unit)}):
                index[key].append(unit)
    return {key: tuple(units) for key, units in index.items()}, names


def _index() -> Mapping[str, tuple[Unit, ...]]:
    return _both()[0]


def _names() -> Mapping[tuple[str, str], Name]:
    return _both()[1]
