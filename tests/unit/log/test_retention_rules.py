"""Rules of retention: what they touch, what they allow, and every fault of a file at once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.log.retention_rules import Rule, RulesFault, parse

KINDS = ("checkpoint", "citizen_report", "checkpoint_passage")
SYSTEMS = ("dov", "hotline")
NOW = datetime(2021, 8, 1, 5, tzinfo=UTC)

steps = st.lists(st.sampled_from(["VN", "01", "02", "0", "00004", "1"]), min_size=1, max_size=4)
paths = st.none() | steps.map(".".join)
rules = st.builds(
    Rule,
    name=st.text(alphabet="abcđếứ -0", min_size=1, max_size=20).filter(lambda text: text.strip() == text),
    kinds=st.lists(st.sampled_from([*KINDS, "*"]), min_size=1, max_size=3).map(tuple),
    keep_days=st.integers(1, 36_525),
    legal_basis=st.just("Luật 91/2025/QH15, Điều 13"),
    valid_from=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    valid_to=st.none() | st.dates(date(2030, 1, 1), date(2050, 1, 1)),
    system=st.none() | st.sampled_from(SYSTEMS),
    area=paths,
)


def as_toml(rule: Rule) -> str:
    lines = [
        "[[rule]]",
        f'name = "{rule.name}"',
        f"kinds = {list(rule.kinds)!r}",
        f"keep_days = {rule.keep_days}",
        f'legal_basis = "{rule.legal_basis}"',
        f"valid_from = {rule.valid_from}",
    ]
    lines += [f"valid_to = {rule.valid_to}"] if rule.valid_to else []
    lines += [f'{name} = "{value}"' for name, value in (("system", rule.system), ("area", rule.area)) if value]
    return "\n".join(lines)


@given(st.lists(rules, max_size=4, unique_by=lambda rule: rule.name))
def test_rules_are_read_as_they_were_written(written: list[Rule]):
    assert parse("\n\n".join(map(as_toml, written)), kinds=KINDS, systems=SYSTEMS) == written


@given(rules, paths, st.sampled_from(SYSTEMS))
def test_a_rule_touches_what_lies_in_its_area_step_by_step(rule: Rule, path: str | None, system: str):
    inside = (
        path is not None
        and rule.area is not None
        and path.split(".")[: rule.area.count(".") + 1] == (rule.area.split("."))
    )
    expected = (rule.system in (None, system)) and (rule.area is None or inside)
    assert rule.touches(system=system, path=path) == expected


@given(rules, st.integers(0, 40_000 * 86_400))
def test_a_record_may_go_when_its_days_are_over(rule: Rule, age_s: int):
    received_at = NOW - timedelta(seconds=age_s)
    assert rule.allows(received_at, NOW) == (age_s >= rule.keep_days * 86_400)


def test_both_ends_of_its_validity_belong_to_a_rule():
    rule = Rule("r", ("*",), 1, "Luật", date(2021, 8, 1), date(2021, 8, 3))
    assert [rule.is_in_force(date(2021, 8, day)) for day in range(1, 5)] == [True, True, True, False]
    assert not rule.is_in_force(date(2021, 7, 31))


GOOD = 'name = "r"\nkinds = ["*"]\nkeep_days = 30\nlegal_basis = "Luật"\nvalid_from = 2021-01-01\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nkeep_days = = 3", "no TOML"),
        ("rule = 3", "under"),
        ("[[rules]]\n" + GOOD, "rules: not known here"),
        ("[[rule]]\n" + GOOD.replace('legal_basis = "Luật"\n', ""), "legal_basis missing"),
        ("[[rule]]\n" + GOOD.replace('"Luật"', '" "'), "legal_basis must be text"),
        ("[[rule]]\n" + GOOD.replace("30", "0"), "keep_days must be"),
        ("[[rule]]\n" + GOOD.replace("30", "true"), "keep_days must be"),
        ("[[rule]]\n" + GOOD.replace("30", '"30"'), "keep_days must be"),
        ("[[rule]]\n" + GOOD.replace('["*"]', "[]"), "kinds must be"),
        ("[[rule]]\n" + GOOD.replace('["*"]', '["covid"]'), "kinds must be"),
        ("[[rule]]\n" + GOOD.replace("2021-01-01", "2021-01-01T00:00:00Z"), "must be days"),
        ("[[rule]]\n" + GOOD + "valid_to = 2020-12-31\n", "lies before"),
        ("[[rule]]\n" + GOOD + 'system = "nobody"\n', "no system"),
        ("[[rule]]\n" + GOOD + 'area = "VN."\n', "area must be"),
        ("[[rule]]\n" + GOOD + "keep_day = 3\n", "keep_day is not known"),
        ("[[rule]]\n" + GOOD + "[[rule]]\n" + GOOD, "stands twice"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(text: str, said: str):
    with pytest.raises(RulesFault, match=said):
        parse(text, kinds=KINDS, systems=SYSTEMS)


def test_every_fault_is_said_at_once():
    text = "[[rule]]\n" + GOOD.replace("30", "0").replace('"Luật"', '""') + "[[rule]]\n" + GOOD.replace('["*"]', "[1]")
    with pytest.raises(RulesFault) as caught:
        parse(text, kinds=KINDS, systems=SYSTEMS)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["rule 1", "rule 1", "rule 2"]
