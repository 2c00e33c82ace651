"""One row of a body on its way into the log: what was sent, what was found wrong, what it becomes."""

from dataclasses import dataclass, field
from uuid import UUID

from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import Fault
from daumoi.log.entries import Decision, Entry, Outcome, Role
from daumoi.organisations.registry import System
from daumoi.people.claims import ClaimRequest

SUBJECT = 0
"""Role of the subject among the people of a row; the others are numbered by daumoi.log.entries.Role."""


@dataclass(slots=True)
class Row:
    """A row after decoding. It is good as long as it has no faults."""

    number: int  # line or element of the body, counted from 1
    raw: bytes
    system: System
    held_key: bytes  # keyed hash of system, kind and content: a bad row is held once for it
    record: Envelope | None = None
    ref: str | None = None  # only when it may be repeated to the sender
    ref_key: bytes | None = None  # receipt key, where the row tells its ref
    revision: int | None = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    entry: Entry | None = None
    claims: list[tuple[int, int, ClaimRequest]] = field(default_factory=list)  # role, position, request
    checkpoint_code: str | None = None
    decision: Decision | None = None
    seq: int | None = None
    held_id: UUID | None = None

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
        return str(self.decision.outcome.value)


def role_of(number: int) -> Role | None:
    """Return the role in the log of a person of a row; None for the subject."""
    return None if number == SUBJECT else Role(number)
