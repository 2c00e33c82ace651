"""Reads rule packs from TOML and JSON, and writes them down again. Every fault of a file is said at once."""

import json
import tomllib
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from daumoi.rulepacks.pack import MAIN, Pack, Rule, Source
from daumoi.rulepacks.vocabulary.base import Parameters
from daumoi.rulepacks.vocabulary.groups import GROUPS

FILE_BYTES_MAX = 1024 * 1024
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class PackFault(Exception):
    """Rules cannot be used; the message lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the single faults and join them into one message, a line each."""
        self.faults = faults
        super().__init__("\n".join(faults))


class Heading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a file says of its pack; a file for a pack that is there already needs the code alone."""

    code: Slug
    title_en: Annotated[str, Meta(max_length=200)] = ""
    title_vi: Annotated[str, Meta(max_length=200)] = ""
    area: Annotated[str, Meta(max_length=100)] = ""
    time_zone: str = ""


class _WrittenRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    group: str
    track: Slug = MAIN
    valid_from: date
    valid_to: date | None = None
    sources: tuple[Source, ...] = ()
    unverified: tuple[str, ...] = ()
    note: str = ""
    no_rule: str = ""
    value: dict[str, Any] | None = None


def parse(text: str, *, is_json: bool = False) -> tuple[Heading | None, tuple[Rule, ...]]:
    """Read one file: what it says of its pack, if anything, and its rules. Raises PackFault."""
    try:
        document = json.loads(text) if is_json else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise PackFault([f"The file is no {'JSON' if is_json else 'TOML'}: {fault}. Correct it there."]) from None
    if not isinstance(document, dict):
        raise PackFault(["The file must hold a table [pack] and rules under [[rule]]."])
    found = [
        f"{name}: not known here; a file has [pack] and [[rule]]." for name in sorted({*document} - {"pack", "rule"})
    ]
    heading = None
    if "pack" in document:
        try:
            heading = msgspec.convert(document["pack"], Heading)
        except msgspec.ValidationError as fault:
            found.append(f"pack: {fault}.")
    tables = document.get("rule", [])
    if not isinstance(tables, list):
        raise PackFault([*found, "rule: write each rule as a table of its own, under [[rule]]."])
    rules = [_rule(table, f"rule {number}", found) for number, table in enumerate(tables, 1)]
    if found:
        raise PackFault(found)
    return heading, tuple(rule for rule in rules if rule is not None)


def _rule(table: object, where: str, found: list[str]) -> Rule | None:
    try:
        written = msgspec.convert(table, _WrittenRule)
    except msgspec.ValidationError as fault:
        found.append(f"{where}: {fault}.")
        return None
    if written.group not in GROUPS:
        found.append(f"{where}: group {written.group} is not known. Known: {', '.join(GROUPS)}.")
        return None
    value: Parameters | None = None
    if written.value is not None:
        try:
            value = msgspec.convert(written.value, GROUPS[written.group])
        except msgspec.ValidationError as fault:
            found.append(f"{where} ({written.group}), value: {fault}.")
            return None
    return Rule(
        group=written.group,
        track=written.track,
        valid_from=written.valid_from,
        valid_to=written.valid_to,
        sources=written.sources,
        unverified=written.unverified,
        note=written.note,
        no_rule=written.no_rule,
        value=value,
    )


def heading_faults(heading: Heading) -> list[str]:
    """Return what a new pack lacks."""
    found = [
        f"pack: {name} is missing. A new pack needs it."
        for name in ("title_en", "title_vi", "area", "time_zone")
        if not getattr(heading, name).strip()
    ]
    try:
        ZoneInfo(heading.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        found.append("pack: time_zone is not a time zone such as Asia/Ho_Chi_Minh.")
    return found


def written(pack: Pack) -> dict[str, Any]:
    """Return a pack as plain values, in the form that `parse` reads."""
    heading = {name: getattr(pack, name) for name in Heading.__struct_fields__}
    return {"pack": heading, "rule": [written_rule(rule) for rule in pack.rules]}


def written_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain values, without what is empty."""
    plain = {name: msgspec.to_builtins(getattr(rule, name)) for name in Rule.__struct_fields__}
    plain["sources"] = [{name: value for name, value in source.items() if value} for source in plain["sources"]]
    return {name: value for name, value in plain.items() if value not in (None, "", [], ())}


def read_back(content: dict[str, Any]) -> Pack:
    """Make a pack of what `written` returned."""
    heading, rules = parse(json.dumps(content), is_json=True)
    assert heading is not None
    return pack_of(heading, rules)


def pack_of(heading: Heading, rules: tuple[Rule, ...]) -> Pack:
    """Put a pack together; its rules stand in the order of group, track and day."""
    ordered = sorted(rules, key=lambda rule: (list(GROUPS).index(rule.group), rule.track, rule.valid_from))
    return Pack(
        code=heading.code,
        title_en=heading.title_en.strip(),
        title_vi=heading.title_vi.strip(),
        area=heading.area.strip(),
        time_zone=heading.time_zone,
        rules=tuple(ordered),
    )
