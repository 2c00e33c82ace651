"""A rule pack: dated rules by group and track, each with its legal basis; and which rule is in force on a day.

Validity is in whole calendar days of the pack's time zone, both ends included; without `valid_to` a rule is open. The
rules of a track follow each other without a gap or an overlap: a time without a rule is declared as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from daumoi.rulepacks.vocabulary.base import Parameters, Part
from daumoi.rulepacks.vocabulary.groups import GROUPS

MAIN = "main"
DATES = ("valid_from", "valid_to")
P = TypeVar("P", bound=Parameters)


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text that a rule stands on."""

    text: str
    """Number or name, such as 1909/BYT-DP."""
    body: str
    """Who issued it."""
    dated_on: date | None = None
    says: str = ""
    """Its words, or what it says in short."""
    read_in: str = ""
    """Where that was read, when not in the text itself."""
    of: tuple[str, ...] = ()
    """The fields it speaks of; none: all."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of one group and track, and from when to when it is in force. Without a value it declares a gap."""

    group: str
    track: str
    valid_from: date
    valid_to: date | None
    """The last day on which it is in force."""
    sources: tuple[Source, ...]
    unverified: tuple[str, ...]
    """What nobody has checked against a source: fields, parts of one (paths/others), valid_from or valid_to.

    "*" means all of them.
    """
    note: str
    no_rule: str
    """Why there is no rule in this time; empty where there is one."""
    value: Parameters | None

    def is_in_force(self, on: date) -> bool:
        """Tell whether it covers a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def is_verified(self, field: str) -> bool:
        """Tell whether a field, a part of one, valid_from or valid_to has a published source."""
        steps = field.split("/")
        whole = {"/".join(steps[:end]) for end in range(1, len(steps) + 1)}
        return not {"*", *whole}.intersection(self.unverified)

    def sources_of(self, field: str) -> list[Source]:
        """Return the texts that a field stands on."""
        return [source for source in self.sources if not source.of or field in source.of]


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """All rules on one disease in one country."""

    code: str
    title_en: str
    title_vi: str
    area: str
    """The path of the unit whose rules these are, such as VN."""
    time_zone: str
    rules: tuple[Rule, ...]

    def day_of(self, instant: datetime) -> date:
        """Return the calendar day on which an aware instant fell where the rules are in force."""
        if instant.tzinfo is None:
            raise ValueError("the day of an instant needs its offset")
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def tracks(self) -> dict[tuple[str, str], list[Rule]]:
        """Return the rules by (group, track), in the order of their days."""
        found: dict[tuple[str, str], list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda rule: (rule.group, rule.track, rule.valid_from)):
            found.setdefault((rule.group, rule.track), []).append(rule)
        return found


@dataclass(frozen=True)
class InForce(Generic[P]):
    """The rule that is in force on a day, and its parameters by type."""

    rule: Rule
    value: P


@dataclass(frozen=True)
class NoRule:
    """No rule is in force on a day, and why."""

    group: str
    track: str
    on: date
    reason: Literal["unknown_track", "before_first", "declared"]
    text: str


def timeline(pack: Pack, group: str, track: str = MAIN) -> list[Rule]:
    """Return the rules of one track in the order of their days."""
    found = [rule for rule in pack.rules if rule.group == group and rule.track == track]
    return sorted(found, key=lambda rule: rule.valid_from)


def rule_on(pack: Pack, group: type[P], on: date, track: str = MAIN) -> InForce[P] | NoRule:
    """Return the rule of a group and track that is in force on a day, or why there is none. Answers for every day."""
    rules = timeline(pack, group.GROUP, track)
    if not rules:
        return NoRule(group.GROUP, track, on, "unknown_track", "The pack has no such rules.")
    for rule in rules:
        if rule.is_in_force(on):
            if rule.value is None:
                return NoRule(group.GROUP, track, on, "declared", rule.no_rule)
            assert type(rule.value) is group
            return InForce(rule, rule.value)
    return NoRule(group.GROUP, track, on, "before_first", f"The first rule is in force from {rules[0].valid_from} on.")


def faults(pack: Pack) -> list[str]:
    """Return what is wrong with a pack as a whole, a sentence each; none: every track answers for every day once."""
    found = []
    for (group, track), rules in pack.tracks().items():
        for before, after in pairwise(rules):
            where = f"{group}/{track}: the rules from {before.valid_from} and from {after.valid_from}"
            if before.valid_to is None or before.valid_to >= after.valid_from:
                found.append(f"{where} overlap. End the first on {after.valid_from - timedelta(days=1)}.")
            elif before.valid_to + timedelta(days=1) != after.valid_from:
                found.append(f"{where} leave days between them. Declare these with no_rule and a reason.")
        if rules[-1].valid_to is not None:
            found.append(
                f"{group}/{track}: nothing is said of the time after {rules[-1].valid_to}. Leave valid_to out, or "
                "declare that time with no_rule and a reason."
            )
    return found + [fault for rule in pack.rules for fault in _faults_of(rule)]


def _faults_of(rule: Rule) -> list[str]:
    where = f"{rule.group}/{rule.track} from {rule.valid_from}"
    found = []
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        found.append(f"{where}: valid_to lies before valid_from.")
    if (rule.value is None) == (not rule.no_rule.strip()):
        found.append(f"{where}: give either a value, or no_rule with the reason why there is none.")
    if rule.value is not None and not rule.sources:
        found.append(f"{where}: sources are missing. Name the text it stands on.")
    known = {*DATES, "*", *(GROUPS[rule.group].__struct_fields__ if rule.group in GROUPS else ())}
    named = {*rule.unverified, *(field for source in rule.sources for field in source.of)}
    unknown = sorted(name for name in named if name.split("/")[0] not in known)
    found += [f"{where}: {name} is no field of this group." for name in unknown]
    return found


def codes(pack: Pack) -> set[tuple[str, str]]:
    """Return every (code list, code) that the rules refer to; the lists themselves belong to another room."""
    return {found for rule in pack.rules if rule.value is not None for found in _codes_in(rule.value)}


def _codes_in(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Part):
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name in type(value).CODE_FIELDS:
                yield from ((type(value).CODE_FIELDS[name], str(code)) for code in inner)
            else:
                yield from _codes_in(inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from _codes_in(item)
