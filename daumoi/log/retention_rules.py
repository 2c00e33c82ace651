"""Rules of retention: dated data from a TOML file, each with its legal basis. No rule is built in.

A record may go when `keep_days` whole days have passed since the hub received it (`received_at`), by every rule that
touches it and is in force on the day of the run (UTC+7). A record that no rule touches stays for good.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

EVERY = "*"
_KEEP_DAYS_MAX = 36_525
_KNOWN = {"name", "kinds", "keep_days", "legal_basis", "valid_from", "valid_to", "system", "area"}
_REQUIRED = ("name", "kinds", "keep_days", "legal_basis", "valid_from")


class RulesFault(Exception):
    """The rules of retention cannot be used; the message lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the single faults and join them into one message, a line each."""
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True)
class Rule:
    """How long records are to be kept, of which kinds, by which law, and from when to when that is so."""

    name: str
    kinds: tuple[str, ...]
    keep_days: int
    legal_basis: str
    valid_from: date
    valid_to: date | None = None
    """The last day on which the rule is in force."""
    system: str | None = None
    area: str | None = None
    """A path such as VN.01: the unit and all that lies in it."""

    def is_of(self, kind: str) -> bool:
        """Tell whether the rule speaks of a kind."""
        return kind in self.kinds or EVERY in self.kinds

    def is_in_force(self, on: date) -> bool:
        """Tell whether the rule is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def is_narrow(self) -> bool:
        """Tell whether it touches some records of its kinds only."""
        return self.system is not None or self.area is not None

    def touches(self, *, system: str | None, path: str | None) -> bool:
        """Tell whether the rule touches a record of its kinds, by the record's system and path."""
        if self.system is not None and self.system != system:
            return False
        return self.area is None or (path is not None and (path + ".").startswith(self.area + "."))

    def allows(self, received_at: datetime, now: datetime) -> bool:
        """Tell whether a record received then may go now."""
        return received_at + timedelta(days=self.keep_days) <= now


def parse(text: str, *, kinds: Collection[str], systems: Collection[str]) -> list[Rule]:
    """Read rules from TOML (`[[rule]]`, one a table); raises RulesFault with every fault at once."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise RulesFault([f"The file is no TOML: {fault}. Correct it there."]) from None
    faults = [f"{name}: not known here; rules stand under [[rule]]." for name in sorted(set(document) - {"rule"})]
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RulesFault([*faults, "rule: write each rule as a table of its own, under [[rule]]."])
    rules = [_rule(table, number, kinds, systems, faults) for number, table in enumerate(tables, 1)]
    found = [rule for rule in rules if rule is not None]
    names = [rule.name for rule in found]
    faults += [f"rule “{name}”: the name stands twice. Give each rule its own." for name in sorted(_twice(names))]
    if faults:
        raise RulesFault(faults)
    return found


def _twice(names: Sequence[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _rule(
    table: Mapping[str, Any], number: int, kinds: Collection[str], systems: Collection[str], faults: list[str]
) -> Rule | None:
    where = f"rule {number}"
    before = len(faults)
    faults += [f"{where}: {name} is not known. Known: {', '.join(sorted(_KNOWN))}." for name in set(table) - _KNOWN]
    missing = [name for name in _REQUIRED if name not in table]
    if missing:
        faults.append(f"{where}: {', '.join(missing)} missing. Add what is missing.")
        return None
    for name, longest in (("name", 64), ("legal_basis", 200)):
        if not (isinstance(table[name], str) and 1 <= len(table[name].strip()) <= longest):
            faults.append(f"{where}: {name} must be text of 1 to {longest} characters.")
    of = table["kinds"]
    if not (isinstance(of, list) and of and all(name == EVERY or name in kinds for name in of)):
        faults.append(f'{where}: kinds must be a list of kinds, or ["*"]. Kinds: {", ".join(kinds)}.')
    keep = table["keep_days"]
    if not (isinstance(keep, int) and not isinstance(keep, bool) and 1 <= keep <= _KEEP_DAYS_MAX):
        faults.append(f"{where}: keep_days must be a whole number of days from 1 to {_KEEP_DAYS_MAX}.")
    first, last = table["valid_from"], table.get("valid_to")
    if not _is_day(first) or not (last is None or _is_day(last)):
        faults.append(f"{where}: valid_from and valid_to must be days such as 2021-08-01, without quotes.")
    elif last is not None and last < first:
        faults.append(f"{where}: valid_to lies before valid_from.")
    system, area = table.get("system"), table.get("area")
    if system is not None and system not in systems:
        faults.append(f"{where}: no system has the code given. `daumoi system list` shows all.")
    if area is not None and not (isinstance(area, str) and area.strip(".") == area and area):
        faults.append(f"{where}: area must be a path such as VN.01.")
    if len(faults) > before:
        return None
    return Rule(table["name"].strip(), tuple(of), keep, table["legal_basis"].strip(), first, last, system, area)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
