"""How `daumoi rules` words packs, rules and differences, for people and for programs."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from daumoi.rulepacks.pack import Pack, Rule, Source
from daumoi.rulepacks.preview import Comparison, Difference
from daumoi.rulepacks.reading import written_rule
from daumoi.rulepacks.selectors import Version
from daumoi.rulepacks.vocabulary.groups import GROUPS

UNVERIFIED = "chưa kiểm chứng"
_MOST_SHOWN = 5


def version_line(each: Version) -> str:
    """Say in a line what became of a version."""
    how = f"{each.status:<10}"
    if each.bundled:
        by = "bundled with the product" + (f", activated by {each.activated_by}" if each.proposed_by else "")
    else:
        by = f"drafted by {each.drafted_by}"
        by += f", proposed by {each.proposed_by}" if each.proposed_by else ""
        by += f", activated by {each.activated_by}" if each.activated_by else ""
    since = each.activated_at or each.proposed_at or each.drafted_at
    return f"{each.pack} {each.version}  {how} since {since:%Y-%m-%d}: {each.title_vi} / {each.title_en} ({by})"


def version_as_json(each: Version) -> dict[str, object]:
    """Return a version for a program."""
    values = ((name, getattr(each, name)) for name in Version.__slots__)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}


def pack_as_json(pack: Pack, on: date | None, group: str | None) -> dict[str, object]:
    """Return a pack for a program: its heading, and the rules that were asked for."""
    heading = {name: getattr(pack, name) for name in ("code", "title_en", "title_vi", "area", "time_zone")}
    rules = [written_rule(rule) for rule in _wanted(pack, on, group)]
    return {"pack": heading, "on": on.isoformat() if on else None, "rule": rules}


def _wanted(pack: Pack, on: date | None, group: str | None) -> list[Rule]:
    return [
        rule for rule in pack.rules if (on is None or rule.is_in_force(on)) and (group is None or rule.group == group)
    ]


def pack_lines(pack: Pack, on: date | None, group: str | None) -> Iterator[str]:
    """Word a pack, group by group."""
    wanted = _wanted(pack, on, group)
    when = f" on {on:%Y-%m-%d}" if on else ""
    yield f"{pack.title_vi} / {pack.title_en} ({pack.code}){when}, days of {pack.time_zone}"
    for name, kind in GROUPS.items():
        rules = [rule for rule in wanted if rule.group == name]
        if rules:
            yield ""
            yield f"{kind.TITLE_VI} / {kind.TITLE_EN} [{name}]"
            for rule in rules:
                yield from _rule_lines(rule)
    if not wanted:
        yield "No rule is in force" + (f" in the group {group}" if group else "") + f"{when}."
    elif any(rule.unverified for rule in wanted):
        yield ""
        yield f"“{UNVERIFIED}”: nobody has checked this against a published source."


def _rule_lines(rule: Rule) -> Iterator[str]:
    first = f"{rule.valid_from:%Y-%m-%d}" + _mark(rule, "valid_from")
    last = f" to {rule.valid_to:%Y-%m-%d}{_mark(rule, 'valid_to')}" if rule.valid_to else " on"
    track = "" if rule.track == "main" else f"{rule.track}, "
    yield f"  {track}from {first}{last}"
    if rule.value is None:
        yield f"    no rule in force: {rule.no_rule}"
    else:
        for name in rule.value.__struct_fields__:
            yield f"    {name}: {_short(getattr(rule.value, name))}{_mark(rule, name)}"
        parts = [name for name in rule.unverified if "/" in name]
        if parts:
            yield f"    {UNVERIFIED}: {', '.join(parts)}"
    for source in rule.sources:
        yield f"    căn cứ: {_source(source)}"
    if rule.note:
        yield f"    ghi chú: {rule.note}"


def _mark(rule: Rule, field: str) -> str:
    return "" if rule.is_verified(field) else f" ({UNVERIFIED})"


def _short(value: object) -> str:
    """Word a value in one line: items by their words, the rest by name and number."""
    if isinstance(value, msgspec.Struct):
        given = [
            (name, getattr(value, name))
            for name in value.__struct_fields__
            if name not in ("vi", "en", "code") and getattr(value, name) not in (None, False, (), {}, "")
        ]
        words = getattr(value, "vi", "")
        numbers = ", ".join(f"{name} {_short(inner)}" for name, inner in given if name != "codes")
        return f"{words} ({numbers})" if words and numbers else words or numbers
    if isinstance(value, tuple):
        return "; ".join(_short(item) for item in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(inner)}" for name, inner in value.items()) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _source(source: Source) -> str:
    words = source.text + (f", {source.dated_on:%d/%m/%Y}" if source.dated_on else "") + f", {source.body}"
    words += f": {source.says}" if source.says else ""
    return words + (f" (theo {source.read_in})" if source.read_in else "")


def preview_as_json(found: Iterable[Difference], compared: Iterable[Comparison]) -> dict[str, Any]:
    """Return a preview for a program."""
    return {
        "differences": [
            {
                "group": each.group,
                "track": each.track,
                "first_on": each.first_on.isoformat() if each.first_on else None,
                "last_on": each.last_on.isoformat() if each.last_on else None,
                "field": each.field,
                "before": each.before,
                "after": each.after,
            }
            for each in found
        ],
        "comparisons": [
            {
                "question": each.question,
                "synthetic": each.synthetic,
                "asked": each.asked,
                "changed": each.changed,
                "changes": [{"before": a, "after": b, "cases": count} for (a, b), count in each.changes.items()],
            }
            for each in compared
        ],
    }


def preview_lines(found: list[Difference], compared: list[Comparison], *, is_new: bool) -> Iterator[str]:
    """Word a preview."""
    if not found:
        yield "The two versions say the same on every day."
        return
    if is_new:
        yield "No version of this pack is in force: every parameter is new."
    for (group, track), inner in _by_track(found).items():
        yield f"{GROUPS[group].TITLE_VI} / {GROUPS[group].TITLE_EN} [{group}{'' if track == 'main' else ', ' + track}]"
        for each in inner:
            last = f"to {each.last_on:%Y-%m-%d}" if each.last_on else "on"
            first = f"from {each.first_on:%Y-%m-%d} " if each.first_on else ""
            yield f"  {first}{last}  {each.field}: {_shown(each.before)} → {_shown(each.after)}"
    for comparison in compared:
        yield (
            f"{comparison.question}: {comparison.changed} of {comparison.asked} made-up cases at all bounds "
            "would get another answer"
        )
        for (before, after), count in list(comparison.changes.items())[:_MOST_SHOWN]:
            yield f"  {before} → {after}: {count}"
    if compared:
        yield "Made-up cases show where answers change, not how many people that concerns."


def _by_track(found: list[Difference]) -> dict[tuple[str, str], list[Difference]]:
    grouped: dict[tuple[str, str], list[Difference]] = {}
    for each in found:
        grouped.setdefault((each.group, each.track), []).append(each)
    return grouped


def _shown(value: object) -> str:
    return "–" if value is None else str(value)
