"""The epidemic level of an area."""

from dataclasses import dataclass

from daumoi.rulepacks.evaluation.three_valued import all_of
from daumoi.rulepacks.vocabulary.levels import EpidemicLevel


@dataclass(frozen=True)
class AreaFigures:
    """Figures of an area: rates per 100,000 inhabitants and week, shares in percent. None: no data, never zero."""

    new_cases: float | None = None
    oxygen_patients: float | None = None
    deaths: float | None = None
    adults_vaccinated: float | None = None
    elderly_vaccinated: float | None = None
    fully_vaccinated: float | None = None
    vulnerable_vaccinated: float | None = None
    capacity_suffices: bool | None = None
    level_before: int | None = None


@dataclass(frozen=True)
class Levelled:
    """The level of an area with its colour, or None with the figures that are missing."""

    level: int | None
    colour: str | None
    missing: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    """Figures that the text judges and the pack has no bands for."""


def rate_per_100k(count: int, *, inhabitants: int) -> float:
    """Return a count per 100,000 inhabitants; `inhabitants` are those of the same area at the same time."""
    if inhabitants <= 0:
        raise ValueError("a rate needs inhabitants")
    return count * 100_000 / inhabitants


def level(value: EpidemicLevel, figures: AreaFigures) -> Levelled:
    """Return the level of an area: the worst band of its rates, in the row of its coverage.

    A share that is not known leaves the level open, unless both rows agree. Where a level falls only with capacity, it
    stays at `level_before` unless the capacity is known to suffice.
    """
    known = [(rate, getattr(figures, rate.figure)) for rate in value.rates]
    missing = [rate.figure for rate, figure in known if figure is None]
    not_judged = tuple(name for name in value.rates_not_given if getattr(figures, name) is not None)
    if missing:
        return Levelled(None, None, tuple(missing), not_judged)
    band = max(rate.band(figure) for rate, figure in known)
    covered = all_of(share.percent.holds(getattr(figures, share.figure)) for share in value.coverage)
    with_it, without = value.levels_when_covered[band], value.levels_when_not_covered[band]
    if covered is None and with_it != without:
        unknown = [share.figure for share in value.coverage if getattr(figures, share.figure) is None]
        return Levelled(None, None, tuple(unknown), not_judged)
    found = without if covered is False else with_it
    if value.falls_only_with_capacity and figures.level_before is not None and figures.capacity_suffices is not True:
        found = max(found, min(figures.level_before, len(value.colours)))
    return Levelled(found, value.colours[found - 1], (), not_judged)
