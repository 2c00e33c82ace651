"""What a change of rules would alter: which parameters, on which days, and how many given cases get another answer."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from daumoi.rulepacks.pack import Pack, Rule
from daumoi.rulepacks.reading import written_rule

F = TypeVar("F")
_NOT_COMPARED = {"group", "track", "valid_from", "valid_to"}


@dataclass(frozen=True)
class Difference:
    """One parameter that is another one on the days from `first_on` to `last_on`; None: open."""

    group: str
    track: str
    first_on: date | None
    """None: on all days before `last_on`."""
    last_on: date | None
    field: str
    """Where it stands in the rule: value/any_of/0/within_m."""
    before: object
    after: object
    """None where it is not there."""


def differences(before: Pack | None, after: Pack) -> list[Difference]:
    """Return every parameter that two versions hold differently, and on which days; none: they say the same."""
    old = {} if before is None else before.tracks()
    new = after.tracks()
    found: list[Difference] = []
    for group, track in sorted({*old, *new}):
        rules = (old.get((group, track), []), new.get((group, track), []))
        found += _joined(_of_track(group, track, *rules))
    return found


def _of_track(group: str, track: str, old: list[Rule], new: list[Rule]) -> Iterator[Difference]:
    for first, last in _spans([*old, *new]):
        before, after = _flat(_on(old, first)), _flat(_on(new, first))
        for field in sorted({*before, *after}):
            if before.get(field) != after.get(field):
                yield Difference(group, track, first, last, field, before.get(field), after.get(field))


def _spans(rules: list[Rule]) -> list[tuple[date, date | None]]:
    """Divide time at every first day and every day after a last one: within a span nothing changes."""
    begins = {rule.valid_from for rule in rules}
    begins |= {rule.valid_to + timedelta(days=1) for rule in rules if rule.valid_to is not None}
    ordered = sorted(begins)
    ends: list[date | None] = [begin - timedelta(days=1) for begin in ordered[1:]]
    return list(zip(ordered, [*ends, None], strict=True))


def _on(rules: list[Rule], on: date) -> Rule | None:
    return next((rule for rule in rules if rule.is_in_force(on)), None)


def _flat(rule: Rule | None) -> dict[str, object]:
    if rule is None:
        return {}
    plain = {name: value for name, value in written_rule(rule).items() if name not in _NOT_COMPARED}
    return dict(_leaves(plain, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}/{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}/{index}")
    else:
        yield path, value


def _joined(found: Iterable[Difference]) -> list[Difference]:
    """Put together the same difference of spans that follow each other."""
    open_ones: dict[str, Difference] = {}
    done: list[Difference] = []
    for each in found:
        last = open_ones.get(each.field)
        if (
            last is not None
            and last.last_on is not None
            and each.first_on == last.last_on + timedelta(days=1)
            and _same(last, each)
        ):
            each = Difference(each.group, each.track, last.first_on, each.last_on, each.field, each.before, each.after)
            done.remove(last)
        open_ones[each.field] = each
        done.append(each)
    return sorted(done, key=lambda one: (one.first_on or date.min, one.field))


def _same(one: Difference, other: Difference) -> bool:
    return json.dumps([one.before, one.after]) == json.dumps([other.before, other.after])


@dataclass(frozen=True)
class Question(Generic[F]):
    """Something that a pack answers on a day for given facts; the answer in a word that can be compared."""

    name: str
    title_en: str
    title_vi: str
    groups: tuple[str, ...]
    """The groups of parameters that have a say in it."""
    answer: Callable[[Pack, date, F], str]
    grid: Callable[[Iterable[Rule]], Iterator[F]]
    """Made-up facts at, just below and just above every bound of these rules."""


@dataclass(frozen=True)
class Comparison:
    """How many of the cases asked would get another answer."""

    question: str
    synthetic: bool
    """Whether the cases are made up, so that their number says nothing of people."""
    asked: int
    changed: int
    changes: dict[tuple[str, str], int]
    """How many went from which answer to which."""


def compare(
    question: Question[F], before: Pack, after: Pack, cases: Iterable[tuple[date, F]], *, synthetic: bool = False
) -> Comparison:
    """Ask both versions about every case, on the day of its event; the caller gives the cases."""
    asked = 0
    changes: Counter[tuple[str, str]] = Counter()
    for on, facts in cases:
        asked += 1
        answers = (question.answer(before, on, facts), question.answer(after, on, facts))
        if answers[0] != answers[1]:
            changes[answers] += 1
    return Comparison(question.name, synthetic, asked, sum(changes.values()), dict(changes.most_common()))


def synthetic_cases(question: Question[F], before: Pack, after: Pack) -> Iterator[tuple[date, F]]:
    """Yield made-up facts at all bounds of both versions, on the first day of every rule and the day before it."""
    rules = [rule for pack in (before, after) for rule in pack.rules if rule.group in question.groups]
    days = {rule.valid_from for rule in rules}
    days |= {day - timedelta(days=1) for day in days}
    grid = list(question.grid(rules))
    return ((day, facts) for day in sorted(days) for facts in grid)


def compare_on_grid(question: Question[F], before: Pack, after: Pack) -> Comparison:
    """Compare two versions on made-up cases; the result is marked as such."""
    return compare(question, before, after, synthetic_cases(question, before, after), synthetic=True)
