"""Who is a case, and how long a case is in isolation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from daumoi.rulepacks.evaluation.contacts import Judged
from daumoi.rulepacks.evaluation.three_valued import all_of, any_of
from daumoi.rulepacks.vocabulary.base import Wording
from daumoi.rulepacks.vocabulary.cases import CaseCriterion, CaseDefinition, CaseIsolation


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a person; None and symptoms that are absent: not known."""

    symptoms: Mapping[str, bool] = field(default_factory=dict)
    """Codes of the symptom list."""
    pcr_positive: bool | None = None
    antigen_positive_hours: tuple[float, ...] = ()
    """When positive antigen samples were taken, in hours from any moment."""
    close_contact: bool | None = None
    epidemiological_factor: bool | None = None
    from_active_outbreak: bool | None = None
    severe_respiratory_infection: bool | None = None


def case(value: CaseDefinition, facts: CaseFacts) -> Judged:
    """Tell whether somebody is a case by a definition."""
    judged = {criterion.code: _satisfied(criterion, value.signs, facts) for criterion in value.any_of}
    return Judged(any_of(judged.values()), tuple(code for code, holds in judged.items() if holds))


def _satisfied(criterion: CaseCriterion, signs: tuple[Wording, ...], facts: CaseFacts) -> bool | None:
    wanted: list[bool | None] = []
    if criterion.pcr_positive:
        wanted.append(facts.pcr_positive)
    if criterion.antigen_positives_min is not None:
        wanted.append(_positives(facts.antigen_positive_hours, criterion))
    if criterion.close_contact:
        wanted.append(facts.close_contact)
    if criterion.epidemiological_factor:
        wanted.append(facts.epidemiological_factor)
    if criterion.from_active_outbreak:
        wanted.append(facts.from_active_outbreak)
    if criterion.severe_respiratory_infection:
        wanted.append(facts.severe_respiratory_infection)
    wanted += [facts.symptoms.get(code) for code in criterion.all_signs]
    if criterion.signs_min is not None:
        wanted.append(_enough([_sign(sign, facts) for sign in signs], criterion.signs_min))
    return all_of(wanted)


def _positives(hours: tuple[float, ...], criterion: CaseCriterion) -> bool:
    needed, within = criterion.antigen_positives_min or 1, criterion.antigen_within_hours
    taken = sorted(hours)
    groups = zip(taken, taken[needed - 1 :], strict=False)
    return any(within is None or last - first <= within for first, last in groups)


def _sign(sign: Wording, facts: CaseFacts) -> bool | None:
    return any_of(facts.symptoms.get(code) for code in sign.codes)


def _enough(signs: list[bool | None], needed: int) -> bool | None:
    there, unknown = signs.count(True), signs.count(None)
    if there >= needed:
        return True
    return None if there + unknown >= needed else False


def isolation_last_day(value: CaseIsolation, *, sampled_on: date, first_day_is: int, negative_antigen: bool) -> date:
    """Return the last day in isolation of a case, counted from the day of the sample."""
    days = value.days_with_negative_antigen if negative_antigen else value.days
    return sampled_on + timedelta(days=max(days - first_day_is, 0))
