"""Epidemic levels of an area: by figures of a week, coverage of vaccination, and capacity of care."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Bounds, Parameters, Part

Rate = Literal["new_cases", "oxygen_patients", "deaths"]
Share = Literal["adults_vaccinated", "elderly_vaccinated", "fully_vaccinated", "vulnerable_vaccinated"]


class Edge(Part, frozen=True, kw_only=True):
    """Where one band ends and the next begins."""

    at: Annotated[float, Meta(ge=0)]
    belongs_to: Literal["lower", "upper"]


class RateBands(Part, frozen=True, kw_only=True):
    """Bands of a figure per 100,000 inhabitants and week, the lowest first; n edges make n + 1 bands."""

    figure: Rate
    edges: Annotated[tuple[Edge, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Edges go upwards."""
        at = [edge.at for edge in self.edges]
        if sorted(set(at)) != at:
            raise ValueError("edges must go upwards")

    def band(self, value: float) -> int:
        """Return the band of a figure, from 0."""
        return sum(value > edge.at or (value == edge.at and edge.belongs_to == "upper") for edge in self.edges)


class Coverage(Part, frozen=True, kw_only=True):
    """A share of people vaccinated that has to be reached, in percent."""

    figure: Share
    percent: Bounds


class EpidemicLevel(Parameters, frozen=True, kw_only=True):
    """The level of an area, 1 the lowest: the worst band of the rates, read in the row of the coverage."""

    GROUP: ClassVar[str] = "epidemic_level"
    TITLE_EN: ClassVar[str] = "Epidemic level of an area"
    TITLE_VI: ClassVar[str] = "Cấp độ dịch"

    unit: Literal["ward", "district", "province"]
    colours: Annotated[tuple[str, ...], Meta(min_length=2)]
    """The colour of each level, the lowest first."""
    rates: Annotated[tuple[RateBands, ...], Meta(min_length=1)]
    rates_not_given: tuple[Rate, ...] = ()
    """Figures that the text judges by bands that are not known; they change no level, and answers say so."""
    coverage: tuple[Coverage, ...] = ()
    levels_when_covered: tuple[int, ...]
    """The level of each band when all shares of `coverage` are reached."""
    levels_when_not_covered: tuple[int, ...]
    falls_only_with_capacity: bool
    """Whether a level stays where it is as long as the capacity of care does not suffice."""

    def __post_init__(self) -> None:
        """Both rows of levels fit the bands, never fall with a worse band, and never lie lower without coverage."""
        bands = max(len(rate.edges) for rate in self.rates) + 1
        rows = (self.levels_when_covered, self.levels_when_not_covered)
        if any(len(row) != bands for row in rows):
            raise ValueError("the rows of levels need one level for each band")
        if any(not 1 <= level <= len(self.colours) for row in rows for level in row):
            raise ValueError("levels go from 1 to the number of colours")
        if any(list(row) != sorted(row) for row in rows):
            raise ValueError("a worse band must not give a lower level")
        if any(less > more for less, more in zip(*rows, strict=True)):
            raise ValueError("less coverage must not give a lower level")
