"""Rules in words: each parameter with its legal basis and whether anybody has checked it; differences by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from django.utils.translation import get_language, gettext

from daumoi.kinds.codes import lists
from daumoi.rulepacks.pack import MAIN, Pack, Rule, Source
from daumoi.rulepacks.preview import Difference
from daumoi.rulepacks.vocabulary.base import Bounds, Part
from daumoi.rulepacks.vocabulary.groups import GROUPS
from daumoi.rulepacks.vocabulary.words import word

_NAMED = {"vi", "en", "code"}
_SIGNS = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}


@dataclass(frozen=True)
class Worded:
    """One parameter: its name, its value in words or as a list, and whether it was checked."""

    name: str
    text: str
    items: tuple[Worded, ...] = ()
    is_verified: bool = True
    sources: tuple[str, ...] = ()
    """Texts that speak of this parameter alone."""


@dataclass(frozen=True)
class WordedRule:
    """One rule of a group, in words."""

    track: str
    valid_from: date
    valid_to: date | None
    from_is_verified: bool
    to_is_verified: bool
    is_verified: bool
    parameters: tuple[Worded, ...]
    no_rule: str
    sources: tuple[Source, ...]
    note: str


@dataclass
class WordedGroup:
    """One group of parameters with its rules."""

    name: str
    title: str
    rules: list[WordedRule] = field(default_factory=list)


def group_title(name: str) -> str:
    """Return a group's title in the reader's language."""
    group = GROUPS[name]
    return group.TITLE_EN if get_language() == "en" else group.TITLE_VI


def track_title(name: str) -> str:
    """Return a track's title; of the only one, nothing."""
    return "" if name == MAIN else word("tracks", name, get_language())


def groups(pack: Pack, on: date | None) -> list[WordedGroup]:
    """Put a pack into words, group by group: the rules of a day, or (None) all of them."""
    found: dict[str, WordedGroup] = {}
    for rule in pack.rules:
        if on is None or rule.is_in_force(on):
            found.setdefault(rule.group, WordedGroup(rule.group, group_title(rule.group))).rules.append(_rule(rule))
    return [found[name] for name in GROUPS if name in found]


def _rule(rule: Rule) -> WordedRule:
    fields = () if rule.value is None else rule.value.__struct_fields__
    return WordedRule(
        track=track_title(rule.track),
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        from_is_verified=rule.is_verified("valid_from"),
        to_is_verified=rule.is_verified("valid_to"),
        is_verified="*" not in rule.unverified,
        parameters=tuple(_parameter(rule, name) for name in fields if _is_given(getattr(rule.value, name))),
        no_rule=rule.no_rule,
        sources=rule.sources,
        note=rule.note,
    )


def _parameter(rule: Rule, name: str) -> Worded:
    language = get_language()
    value = getattr(rule.value, name)
    sources = tuple(source.text for source in rule.sources if source.of and name in source.of)
    title, verified = word("fields", name, language), rule.is_verified(name)
    if isinstance(value, tuple) and any(isinstance(item, Part) for item in value):
        items = tuple(_item(rule, name, item) for item in value)
        return Worded(title, "", items, verified, sources)
    codes = type(rule.value).CODE_FIELDS.get(name) if isinstance(rule.value, Part) else None
    return Worded(title, said(value, codes), (), verified, sources)


def _item(rule: Rule, name: str, item: Part) -> Worded:
    """Put one of several parts into words; the parts of a rule that nobody has checked are named by their codes."""
    code = getattr(item, "code", "")
    verified = not code or f"{name}/{code}" not in rule.unverified
    return Worded(_title_of(item), _details(item), (), verified)


def _title_of(item: Part) -> str:
    return str(getattr(item, "en" if get_language() == "en" else "vi", ""))


def _is_given(value: object) -> bool:
    return value not in (None, (), {}, "")


def _details(item: Part) -> str:
    """Say what a part holds beside its title: what is not given, or not asked for, is left out."""
    language = get_language()
    shown = []
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if name in _NAMED or not _is_given(value) or value is False:
            continue
        title, codes = word("fields", name, language), type(item).CODE_FIELDS.get(name)
        if codes and said(value, codes) == _title_of(item):
            continue
        shown.append(title if value is True else f"{title}: {said(value, codes)}")
    return "; ".join(shown)


def said(value: object, codes: str | None = None) -> str:
    """Put a value into words; `codes` names the code list its codes are of."""
    language = get_language()
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Bounds):
        return " ".join(f"{sign} {_figure(edge)}" for name, sign in _SIGNS.items()
                        if (edge := getattr(value, name)) is not None)  # fmt: skip
    if isinstance(value, Part):
        title, details = _title_of(value), _details(value)
        return f"{title} ({details})" if title and details else title or details
    if isinstance(value, dict):
        named = (
            (lists.title(codes, str(name), language) if codes else str(name), inner) for name, inner in value.items()
        )
        return "; ".join(f"{name}: {said(inner)}" for name, inner in named)
    if isinstance(value, tuple | list):
        return "; ".join(said(item, codes) for item in value) or "–"
    if isinstance(value, str):
        return lists.title(codes, value, language) if codes else word("values", value, language)
    return _figure(value)


def _figure(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if get_language() == "en" else text.replace(".", ",")


@dataclass(frozen=True)
class WordedDifference:
    """One parameter that two versions hold differently, and on which days."""

    field: str
    first_on: date | None
    last_on: date | None
    before: str
    after: str


@dataclass(frozen=True)
class ChangedTrack:
    """All differences of one track of a group."""

    title: str
    track: str
    differences: tuple[WordedDifference, ...]


def changes(found: Iterable[Difference]) -> list[ChangedTrack]:
    """Put differences into words, track by track."""
    return [
        ChangedTrack(
            group_title(group), track_title(track), tuple(_difference(each) for each in sorted(inner, key=_is_on_paper))
        )
        for (group, track), inner in groupby(found, key=lambda each: (each.group, each.track))
    ]


def _is_on_paper(each: Difference) -> bool:
    """What a rule says stands before what it stands on: sources, notes, what was checked."""
    return not each.field.startswith(("value", "no_rule"))


def _difference(each: Difference) -> WordedDifference:
    steps = [step for step in each.field.split("/") if step != "value"]
    is_list_of_fields = steps[0] == "unverified"
    before, after = (_fields_said(value) if is_list_of_fields else said(value) for value in (each.before, each.after))
    return WordedDifference(" › ".join(map(_step_said, steps)), each.first_on, each.last_on, before, after)


def _step_said(step: str) -> str:
    return str(int(step) + 1) if step.isdecimal() else word("fields", step, get_language())


def _fields_said(value: object) -> str:
    """Say which fields nobody has checked, each as its path."""
    if value is None:
        return said(None)
    return gettext("all of it") if value == "*" else " › ".join(map(_step_said, str(value).split("/")))
