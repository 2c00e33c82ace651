"""What every group of parameters is made of."""

from typing import ClassVar

import msgspec


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a group of parameters."""

    CODE_FIELDS: ClassVar[dict[str, str]] = {}
    """Fields that hold codes, and the code list each belongs to."""


class Parameters(Part, frozen=True, kw_only=True):
    """The parameters of one rule of one group."""

    GROUP: ClassVar[str]
    TITLE_EN: ClassVar[str]
    TITLE_VI: ClassVar[str]


class Bounds(Part, frozen=True, kw_only=True):
    """What a quantity must satisfy; each bound says by its name whether it belongs to the range."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing, or two at one end."""
        if self.at_least is not None and self.above is not None:
            raise ValueError("give at_least or above, not both")
        if self.at_most is not None and self.below is not None:
            raise ValueError("give at_most or below, not both")
        if not self.edges():
            raise ValueError("give at least one of at_least, above, at_most, below")

    def holds(self, value: float | None) -> bool | None:
        """Tell whether a quantity lies within; None when it is not known."""
        if value is None:
            return None
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    def edges(self) -> list[float]:
        """Return the bounds that are given."""
        return [edge for edge in (self.at_least, self.above, self.at_most, self.below) if edge is not None]


class Wording(Part, frozen=True, kw_only=True):
    """One item of a form as the form words it, and the codes of the symptom list that it stands for."""

    CODE_FIELDS: ClassVar[dict[str, str]] = {"codes": "symptom"}

    codes: tuple[str, ...]
    vi: str
    en: str
