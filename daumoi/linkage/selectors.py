"""Finds people and shows one: who sees a person sees the records of their own area, and the claims those name.

A person is there for a scope when one of their records lies in it. Of what lies elsewhere nothing is said, not even
that it is there. Each of these writes the look down before it returns anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from daumoi.accounts.scope import Scope
from daumoi.core.arrays import Numbers
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.reading import Reading
from daumoi.core.sql import statements
from daumoi.linkage.reading import Look
from daumoi.log import appearances
from daumoi.log.appearances import Appearance, Behind, Place
from daumoi.people import finding
from daumoi.people.finding import FoundClaim
from daumoi.people.identifiers import Claimed

_SQL = statements("daumoi.people", "finding")
_SHOWN = 50
PAGE = 50
"""Records of one page of a timeline, unless the caller says otherwise."""


class NotVisible(Exception):
    """There is no such person in the area that you may see."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a document or of a system: with a country it may be a passport, with a system its own id."""

    text: str
    country: str | None = None
    system_id: int | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number, however it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class NameAndBirth:
    """A name, and the date of birth as exactly as it is known: YYYY-MM-DD, YYYY-MM or YYYY."""

    name: str
    birth: str


Question = Number | Phone | NameAndBirth


@dataclass(frozen=True, slots=True)
class Origin:
    """One claim of a person: which system said it, when it first did, and what it gave."""

    claim: int
    system_id: int
    created_at: datetime
    identity: Claimed


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person as one officer may see them."""

    person: int
    matched: list[int]
    """The claims shown that were found by what was asked; empty when those lie elsewhere."""
    origins: list[Origin]


@dataclass(frozen=True, slots=True)
class Found:
    """People that may be meant, at most 50; `more` when there were others: ask for less."""

    people: list[FoundPerson]
    more: bool


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Records of one person, newest first, and where the next page goes on."""

    records: list[Appearance]
    next: Place | None


def find(scope: Scope, hub: Hub, *, look: Look, question: Question) -> Found:
    """Find the people in a scope whom an identifier, a phone, or a name with a birth date fits.

    Five queries, however many they are. Raises NotSearchable.
    """
    with hub.pool.connection() as connection, connection.transaction():
        claims = _ask(connection, hub, question)
        hits: dict[int, list[int]] = {}
        for one in claims:
            hits.setdefault(one.person, []).append(one.claim)
        seen = _visible_by_person(scope, connection, list(hits))
        found = [person for person in hits if person in seen]
        shown = found[:_SHOWN]
        reading = look.read(connection, action="person.find", people=shown)
        origins = {
            origin.claim: origin
            for origin in _origins(connection, hub, [claim for person in shown for claim in seen[person]], reading)
        }
        people = [
            FoundPerson(
                person,
                [claim for claim in hits[person] if claim in set(seen[person])],
                [origins[claim] for claim in seen[person]],
            )
            for person in shown
        ]
    # Who sees none of them is not told that there are many: that would speak of what lies elsewhere.
    return Found(people, len(found) > _SHOWN or (bool(found) and len(claims) == finding.MOST))


def person_origins(scope: Scope, hub: Hub, *, look: Look, person: int, action: str = "person.read") -> list[Origin]:
    """Return the claims of a person that records in the scope name, with what each said. Raises NotVisible.

    `action` is how the look is called in the audit log.
    """
    with hub.pool.connection() as connection, connection.transaction():
        seen = _visible_claims(scope, connection, person)
        if not seen:
            raise NotVisible(NotVisible.__doc__)
        reading = look.read(connection, action=action, people=[person])
        return _origins(connection, hub, seen, reading)


def timeline(
    scope: Scope,
    hub: Hub,
    *,
    look: Look,
    person: int,
    after: Place | Behind | None = None,
    kind: int | None = None,
    limit: int = PAGE,
) -> TimelinePage:
    """Return a page of the records of a person that lie in the scope, of all kinds and roles, or of one kind.

    `after` is where the last page ended; Behind when its instant is not at hand. Raises NotVisible.
    """
    with hub.pool.connection() as connection, connection.transaction():
        claims = claims_of(connection, person)
        if isinstance(after, Behind):
            after = appearances.place_of(connection, scope, claims, after)
        records = appearances.timeline(connection, scope, claims, after=after, kind=kind, limit=limit)
        if not records and not _visible_claims(scope, connection, person):
            raise NotVisible(NotVisible.__doc__)
        look.read(connection, action="person.timeline", people=[person])
    last = records[-1] if len(records) == limit else None
    return TimelinePage(records, Place(last.at, last.kind, last.seq, last.role) if last else None)


def is_visible(scope: Scope, connection: Connection, person: int) -> bool:
    """Tell whether a person is there for a scope."""
    return bool(_visible_claims(scope, connection, person))


def claims_of(connection: Connection, person: int) -> list[int]:
    """Return the numbers of a person's claims."""
    return [row[0] for row in connection.execute(_SQL["claims_of_person"], (person,))]


def _ask(connection: Connection, hub: Hub, question: Question) -> list[FoundClaim]:
    if isinstance(question, Phone):
        return finding.by_phone(connection, hub.keys, question.text)
    if isinstance(question, NameAndBirth):
        return finding.by_name_and_birth(connection, hub.keys, question.name, question.birth)
    return finding.by_number(
        connection, hub.keys, question.text, country=question.country, system_id=question.system_id
    )


def _visible_claims(scope: Scope, connection: Connection, person: int) -> list[int]:
    return sorted(appearances.visible(connection, scope, claims_of(connection, person)))


def _visible_by_person(scope: Scope, connection: Connection, people: list[int]) -> dict[int, list[int]]:
    """Return the claims that are seen of each of some people; those of whom none is are left out."""
    if not people:
        return {}
    held: dict[int, int] = dict(connection.execute(_SQL["claims_of_people"], (Numbers(people),)).fetchall())
    seen: dict[int, list[int]] = {}
    for claim in sorted(appearances.visible(connection, scope, list(held))):
        seen.setdefault(held[claim], []).append(claim)
    return seen


def _origins(connection: Connection, hub: Hub, claims: Sequence[int], _reading: Reading) -> list[Origin]:
    rows = connection.execute(_SQL["origins"], (Numbers(claims),), binary=True)
    return [
        Origin(
            claim,
            system_id,
            created_at,
            msgspec.json.decode(hub.keys.open(bytes(sealed), bytes(mark)), type=Claimed),
        )
        for claim, system_id, created_at, mark, sealed in rows
    ]
