"""What is asked of the board: which days, which area, as known when. It stands in the address and can be passed on.

No address holds personal data: days, codes of areas, names of kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from urllib.parse import urlencode

from django.utils.translation import gettext

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY, Unit
from daumoi.console.day_field import FORMAT
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.kinds.registry import KINDS
from daumoi.situation.units import provinces_before

DAYS_MAX = 800
_MOMENT_FORM = f"{FORMAT} %H:%M"
"""Of one question: the two years of the epidemic."""
SHOWN = ("records", "denied", "symptomatic", "official", *KINDS)
"""What the map can show: all records, a measure, official figures, or the records of one kind."""


@dataclass(frozen=True)
class Area:
    """An area that was asked for: a province or ward of today, or a province of before 1 July 2025."""

    unit: Unit

    @property
    def key(self) -> str:
        """As it stands in an address."""
        return f"{self.unit.scheme}/{self.unit.code}"

    @property
    def paths(self) -> tuple[str, ...] | None:
        """Paths of today that the figures are narrowed to; None where `before` narrows them."""
        return None if self.before else (self.unit.path,)

    @property
    def before(self) -> str | None:
        """Code of a province of before; None for a unit of today."""
        return self.unit.code if self.unit.scheme == BEFORE else None

    @property
    def province(self) -> str:
        """Code of the province of today whose wards are shown."""
        return self.unit.path.split(".")[1]

    @property
    def is_ward(self) -> bool:
        """Whether it is a ward of today."""
        return self.unit.level == "ward"


@dataclass(frozen=True)
class Question:
    """What one page of the board is asked."""

    first: date
    last: date
    today: date
    area: Area | None = None
    scheme: str = TODAY
    known: datetime | None = None
    """A moment; None is now."""
    show: str = "records"
    official: str = ""
    """`indicator/span/system` of official figures; empty: the first there are."""
    wall: bool = False
    faults: tuple[str, ...] = field(default=(), compare=False)
    """What of the address could not be read, in words for the reader."""

    @cached_property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def fields(self, **changes: object) -> dict[str, str]:
        """Return what stands in the address, with some of it changed; what is usual is left out."""
        asked = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        told = {
            "from": asked.first.isoformat() if asked.first != asked.today or asked.last != asked.today else "",
            "to": asked.last.isoformat() if asked.last != asked.first else "",
            "area": asked.area.key if asked.area else "",
            "scheme": asked.scheme if asked.scheme != TODAY else "",
            "known": written(asked.known),
            "show": asked.show if asked.show != "records" else "",
            "official": asked.official,
            "wall": "1" if asked.wall else "",
        }
        return {name: value for name, value in told.items() if value}

    def address(self, path: str, **changes: object) -> str:
        """Return an address of a page with this question, some of it changed."""
        asked = self.fields(**changes)
        return f"{path}?{urlencode(asked)}" if asked else path


def written(moment: datetime | None) -> str:
    """Write a moment as an address holds it: of UTC+7, to the minute."""
    return moment.astimezone(VIET_NAM_TIME).strftime("%Y-%m-%dT%H:%M") if moment else ""


def in_field(moment: datetime | None) -> str:
    """Write a moment as a field shows it, dd/mm/yyyy hh:mm: a browser's own field writes as its machine is set."""
    return moment.astimezone(VIET_NAM_TIME).strftime(_MOMENT_FORM) if moment else ""


def question(asked: Mapping[str, str], *, now: datetime, days_max: int = DAYS_MAX) -> Question:
    """Read an address; what cannot be read is left at what is usual, and told among the faults."""
    today = now.astimezone(VIET_NAM_TIME).date()
    faults: list[str] = []
    first = _day(asked.get("from", ""), faults)
    last = _day(asked.get("to", ""), faults)
    first, last = first or last or today, last or first or today
    if last < first:
        first, last = last, first
    if (last - first).days >= days_max:
        said = gettext("At most %(days)s days are shown at once; the last ones were taken.")
        faults.append(said % {"days": days_max})
        first = last - timedelta(days=days_max - 1)
    area = area_of(asked.get("area", ""), faults)
    scheme = asked.get("scheme", "")
    if scheme not in (TODAY, BEFORE):
        scheme = area.unit.scheme if area else TODAY
    show = asked.get("show", "records")
    return Question(
        first=first,
        last=last,
        today=today,
        area=area,
        scheme=scheme,
        known=moment_of(asked.get("known", ""), faults, now=now),
        show=show if show in SHOWN else "records",
        official=asked.get("official", "")[:80],
        wall=asked.get("wall") == "1",
        faults=tuple(faults),
    )


def _read(text: str, form: str) -> datetime:
    """Read what an address or a field holds; raises ValueError."""
    try:
        return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the offset is given by who asks
    except ValueError:
        return datetime.fromisoformat(text)


def _day(text: str, faults: list[str]) -> date | None:
    try:
        found = _read(text, FORMAT) if text else None
    except ValueError:
        faults.append(gettext("A day could not be read. Write it as 01/08/2021."))
        return None
    return found.date() if found else None


def moment_of(text: str, faults: list[str], *, now: datetime) -> datetime | None:
    """Read a moment of UTC+7; one to come, or none, is now."""
    if not text:
        return None
    try:
        moment = _read(text, _MOMENT_FORM)
    except ValueError:
        faults.append(gettext("The moment could not be read. Write it as 01/08/2021 16:00."))
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=VIET_NAM_TIME)
    return moment if moment < now else None


def area_of(text: str, faults: list[str]) -> Area | None:
    """Read an area: `vn-2025/79`, a ward of today, or a province of before (`vn-2024/74`)."""
    if not text:
        return None
    scheme, _, code = text.partition("/")
    unit = areas.find(scheme, code)
    wanted = unit is not None and (
        (scheme == TODAY and unit.level in ("province", "ward")) or (scheme == BEFORE and unit.level == "province")
    )
    if unit is None or not wanted:
        faults.append(gettext("The area of the address is not known. Choose one from the list."))
        return None
    return Area(unit)


@lru_cache(maxsize=4)
def provinces_of(scheme: str) -> tuple[Unit, ...]:
    """Return the provinces of a scheme, by name."""
    units = (areas.find(scheme, code) for code in areas.codes_of(scheme))
    return tuple(
        sorted((unit for unit in units if unit and unit.level == "province"), key=lambda unit: bare(unit.name))
    )


def bare(name: str) -> str:
    """Return a name without what it is a name of: "Hà Nội" of "Thành phố Hà Nội"."""
    for prefix in ("Thành phố ", "Tỉnh "):
        name = name.removeprefix(prefix)
    return name


@lru_cache(maxsize=64)
def wards_within(before: str) -> frozenset[str]:
    """Return the codes of the wards of today that were one old province's alone."""
    return frozenset(
        unit.code
        for code in areas.codes_of(TODAY)
        if (unit := areas.find(TODAY, code)) and unit.level == "ward" and provinces_before(unit) == {before}
    )
