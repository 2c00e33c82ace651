"""What one member of staff may see: one scope, one predicate, for Python and for SQL.

A stored path names the narrowest unit of today that is certain: `VN.79.26740` is a ward, `VN.79` its province. Nothing
lies below a ward, so a path of three parts covers itself alone and a shorter one covers all that begins with it at a
dot. A nationwide scope also covers records without a path; no other does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

NARROWEST_PARTS = 3
"""Parts of a ward's path, which has nothing below it."""
_PATH = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*(?:\.[A-Z0-9]+(?:-[A-Z0-9]+)*){0,2}", re.ASCII)
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?", re.ASCII)

Paths = frozenset[str] | None
"""Paths that are covered with all below them; None is everywhere."""


class PathNotUsable(ValueError):
    """An area path has one to three parts of capitals, digits and dashes with dots between, such as VN.79.26740."""


def checked(paths: Iterable[str]) -> frozenset[str]:
    """Return the paths as a set; raises PathNotUsable."""
    found = frozenset(paths)
    if not all(_PATH.fullmatch(path) for path in found):
        raise PathNotUsable(PathNotUsable.__doc__)
    return found


@dataclass(frozen=True)
class Grant:
    """What one membership gives: rights, and where they hold. `paths` None is nationwide."""

    rights: frozenset[str]
    paths: Paths
    organisation: str | None = None
    """For whom the member works there, by code; what belongs to an organisation and lies nowhere is seen by it."""

    def __post_init__(self) -> None:
        """Refuse what is no path: a text from elsewhere must not become a pattern."""
        if self.paths is not None:
            checked(self.paths)


@dataclass(frozen=True)
class Scope:
    """Who looks, what they may do, where, and why. Made once a request; every selector over personal data takes it.

    A page asks for one right, and `for_right` narrows the scope to where that right holds: a right held in one province
    does not open another. A scope that was not narrowed covers only what every grant covers.
    """

    member_id: int | None
    """None for the hub itself (a command of its operator)."""
    label: str
    """Names the member in the audit: an e-mail address."""
    grants: tuple[Grant, ...] = ()
    purpose: str = ""
    """Why the member looks, in their own words; reading a person needs one."""
    right: str | None = None
    """The right this scope was narrowed to."""

    @classmethod
    def of(
        cls, *, member_id: int | None, label: str, rights: Iterable[str], paths: Iterable[str] | None, purpose: str = ""
    ) -> Scope:
        """Make a scope of one grant; `paths` None is nationwide."""
        grant = Grant(frozenset(rights), None if paths is None else frozenset(paths))
        return cls(member_id, label, (grant,), purpose)

    @cached_property
    def rights(self) -> frozenset[str]:
        """Every right held somewhere."""
        return frozenset().union(*(grant.rights for grant in self.grants))

    def may(self, right: str) -> bool:
        """Tell whether the right is held somewhere."""
        return right in self.rights

    def for_right(self, right: str) -> Scope:
        """Narrow to where this right is held; a right that is not held covers nothing."""
        return replace(self, right=right)

    def within(self, paths: Iterable[str]) -> Scope:
        """Narrow to some paths: it then covers what it covered and what lies in them. Raises PathNotUsable."""
        return replace(self, grants=(Grant(self.rights, _met([self.paths, checked(paths)])),))

    def with_purpose(self, purpose: str) -> Scope:
        """Say why the member looks."""
        return replace(self, purpose=purpose)

    @cached_property
    def paths(self) -> Paths:
        """Where this scope sees: the fewest paths that say it, or None for everywhere."""
        if self.right is not None:
            return _joined(grant.paths for grant in self.grants if self.right in grant.rights)
        return _met(grant.paths for grant in self.grants) if self.grants else frozenset()

    @cached_property
    def organisations(self) -> frozenset[str]:
        """Codes of the organisations for which the right of this scope is held; none while it is not narrowed."""
        held = (grant.organisation for grant in self.grants if self.right in grant.rights)
        return frozenset(code for code in held if code)

    @property
    def nationwide(self) -> bool:
        """Tell whether it sees everywhere, and records without a place."""
        return self.paths is None

    def covers(self, path: str | None) -> bool:
        """Tell whether a record with this stored path may be seen; `sql` says the same to the database."""
        if self.paths is None:
            return True
        if not path:
            return False
        return any(each in self.paths for each in self_and_above(path))

    def sql(self, column: str) -> tuple[str, tuple[object, ...]]:
        """Return the predicate on a column of stored paths, with its parameters (`%s`).

        Equality and LIKE with a fixed beginning are used by an index in the C collation or of text_pattern_ops. A scope
        of a few hundred wards is one array.
        """
        if not _COLUMN.fullmatch(column):
            raise ValueError("a column is named by lower-case letters, with a table before it at most")
        if self.paths is None:
            return "TRUE", ()
        if not self.paths:
            return "FALSE", ()
        wide = sorted(path for path in self.paths if path.count(".") + 1 < NARROWEST_PARTS)
        tests = [f"{column} = ANY(%s::text[])", *(f"{column} LIKE %s" for _ in wide)]
        return f"({' OR '.join(tests)})", (sorted(self.paths), *(f"{path}.%" for path in wide))


EVERYWHERE = Scope.of(member_id=None, label="daumoi", rights=(), paths=None)
"""The scope of the hub itself and of who commands it on its own machine: all, records without a path too."""


def self_and_above(path: str) -> Iterable[str]:
    """Return a path and the paths it lies in. What is longer than a ward's path lies in nothing that is a ward."""
    parts = path.split(".")
    above = list(accumulate(parts, lambda left, right: f"{left}.{right}"))
    return [*above[: NARROWEST_PARTS - 1], path] if len(parts) >= NARROWEST_PARTS else above


def _joined(sets: Iterable[Paths]) -> Paths:
    """All that one of the sets covers, without paths that lie in others."""
    found: set[str] = set()
    for paths in sets:
        if paths is None:
            return None
        found |= paths
    return frozenset(path for path in found if not found.intersection(self_and_above(path)) - {path})


def _met(sets: Iterable[Paths]) -> Paths:
    """Only what each of the sets covers."""
    met: Paths = None
    for paths in sets:
        if paths is None:
            continue
        if met is None:
            met = _joined([paths])
            continue
        before = met
        met = _joined(
            [
                frozenset(path for path in before if paths.intersection(self_and_above(path))),
                frozenset(path for path in paths if before.intersection(self_and_above(path))),
            ]
        )
    return met
