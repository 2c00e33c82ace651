"""Who is a contact, and how long a contact is in quarantine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from daumoi.rulepacks.evaluation.three_valued import all_of, any_of
from daumoi.rulepacks.pack import Rule
from daumoi.rulepacks.vocabulary.contacts import (
    CloseContact,
    ContactCondition,
    DayCount,
    FullVaccination,
    ImmunityCondition,
    InfectiousWindow,
    Quarantine,
    QuarantinePath,
    SecondaryContact,
)


@dataclass(frozen=True)
class ContactFacts:
    """What is known of a contact between two people; None: not known."""

    distance_m: float | None = None
    minutes: float | None = None
    both_masked: bool | None = None
    same_enclosed_space: bool | None = None
    physical: bool | None = None
    care_without_ppe: bool | None = None


@dataclass(frozen=True)
class Immunity:
    """What is shown of vaccination and recovery; what is not shown does not count: it would shorten a quarantine."""

    doses: int = 0
    last_dose_on: date | None = None
    product: str | None = None
    recovered_on: date | None = None


@dataclass(frozen=True)
class Judged:
    """True, false or None (not known), and the codes of the conditions that are satisfied."""

    holds: bool | None
    by: tuple[str, ...]


def close_contact(value: CloseContact, facts: ContactFacts) -> Judged:
    """Tell whether a contact is a close one."""
    judged = {condition.code: _satisfied(condition, facts) for condition in value.any_of}
    return Judged(any_of(judged.values()), tuple(code for code, holds in judged.items() if holds))


def _satisfied(condition: ContactCondition, facts: ContactFacts) -> bool | None:
    wanted: list[bool | None] = []
    if condition.physical:
        wanted.append(facts.physical)
    if condition.within_m is not None:
        near = None if facts.distance_m is None else facts.distance_m <= condition.within_m
        wanted.append(any_of([near, facts.same_enclosed_space]) if condition.or_same_enclosed_space else near)
    if condition.at_least_minutes is not None:
        wanted.append(None if facts.minutes is None else facts.minutes >= condition.at_least_minutes)
    if condition.unmasked:
        wanted.append(None if facts.both_masked is None else not facts.both_masked)
    if condition.care_without_ppe:
        wanted.append(facts.care_without_ppe)
    return all_of(wanted)


def secondary_contact(value: SecondaryContact, distance_m: float | None) -> bool | None:
    """Tell whether somebody came near enough to a close contact; None when the distance is not known."""
    return None if distance_m is None else distance_m <= value.within_m


def infectious_from(value: InfectiousWindow, counted_from: date) -> date:
    """Return the first day on which a case is taken as infectious, from the day of onset or of the positive sample."""
    return counted_from - timedelta(days=value.begins_days_before)


def months_before(day: date, months: int) -> date:
    """Return the same day of an earlier month, or its last day where that month is shorter."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (after - timedelta(days=1)).day))


def is_fully_vaccinated(value: FullVaccination, immunity: Immunity, on: date) -> bool:
    """Tell whether somebody was fully vaccinated on a day; days count from the last dose."""
    needed = value.doses_by_product.get(immunity.product or "", value.doses)
    return (
        immunity.doses >= needed
        and immunity.last_dose_on is not None
        and immunity.last_dose_on + timedelta(days=value.days_after_last_dose) <= on
    )


def path_of(value: Quarantine, immunity: Immunity, *, contact_on: date, fully_vaccinated: bool) -> QuarantinePath:
    """Return the path of a contact, by vaccination and recovery as they were on the day of the contact."""
    for path in value.paths[:-1]:
        if any(_shown(condition, immunity, contact_on, fully_vaccinated) for condition in path.any_of):
            return path
    return value.paths[-1]


def _shown(condition: ImmunityCondition, immunity: Immunity, on: date, fully_vaccinated: bool) -> bool:
    last_dose, recovered = immunity.last_dose_on, immunity.recovered_on
    if condition.fully_vaccinated and not fully_vaccinated:
        return False
    if condition.doses_min is not None and (
        immunity.doses < condition.doses_min or (last_dose is not None and last_dose > on)
    ):
        return False
    if condition.last_dose_months_max is not None and (
        last_dose is None or not months_before(on, condition.last_dose_months_max) <= last_dose <= on
    ):
        return False
    return condition.recovered_months_max is None or (
        recovered is not None and months_before(on, condition.recovered_months_max) <= recovered <= on
    )


@dataclass(frozen=True)
class Transition:
    """A rule that came into force while a quarantine ran, and what it did to its end."""

    rule: Rule
    effect: Literal["kept", "shortened"]
    last_day_on: date | None


@dataclass(frozen=True)
class QuarantinePlan:
    """The quarantine of one contact by one chain."""

    path: QuarantinePath
    first_day_on: date
    last_day_on: date | None
    """The last day in quarantine; None when there is none."""
    watch_until_on: date | None
    tests_on: tuple[date, ...]
    transitions: tuple[Transition, ...] = ()


def last_day(count: DayCount, counted_from: date, days: int) -> date | None:
    """Return the last of so many days; None for no days at all."""
    return None if days == 0 else counted_from + timedelta(days=days - count.first_day_is)


def quarantine_plan(
    first: Quarantine,
    later: Sequence[Rule],
    *,
    count: DayCount,
    contact_on: date,
    immunity: Immunity,
    fully_vaccinated: bool,
    as_of: date | None = None,
) -> QuarantinePlan:
    """Plan the quarantine of a contact whose last contact was on a day.

    first: the rule in force on that day; later: rules of the track that come into force after it, in order; those up
    to `as_of` (all, when None) are applied to what still runs on their first day, by their transition clause. A
    quarantine that becomes shorter ends at the earliest on the day before the new rule: no day is taken back. A time
    without a rule ends nothing.
    """
    path = path_of(first, immunity, contact_on=contact_on, fully_vaccinated=fully_vaccinated)
    ends_on = last_day(count, contact_on, path.days)
    transitions = []
    for rule in later:
        value = rule.value
        if not isinstance(value, Quarantine) or (as_of is not None and rule.valid_from > as_of):
            continue
        if ends_on is None or ends_on < rule.valid_from:
            break
        new_path = path_of(value, immunity, contact_on=contact_on, fully_vaccinated=fully_vaccinated)
        by_new = last_day(count, contact_on, new_path.days) or contact_on
        nearer = max(by_new, rule.valid_from - timedelta(days=1))
        if value.transition == "shorten" and nearer < ends_on:
            ends_on, path = nearer, new_path
            transitions.append(Transition(rule, "shortened", ends_on))
        else:
            transitions.append(Transition(rule, "kept", ends_on))
    base = ends_on or contact_on
    return QuarantinePlan(
        path=path,
        first_day_on=contact_on + timedelta(days=count.first_day_is == 0 and ends_on is not None),
        last_day_on=ends_on,
        watch_until_on=base + timedelta(days=path.watch_days) if path.watch_days else None,
        tests_on=tuple(contact_on + timedelta(days=day - count.first_day_is) for day in path.tests_on_days),
        transitions=tuple(transitions),
    )


def last_day_over_chains(plans: Iterable[QuarantinePlan]) -> date | None:
    """Return the last day in quarantine of somebody who is a contact by several chains: the latest of them."""
    return max((plan.last_day_on for plan in plans if plan.last_day_on is not None), default=None)
