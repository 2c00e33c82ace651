"""How much at risk a patient is, how severely ill, and who may be cared for at home."""

from collections.abc import Iterable
from dataclasses import dataclass

from daumoi.rulepacks.evaluation.contacts import Judged
from daumoi.rulepacks.evaluation.three_valued import all_of, any_of
from daumoi.rulepacks.vocabulary.care import HomeCare, PatientCriterion, PatientRisk, Tier


@dataclass(frozen=True)
class PatientFacts:
    """What is known of a patient; None: not asked or not measured, which is never taken as normal."""

    age_years: float | None = None
    spo2_percent: float | None = None
    respiratory_rate_per_minute: float | None = None
    underlying_disease: bool | None = None
    abnormal_sign: bool | None = None
    emergency_sign: bool | None = None
    vaccinated_days: int | None = None
    """Days since the last dose of somebody fully vaccinated."""
    fully_vaccinated: bool | None = None


@dataclass(frozen=True)
class Tiered:
    """The tier of a patient, and the higher ones that what is not known may still turn out to be."""

    tier: Tier
    possible: tuple[str, ...]


def tier(value: PatientRisk, facts: PatientFacts) -> Tiered:
    """Return the highest tier that certainly applies; `possible` names higher ones that nobody can rule out yet.

    When no criterion certainly applies, the tier for the others is named.
    """
    possible: list[str] = []
    for each in value.tiers:
        holds = any_of(_satisfied(criterion, facts) for criterion in each.any_of)
        if holds:
            return Tiered(each, tuple(possible))
        if holds is None:
            possible.append(each.code)
    (otherwise,) = (each for each in value.tiers if each.code == value.otherwise)
    higher = [each.code for each in value.tiers[: value.tiers.index(otherwise)]]
    return Tiered(otherwise, tuple(code for code in possible if code in higher))


def home_care(value: HomeCare, facts: PatientFacts) -> Judged:
    """Tell whether somebody may be cared for at home; `by` names the conditions that are certainly satisfied."""
    judged = {each.code: any_of(_satisfied(criterion, facts) for criterion in each.any_of) for each in value.all_of}
    return Judged(all_of(judged.values()), tuple(code for code, holds in judged.items() if holds))


def _satisfied(criterion: PatientCriterion, facts: PatientFacts) -> bool | None:
    return all_of(_parts(criterion, facts))


def _parts(criterion: PatientCriterion, facts: PatientFacts) -> Iterable[bool | None]:
    for bounds, value in (
        (criterion.age_years, facts.age_years),
        (criterion.spo2_percent, facts.spo2_percent),
        (criterion.respiratory_rate_per_minute, facts.respiratory_rate_per_minute),
    ):
        if bounds is not None:
            yield bounds.holds(value)
    for wanted, known in (
        (criterion.underlying_disease, facts.underlying_disease),
        (criterion.abnormal_sign, facts.abnormal_sign),
        (criterion.emergency_sign, facts.emergency_sign),
    ):
        if wanted is not None:
            yield None if known is None else known == wanted
    if criterion.vaccinated_days_min is not None:
        enough = None if facts.vaccinated_days is None else facts.vaccinated_days >= criterion.vaccinated_days_min
        yield all_of([facts.fully_vaccinated, enough])
