"""What rules answer: total over days and facts, monotone in what makes things worse, right at the bounds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.rulepacks import bundled, selectors
from daumoi.rulepacks.at import Answer
from daumoi.rulepacks.evaluation.care import PatientFacts
from daumoi.rulepacks.evaluation.cases import CaseFacts
from daumoi.rulepacks.evaluation.contacts import (
    ContactFacts,
    Immunity,
    QuarantinePlan,
    last_day_over_chains,
    months_before,
)
from daumoi.rulepacks.evaluation.levels import AreaFigures, rate_per_100k
from daumoi.rulepacks.pack import NoRule, Pack
from tests.unit.rulepacks.invented import invented

COVID = bundled.pack("covid-19")
INVENTED = invented()
UNDER_RULES = st.dates(date(2021, 12, 29), date(2026, 12, 31))
DAYS = st.dates(date(2020, 1, 1), date(2031, 12, 31))
maybe = st.none() | st.booleans()
metres = st.floats(0, 10)
minutes = st.floats(0, 120)
contacts = st.builds(ContactFacts, st.none() | metres, st.none() | minutes, maybe, maybe, maybe, maybe)
patients = st.builds(
    PatientFacts,
    age_years=st.none() | st.floats(0, 110),
    spo2_percent=st.none() | st.floats(50, 100),
    respiratory_rate_per_minute=st.none() | st.integers(5, 60),
    underlying_disease=maybe,
    abnormal_sign=maybe,
    emergency_sign=maybe,
    vaccinated_days=st.none() | st.integers(0, 400),
    fully_vaccinated=maybe,
)
NOTHING_SHOWN = Immunity()
ORDER = {False: 0, None: 1, True: 2}


def is_contact(on: date, facts: ContactFacts, pack: Pack = COVID) -> bool | None:
    answer = selectors.at(pack, on).close_contact(facts)
    assert isinstance(answer, Answer)
    return answer.result.holds


def plan(on: date, immunity: Immunity = NOTHING_SHOWN, pack: Pack = COVID, as_of: date | None = None) -> QuarantinePlan:
    answer = selectors.at(pack, on).quarantine(immunity, as_of=as_of)
    assert isinstance(answer, Answer)
    return answer.result


# Contacts


@given(UNDER_RULES, contacts, metres, minutes)
def test_nearer_longer_and_less_protected_is_never_less_of_a_contact(
    on: date, facts: ContactFacts, nearer: float, longer: float
) -> None:
    facts = replace(facts, distance_m=facts.distance_m or 0.0, minutes=facts.minutes or 0.0)
    assert facts.distance_m is not None
    assert facts.minutes is not None
    worse = replace(
        facts,
        distance_m=max(facts.distance_m - nearer, 0),
        minutes=facts.minutes + longer,
        both_masked=False,
        same_enclosed_space=True,
    )
    assert ORDER[is_contact(on, worse)] >= ORDER[is_contact(on, facts)]


@given(UNDER_RULES, contacts)
def test_what_is_not_known_decides_only_what_it_cannot_change(on: date, facts: ContactFacts) -> None:
    judged = is_contact(on, facts)
    for name in ("both_masked", "same_enclosed_space", "physical", "care_without_ppe"):
        if getattr(facts, name) is None and judged is not None:
            assert {is_contact(on, replace(facts, **{name: value})) for value in (True, False)} == {judged}


APART = ContactFacts(1.5, 20, True, False, False, False)


def test_a_contact_is_judged_by_the_rule_of_its_own_day() -> None:
    assert [is_contact(date(2022, 4, day), APART) for day in (14, 15)] == [True, False]
    assert is_contact(date(2022, 4, 15), replace(APART, distance_m=1.0))
    assert is_contact(date(2022, 4, 15), replace(APART, same_enclosed_space=True))
    assert [is_contact(date(2022, 1, 1), replace(APART, minutes=m)) for m in (14.9, 15)] == [False, True]
    assert is_contact(date(2022, 1, 1), replace(APART, minutes=1, both_masked=False))


def test_an_invented_disease_has_its_own_contacts() -> None:
    far = ContactFacts(7.5, 40, True, False, False, False)
    assert is_contact(date(2030, 5, 1), far, INVENTED)
    assert not is_contact(date(2030, 5, 1), replace(far, minutes=39), INVENTED)


def test_a_contact_before_the_first_rule_is_answered_as_such() -> None:
    answer = selectors.at(COVID, date(2019, 1, 1)).close_contact(APART)
    assert isinstance(answer, NoRule)
    assert answer.reason == "before_first"


# Quarantine


@given(st.dates(date(2020, 3, 1), date(2026, 1, 1)), st.integers(0, 4), st.integers(0, 900), st.integers(0, 900))
def test_vaccination_and_recovery_never_make_a_quarantine_longer(on: date, doses: int, since: int, ago: int) -> None:
    shown = Immunity(doses, on - timedelta(days=since) if doses else None, None, on - timedelta(days=ago))
    found, without = plan(on, shown), plan(on)
    assert (found.last_day_on or on) <= (without.last_day_on or on)


@given(st.dates(date(2020, 3, 1), date(2026, 1, 1)), st.dates(date(2020, 1, 1), date(2026, 12, 31)))
def test_a_later_rule_never_makes_a_running_quarantine_longer_nor_takes_a_day_back(on: date, as_of: date) -> None:
    first, later = plan(on, as_of=on), plan(on, as_of=max(as_of, on))
    if first.last_day_on is None:
        assert later.last_day_on is None
    else:
        assert later.last_day_on is not None
        assert on <= later.last_day_on <= first.last_day_on
        for step in later.transitions:
            assert step.last_day_on is not None
            assert step.last_day_on >= step.rule.valid_from - timedelta(days=1)


@pytest.mark.parametrize(
    ("on", "immunity", "days", "watch"),
    [
        (date(2020, 6, 1), Immunity(), 14, 0),
        (date(2021, 5, 20), Immunity(), 21, 14),
        (date(2021, 12, 15), Immunity(2, date(2021, 10, 1)), 14, 14),
        (date(2021, 12, 16), Immunity(2, date(2021, 10, 1)), 7, 7),
        (date(2021, 12, 16), Immunity(2, date(2021, 12, 2)), 7, 7),
        (date(2021, 12, 16), Immunity(2, date(2021, 12, 3)), 14, 14),
        (date(2021, 12, 16), Immunity(2, date(2021, 6, 16)), 7, 7),
        (date(2021, 12, 16), Immunity(2, date(2021, 6, 15)), 14, 14),
        (date(2021, 12, 16), Immunity(1, date(2021, 10, 1), "janssen"), 7, 7),
        (date(2021, 12, 16), Immunity(2, date(2021, 10, 1), "abdala"), 14, 14),
        (date(2022, 3, 1), Immunity(2, date(2022, 2, 28)), 5, 0),
        (date(2022, 3, 1), Immunity(0, None, None, date(2021, 12, 1)), 5, 0),
        (date(2022, 3, 1), Immunity(0, None, None, date(2021, 11, 30)), 7, 0),
        (date(2022, 3, 1), Immunity(0, None, None, date(2022, 3, 2)), 7, 0),
        (date(2022, 4, 15), Immunity(), 0, 10),
    ],
)
def test_days_follow_from_what_was_so_at_the_time_of_the_contact(
    on: date, immunity: Immunity, days: int, watch: int
) -> None:
    answer = selectors.at(COVID, on).quarantine_days(immunity)
    assert isinstance(answer, Answer)
    assert answer.result == days
    assert plan(on, immunity, as_of=on).path.watch_days == watch


def test_the_day_of_the_last_contact_is_day_zero() -> None:
    found = plan(date(2021, 12, 20), Immunity(2, date(2021, 10, 1)))
    assert (found.first_day_on, found.last_day_on) == (date(2021, 12, 21), date(2021, 12, 27))
    assert found.watch_until_on == date(2022, 1, 3)
    assert found.tests_on == (date(2021, 12, 21), date(2021, 12, 27))


def test_another_pack_may_count_the_day_of_the_contact_as_day_one() -> None:
    assert plan(date(2030, 5, 1), pack=INVENTED).last_day_on == date(2030, 5, 2)


def test_a_running_quarantine_is_kept_or_shortened_as_the_new_rule_says() -> None:
    january, march = plan(date(2030, 1, 25), pack=INVENTED), plan(date(2030, 3, 25), pack=INVENTED)
    assert january.last_day_on == date(2030, 3, 5)
    assert [step.effect for step in january.transitions] == ["kept"]
    assert march.last_day_on == date(2030, 3, 31)
    assert [(step.effect, step.rule.sources[0].text) for step in march.transitions] == [("shortened", "Order 3")]
    assert march.path.place == "home"


def test_in_a_declared_gap_there_is_no_rule_and_nothing_that_runs_ends() -> None:
    answer = selectors.at(INVENTED, date(2030, 2, 10)).quarantine_days(Immunity())
    assert isinstance(answer, NoRule)
    assert (answer.reason, answer.text) == ("declared", "The order ended before the next came.")
    before = plan(date(2030, 1, 25), pack=INVENTED, as_of=date(2030, 2, 28))
    assert before.transitions == ()
    assert before.last_day_on == date(2030, 3, 5)


def test_of_several_chains_the_last_end_counts() -> None:
    plans = [plan(date(2021, 8, day)) for day in (3, 9, 5)]
    assert last_day_over_chains(plans) == date(2021, 8, 23)
    assert last_day_over_chains([plan(date(2022, 5, 1))]) is None


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_months_go_back_to_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int) -> None:
    found = months_before(day, months)
    assert (day.year * 12 + day.month) - (found.year * 12 + found.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


def test_a_case_is_infectious_from_days_before_onset_and_unknown_without_symptoms() -> None:
    on = selectors.at(COVID, date(2021, 8, 10))
    found = on.infectious_from(symptomatic=True)
    assert isinstance(found, Answer)
    assert found.result == date(2021, 8, 7)
    assert isinstance(on.infectious_from(symptomatic=False), NoRule)


# Cases


def is_case(on: date, case_class: str, facts: CaseFacts) -> bool | None:
    answer = selectors.at(COVID, on).case(case_class, facts)
    assert isinstance(answer, Answer)
    return answer.result.holds


def test_an_antigen_test_confirms_only_since_the_texts_say_so() -> None:
    facts = CaseFacts(
        pcr_positive=False, antigen_positive_hours=(0.0,), close_contact=True, epidemiological_factor=False
    )
    assert [is_case(day, "confirmed", facts) for day in (date(2021, 12, 28), date(2021, 12, 29))] == [False, True]


@pytest.mark.parametrize(("hours", "confirmed"), [((0.0,), False), ((0.0, 8.0), True), ((0.0, 8.1), False)])
def test_two_antigen_tests_confirm_within_eight_hours(hours: tuple[float, ...], confirmed: bool) -> None:
    none = dict.fromkeys(("fever", "cough", "muscle_pain", "fatigue", "chills", "headache", "sore_throat"), False)
    none |= dict.fromkeys(("runny_nose", "loss_of_smell", "loss_of_taste", "nausea", "vomiting", "diarrhoea"), False)
    facts = CaseFacts(none | {"shortness_of_breath": False}, False, hours, False, True)
    assert is_case(date(2022, 1, 10), "confirmed", facts) is confirmed


def test_a_symptom_that_was_not_asked_for_leaves_a_suspicion_open() -> None:
    facts = CaseFacts(
        {"fever": True},
        epidemiological_factor=True,
        severe_respiratory_infection=False,
    )
    on = date(2022, 5, 1)
    assert is_case(on, "suspected", facts) is None
    assert is_case(on, "suspected", replace(facts, symptoms={"fever": True, "cough": True})) is True
    assert is_case(on, "suspected", replace(facts, epidemiological_factor=False)) is False


def test_two_codes_of_one_sign_count_once() -> None:
    smell = {"loss_of_smell": True, "loss_of_taste": True, "fever": True}
    others = ("cough", "muscle_pain", "fatigue", "chills", "headache", "sore_throat", "runny_nose", "nausea")
    rest = dict.fromkeys((*others, "vomiting", "diarrhoea", "shortness_of_breath"), False)
    facts = CaseFacts(smell | rest, epidemiological_factor=True, severe_respiratory_infection=False)
    assert is_case(date(2022, 5, 1), "suspected", facts) is False
    assert is_case(date(2022, 5, 1), "suspected", replace(facts, symptoms={**facts.symptoms, "headache": True})) is True


def test_a_negative_test_ends_isolation_earlier_since_the_rule_says_so() -> None:
    for on, days in ((date(2022, 1, 30), 10), (date(2022, 1, 31), 7)):
        answer = selectors.at(COVID, on).isolation_last_day(negative_antigen=True)
        assert isinstance(answer, Answer)
        assert answer.result == on + timedelta(days=days)


# Care

TIERS = ("low", "medium", "high", "very_high")


def risk(facts: PatientFacts, on: date = date(2021, 9, 1)) -> str:
    answer = selectors.at(COVID, on).risk_tier(facts)
    assert isinstance(answer, Answer)
    return answer.result.tier.code


@given(patients, st.floats(0, 30), st.floats(0, 40))
def test_less_oxygen_and_more_years_never_lower_a_risk(facts: PatientFacts, less: float, older: float) -> None:
    known = replace(facts, spo2_percent=facts.spo2_percent or 98.0, age_years=facts.age_years or 30.0)
    known = replace(known, underlying_disease=bool(known.underlying_disease), abnormal_sign=bool(known.abnormal_sign))
    assert known.spo2_percent is not None
    assert known.age_years is not None
    worse = replace(
        known, spo2_percent=known.spo2_percent - less, age_years=known.age_years + older, emergency_sign=True
    )
    assert TIERS.index(risk(worse)) >= TIERS.index(risk(known))
    assert risk(worse) == "very_high"


@given(patients)
def test_a_tier_that_learning_more_would_give_was_named_as_possible(facts: PatientFacts) -> None:
    answer = selectors.at(COVID, date(2022, 1, 1)).risk_tier(facts)
    assert isinstance(answer, Answer)
    if facts.spo2_percent is None:
        measured = risk(replace(facts, spo2_percent=90.0))
        assert measured == answer.result.tier.code or measured in answer.result.possible


@pytest.mark.parametrize(
    ("age", "spo2", "disease", "tier"),
    [
        (45.9, 97, False, "low"),
        (46, 98, False, "medium"),
        (30, 96, True, "medium"),
        (65, 98, False, "high"),
        (30, 94, False, "high"),
        (65, 98, True, "very_high"),
        (30, 92, False, "very_high"),
    ],
)
def test_risk_at_its_bounds(age: float, spo2: float, disease: bool, tier: str) -> None:
    assert risk(PatientFacts(age, spo2, 18, disease, True, False, None, False)) == tier


WELL = PatientFacts(30, 98, 18, False, True, False, None, False)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"respiratory_rate_per_minute": 21}, False),
        ({"spo2_percent": 95.9}, False),
        ({"age_years": 1}, False),
        ({"age_years": 50}, False),
        ({"underlying_disease": True}, False),
        ({"underlying_disease": True, "fully_vaccinated": True, "vaccinated_days": 14}, True),
        ({"underlying_disease": True, "fully_vaccinated": True, "vaccinated_days": 13}, False),
        ({"spo2_percent": None}, None),
    ],
)
def test_care_at_home_needs_every_condition_and_what_was_not_measured_is_not_normal(
    changes: dict[str, float | bool | None], holds: bool | None
) -> None:
    answer = selectors.at(COVID, date(2021, 9, 1)).home_care(replace(WELL, **changes))
    assert isinstance(answer, Answer)
    assert answer.result.holds is holds


@pytest.mark.parametrize(
    ("breaths", "spo2", "sign", "found"),
    [
        (21, 97, False, "asymptomatic"),
        (21, 96, False, "mild"),
        (22, 94, True, "moderate"),
        (30, 97, True, "moderate"),
        (31, 97, True, "severe"),
        (18, 93.9, False, "severe"),
    ],
)
def test_severity_at_its_bounds(breaths: float, spo2: float, sign: bool, found: str) -> None:
    answer = selectors.at(COVID, date(2023, 7, 1)).severity(PatientFacts(40, spo2, breaths, False, sign, False))
    assert isinstance(answer, Answer)
    assert answer.result.tier.code == found


# Levels

FIGURES = AreaFigures(adults_vaccinated=90, elderly_vaccinated=90, fully_vaccinated=90, vulnerable_vaccinated=95)
level_days = st.sampled_from([date(2021, 10, 12), date(2022, 1, 26), date(2022, 1, 27), date(2025, 1, 1)])


def level(on: date, figures: AreaFigures) -> int | None:
    answer = selectors.at(COVID, on).level(figures)
    assert isinstance(answer, Answer)
    return answer.result.level


@given(level_days, st.floats(0, 2000), st.floats(0, 500), st.floats(0, 100), st.floats(0, 100))
def test_more_cases_and_less_coverage_never_lower_a_level(
    on: date, cases: float, more: float, share: float, less: float
) -> None:
    figures = replace(FIGURES, new_cases=cases, adults_vaccinated=share, fully_vaccinated=share)
    worse = replace(
        figures,
        new_cases=cases + more,
        adults_vaccinated=max(share - less, 0),
        fully_vaccinated=max(share - less, 0),
    )
    found = level(on, figures), level(on, worse)
    assert found[0] is not None
    assert found[1] is not None
    assert 1 <= found[0] <= found[1] <= 4


@pytest.mark.parametrize(
    ("on", "cases", "expected"),
    [
        (date(2022, 1, 26), 19.9, 1),
        (date(2022, 1, 26), 20, 2),
        (date(2022, 1, 26), 149.9, 3),
        (date(2022, 1, 26), 150, 4),
        (date(2022, 1, 27), 150, 2),
        (date(2022, 1, 27), 600, 3),
        (date(2022, 1, 27), 600.1, 4),
    ],
)
def test_levels_at_their_bounds(on: date, cases: float, expected: int) -> None:
    assert level(on, replace(FIGURES, new_cases=cases)) == expected


def test_without_capacity_a_level_does_not_fall_and_without_data_there_is_none() -> None:
    on = date(2021, 11, 1)
    low = replace(FIGURES, new_cases=5.0, level_before=3)
    assert level(on, replace(low, capacity_suffices=True)) == 1
    assert level(on, replace(low, capacity_suffices=False)) == 3
    assert level(on, low) == 3
    assert level(on, replace(low, new_cases=None)) is None
    assert level(on, replace(low, elderly_vaccinated=None)) is None


def test_a_rate_needs_the_inhabitants_of_its_time() -> None:
    assert rate_per_100k(3, inhabitants=2_000) == 150.0
    with pytest.raises(ValueError, match="inhabitants"):
        rate_per_100k(3, inhabitants=0)


@given(DAYS, contacts, patients)
def test_every_question_has_an_answer_on_every_day(on: date, contact: ContactFacts, patient: PatientFacts) -> None:
    for pack in (COVID, INVENTED):
        at = selectors.at(pack, on)
        answers = (
            at.close_contact(contact),
            at.secondary_contact(contact.distance_m),
            at.quarantine(Immunity()),
            at.case("confirmed", CaseFacts()),
            at.level(AreaFigures()),
            at.risk_tier(patient),
            at.severity(patient),
            at.home_care(patient),
            at.isolation_last_day(negative_antigen=False),
        )
        assert all(isinstance(answer, Answer | NoRule) for answer in answers)
