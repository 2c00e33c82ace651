"""Cases: who is confirmed, who is suspected, how long a case is in isolation."""

from typing import Annotated, ClassVar

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Parameters, Part, Wording
from daumoi.rulepacks.vocabulary.contacts import Days


class CaseCriterion(Part, frozen=True, kw_only=True):
    """One way to be a case of the class; all that is given must be so."""

    CODE_FIELDS: ClassVar[dict[str, str]] = {"all_signs": "symptom"}

    code: str
    vi: str
    en: str
    pcr_positive: bool = False
    antigen_positives_min: Annotated[int, Meta(ge=1, le=9)] | None = None
    antigen_within_hours: Annotated[int, Meta(ge=1)] | None = None
    """So many positive antigen tests lie at most so many hours apart."""
    close_contact: bool = False
    epidemiological_factor: bool = False
    from_active_outbreak: bool = False
    severe_respiratory_infection: bool = False
    signs_min: Annotated[int, Meta(ge=1)] | None = None
    """At least so many of the signs of the definition."""
    all_signs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a criterion that everybody satisfies."""
        given = (
            self.pcr_positive,
            self.antigen_positives_min,
            self.close_contact,
            self.epidemiological_factor,
            self.from_active_outbreak,
            self.severe_respiratory_infection,
            self.signs_min,
            self.all_signs,
        )
        if not any(given):
            raise ValueError("a criterion needs something that must be so")
        if self.antigen_within_hours and (self.antigen_positives_min or 0) < 2:
            raise ValueError("antigen_within_hours needs antigen_positives_min of 2 or more")


class CaseDefinition(Parameters, frozen=True, kw_only=True):
    """Who is a case of a class. One track a class: confirmed, suspected."""

    GROUP: ClassVar[str] = "case_definition"
    TITLE_EN: ClassVar[str] = "Case definition"
    TITLE_VI: ClassVar[str] = "Định nghĩa ca bệnh"

    any_of: Annotated[tuple[CaseCriterion, ...], Meta(min_length=1)]
    signs: tuple[Wording, ...] = ()
    """The signs that `signs_min` counts; an item of several codes is one sign."""

    def __post_init__(self) -> None:
        """A criterion that counts signs needs signs to count."""
        if any((criterion.signs_min or 0) > len(self.signs) for criterion in self.any_of):
            raise ValueError("signs_min is more than the signs listed")


class CaseIsolation(Parameters, frozen=True, kw_only=True):
    """How long a case is in isolation."""

    GROUP: ClassVar[str] = "case_isolation"
    TITLE_EN: ClassVar[str] = "Isolation of cases at home"
    TITLE_VI: ClassVar[str] = "Cách ly F0 tại nhà"

    days: Days
    days_with_negative_antigen: Days
    """With a negative antigen test on the last of these days; equal to `days` where a test changes nothing."""

    def __post_init__(self) -> None:
        """A negative test never makes it longer."""
        if self.days_with_negative_antigen > self.days:
            raise ValueError("days_with_negative_antigen is more than days")
