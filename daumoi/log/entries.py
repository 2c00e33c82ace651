"""What is appended, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from daumoi.core.crypto import Keys


class Op(IntEnum):
    """What a record does to the records of the same ref before it."""

    ASSERT = 1
    CORRECT = 2
    WITHDRAW = 3

    @property
    def word(self) -> str:
        """The word of the contract."""
        return self.name.lower()


class Role(IntEnum):
    """What a person is to a record, beside its subject."""

    DECLARANT = 1
    COMPANION = 2


class Outcome(StrEnum):
    """What became of one row."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    REPEATED = "repeated"
    CONFLICT = "conflict"


OP_OF = {Outcome.ACCEPTED: Op.ASSERT, Outcome.CORRECTED: Op.CORRECT, Outcome.WITHDRAWN: Op.WITHDRAW}
STORED = frozenset(OP_OF)
"""Outcomes of rows that stand in the log."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One record ready to be appended."""

    system_id: int
    key: bytes  # 16 bytes: keyed hash of system, kind and ref
    ref: str
    revision: int
    withdraw: bool
    content: bytes  # 16 bytes: keyed hash of the canonical content
    occurred_at: datetime | None
    schema_version: int
    body: bytes | None = None  # JSON of the facts
    area_scheme: str | None = None
    area_code: str | None = None
    path: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    subject: int | None = None  # claim
    place: int | None = None
    persons: list[tuple[Role, int, int]] = []  # role, position, claim
    personal: bytes | None = None  # sealed
    said: str = ""  # the columns that the sender decides alone, as daumoi.log.copying writes them


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a row, and whether it is the newest of its ref."""

    outcome: Outcome
    current: bool


def receipt_keys(keys: Keys, *, system_id: int, kind: int) -> Callable[[bytes], bytes]:
    """Return what makes the receipt keys of a system and kind, from refs as bytes."""
    return keys.indexer("receipt", b"%d|%d|" % (system_id, kind))


def receipt_key(keys: Keys, *, system_id: int, kind: int, ref: str) -> bytes:
    """Return the key under which all revisions of a record lie side by side."""
    return receipt_keys(keys, system_id=system_id, kind=kind)(ref.encode("utf-8", "surrogatepass"))


def personal_context(key: bytes, revision: int) -> bytes:
    """Return what binds sealed personal values to their record."""
    return key + revision.to_bytes(4, "big")
