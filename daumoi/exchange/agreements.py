"""Who may read what: agreements in force, deny by default (design, section 7)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange.matching import Matcher, matcher_of
from daumoi.exchange.terms import Terms, parse
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import HUB_SYSTEM
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

_SQL = statements("daumoi.exchange", "agreements")
_LOCK = 5001
"""Class of the advisory locks on what a reader may see; the second number is the reader's."""

Key = tuple[int, int]
"""Number and version of an agreement."""


@dataclass(frozen=True)
class Agreement:
    """What one reader may see of one kind, by one version of an agreement."""

    system_id: int
    """The reader."""
    kind: str
    terms: Terms
    id: int = 0
    """0: of the hub's own command, which stands in no table."""
    version: int = 0
    senders: frozenset[int] | None = None
    """Systems of the provider; None: records of all senders."""

    @classmethod
    def of_hub(cls, kind: str, *, gives_identity: bool) -> "Agreement":
        """What the operator of the hub may see of a kind, at its own machine."""
        terms = Terms(kinds=(kind,), identity="given" if gives_identity else "pseudonym", purpose="administration")
        return cls(HUB_SYSTEM, kind, terms)

    @property
    def gives_identity(self) -> bool:
        """Tell whether the reader sees identities, personal fields and refs as sent."""
        return self.terms.gives_identity

    @property
    def hides_numbers(self) -> bool:
        """Tell whether the reader gets numbers and ids of its own."""
        return self.terms.identity == "none"

    @cached_property
    def matcher(self) -> Matcher:
        """Which records are given."""
        return matcher_of(self.terms.areas, self.senders)

    @property
    def gives_all(self) -> bool:
        """Tell whether no record of the kind is left out.

        A change of people is left out where it concerns nobody in the records given, so only an agreement on every kind
        gives all of them.
        """
        return self.matcher.gives_all and (
            self.kind != IDENTITY_CHANGE or EVERY_KIND in self.terms.kinds or not self.id
        )

    @property
    def shows_people(self) -> bool:
        """Tell whether a line of this kind may name anybody, as this reader sees it."""
        about = KINDS.get(self.kind)
        if self.terms.identity == "none":
            return False
        return about is None or about.subject != "none" or self.gives_identity


class Grant(NamedTuple):
    """What lets a reader read a kind, as the registry of all processes keeps it."""

    agreement_id: int
    version: int
    terms: Terms
    senders: frozenset[int] | None
    is_suspended: bool


@dataclass(frozen=True)
class Agreements:
    """A snapshot of the agreements in force; what is taken from the log is checked again in its transaction."""

    by_reader: dict[tuple[int, str], Grant] = field(default_factory=dict)

    def of(self, system_id: int, kind: str, *, on: date) -> Agreement | None:
        """Return what a system may see of a kind on a day, or None; one for the kind itself goes before one for all."""
        for name in (kind, EVERY_KIND):
            grant = self.by_reader.get((system_id, name))
            if grant is None:
                continue
            if grant.is_suspended or not grant.terms.is_valid(on) or not grant.terms.covers_kind(kind):
                return None
            return Agreement(system_id, kind, grant.terms, grant.agreement_id, grant.version, grant.senders)
        return None

    def kinds_of(self, system_id: int) -> set[str]:
        """Name the kinds that a system has an agreement for; '*' for every kind."""
        return {kind for reader, kind in self.by_reader if reader == system_id}


def load(connection: Connection) -> Agreements:
    """Read the agreements in force, those that are suspended too."""
    found: dict[tuple[int, str], Grant] = {}
    terms: dict[tuple[int, int], Terms] = {}
    for receiver, kind, agreement, version, said, senders, suspended in connection.execute(_SQL["in_force"]):
        key = (agreement, version)
        if key not in terms:
            terms[key] = parse(said)
        kept = None if senders is None else frozenset(senders)
        found[receiver, kind] = Grant(agreement, version, terms[key], kept, suspended)
    return Agreements(found)


def held_firm(connection: Connection, *, system_id: int, kind: str, now: datetime) -> Agreement:
    """Return what a reader may see of a kind, and keep it so until this transaction ends; raises CallProblem.

    Who changes or suspends an agreement of this reader (`lock_changes`) waits for the transaction, and nothing is taken
    after it. The lock is a statement of its own, so that what is read behind it is what was committed before.
    """
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (_LOCK, system_id))
    row = connection.execute(
        _SQL["held_firm"], {"receiver": system_id, "kinds": [kind, EVERY_KIND], "every": EVERY_KIND}
    ).fetchone()
    if row is None:
        raise CallProblem("no_agreement")
    agreement, version, said, senders, suspended = row
    terms = _known(said)
    if suspended:
        raise CallProblem("no_agreement", "The agreement is suspended. Its receiver's contact has been told why.")
    if not terms.is_valid(now.astimezone(VIET_NAM_TIME).date()):
        raise CallProblem("no_agreement", "The agreement does not hold today.")
    if not terms.covers_kind(kind):
        raise CallProblem("no_agreement")
    return Agreement(system_id, kind, terms, agreement, version, None if senders is None else frozenset(senders))


def held_firm_all(
    connection: Connection, *, system_ids: Collection[int], kind: str, now: datetime
) -> dict[int, Agreement]:
    """Return the same for many readers at once; those that may not read the kind now are left out."""
    readers = sorted(set(system_ids))
    connection.execute(_SQL["hold_all"], {"space": _LOCK, "receivers": readers})
    rows = connection.execute(
        _SQL["held_firm_all"], {"receivers": readers, "kinds": [kind, EVERY_KIND], "every": EVERY_KIND}
    )
    day = now.astimezone(VIET_NAM_TIME).date()
    found = {}
    for receiver, agreement, version, said, senders, suspended in rows:
        terms = _known(said)
        if not suspended and terms.is_valid(day) and terms.covers_kind(kind):
            kept = None if senders is None else frozenset(senders)
            found[receiver] = Agreement(receiver, kind, terms, agreement, version, kept)
    return found


@lru_cache(maxsize=4096)
def _known(said: str) -> Terms:
    """Parse terms that were read before; nobody changes them."""
    return parse(said)


def lock_changes(connection: Connection, *, system_id: int) -> None:
    """Let nobody take anything for a reader until this transaction, which changes its agreements, has ended."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, system_id))


def versions(connection: Connection, keys: Iterable[Key], *, kind: str) -> dict[Key, Agreement]:
    """Return versions of agreements, in force or not, for a kind: by what something was taken out earlier."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    ids, numbers = zip(*wanted, strict=True)
    rows = connection.execute(_SQL["versions"], {"ids": list(ids), "versions": list(numbers)})
    return {
        (agreement, version): Agreement(
            receiver, kind, _known(said), agreement, version, None if senders is None else frozenset(senders)
        )
        for agreement, version, receiver, said, senders in rows
    }
