"""Units that were dissolved before the list of 2024: names that addresses still carry, and what they became.

A former unit has no code of today's or of 2024's list and no path. It is a name with its last day, the act that ended
it, and the units of vn-2024 its ground went to: one when all of it went there, several when it was split.
"""

from __future__ import annotations

import datetime
import threading
from collections import defaultdict
from collections.abc import Mapping
from importlib import resources

import msgspec

from daumoi.areas.catalogue import catalogue
from daumoi.areas.naming import taken_apart
from daumoi.areas.unit import BEFORE, Level, Unit


class DissolvedFile(msgspec.Struct, gc=False):
    """data/vn-dissolved.json: acts (id, passed, in force, title), units (full name, level, old code, act, became)."""

    acts: list[tuple[str, datetime.date, datetime.date, str]]
    units: list[tuple[str, Level, str | None, str, list[str]]]


class Former(msgspec.Struct, frozen=True, gc=False):
    """A unit that ended before the list of 2024.

    `full_name` is narrowest first. `code` is the statistics office's of its time, or None where it is not sure; some
    were given again to a unit that followed. `valid_to` is its last day (inclusive, in Viet Nam). `act` is the title
    of what ended it, in Vietnamese, passed on `act_on`. `became` is in order of codes, none preferred.
    """

    name: str
    full_name: str
    level: Level
    code: str | None
    valid_to: datetime.date
    act: str
    act_on: datetime.date
    became: tuple[Unit, ...]


_lock = threading.Lock()
_loaded: Mapping[str, tuple[Former, ...]] | None = None


def formers(loose: str) -> tuple[Former, ...]:
    """Former units by the loose key of their name without its prefix; empty for a name no former unit had."""
    return _by_name().get(loose, ())


def all_formers() -> tuple[Former, ...]:
    """Every former unit that is known."""
    return tuple(each for group in _by_name().values() for each in group)


def _by_name() -> Mapping[str, tuple[Former, ...]]:
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _read()
    return _loaded


def _read() -> Mapping[str, tuple[Former, ...]]:
    text = (resources.files("daumoi.areas") / "data" / "vn-dissolved.json").read_bytes()
    file = msgspec.json.decode(text, type=DissolvedFile)
    acts = {act: (passed_on, in_force_on, title) for act, passed_on, in_force_on, title in file.acts}
    found: dict[str, list[Former]] = defaultdict(list)
    for full_name, level, code, act, became in file.units:
        name = full_name.partition(",")[0]
        passed_on, in_force_on, title = acts[act]
        valid_to = in_force_on - datetime.timedelta(days=1)
        units = tuple(catalogue().units[BEFORE, each] for each in became)
        found[taken_apart(name).loose].append(Former(name, full_name, level, code, valid_to, title, passed_on, units))
    return {loose: tuple(group) for loose, group in found.items()}
