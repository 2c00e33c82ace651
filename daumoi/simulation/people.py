"""Households and who lives in them: families, twins, shared phones, people without papers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, Unit
from daumoi.simulation import names

MADE_ON = datetime.date(2021, 8, 1)
"""The day of which everybody's age is made: a seed gives the same people whatever days they live through."""
MEMBERS_MAX = 8
_SIZES = {1: 10, 2: 19, 3: 21, 4: 26, 5: 14, 6: 10}
"""Per cent of households by size; after the census of 2019 (3.6 people on average), rounded."""
_TWINS = 0.012
_ONE_PHONE_FOR_ALL = 0.06
_HIGHLAND_PROVINCES = frozenset({"62", "64", "66", "67", "68"})
_SHARES = {"foreign": 0.004, "no_papers": 0.03, "old_number_alone": 0.08, "highland": 0.3}
_PHONE_PREFIXES = ("090", "091", "093", "096", "097", "098", "032", "035", "070", "086")


@dataclass
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


@dataclass
class Household:
    """Who lives together."""

    number: int
    area: Unit
    people: list[Person] = field(default_factory=list)


@cache
def _wards() -> tuple[Unit, ...]:
    found = (areas.find(BEFORE, code) for code in areas.codes_of(BEFORE))
    return tuple(unit for unit in found if unit is not None and unit.level == "ward")


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


def households(seed: int, people: int) -> Iterator[Household]:
    """Make households one by one until there are `people` people; the same ones for a seed, always."""
    made = 0
    number = 0
    while made < people:
        household = _household(seed, number, at_most=people - made)
        made += len(household.people)
        number += 1
        yield household


def _household(seed: int, number: int, *, at_most: int) -> Household:
    chance = Random(f"{seed}/household/{number}")
    ward = chance.choice(_wards())
    household = Household(number, ward)
    size = min(chance.choices(list(_SIZES), weights=list(_SIZES.values()))[0], at_most)
    highland = province_of(ward) in _HIGHLAND_PROVINCES and chance.random() < _SHARES["highland"]
    if chance.random() < _SHARES["foreign"]:
        household.people.append(_foreigner(chance, household))
        return household
    father_name, mother_name = names.surname(chance), names.surname(chance)
    parents_age = chance.randint(22, 70)
    for place in range(size):
        if place < 2:
            sex = ("male", "female")[place] if size > 1 else chance.choice(("male", "female"))
            age = max(18, parents_age + chance.randint(-3, 3))
            family = father_name if sex == "male" else mother_name
        else:
            sex, family = chance.choice(("male", "female")), father_name
            grandparent = place == 4 and chance.random() < 0.6
            age = parents_age + chance.randint(20, 30) if grandparent else max(0, parents_age - chance.randint(20, 38))
        household.people.append(_person(chance, household, place, family, sex, min(age, 103), highland=highland))
    _make_twins(chance, household)
    _hand_out_phones(chance, household)
    return household


def _person(
    chance: Random,
    household: Household,
    place: int,
    family: str,
    sex: str,
    age: int,
    *,
    highland: bool,
) -> Person:
    born_on = MADE_ON - datetime.timedelta(days=age * 365 + chance.randint(1, 364))
    name = names.highland(chance, sex) if highland else names.joined(family, *names.given(chance, sex))
    number = household.number * MEMBERS_MAX + place
    person = Person(number, household.number, name, sex, born_on, household.area)
    papers = chance.random()
    if papers < _SHARES["no_papers"]:
        return person
    if age >= 14 and papers < _SHARES["no_papers"] + _SHARES["old_number_alone"]:
        person.old_national_id = f"{number * 7919 % 1_000_000_000:09d}"
        return person
    if age >= 14 or chance.random() < 0.5:
        person.national_id = national_id(person)
        if age >= 25 and chance.random() < 0.3:
            person.old_national_id = f"{number * 7919 % 1_000_000_000:09d}"
    return person


def national_id(person: Person) -> str:
    """Return a number of the form of Decree 137/2015/NĐ-CP, Art. 13: province, century and sex, year, six digits."""
    century = 2 * (person.born_on.year // 100 - 19) + (person.sex == "female")
    serial = person.number * 7919 % 1_000_000
    return f"0{province_of(person.area)}{century}{person.born_on.year % 100:02d}{serial:06d}"


def _foreigner(chance: Random, household: Household) -> Person:
    name, country = names.foreign(chance)
    number = household.number * MEMBERS_MAX
    born_on = MADE_ON - datetime.timedelta(days=chance.randint(20, 65) * 365)
    person = Person(number, household.number, name, chance.choice(("male", "female")), born_on, household.area)
    person.nationality = country
    person.passport = {"number": f"{chance.choice('ABCKMX')}{number * 7919 % 100_000_000:08d}", "country": country}
    return person


def _make_twins(chance: Random, household: Household) -> None:
    """Let two children be twins: born on one day, with names that differ in the last word alone."""
    if len(household.people) < 4 or chance.random() >= _TWINS * 3:
        return
    one, other = household.people[2], household.people[3]
    other.born_on, other.sex = one.born_on, one.sex
    other.full_name = names.joined(*one.full_name.split()[:-1], names.given(chance, one.sex)[1])
    if other.national_id is not None:
        other.national_id = national_id(other)


def _hand_out_phones(chance: Random, household: Household) -> None:
    adults = [person for person in household.people if person.age_on(MADE_ON) >= 16]
    one_for_all = chance.random() < _ONE_PHONE_FOR_ALL
    for place, person in enumerate(adults):
        elderly = person.age_on(MADE_ON) >= 70
        if one_for_all and place:
            person.phone = adults[0].phone
        elif chance.random() < (0.6 if elderly else 0.96):
            person.phone = f"{_PHONE_PREFIXES[person.number % 10]}{person.number * 7919 % 10_000_000:07d}"
    for person in household.people:
        if person not in adults and adults:
            person.guardian, person.phone = adults[0], adults[0].phone
