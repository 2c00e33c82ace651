"""The roles of the centre and outside it, each a set of rights. Data of the release: roles.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


class RolesFault(Exception):
    """roles.toml cannot be used; the message says which role or right, and why."""


@dataclass(frozen=True)
class Title:
    """A name in both languages."""

    vi: str
    en: str

    def said(self, language: str | None) -> str:
        """The title in a language; Vietnamese unless English is asked for."""
        return self.en if language == "en" else self.vi


@dataclass(frozen=True)
class Role:
    """What somebody is. `core` roles are those of the founding decision; a `local` role needs an area."""

    name: str
    title: Title
    rights: frozenset[str]
    core: bool
    local: bool


@dataclass(frozen=True)
class Roles:
    """All roles, all rights, and which rights nobody holds together."""

    roles: Mapping[str, Role]
    rights: Mapping[str, Title]
    conflicts: tuple[frozenset[str], ...]
    withheld_from_vendors: frozenset[str]
    opened_by_break_glass: frozenset[str]
    """Rights to see that access in an emergency opens in further areas, for who holds them in some area."""

    def rights_of(self, role: str, *, is_vendor: bool) -> frozenset[str]:
        """Return the rights of a role; none of a role that this release does not know."""
        found = self.roles.get(role)
        if found is None:
            return frozenset()
        return found.rights - self.withheld_from_vendors if is_vendor else found.rights

    def conflicts_in(self, rights: Iterable[str]) -> list[tuple[str, ...]]:
        """Return the pairs of rights that one person may not hold together."""
        held = frozenset(rights)
        return [tuple(sorted(pair)) for pair in self.conflicts if pair <= held]


def read(text: str) -> Roles:
    """Read roles from TOML; raises RolesFault for an unknown right, or a role that may both propose and decide."""
    data = tomllib.loads(text)
    rights = {name: Title(**title) for name, title in data["rights"].items()}
    conflicts = tuple(frozenset(pair) for pair in data["conflicts"])
    withheld = frozenset(data["withheld_from_vendors"])
    opened = frozenset(data.get("opened_by_break_glass", ()))
    roles = {name: _role(name, each) for name, each in data["roles"].items()}
    read_roles = Roles(roles, rights, conflicts, withheld, opened)
    for where, named in (
        ("conflicts", frozenset().union(*conflicts)),
        ("withheld_from_vendors", withheld),
        ("opened_by_break_glass", opened),
        *((role.name, role.rights) for role in roles.values()),
    ):
        if unknown := named - rights.keys():
            raise RolesFault(f"{where} names rights that are not listed: {', '.join(sorted(unknown))}")
    for role in roles.values():
        if pairs := read_roles.conflicts_in(role.rights):
            raise RolesFault(f"{role.name} holds rights that exclude each other: {' and '.join(pairs[0])}")
    return read_roles


def _role(name: str, data: Mapping[str, Any]) -> Role:
    return Role(
        name,
        Title(data["vi"], data["en"]),
        frozenset(data["rights"]),
        core=bool(data.get("core", False)),
        local=bool(data.get("local", False)),
    )


@cache
def load() -> Roles:
    """Return the roles of this release."""
    return read((files("daumoi.accounts") / "roles.toml").read_text("utf-8"))
