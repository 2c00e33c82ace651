"""The questions that a preview asks two versions of a pack, and the made-up facts it asks them about."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from daumoi.rulepacks.at import PackOnDay
from daumoi.rulepacks.evaluation.care import PatientFacts
from daumoi.rulepacks.evaluation.cases import CaseFacts
from daumoi.rulepacks.evaluation.contacts import ContactFacts, Immunity, Judged, months_before
from daumoi.rulepacks.evaluation.levels import AreaFigures
from daumoi.rulepacks.pack import NoRule, Pack, Rule
from daumoi.rulepacks.preview import Question
from daumoi.rulepacks.vocabulary.base import Bounds, Part
from daumoi.rulepacks.vocabulary.care import HomeCare, PatientCriterion, PatientRisk
from daumoi.rulepacks.vocabulary.cases import CaseDefinition
from daumoi.rulepacks.vocabulary.contacts import CloseContact, FullVaccination, ImmunityCondition
from daumoi.rulepacks.vocabulary.levels import EpidemicLevel

NO_RULE = "no rule"
_HAIR = 0.1
"""How far beside a bound a made-up quantity lies."""


def _judged(judged: Judged) -> str:
    return {True: "yes", False: "no", None: "not known"}[judged.holds]


def _parts(value: object, kind: type[Any]) -> Iterator[Any]:
    """Find every part of a type in a rule's parameters."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, Part):
        for name in value.__struct_fields__:
            yield from _parts(getattr(value, name), kind)
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item, kind)


def _around(edges: Iterable[float]) -> list[float]:
    """Return every edge with a quantity just below and just above it."""
    return sorted({max(edge + step, 0.0) for edge in edges for step in (-_HAIR, 0.0, _HAIR)})


# Contacts


def _ask_close_contact(pack: Pack, on: date, facts: ContactFacts) -> str:
    answer = PackOnDay(pack, on).close_contact(facts)
    return NO_RULE if isinstance(answer, NoRule) else _judged(answer.result)


def _contact_grid(rules: Iterable[Rule]) -> Iterator[ContactFacts]:
    conditions = [one for rule in rules if isinstance(rule.value, CloseContact) for one in rule.value.any_of]
    distances = _around(one.within_m for one in conditions if one.within_m is not None)
    minutes = _around(one.at_least_minutes for one in conditions if one.at_least_minutes is not None) or [1.0]
    flags = itertools.product((False, True), repeat=4)
    for distance, lasted, (masked, enclosed, physical, care) in itertools.product(distances, minutes, list(flags)):
        yield ContactFacts(distance, lasted, masked, enclosed, physical, care)


CLOSE_CONTACT = Question(
    "close_contact",
    "Who is a close contact",
    "Ai là người tiếp xúc gần",
    ("close_contact",),
    _ask_close_contact,
    _contact_grid,
)

Shown = tuple[int, int | None, int | None, int | None]
"""Doses; days since the last dose; months since it; months since recovery. Days count where both are given."""


def _ask_quarantine(pack: Pack, on: date, immunity: Immunity) -> str:
    answer = PackOnDay(pack, on).quarantine(immunity)
    if isinstance(answer, NoRule):
        return NO_RULE
    plan = answer.result
    days = 0 if plan.last_day_on is None else (plan.last_day_on - on).days
    return f"{days} days, {plan.path.place}"


def _ask_quarantine_of(pack: Pack, on: date, shown: Shown) -> str:
    doses, days, months, recovered = shown
    last_dose = None
    if days is not None:
        last_dose = on - timedelta(days=days)
    elif months is not None:
        last_dose = months_before(on, months)
    recovery = None if recovered is None else months_before(on, recovered)
    return _ask_quarantine(pack, on, Immunity(doses, last_dose, None, recovery))


def _quarantine_grid(rules: Iterable[Rule]) -> Iterator[Shown]:
    kept = list(rules)
    conditions = [one for rule in kept for one in _parts(rule.value, ImmunityCondition)]
    full = [rule.value for rule in kept if isinstance(rule.value, FullVaccination)]
    doses = {0, *(value.doses for value in full), *(one.doses_min for one in conditions if one.doses_min)}
    days = {
        step for value in full for step in (value.days_after_last_dose - 1, value.days_after_last_dose) if step >= 0
    }
    months = {one.last_dose_months_max for one in conditions if one.last_dose_months_max}
    recovered = {one.recovered_months_max for one in conditions if one.recovered_months_max}
    last: list[tuple[int | None, int | None]] = [(None, None), *((day, None) for day in sorted(days))]
    last += [(None, step) for month in sorted(months) for step in (month, month + 1)]
    recoveries: list[int | None] = [None, *sorted({step for month in recovered for step in (month, month + 1)})]
    for number, (day, month), recovery in itertools.product(sorted(doses), last, recoveries):
        yield (number, day, month, recovery)


QUARANTINE = Question(
    "quarantine",
    "How long a contact is in quarantine",
    "Thời gian cách ly của người tiếp xúc gần",
    ("quarantine", "day_count", "full_vaccination"),
    _ask_quarantine_of,
    _quarantine_grid,
)
QUARANTINE_OF = Question(
    QUARANTINE.name, QUARANTINE.title_en, QUARANTINE.title_vi, QUARANTINE.groups, _ask_quarantine, lambda _: iter(())
)
"""The same question for real contacts: facts with dates. It makes no facts up."""


# Cases


def _ask_case(pack: Pack, on: date, facts: CaseFacts) -> str:
    for case_class in ("confirmed", "suspected"):
        answer = PackOnDay(pack, on).case(case_class, facts)
        if not isinstance(answer, NoRule) and answer.result.holds:
            return case_class
    return "no case"


def _case_grid(rules: Iterable[Rule]) -> Iterator[CaseFacts]:
    definitions = [rule.value for rule in rules if isinstance(rule.value, CaseDefinition)]
    signs = list(dict.fromkeys(sign.codes[0] for one in definitions for sign in one.signs))
    most = max((criterion.signs_min or 0 for one in definitions for criterion in one.any_of), default=0)
    hours = {criterion.antigen_within_hours for one in definitions for criterion in one.any_of}
    antigens: list[tuple[float, ...]] = [(), (0.0,)]
    antigens += [(0.0, float(step)) for within in hours if within for step in (within, within + 1)]
    for count, antigen, flags in itertools.product(
        range(min(most + 1, len(signs)) + 1), antigens, itertools.product((False, True), repeat=5)
    ):
        symptoms = {code: index < count for index, code in enumerate(signs)}
        yield CaseFacts(symptoms, flags[0], antigen, *flags[1:])


CASE = Question("case", "Who is a case", "Ai là ca bệnh", ("case_definition",), _ask_case, _case_grid)


# Care


def _ask_risk(pack: Pack, on: date, facts: PatientFacts) -> str:
    answer = PackOnDay(pack, on).risk_tier(facts)
    return NO_RULE if isinstance(answer, NoRule) else answer.result.tier.code


def _ask_severity(pack: Pack, on: date, facts: PatientFacts) -> str:
    answer = PackOnDay(pack, on).severity(facts)
    return NO_RULE if isinstance(answer, NoRule) else answer.result.tier.code


def _ask_home_care(pack: Pack, on: date, facts: PatientFacts) -> str:
    answer = PackOnDay(pack, on).home_care(facts)
    return NO_RULE if isinstance(answer, NoRule) else _judged(answer.result)


def _patient_grid(rules: Iterable[Rule]) -> Iterator[PatientFacts]:
    criteria: list[PatientCriterion] = [
        one
        for rule in rules
        if isinstance(rule.value, (PatientRisk, HomeCare))
        for one in _parts(rule.value, PatientCriterion)
    ]

    def edges(name: str) -> list[float]:
        bounds: list[Bounds] = [getattr(one, name) for one in criteria if getattr(one, name) is not None]
        return _around(edge for each in bounds for edge in each.edges()) or [0.0]

    days = {one.vaccinated_days_min for one in criteria if one.vaccinated_days_min is not None}
    shots: list[int | None] = [None, *sorted({step for day in days for step in (day - 1, day)})]
    flags = list(itertools.product((False, True), repeat=3))
    quantities = (edges("age_years"), edges("spo2_percent"), edges("respiratory_rate_per_minute"))
    for age, spo2, breaths, shot, (disease, abnormal, emergency) in itertools.product(*quantities, shots, flags):
        yield PatientFacts(age, spo2, breaths, disease, abnormal, emergency, shot, shot is not None)


RISK = Question(
    "patient_risk",
    "How much at risk a patient is",
    "Mức nguy cơ của người bệnh",
    ("patient_risk",),
    _ask_risk,
    _patient_grid,
)
SEVERITY = Question(
    "severity", "How severely ill a patient is", "Mức độ lâm sàng", ("severity",), _ask_severity, _patient_grid
)
HOME_CARE = Question(
    "home_care",
    "Who may be cared for at home",
    "Ai được điều trị tại nhà",
    ("home_care",),
    _ask_home_care,
    _patient_grid,
)


# Levels


def _ask_level(pack: Pack, on: date, figures: AreaFigures) -> str:
    answer = PackOnDay(pack, on).level(figures)
    if isinstance(answer, NoRule):
        return NO_RULE
    return "not known" if answer.result.level is None else f"level {answer.result.level}"


def _level_grid(rules: Iterable[Rule]) -> Iterator[AreaFigures]:
    values = [rule.value for rule in rules if isinstance(rule.value, EpidemicLevel)]
    rates: dict[str, list[float]] = {"new_cases": [], "oxygen_patients": [], "deaths": []}
    for value in values:
        for rate in value.rates:
            rates[rate.figure] += [edge.at for edge in rate.edges]
    around = {name: _around(edges) or [0.0] for name, edges in rates.items()}
    least = {share.figure: share.percent.edges()[0] for value in values for share in value.coverage}
    befores: list[int | None] = [None, *range(1, max((len(value.colours) for value in values), default=0) + 1)]
    for figures, short, before, capacity in itertools.product(
        itertools.product(*around.values()), (0.0, _HAIR), befores, (False, True)
    ):
        shares = {name: edge - short for name, edge in least.items()}
        rated = dict(zip(around, figures, strict=True))
        yield AreaFigures(**rated, **shares, capacity_suffices=capacity, level_before=before)


LEVEL = Question(
    "epidemic_level", "Which level an area has", "Cấp độ dịch của địa bàn", ("epidemic_level",), _ask_level, _level_grid
)

ALL: tuple[Question[Any], ...] = (CLOSE_CONTACT, QUARANTINE, CASE, RISK, SEVERITY, HOME_CARE, LEVEL)
