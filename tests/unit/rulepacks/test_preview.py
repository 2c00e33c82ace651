"""A preview: which parameters differ on which days, and which cases would get another answer."""

from datetime import date

import pytest

from daumoi.rulepacks import bundled, preview, questions
from daumoi.rulepacks.evaluation.contacts import ContactFacts, Immunity
from daumoi.rulepacks.pack import Pack
from tests.unit.rulepacks.invented import TEXT, invented

COVID = bundled.pack("covid-19")
BEFORE = invented()


def changed(old: str, new: str) -> Pack:
    assert TEXT.count(old) == 1
    return invented(TEXT.replace(old, new))


def test_two_versions_that_say_the_same_differ_in_nothing() -> None:
    assert preview.differences(BEFORE, invented()) == []
    assert preview.differences(COVID, COVID) == []


def test_a_changed_number_is_shown_with_its_days_and_both_values() -> None:
    found = preview.differences(BEFORE, changed("within_m = 7.5", "within_m = 3.0"))
    assert found == [
        preview.Difference("close_contact", "main", date(2030, 1, 1), None, "value/any_of/0/within_m", 7.5, 3.0)
    ]


def test_a_moved_date_is_shown_as_the_days_on_which_the_rules_differ() -> None:
    text = TEXT.replace("valid_to = 2030-03-31", "valid_to = 2030-04-04").replace(
        "valid_from = 2030-04-01", "valid_from = 2030-04-05"
    )
    found = preview.differences(BEFORE, invented(text))
    assert {(each.first_on, each.last_on) for each in found} == {(date(2030, 4, 1), date(2030, 4, 4))}
    days = next(each for each in found if each.field == "value/paths/0/days")
    assert (days.before, days.after) == (2, 20)


def test_a_new_pack_differs_in_everything() -> None:
    found = preview.differences(None, BEFORE)
    assert all(each.before is None for each in found)
    assert {each.group for each in found} == {rule.group for rule in BEFORE.rules}


def test_cases_that_the_caller_gives_are_asked_on_their_own_days() -> None:
    after = changed("within_m = 7.5", "within_m = 3.0")
    cases = [
        (date(2030, 5, day), ContactFacts(distance, 60)) for day, distance in ((1, 2.0), (2, 5.0), (3, 7.0), (4, 9.0))
    ]
    cases.append((date(2029, 12, 31), ContactFacts(5.0, 60)))
    found = preview.compare(questions.CLOSE_CONTACT, BEFORE, after, cases)
    assert found == preview.Comparison("close_contact", False, 5, 2, {("yes", "no"): 2})


def test_real_contacts_are_asked_with_their_dates() -> None:
    after = changed("days = 40", "days = 30")
    cases = [(date(2030, 1, 10), Immunity()), (date(2030, 1, 10), Immunity(recovered_on=date(2029, 12, 1)))]
    found = preview.compare(questions.QUARANTINE_OF, BEFORE, after, cases)
    assert (found.asked, found.changed, found.synthetic) == (2, 1, False)


@pytest.mark.parametrize("question", questions.ALL, ids=lambda question: question.name)
def test_made_up_cases_change_nothing_between_equal_versions(question: preview.Question[object]) -> None:
    found = preview.compare_on_grid(question, COVID, COVID)
    assert found.synthetic
    assert found.asked > 20
    assert found.changed == 0


def test_made_up_cases_stand_at_and_beside_every_bound() -> None:
    after = changed("within_m = 7.5", "within_m = 7.4")
    found = preview.compare_on_grid(questions.CLOSE_CONTACT, BEFORE, after)
    assert found.changes.keys() == {("yes", "no")}
    after = changed("at_least_minutes = 40", "at_least_minutes = 40.1")
    assert preview.compare_on_grid(questions.CLOSE_CONTACT, BEFORE, after).changed > 0
    after = changed("recovered_months_max = 2", "recovered_months_max = 3")
    assert preview.compare_on_grid(questions.QUARANTINE, BEFORE, after).changed > 0
