"""Packs as data: every track answers for every day, faults are said at once, what is written is read back."""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.kinds.codes.lists import is_known
from daumoi.rulepacks import bundled, selectors
from daumoi.rulepacks.pack import NoRule, Pack, codes, faults, rule_on
from daumoi.rulepacks.reading import PackFault, parse, read_back, written
from daumoi.rulepacks.vocabulary.groups import ALL, GROUPS
from tests.repository.tracked import files_of
from tests.unit.rulepacks.invented import TEXT, invented

COVID = bundled.pack("covid-19")
PACKS = [COVID, invented()]
any_pack = st.sampled_from(PACKS)
any_day = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_a_pack_has_no_fault_as_a_whole(pack: Pack) -> None:
    assert faults(pack) == []


@given(any_pack, any_day)
def test_every_track_answers_for_every_day_with_one_rule_or_why_there_is_none(pack: Pack, on: date) -> None:
    for (group, track), rules in pack.tracks().items():
        there = [rule for rule in rules if rule.is_in_force(on)]
        found = rule_on(pack, GROUPS[group], on, track)
        if isinstance(found, NoRule):
            assert found.text
            assert [rule.no_rule for rule in there] == ([found.text] if found.reason == "declared" else [])
            assert (found.reason == "before_first") == (on < rules[0].valid_from)
        else:
            assert [found.rule] == there


def test_every_group_of_the_vocabulary_has_rules_in_the_bundled_pack() -> None:
    assert {rule.group for rule in COVID.rules} == set(GROUPS)


def test_every_rule_names_its_text_and_who_issued_it() -> None:
    for rule in COVID.rules:
        if rule.value is not None:
            assert all(source.text and source.body for source in rule.sources)
            for field in rule.value.__struct_fields__:
                assert rule.sources_of(field), (rule.group, rule.valid_from, field)


def test_the_codes_that_rules_refer_to_are_in_the_code_lists() -> None:
    assert len(codes(COVID)) > 25
    assert [found for found in codes(COVID) if not is_known(*found, date(2022, 1, 1))] == []


def test_no_disease_is_named_in_the_code() -> None:
    named = re.compile(r"covid|sars|corona(?!vac)", re.IGNORECASE)
    sources = [path for path in files_of(".py", ".sql", under="daumoi/rulepacks")]
    assert len(sources) > 15
    assert [path.name for path in sources if named.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_a_pack_is_read_back_as_it_was_written(pack: Pack) -> None:
    assert read_back(msgspec.json.decode(msgspec.json.encode(written(pack)))) == pack


def test_every_group_has_titles_in_both_languages() -> None:
    assert all(group.TITLE_EN and group.TITLE_VI for group in ALL)
    assert len({group.GROUP for group in ALL}) == len(ALL)


def test_an_event_belongs_to_the_day_it_was_where_the_rules_are_in_force() -> None:
    just_before = datetime(2022, 4, 14, 16, 59, tzinfo=UTC)
    days = [selectors.at(COVID, just_before + timedelta(minutes=step)).on for step in (0, 1)]
    assert days == [date(2022, 4, 14), date(2022, 4, 15)]
    assert selectors.at(invented(), just_before).on == date(2022, 4, 14)
    with pytest.raises(ValueError, match="offset"):
        COVID.day_of(datetime(2022, 4, 14))  # noqa: DTZ001 - an instant without an offset is the point


def test_duties_ended_on_the_days_the_texts_say() -> None:
    def required(declaration: str, on: date) -> bool:
        found = selectors.at(COVID, on).declaration_duty(declaration)
        assert not isinstance(found, NoRule)
        return found.value.required

    assert [required("domestic", date(2022, 4, day)) for day in (29, 30)] == [True, False]
    assert [required("entry", date(2022, 4, day)) for day in (26, 27)] == [True, False]


def test_forms_and_decision_look_back_by_their_own_days() -> None:
    on = selectors.at(COVID, date(2021, 12, 27))
    found = [on.look_back(form) for form in ("domestic", "later_declaration")]
    assert [each.value.days for each in found if not isinstance(each, NoRule)] == [14, 21]


def test_what_nobody_has_checked_is_marked_down_to_the_part() -> None:
    found = {rule.valid_from: rule for rule in COVID.rules if rule.group == "quarantine"}
    rule = found[date(2022, 2, 21)]
    marks = [rule.is_verified(name) for name in ("paths", "paths/immune", "paths/others", "transition")]
    assert marks == [True, True, False, False]
    assert not found[date(2021, 5, 1)].is_verified("valid_from")


RULE = '[[rule]]\ngroup = "publication"\nvalid_from = 2030-01-01\nsources = [{ text = "Order", body = "X" }]\n'
VALUE = "[rule.value]\nsuppress_below = 5\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = = 3", "no TOML"),
        ("rules = 3\n" + RULE + VALUE, "rules: not known here"),
        ("rule = 3", "under"),
        ('[pack]\ncode = "A B"\n', "pack: "),
        (RULE.replace("publication", "moods") + VALUE, "group moods is not known"),
        (RULE + VALUE + "suppress_above = 3\n", "suppress_above"),
        (RULE + VALUE.replace("5", "0"), "value: "),
        (RULE + VALUE.replace("5", '"5"'), "value: "),
        (RULE.replace("2030-01-01", '"soon"') + VALUE, "rule 1: "),
        (RULE + "[rule.value]\n", "suppress_below"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(PackFault, match=re.escape(said)):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("valid_to = 2030-01-31", "valid_to = 2030-01-30", "leave days between them"),
        ("valid_to = 2030-01-31", "valid_to = 2030-02-01", "overlap"),
        ("valid_to = 2030-01-31\n", "", "overlap"),
        ("valid_from = 2030-04-01", "valid_from = 2030-04-01\nvalid_to = 2031-01-01", "after 2031-01-01"),
        ("valid_to = 2030-02-28", "valid_to = 2029-02-28", "before valid_from"),
        ('no_rule = "The order ended before the next came."', "", "no_rule with the reason"),
        ('sources = [{ text = "Order 3", body = "Ministry of Colds" }]', "", "sources are missing"),
        ('track = "quarantine"', 'track = "quarantine"\nunverified = ["mood"]', "mood is no field"),
    ],
)
def test_a_pack_with_a_gap_an_overlap_or_no_ground_is_refused(old: str, new: str, said: str) -> None:
    assert TEXT.count(old) == 1
    assert said in "\n".join(faults(invented(TEXT.replace(old, new))))


def test_every_fault_of_a_file_is_said_at_once() -> None:
    with pytest.raises(PackFault) as caught:
        parse(RULE.replace("publication", "moods") + VALUE + RULE + VALUE.replace("5", "0") + "\n[more]\n")
    assert len(caught.value.faults) == 3
