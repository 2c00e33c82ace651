"""Entry spikes: daily figures that stand out so far from the days around them that they are late or double entries.

A robust rule, no judgement: what is flagged is shown with a mark and never changed or left out. The identifier of
Hampel (1974, "The influence curve and its role in robust estimation", J Am Stat Assoc 69:383-93; as a moving window in
Pearson 2002, "Outliers in process modeling and identification", IEEE Trans Control Syst Technol 10:55-63): a value is
held against the median of the days around it, in units of their median absolute deviation. Counts have their own noise,
so the unit is never less than the square root of the median, that of a Poisson count. Days that were not entered
(zero, where chance alone cannot give zero) are found first and left out of what others are held against: entered in
bulk afterwards, they would widen the very unit that has to find the bulk.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple, TypeAlias

WINDOW_DAYS = 7
"""Days before and after that a value is held against."""
DEVIATIONS = 5.0
"""How many units away a value must be. Hampel's usual 3 alone would mark one day in 30 of the provinces' figures of
2021."""
RATIO = 3.0
"""How many times the median a spike must be: a wave that doubles within days is no entry error."""
DAYS_NEEDED = 5
"""Known days around, less than which nothing is said."""
SMALLEST_EXCESS = 100
"""Units above the median that a spike must have: in a province with three cases a day, twenty are a family."""
_TO_SIGMA = 1.4826
"""Makes the median absolute deviation of normal values their standard deviation."""

Mark: TypeAlias = Literal["spike", "gap"]


class Flag(NamedTuple):
    """A day whose figure stands out."""

    day: int
    """Its place in the series, from 0."""
    mark: Mark
    """`spike`: far more than around; `gap`: none at all where there are many around."""
    value: int
    usual: float
    """The median of the days around."""
    deviations: float
    """How many units away the value is."""


def flags(
    values: Sequence[int | None],
    *,
    window_days: int = WINDOW_DAYS,
    deviations: float = DEVIATIONS,
    ratio: float = RATIO,
    smallest_excess: int = SMALLEST_EXCESS,
) -> list[Flag]:
    """Return the days of a series that stand out, in order.

    values: figures new on the day, oldest first, one a calendar day; None where nothing was reported, which is held
    against nothing and never taken as zero. The last `window_days` days have fewer days after them, so what is said
    of them may change. Raises ValueError for a window of less than a day.
    """
    if window_days < 1:
        raise ValueError("the window is at least one day to each side")
    gaps = [
        Flag(place, "gap", 0, usual, math.sqrt(usual))
        for place, value in enumerate(values)
        if value == 0 and (usual := _median_around(values, place, window_days)) is not None and usual >= deviations**2
    ]
    entered = list(values)
    for gap in gaps:
        entered[gap.day] = None
    spikes = []
    for place, value in enumerate(entered):
        usual = _median_around(entered, place, window_days)
        if value is None or usual is None or value <= ratio * usual or value - usual < smallest_excess:
            continue
        spread = _TO_SIGMA * median(abs(each - usual) for each in _around(entered, place, window_days))
        away = (value - usual) / max(spread, math.sqrt(usual), 1.0)
        if away >= deviations:
            spikes.append(Flag(place, "spike", value, usual, away))
    return sorted([*gaps, *spikes])


def _median_around(values: Sequence[int | None], place: int, window_days: int) -> float | None:
    """Return the median of the known days around one; None when too few are known."""
    around = _around(values, place, window_days)
    return float(median(around)) if len(around) >= min(DAYS_NEEDED, window_days) else None


def _around(values: Sequence[int | None], place: int, window_days: int) -> list[int]:
    before = values[max(0, place - window_days) : place]
    after = values[place + 1 : place + 1 + window_days]
    return [each for each in (*before, *after) if each is not None]
