"""Keeps claims of identity and says which of them are the same person (design, section 7).

A claim stands once for each (system, identity as sent) when it holds a strong identifier, else once for each ref.
A new claim joins the one person its strong identifiers name. When they name two, or when birth year, sex and
folded name all speak against the person found, it gets a person of its own and the pair becomes a candidate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from daumoi.core.arrays import Blobs, Hashes, Numbers
from daumoi.core.crypto import SEAL_VERSION, Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.people import meters
from daumoi.people.identifiers import RULE_VERSION, Claimed, Folded, fold

_SQL = statements("daumoi.people", "claims")
_DECODE = msgspec.json.Decoder(Claimed).decode


class ClaimRequest(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One identity that a record brings: who says it, for which record and role (`anchor`), and what it says.

    `anchor` is None when the identity holds a strong identifier; `said` is its canonical JSON.
    """

    system_id: int
    anchor: bytes | None
    said: bytes


@dataclass(slots=True)
class _NewClaim:
    fingerprint: bytes
    request: ClaimRequest
    folded: Folded
    id: int = 0
    person: int = 0
    rivals: set[int] = field(default_factory=set)
    reason: str = ""


@dataclass(slots=True)
class _Known:
    """What is known of the people that the strong identifiers at hand name."""

    people_of: dict[bytes, set[int]] = field(default_factory=dict)
    names: dict[int, set[bytes]] = field(default_factory=dict)
    birth_years: dict[int, set[bytes]] = field(default_factory=dict)
    sexes: dict[int, set[bytes]] = field(default_factory=dict)

    def learn(self, person: int, name: bytes | None, birth_year: bytes | None, sex: bytes | None) -> None:
        for store, value in ((self.names, name), (self.birth_years, birth_year), (self.sexes, sex)):
            if value is not None:
                store.setdefault(person, set()).add(value)

    def speak_against(self, person: int, folded: Folded) -> bool:
        """Tell whether birth year, sex and folded name are all known on both sides and all differ."""
        pairs = (
            (self.names, folded.name_index),
            (self.birth_years, folded.birth_year_index),
            (self.sexes, folded.sex_index),
        )
        return all(value is not None and person in store and value not in store[person] for store, value in pairs)


def fingerprint(keys: Keys, system_id: int, anchor: bytes | None, said: bytes) -> bytes:
    """Return the hash under which a claim stands once: of system and identity, and of the ref unless it holds a strong
    identifier (`anchor` is None then)."""
    return keys.indexer("claim")(b"%d|%s|%s" % (system_id, anchor or b"strong", said))


def resolve(connection: Connection, keys: Keys, requests: Sequence[ClaimRequest], at: datetime) -> list[int]:
    """Return the claim of each request, making those that are new; part of the caller's transaction.

    Each step is its own statement and so sees what others have committed meanwhile; identifiers and
    fingerprints are taken in sorted order, so that two transactions never wait for each other in a circle.
    """
    marks = [fingerprint(keys, one.system_id, one.anchor, one.said) for one in requests]
    known = _claims_of(connection, set(marks))
    new: dict[bytes, _NewClaim] = {}
    if len(known) < len(marks):
        for request, mark in zip(requests, marks, strict=True):
            if mark not in known and mark not in new:
                identity = _DECODE(request.said)
                folded = fold(keys, identity, system_id=request.system_id, anchor=request.anchor or b"")
                new[mark] = _NewClaim(mark, request, folded)
    if new:
        known |= _add(connection, keys, list(new.values()), at)
    meters.ASKED.inc(len(marks))
    meters.MADE.inc(len(new))
    return [known[mark] for mark in marks]


def _claims_of(connection: Connection, marks: Iterable[bytes]) -> dict[bytes, int]:
    return dict(connection.execute(_SQL["claims_by_fingerprint"], (Hashes(marks),), binary=True).fetchall())


def _add(connection: Connection, keys: Keys, new: list[_NewClaim], at: datetime) -> dict[bytes, int]:
    """Insert new claims; those that another transaction inserted first are looked up instead."""
    strong = sorted({hash_ for claim in new for hash_ in claim.folded.strong})
    named = {"strong": Hashes(strong), "many": len(new)}
    row = connection.execute(_SQL["lock_strong_identifiers_and_take_ids"], named).fetchone()
    assert row is not None
    known = _know(connection, strong)
    for claim, claim_id, person_id in zip(new, *row, strict=True):
        claim.id, claim.person = claim_id, person_id
        _choose_person(claim, known)
    new.sort(key=lambda claim: claim.fingerprint)
    inserted = {row[0] for row in connection.execute(_SQL["insert_claims"], _claim_columns(keys, new, at))}
    mine = [claim for claim in new if claim.id in inserted]
    _insert_candidates(connection, mine, at)
    found = {claim.fingerprint: claim.id for claim in mine}
    if len(mine) < len(new):
        # Another transaction brought the same claim first and has committed: a fresh statement sees it.
        found |= _claims_of(connection, [claim.fingerprint for claim in new if claim.id not in inserted])
    return found


def _know(connection: Connection, strong: list[bytes]) -> _Known:
    known = _Known()
    for hash_, person in connection.execute(_SQL["people_by_identifier"], (Hashes(strong),), binary=True):
        known.people_of.setdefault(hash_, set()).add(person)
    people = sorted({person for found in known.people_of.values() for person in found})
    if people:
        for person, name, year, sex in connection.execute(_SQL["facts_of_people"], (Numbers(people),), binary=True):
            known.learn(person, name, year, sex)
    return known


def _choose_person(claim: _NewClaim, known: _Known) -> None:
    """Apply the joining rule to one claim, and let later claims of the same batch see the outcome."""
    named = {person for hash_ in claim.folded.strong for person in known.people_of.get(hash_, ())}
    if len(named) == 1:
        (person,) = named
        if known.speak_against(person, claim.folded):
            claim.rivals, claim.reason = named, "facts_disagree"
        else:
            claim.person = person
    elif named:
        claim.rivals, claim.reason = named, "identifiers_name_two"
    for hash_ in claim.folded.strong:
        known.people_of.setdefault(hash_, set()).add(claim.person)
    known.learn(claim.person, claim.folded.name_index, claim.folded.birth_year_index, claim.folded.sex_index)


def _claim_columns(keys: Keys, new: list[_NewClaim], at: datetime) -> dict[str, object]:
    entries = [
        (hash_, claim.id, kind) for claim in new for kind, hash_ in (*claim.folded.typed_strong, *claim.folded.weak)
    ]
    hashes, claims, kinds = zip(*entries, strict=True)
    return {
        "hashes": Hashes(hashes),
        "claims": Numbers(claims),
        "types": Numbers(kinds),
        "ids": Numbers(claim.id for claim in new),
        "systems": Numbers(claim.request.system_id for claim in new),
        "people": Numbers(claim.person for claim in new),
        "fingerprints": Hashes(claim.fingerprint for claim in new),
        "names": Blobs(claim.folded.name_index for claim in new),
        "years": Blobs(claim.folded.birth_year_index for claim in new),
        "sexes": Blobs(claim.folded.sex_index for claim in new),
        "sealed": Blobs(keys.seal(claim.request.said, claim.fingerprint) for claim in new),
        "key_version": SEAL_VERSION,
        "rule_version": RULE_VERSION,
        "at": at,
    }


def _insert_candidates(connection: Connection, mine: list[_NewClaim], at: datetime) -> None:
    pairs = sorted(
        {(*sorted((claim.person, rival)), claim.reason) for claim in mine for rival in claim.rivals - {claim.person}}
    )
    if pairs:
        low, high, reasons = (list(column) for column in zip(*pairs, strict=True))
        connection.execute(_SQL["insert_candidates"], {"low": low, "high": high, "reasons": reasons, "at": at})
