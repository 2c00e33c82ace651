"""Drafts, proposes, activates and withdraws versions of rule packs.

Every service is keyword-only and part of the caller's transaction. It returns what is to be written to the audit log:
that log is another room's, so the door writes it.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.rulepacks import selectors
from daumoi.rulepacks.pack import Pack, Rule, faults
from daumoi.rulepacks.reading import Heading, PackFault, heading_faults, pack_of, written

_SQL = statements("daumoi.rulepacks", "versions")
_NAME_LENGTH = 100
_REMARK_LENGTH = 1000


class NotNow(Exception):
    """The version is not at the step before this one; the message says where it is and what can be done."""


class SamePerson(Exception):
    """Who drafted or proposed a version may not activate it. A second person has to: ask somebody else."""


class Outdated(Exception):
    """Another version became active after this one was drafted. Withdraw this one and draft it again."""


class NothingChanges(Exception):
    """The draft says what the active version says. There is nothing to propose."""


class UnusableName(Exception):
    """Who does this needs a name of 1 to 100 characters, and a remark of 1 to 1000 characters that says why."""


@dataclass(frozen=True)
class Noted:
    """What was done: the version, and the words for the audit log."""

    pack: str
    version: int
    actor: str
    action: str
    subject: str
    remark: str

    @property
    def step(self) -> str:
        """The last word of the action: drafted, proposed, activated."""
        return self.action.rpartition(".")[2]


def draft(
    connection: Connection, *, heading: Heading, rules: tuple[Rule, ...], by: str, at: datetime, remark: str
) -> Noted:
    """Draft a version: the active one with every group that `rules` speak of replaced; or the first of a new pack.

    Raises PackFault with every fault of the whole, NothingChanges, UnusableName.
    """
    actor, said = _named(by, remark)
    connection.execute(_SQL["make"], (heading.code, at))
    connection.execute(_SQL["hold"], (heading.code,))
    based_on = selectors.active_number(connection, heading.code)
    before = None if based_on is None else selectors.content(connection, heading.code, based_on)
    after = _replaced(before, heading, rules)
    found = faults(after)
    if found:
        raise PackFault(found)
    if before == after:
        raise NothingChanges(NothingChanges.__doc__)
    number = _insert(connection, after, based_on=based_on, bundled=False, by=actor, at=at)
    return _note(connection, after.code, number, "drafted", actor, at, said)


def _replaced(before: Pack | None, heading: Heading, rules: tuple[Rule, ...]) -> Pack:
    if not rules:
        raise PackFault(["The file has no rules. Write at least one under [[rule]]."])
    if before is None:
        lacking = heading_faults(heading)
        if lacking:
            raise PackFault(lacking)
        return pack_of(heading, rules)
    merged = Heading(**{name: getattr(heading, name) or getattr(before, name) for name in Heading.__struct_fields__})
    lacking = heading_faults(merged)
    if lacking:
        raise PackFault(lacking)
    spoken_of = {rule.group for rule in rules}
    return pack_of(merged, (*(rule for rule in before.rules if rule.group not in spoken_of), *rules))


def _insert(connection: Connection, pack: Pack, *, based_on: int | None, bundled: bool, by: str, at: datetime) -> int:
    values = {
        "pack": pack.code,
        "content": Jsonb(written(pack)),
        "based_on": based_on,
        "bundled": bundled,
        "by": by,
        "at": at,
    }
    row = connection.execute(_SQL["draft"], values).fetchone()
    assert row is not None
    return int(row[0])


def propose(connection: Connection, *, pack: str, version: int, by: str, at: datetime, remark: str) -> Noted:
    """Propose a draft for activation; raises NoSuchVersion, NotNow, Outdated, UnusableName."""
    actor, said = _named(by, remark)
    found = _held(connection, pack, version)
    if found.status != "draft":
        raise NotNow(f"Version {version} of {pack} is {found.status}: only a draft can be proposed.")
    _check_base(connection, found)
    connection.execute(_SQL["propose"], {"pack": pack, "version": version, "by": actor, "at": at})
    return _note(connection, pack, version, "proposed", actor, at, said)


def activate(connection: Connection, *, pack: str, version: int, by: str, at: datetime, remark: str) -> list[Noted]:
    """Put a proposed version in force by a second person; the active one is superseded.

    Raises NoSuchVersion, NotNow, SamePerson, Outdated, UnusableName. The database refuses the same person, too.
    """
    actor, said = _named(by, remark)
    found = _held(connection, pack, version)
    if found.status != "proposed":
        raise NotNow(
            f"Version {version} of {pack} is {found.status}: only a proposed one can be activated."
            + (" Propose it first, with `daumoi rules propose`." if found.status == "draft" else "")
        )
    if _folded(actor) in {_folded(found.drafted_by), _folded(found.proposed_by or "")}:
        raise SamePerson(SamePerson.__doc__)
    _check_base(connection, found)
    noted = []
    row = connection.execute(_SQL["supersede"], {"pack": pack, "at": at}).fetchone()
    if row is not None:
        noted.append(_note(connection, pack, row[0], "superseded", actor, at, f"by version {version}"))
    connection.execute(_SQL["activate"], {"pack": pack, "version": version, "by": actor, "at": at})
    return [*noted, _note(connection, pack, version, "activated", actor, at, said)]


def withdraw(connection: Connection, *, pack: str, version: int, by: str, at: datetime, remark: str) -> Noted:
    """Take back a version that was never active; raises NoSuchVersion, NotNow, UnusableName.

    What is in force ends by being superseded alone, so that it always takes two people.
    """
    actor, said = _named(by, remark)
    found = _held(connection, pack, version)
    if found.status not in ("draft", "proposed"):
        raise NotNow(
            f"Version {version} of {pack} is {found.status}: only a draft or a proposed one can be withdrawn. "
            "To end rules that are in force, draft a version that says so."
        )
    connection.execute(_SQL["withdraw"], {"pack": pack, "version": version, "at": at})
    return _note(connection, pack, version, "withdrawn", actor, at, said)


def install(connection: Connection, *, pack: Pack, digest: bytes, by: str, at: datetime, remark: str) -> list[Noted]:
    """Take in a pack that comes with the product: active at once when it is new, a draft when this release changed it.

    digest: SHA-256 of its files; what was looked at once is not looked at again. Raises PackFault.
    """
    found = faults(pack)
    if found:
        raise PackFault([f"{pack.code}: {fault}" for fault in found])
    connection.execute(_SQL["make"], (pack.code, at))
    row = connection.execute(_SQL["hold"], (pack.code,)).fetchone()
    if row is not None and row[0] is not None and bytes(row[0]) == digest:
        return []
    connection.execute(_SQL["looked_at"], (digest, pack.code))
    there = selectors.versions(connection, pack.code)
    if not there:
        values = {"pack": pack.code, "content": Jsonb(written(pack)), "by": by, "at": at}
        connection.execute(_SQL["install"], values)
        return [_note(connection, pack.code, 1, "activated", by, at, remark)]
    if any(selectors.content(connection, pack.code, each.version) == pack for each in there):
        return []
    based_on = selectors.active_number(connection, pack.code)
    number = _insert(connection, pack, based_on=based_on, bundled=True, by=by, at=at)
    return [_note(connection, pack.code, number, "drafted", by, at, remark)]


def _held(connection: Connection, pack: str, number: int) -> selectors.Version:
    connection.execute(_SQL["hold"], (pack,))
    return selectors.version(connection, pack, number)


def _check_base(connection: Connection, found: selectors.Version) -> None:
    if selectors.active_number(connection, found.pack) != found.based_on:
        raise Outdated(Outdated.__doc__)


def _note(connection: Connection, pack: str, version: int, step: str, actor: str, at: datetime, remark: str) -> Noted:
    connection.execute(_SQL["note"], (pack, version, step, actor, at, remark))
    return Noted(pack, version, actor, f"rulepack.{step}", f"rule pack {pack}, version {version}", remark[:500])


def _named(by: str, remark: str) -> tuple[str, str]:
    """Return name and remark as they are kept: one writing of each letter, single spaces."""
    actor, said = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (by, remark))
    if not (1 <= len(actor) <= _NAME_LENGTH and 1 <= len(said) <= _REMARK_LENGTH):
        raise UnusableName(UnusableName.__doc__)
    return actor, said


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
