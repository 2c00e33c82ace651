"""Care: how much at risk a patient is, who may be cared for at home, what is watched, how severe an illness is."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Bounds, Parameters, Part, Wording
from daumoi.rulepacks.vocabulary.contacts import Days


class PatientCriterion(Part, frozen=True, kw_only=True):
    """What must be so of a patient; all that is given."""

    age_years: Bounds | None = None
    spo2_percent: Bounds | None = None
    respiratory_rate_per_minute: Bounds | None = None
    underlying_disease: bool | None = None
    abnormal_sign: bool | None = None
    """Whether there is any sign of illness."""
    emergency_sign: bool | None = None
    vaccinated_days_min: Days | None = None
    """Fully vaccinated, the last dose at least so many days ago."""

    def __post_init__(self) -> None:
        """Refuse a criterion that everybody satisfies."""
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            raise ValueError("a criterion needs something that must be so")


class Tier(Part, frozen=True, kw_only=True):
    """One tier or class: whoever satisfies any of its criteria."""

    code: str
    vi: str
    en: str
    colour: Literal["green", "yellow", "orange", "red"] | None = None
    care_vi: str = ""
    """Where to care for the patient, as the text says."""
    any_of: tuple[PatientCriterion, ...] = ()
    """None: a person decides, no figure does."""


class PatientRisk(Parameters, frozen=True, kw_only=True):
    """Tiers of risk, the highest first; the highest that applies counts."""

    GROUP: ClassVar[str] = "patient_risk"
    TITLE_EN: ClassVar[str] = "Risk of a patient"
    TITLE_VI: ClassVar[str] = "Phân loại nguy cơ người bệnh"

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=2)]
    otherwise: str
    """The tier of whom no criterion names."""

    def __post_init__(self) -> None:
        """The tier for the others is one of the tiers."""
        if self.otherwise not in {tier.code for tier in self.tiers}:
            raise ValueError("otherwise names no tier of this rule")


class Severity(PatientRisk, frozen=True, kw_only=True):
    """Classes of severity, the most severe first."""

    GROUP: ClassVar[str] = "severity"
    TITLE_EN: ClassVar[str] = "Severity of an illness"
    TITLE_VI: ClassVar[str] = "Mức độ lâm sàng"


class Disease(Part, frozen=True, kw_only=True):
    """One disease of a list."""

    code: str
    vi: str
    en: str


class UnderlyingDiseases(Parameters, frozen=True, kw_only=True):
    """The diseases that make a patient more at risk."""

    GROUP: ClassVar[str] = "underlying_diseases"
    TITLE_EN: ClassVar[str] = "Underlying diseases"
    TITLE_VI: ClassVar[str] = "Bệnh nền"

    listed: Annotated[int, Meta(ge=1)]
    """How many the text lists."""
    diseases: tuple[Disease, ...]

    def __post_init__(self) -> None:
        """The list has as many entries as the text."""
        if len(self.diseases) != self.listed:
            raise ValueError("diseases has another number of entries than listed says")


class HomeCare(Parameters, frozen=True, kw_only=True):
    """Who may be cared for at home: whoever satisfies all of `all_of`, each of them any of its criteria."""

    GROUP: ClassVar[str] = "home_care"
    TITLE_EN: ClassVar[str] = "Care at home"
    TITLE_VI: ClassVar[str] = "Điều kiện điều trị tại nhà"

    all_of: Annotated[tuple[Tier, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Each condition can be judged by figures."""
        if not all(condition.any_of for condition in self.all_of):
            raise ValueError("each condition of all_of needs criteria")


class Measurement(Part, frozen=True, kw_only=True):
    """What is measured, and whether it has to be."""

    code: str
    vi: str
    en: str
    unit: str
    required: bool
    """False: where it can be measured. What was not measured is not normal, it is not known."""


class MonitoringSheet(Parameters, frozen=True, kw_only=True):
    """The sheet on which a patient at home is watched."""

    GROUP: ClassVar[str] = "monitoring_sheet"
    TITLE_EN: ClassVar[str] = "Monitoring sheet"
    TITLE_VI: ClassVar[str] = "Phiếu theo dõi sức khỏe tại nhà"

    times_per_day: Annotated[int, Meta(ge=1, le=24)]
    measurements: tuple[Measurement, ...]
    symptoms: tuple[Wording, ...]
    danger_signs: tuple[Wording, ...]
    other_signs: tuple[Wording, ...]
    missed_reading_is_alarm: bool
