"""What every look at people needs: how far somebody may see, and that the look is written down first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from daumoi.audit import services as audit
from daumoi.core.clock import Clock
from daumoi.core.database import Connection
from daumoi.log.appearances import Area

Scope = Area
"""What part of the country somebody may see. Who covers no path at all (None) sees the whole country."""


class Reading(Protocol):
    """A look at people for a purpose; `note` writes it down, in the caller's transaction, before anything is shown."""

    def note(self, connection: Connection, *, action: str, people: Sequence[int]) -> None: ...


class WholeCountry:
    """The scope of who sees all: the command line of the hub's own machine."""

    def covers(self, path: str | None) -> bool:
        """Tell whether a unit lies in it: all do, and so does what has none."""
        return True

    def sql(self, column: str) -> tuple[str, Sequence[object]]:
        """Return a condition on a column of paths, and its parameters."""
        return "true", ()


@dataclass(frozen=True, slots=True)
class PurposeGiven:
    """A look by somebody who said why. Raises ValueError without a purpose."""

    actor: str
    purpose: str
    clock: Clock

    def __post_init__(self) -> None:
        """Refuse to look without a purpose."""
        if not 1 <= len(self.purpose.strip()) <= 500:
            raise ValueError("Say what the data are needed for, in 1 to 500 characters.")

    def note(self, connection: Connection, *, action: str, people: Sequence[int]) -> None:
        """Write the look into the audit log: people by their numbers."""
        shown = ", ".join(str(person) for person in people[:50]) or "nobody"
        subject = f"people {shown}" + (f" and {len(people) - 50} more" if len(people) > 50 else "")
        audit.note(
            connection, at=self.clock.now(), actor=self.actor, action=action, subject=subject, purpose=self.purpose
        )
