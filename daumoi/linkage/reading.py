"""What every look at people needs: that it is written down first."""

from collections.abc import Sequence
from dataclasses import dataclass

from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.clock import Clock
from daumoi.core.database import Connection
from daumoi.core.reading import Reading


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at people, and why: a purpose of daumoi/audit/purposes.json, with a reason where it needs one."""

    by: Actor
    purpose: str
    clock: Clock
    reason: str = ""

    def read(self, connection: Connection, *, action: str, people: Sequence[int]) -> Reading:
        """Write the look into the audit log, people by their numbers. Raises UnknownPurpose, ReasonMissing, NoGrant."""
        return audit.read(
            connection,
            at=self.clock.now(),
            by=self.by,
            action=action,
            subject=Subject("person", people=people),
            purpose=self.purpose,
            reason=self.reason,
        )
