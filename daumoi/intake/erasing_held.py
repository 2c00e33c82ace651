"""Finds the held rows that hold an erased person's identity, and deletes them with their notes.

A held row is sealed text as it was sent, good or broken. It is the person's when it holds one of the strong
identifiers or the old national id, however written, or the name together with the phone or the birth date. Phone,
name or birth date alone are no proof: others have the same, and their rows wait for mending.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.intake.holding import open_held
from daumoi.log.entries import receipt_key
from daumoi.people import folding
from daumoi.people.identifiers import Claimed

_SQL = statements("daumoi.intake", "erasure")
_PAGE = 500
_FIRST = UUID(int=0)
_SEPARATORS = str.maketrans("", "", " .-+()/")
_SHORTEST = 6
"""A shorter identifier is looked for as a whole value only, not within a broken text."""


@dataclass
class Sought:
    """What the claims of a person say, in the forms that are compared."""

    numbers: set[str] = field(default_factory=set)
    own_ids: set[tuple[int, str]] = field(default_factory=set)
    """(system, its own id of the person): it means something within its system only."""
    names: set[tuple[str, str]] = field(default_factory=set)
    """(folded name, phone or birth date)."""

    def learn(self, system_id: int, said: Claimed) -> None:
        """Add what one claim says."""
        passport = said.passport.number if said.passport else None
        numbers = (said.national_id, said.old_national_id, said.health_insurance_no, passport)
        self.numbers |= {_bare(number) for number in numbers if number}
        if said.system_person_id:
            self.own_ids.add((system_id, _bare(said.system_person_id)))
        name = folding.name_key(said.full_name) if said.full_name else ""
        if name:
            self.names |= {(name, mark) for mark in _marks(said.phone, said.birth_date)}

    def is_in(self, system_id: int, raw: bytes) -> bool:
        """Tell whether a row as sent holds the identity."""
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text = _bare(raw.decode("utf-8", "replace"))
            own = {number for system, number in self.own_ids if system == system_id}
            return any(number in text for number in self.numbers | own if len(number) >= _SHORTEST)
        return any(self._is_theirs(system_id, node) for node in _nodes(value))

    def _is_theirs(self, system_id: int, node: Any) -> bool:
        if isinstance(node, dict):
            name, phone, birth = (node.get(key) for key in ("full_name", "phone", "birth_date"))
            folded = folding.name_key(name) if isinstance(name, str) else ""
            return any((folded, mark) in self.names for mark in _marks(phone, birth))
        if isinstance(node, int) and not isinstance(node, bool):
            # A number written without quotes has lost its leading zeros.
            return any(number.lstrip("0") == str(node) for number in self.numbers)
        if isinstance(node, str):
            bare = _bare(node)
            return bare in self.numbers or (system_id, bare) in self.own_ids
        return False


def _bare(text: str) -> str:
    return text.translate(_SEPARATORS).upper()


def _marks(phone: Any, birth_date: Any) -> Iterator[str]:
    if isinstance(phone, str):
        yield folding.phone_key(phone) or _bare(phone)
    if isinstance(birth_date, str):
        yield birth_date


def _nodes(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _nodes(member)


def holding_identity(hub: Hub, connection: Connection, sought: Sought) -> Iterator[list[UUID]]:
    """Return, page by page, the held rows that hold the identity, open and closed."""
    after = _FIRST
    while True:
        page = connection.execute(_SQL["held_page"], (after, _PAGE), binary=True).fetchall()
        if not page:
            return
        after = page[-1][0]
        yield [
            id_ for id_, system, key, sealed in page if sought.is_in(system, open_held(hub, bytes(key), bytes(sealed)))
        ]


def delete_held(connection: Connection, ids: Sequence[UUID]) -> None:
    """Delete held rows and the notes of them. Part of the caller's transaction."""
    if ids:
        connection.execute(_SQL["drop_held"], (list(ids),))
        connection.execute(_SQL["drop_notes_of_held"], (list(ids),))


def delete_of_refs(hub: Hub, connection: Connection, kind: int, refs: Iterable[tuple[int, str]]) -> None:
    """Delete what is held and noted of records, given by (system, ref). Part of the caller's transaction."""
    pairs = list(refs)
    if not pairs:
        return
    keys = [receipt_key(hub.keys, system_id=system, kind=kind, ref=ref) for system, ref in pairs]
    ids = [row[0] for row in connection.execute(_SQL["drop_held_of_refs"], (keys,))]
    delete_held(connection, ids)
    systems, texts = [system for system, _ in pairs], [ref for _, ref in pairs]
    connection.execute(_SQL["drop_notes_of_refs"], {"systems": systems, "refs": texts, "kind": kind})
