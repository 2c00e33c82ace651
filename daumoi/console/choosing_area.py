"""Choosing an administrative unit in a form: written as people write it, found in either scheme, then ticked.

Without a script: the button beside the text sends the whole form back with what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from daumoi.areas import selectors as areas
from daumoi.areas.coverage import paths_within
from daumoi.areas.search import search
from daumoi.areas.selectors import full_name
from daumoi.areas.unit import BEFORE, TODAY, Unit

_SHOWN = 20
_SCHEMES = (TODAY, BEFORE)


@dataclass(frozen=True)
class Candidate:
    """One unit that can be ticked."""

    value: str
    """SCHEME/CODE."""
    name: str
    is_former: bool
    covered: int
    """How many paths of today it means; 0: none for certain, so it cannot be chosen."""


@dataclass(frozen=True)
class AreaChoice:
    """What was written, what may be meant, and what was ticked."""

    text: str = ""
    chosen: Unit | None = None
    paths: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    total: int = 0
    fault: str = ""

    @property
    def value(self) -> str:
        """The unit that was ticked, as SCHEME/CODE."""
        return f"{self.chosen.scheme}/{self.chosen.code}" if self.chosen else ""


def chosen(data: Mapping[str, str]) -> AreaChoice:
    """Read the choice of a form: `area_text`, and `area` as SCHEME/CODE. Never raises."""
    text = data.get("area_text", "").strip()[:300]
    scheme, _, code = data.get("area", "").partition("/")
    unit = areas.find(scheme, code) if scheme in _SCHEMES else None
    paths = paths_within(scheme, code) if unit else ()
    matches = [match.unit for match in search(text).matches] if text else []
    if unit is not None and unit not in matches:
        matches.insert(0, unit)
    fault = ""
    if data.get("area") and not paths:
        fault = gettext("This unit means no unit of today for certain. Choose narrower or wider ones.")
        unit = None
    elif text and not matches:
        fault = gettext("No unit has this name. Check the spelling, or leave the narrowest part out.")
    return AreaChoice(
        text=text,
        chosen=unit,
        paths=paths,
        candidates=tuple(_candidate(each) for each in matches[:_SHOWN]),
        total=len(matches),
        fault=fault,
    )


@dataclass(frozen=True)
class AreasChoice:
    """Several units: those that were ticked, and what a further name may mean."""

    text: str = ""
    chosen: tuple[Unit, ...] = ()
    kept: tuple[Candidate, ...] = ()
    """The ticked ones as they are shown."""
    candidates: tuple[Candidate, ...] = ()
    """Found by the text, and not ticked."""
    total: int = 0
    fault: str = ""


def several(text: str, values: Iterable[str]) -> AreasChoice:
    """Read the choice of several units: ticked ones as SCHEME/CODE, and a name to look for. Never raises."""
    text = text.strip()[:300]
    parts = [value.partition("/")[::2] for value in dict.fromkeys(values)]
    units = [areas.find(scheme, code) if scheme in _SCHEMES else None for scheme, code in parts]
    ticked = tuple(unit for unit in units if unit is not None)
    matches = [match.unit for match in search(text).matches] if text else []
    fault = ""
    if len(ticked) < len(parts):
        fault = gettext("One of the units is not known any more. Look for it by its name.")
    elif text and not matches:
        fault = gettext("No unit has this name. Check the spelling, or leave the narrowest part out.")
    return AreasChoice(
        text=text,
        chosen=ticked,
        kept=tuple(_candidate(each) for each in ticked),
        candidates=tuple(_candidate(each) for each in matches if each not in ticked)[:_SHOWN],
        total=len(matches),
        fault=fault,
    )


def _candidate(unit: Unit) -> Candidate:
    return Candidate(
        f"{unit.scheme}/{unit.code}",
        full_name(unit),
        unit.scheme == BEFORE,
        len(paths_within(unit.scheme, unit.code)),
    )


def area_name(scheme: str | None, code: str | None) -> str:
    """Name an area as it was given; nationwide without one."""
    if scheme is None or code is None:
        return gettext("nationwide")
    unit = areas.find(scheme, code)
    name = full_name(unit) if unit else f"{scheme}/{code}"
    return gettext("%(name)s (until 30 June 2025)") % {"name": name} if scheme == BEFORE else name


def path_name(path: str) -> str:
    """Name a path of today."""
    unit = areas.find(TODAY, path.rpartition(".")[2])
    return unit.name if unit else path
