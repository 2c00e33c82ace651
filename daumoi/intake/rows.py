"""One row of a body on its way into the log: what was sent, what was found wrong, what it becomes."""

from datetime import date
from uuid import UUID

import msgspec

from daumoi.kinds.faults import Fault
from daumoi.log.entries import Decision, Entry, Outcome, Role
from daumoi.people.claims import ClaimRequest

SUBJECT = 0
"""Role of the subject among the people of a row; the others are numbered by daumoi.log.entries.Role."""


class Row(msgspec.Struct, array_like=True, gc=False):
    """A row after decoding. It is good as long as it has no faults.

    It crosses from the process that reads to the one that stores, packed by position (daumoi/intake/reader.py).
    """

    number: int  # line or element of the body, counted from 1
    raw: bytes
    system_id: int
    content: bytes  # what makes the row itself: its canonical form, or what stands for it where there is none
    ref: str | None = None  # only when it may be repeated to the sender
    ref_key: bytes | None = None  # receipt key, where the row tells its ref
    revision: int | None = None
    faults: list[Fault] = []
    warnings: list[Fault] = []
    entry: Entry | None = None
    claims: list[tuple[int, int, ClaimRequest]] = []  # role, position, request
    checkpoint_code: str | None = None
    open_days: tuple[date | None, date | None] = (None, None)  # of a checkpoint: opened on, closed on
    decision: Decision | None = None
    seq: int | None = None
    held_id: UUID | None = None
    held_as: bytes | None = None  # the key of the held entry it comes from, where that is known

    @property
    def is_good(self) -> bool:
        """Tell whether nothing was found wrong."""
        return not self.faults

    @property
    def outcome(self) -> str:
        """Name the count of the receipt it belongs to."""
        if self.faults or self.decision is None:
            return "held"
        assert self.decision.outcome is not Outcome.CONFLICT
        return self.decision.outcome


def role_of(number: int) -> Role | None:
    """Return the role in the log of a person of a row; None for the subject."""
    return None if number == SUBJECT else Role(number)
