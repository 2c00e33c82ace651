"""Contacts: who is one, from when a case is infectious, how days are counted, how long a contact is in quarantine."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Parameters, Part

Metres = Annotated[float, Meta(gt=0, le=100)]
Days = Annotated[int, Meta(ge=0, le=365)]
Months = Annotated[int, Meta(ge=1, le=120)]


class ContactCondition(Part, frozen=True, kw_only=True):
    """One way of having been in contact; all that is given must be so."""

    code: str
    vi: str
    en: str
    physical: bool = False
    """Touched each other."""
    within_m: Metres | None = None
    """At most so many metres apart."""
    or_same_enclosed_space: bool = False
    """Being in one narrow closed space counts like being within `within_m`."""
    at_least_minutes: Annotated[float, Meta(gt=0)] | None = None
    unmasked: bool = False
    """At least one of the two wore no mask."""
    care_without_ppe: bool = False
    """Cared for, examined or visited the case without protective equipment."""

    def __post_init__(self) -> None:
        """Refuse a condition that everybody satisfies."""
        if not (self.physical or self.within_m is not None or self.care_without_ppe):
            raise ValueError("a condition needs physical, within_m or care_without_ppe")
        if self.or_same_enclosed_space and self.within_m is None:
            raise ValueError("or_same_enclosed_space goes with within_m")


class CloseContact(Parameters, frozen=True, kw_only=True):
    """Who is a close contact of a case: whoever satisfies any of the conditions within the infectious window."""

    GROUP: ClassVar[str] = "close_contact"
    TITLE_EN: ClassVar[str] = "Close contact of a case"
    TITLE_VI: ClassVar[str] = "Người tiếp xúc gần (F1)"

    any_of: Annotated[tuple[ContactCondition, ...], Meta(min_length=1)]


class SecondaryContact(Parameters, frozen=True, kw_only=True):
    """Who is a contact of a close contact, between that one's becoming infectious and going into quarantine."""

    GROUP: ClassVar[str] = "secondary_contact"
    TITLE_EN: ClassVar[str] = "Contact of a close contact"
    TITLE_VI: ClassVar[str] = "Người tiếp xúc với F1 (F2)"

    within_m: Metres


class InfectiousWindow(Parameters, frozen=True, kw_only=True):
    """From when a case is taken as infectious. Tracks: symptomatic, asymptomatic."""

    GROUP: ClassVar[str] = "infectious_window"
    TITLE_EN: ClassVar[str] = "Infectious window of a case"
    TITLE_VI: ClassVar[str] = "Khoảng thời gian lây nhiễm"

    counted_from: Literal["onset", "positive_sample"]
    begins_days_before: Days
    """The longest that the texts name: who is found too many can be let go, who is missed cannot be found."""
    begins_days_before_shortest: Days
    """The shortest that the texts name."""


class DayCount(Parameters, frozen=True, kw_only=True):
    """How days of quarantine are counted, in calendar days of the pack's time zone."""

    GROUP: ClassVar[str] = "day_count"
    TITLE_EN: ClassVar[str] = "How days are counted"
    TITLE_VI: ClassVar[str] = "Cách tính ngày"

    counted_from: Literal["last_contact", "sample"]
    first_day_is: Literal[0, 1]
    """The number of the day of the last contact (or sample): 0 leaves a whole count after it."""


class FullVaccination(Parameters, frozen=True, kw_only=True):
    """Who counts as fully vaccinated."""

    GROUP: ClassVar[str] = "full_vaccination"
    TITLE_EN: ClassVar[str] = "Full vaccination"
    TITLE_VI: ClassVar[str] = "Tiêm đủ liều"
    CODE_FIELDS: ClassVar[dict[str, str]] = {"doses_by_product": "vaccine_product"}

    doses: Annotated[int, Meta(ge=1, le=9)]
    doses_by_product: dict[str, Annotated[int, Meta(ge=1, le=9)]] = {}
    """Products that need another number of doses."""
    days_after_last_dose: Days


class ImmunityCondition(Part, frozen=True, kw_only=True):
    """What must be shown of vaccination or recovery at the time of the contact; all that is given must be so."""

    fully_vaccinated: bool = False
    """By the rule of full vaccination in force on the day of the contact."""
    doses_min: Annotated[int, Meta(ge=1)] | None = None
    last_dose_months_max: Months | None = None
    recovered_months_max: Months | None = None

    def __post_init__(self) -> None:
        """Refuse a condition that everybody satisfies: a path for everybody has no condition."""
        if not (self.fully_vaccinated or self.doses_min or self.last_dose_months_max or self.recovered_months_max):
            raise ValueError("a condition needs something that must be shown")


class QuarantinePath(Part, frozen=True, kw_only=True):
    """How long, where, with which watch after it and which tests, for those who satisfy any of the conditions."""

    code: str
    vi: str
    en: str
    days: Days
    place: Literal["facility", "home", "none"]
    watch_days: Days = 0
    """Days of watching oneself after it."""
    tests_on_days: tuple[Days, ...] = ()
    any_of: tuple[ImmunityCondition, ...] = ()
    """None: everybody."""


class Quarantine(Parameters, frozen=True, kw_only=True):
    """Quarantine of close contacts: the first path whose conditions are satisfied, the last one being for everybody."""

    GROUP: ClassVar[str] = "quarantine"
    TITLE_EN: ClassVar[str] = "Quarantine of close contacts"
    TITLE_VI: ClassVar[str] = "Cách ly người tiếp xúc gần"

    paths: Annotated[tuple[QuarantinePath, ...], Meta(min_length=1)]
    transition: Literal["keep", "shorten"]
    """What becomes of a quarantine that runs when the rule comes into force: its end stays, or comes nearer."""
    transition_text: str
    """The words of the text on that, or that it has none."""

    def __post_init__(self) -> None:
        """See to it that everybody has a path, and no path stands behind the one for everybody."""
        if self.paths[-1].any_of:
            raise ValueError("the last path has conditions: end with one that is for everybody")
        if not all(path.any_of for path in self.paths[:-1]):
            raise ValueError("a path without conditions is for everybody and must be the last")
