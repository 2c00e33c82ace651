"""Households and who lives in them: families, twins, shared phones, people without papers."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import gcd
from random import Random

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, Unit
from daumoi.simulation import names
from daumoi.simulation.names import Roll

MADE_ON = datetime.date(2021, 8, 1)
"""The day of which everybody's age is made: a seed gives the same people whatever days they live through."""
MEMBERS_MAX = 8
PEOPLE_MAX = 10_000_000
"""So many people at most: up to here no two of them have one number of identity."""
GROUP = 64
"""So many households share one source of chance: to make one costs as much as to make a household."""
_SIZES = {1: 10, 2: 19, 3: 21, 4: 26, 5: 14, 6: 10}
"""Per cent of households by size; after the census of 2019 (3.6 people on average), rounded."""
_SIZE_BY_WEIGHT = tuple(size for size, per_cent in _SIZES.items() for _ in range(per_cent))
_TWINS = 0.012
_ONE_PHONE_FOR_ALL = 0.06
_HIGHLAND_PROVINCES = frozenset({"62", "64", "66", "67", "68"})
_FOREIGN, _NO_PAPERS, _OLD_NUMBER_ALONE, _HIGHLAND = 0.004, 0.03, 0.08, 0.3
_PHONE_PREFIXES = ("090", "091", "093", "096", "097", "098", "032", "035", "070", "086")
_OLDEST = 103
_BIRTHS = tuple(MADE_ON - datetime.timedelta(days=days) for days in range((_OLDEST + 1) * 365))
"""The day on which somebody of so many days was born."""
_OF_16 = datetime.date(MADE_ON.year - 16, MADE_ON.month, MADE_ON.day)
_OF_70 = datetime.date(MADE_ON.year - 70, MADE_ON.month, MADE_ON.day)
_APART, _PERSONS_APART = 83_000, 2_500_000
"""So far the numbers of one seed begin from those of the next, in a province and in the country: as many as a million
people need. A hub may hold several countries, such as that of the demo and one more."""
_PARTIES = 5
"""Parents, who differ in sex, and each further place of a household: within one, sex and year may be the same."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward as of 2024 where people live."""

    unit: Unit
    district: str
    province: str
    number: int
    """Its place among the wards of its province, from 0."""
    of: int
    """How many wards its province has."""
    highland: bool


@dataclass(slots=True)
class Person:
    """One person as they are, whatever the systems write."""

    number: int
    household: int
    full_name: str
    sex: str
    born_on: datetime.date
    area: Unit
    national_id: str | None = None
    old_national_id: str | None = None
    passport: dict[str, str] | None = None
    nationality: str = "VN"
    phone: str | None = None
    """The phone they give: their own, or one that others give too."""
    guardian: Person | None = None
    """Who declares for them."""

    def age_on(self, day: datetime.date) -> int:
        """Return the age in full years."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


@dataclass(slots=True)
class Household:
    """Who lives together."""

    seed: int
    number: int
    ward: Ward
    people: list[Person] = field(default_factory=list)


@cache
def wards() -> tuple[Ward, ...]:
    """Return every ward as of 2024, by code."""
    units = [unit for code in areas.codes_of(BEFORE) if (unit := areas.find(BEFORE, code)) and unit.level == "ward"]
    provinces = [province_of(unit) for unit in units]
    total, seen, made = Counter(provinces), Counter[str](), []
    for unit, province in zip(units, provinces, strict=True):
        assert unit.parent is not None
        highland = province in _HIGHLAND_PROVINCES
        made.append(Ward(unit, unit.parent, province, seen[province], total[province], highland))
        seen[province] += 1
    return tuple(made)


def province_of(unit: Unit) -> str:
    """Return the code of the old province a unit lies in."""
    while unit.parent is not None and (parent := areas.find(unit.scheme, unit.parent)) is not None:
        unit = parent
    return unit.code


def centre_of(unit: Unit) -> tuple[float, float] | None:
    """Return a point near the middle of an old ward: the centre of what it is today, where that is known."""
    for now in areas.successors(BEFORE, unit.code):
        where = areas.centre(now.code)
        if where is not None:
            return where
    return None


def source_of_chance(seed: int, *what: int) -> Random:
    """Return a source that is the same for the same numbers, and for others another."""
    mixed = seed
    for number in what:
        mixed = mixed << 40 | number
    return Random(mixed)


def groups(seed: int, people: int) -> Iterator[list[Household]]:
    """Make households until there are `people` people, in groups of 64; the same ones for a seed, always."""
    made = number = 0
    while made < people:
        roll = source_of_chance(seed, 1, number // GROUP).random
        group: list[Household] = []
        while made < people and len(group) < GROUP:
            household = _household(roll, seed, number, at_most=people - made)
            made += len(household.people)
            number += 1
            group.append(household)
        yield group


def households(seed: int, people: int) -> Iterator[Household]:
    """Make households one by one until there are `people` people."""
    for group in groups(seed, people):
        yield from group


@cache
def _step() -> int:
    count = len(wards())
    return next(step for step in range(round(count * 0.618), count) if gcd(step, count) == 1)


def _home_of(seed: int, number: int) -> Ward:
    """Deal households out to all wards in turn, far apart from one to the next."""
    every = wards()
    return every[(number * _step() + seed * 4099) % len(every)]


def _household(roll: Roll, seed: int, number: int, *, at_most: int) -> Household:
    ward = _home_of(seed, number)
    household = Household(seed, number, ward)
    people = household.people
    if roll() < _FOREIGN:
        people.append(_foreigner(roll, household))
        return household
    size = min(_SIZE_BY_WEIGHT[int(roll() * 100)], at_most)
    highland = ward.highland and roll() < _HIGHLAND
    father_name, mother_name = names.surname(roll), names.surname(roll)
    parents_age = 22 + int(roll() * 49)
    for place in range(size):
        if place < 2:
            sex = ("female" if place else "male") if size > 1 else ("male", "female")[roll() < 0.5]
            age = max(18, parents_age + int(roll() * 7) - 3)
            family = father_name if sex == "male" else mother_name
        else:
            sex, family = ("male", "female")[roll() < 0.5], father_name
            grandparent = place == 4 and roll() < 0.6
            age = parents_age + 20 + int(roll() * 11) if grandparent else max(0, parents_age - 20 - int(roll() * 19))
        people.append(_person(roll, household, place, family, sex, min(age, _OLDEST), highland=highland))
    if size >= 4 and roll() < _TWINS * 3:
        _make_twins(roll, household)
    _hand_out_phones(roll, household)
    return household


def _person(roll: Roll, household: Household, place: int, family: str, sex: str, age: int, *, highland: bool) -> Person:
    born_on = _BIRTHS[age * 365 + 1 + int(roll() * 364)]
    if highland:
        name = names.highland(roll, sex)
    else:
        middle = names.middle(roll, sex)
        name = f"{family} {middle} {names.given(roll, sex)}" if middle else f"{family} {names.given(roll, sex)}"
    number = household.number * MEMBERS_MAX + place
    person = Person(number, household.number, name, sex, born_on, household.ward.unit)
    papers = roll()
    if papers < _NO_PAPERS:
        return person
    if age >= 14 and papers < _NO_PAPERS + _OLD_NUMBER_ALONE:
        person.old_national_id = _old_national_id(household.seed, number)
        return person
    if age >= 14 or roll() < 0.5:
        person.national_id = national_id(household, place, sex, born_on.year)
        if age >= 25 and roll() < 0.3:
            person.old_national_id = _old_national_id(household.seed, number)
    return person


def _old_national_id(seed: int, person: int) -> str:
    return f"{(person + seed * _PERSONS_APART) * 7919 % 1_000_000_000:09d}"


def national_id(household: Household, place: int, sex: str, year: int) -> str:
    """Return a number of the form of Decree 137/2015/NĐ-CP, Art. 13: province, century and sex, year, six digits.

    The six digits are one person's alone in the province: households come to a ward in turn, so the turn, the ward and
    the place in the household tell people apart. Multiplied by a number without a divisor in common with a million,
    they look like chance and stay apart.
    """
    ward = household.ward
    turn = household.number // len(wards())
    serial = (turn * ward.of + ward.number) * _PARTIES + max(0, place - 1)
    serial += household.seed * _APART
    century = 2 * (year // 100 - 19) + (sex == "female")
    return f"0{ward.province}{century}{year % 100:02d}{serial * 7919 % 1_000_000:06d}"


def _foreigner(roll: Roll, household: Household) -> Person:
    name, country = names.foreign(roll)
    number = household.number * MEMBERS_MAX
    born_on = _BIRTHS[(20 + int(roll() * 46)) * 365]
    person = Person(number, household.number, name, ("male", "female")[roll() < 0.5], born_on, household.ward.unit)
    person.nationality = country
    serial = _old_national_id(household.seed, number)[1:]
    person.passport = {"number": f"{'ABCKMX'[int(roll() * 6)]}{serial}", "country": country}
    return person


def _make_twins(roll: Roll, household: Household) -> None:
    """Let two children be twins: born on one day, with names that differ in the last word alone."""
    one, other = household.people[2], household.people[3]
    other.born_on, other.sex = one.born_on, one.sex
    other.full_name = " ".join((*one.full_name.split()[:-1], names.given(roll, one.sex)))
    if other.national_id is not None:
        other.national_id = national_id(household, 3, other.sex, other.born_on.year)


def _hand_out_phones(roll: Roll, household: Household) -> None:
    first: Person | None = None
    one_for_all = roll() < _ONE_PHONE_FOR_ALL
    for person in household.people:
        if person.born_on > _OF_16:
            continue
        if first is not None and one_for_all:
            person.phone = first.phone
        elif roll() < (0.6 if person.born_on <= _OF_70 else 0.96):
            person.phone = f"{_PHONE_PREFIXES[person.number % 10]}{person.number * 7919 % 10_000_000:07d}"
        first = first or person
    if first is None:
        return
    for person in household.people:
        if person.born_on > _OF_16:
            person.guardian, person.phone = first, first.phone
