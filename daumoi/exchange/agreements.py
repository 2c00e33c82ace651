"""Who may read what: standing agreements, deny by default (design, section 7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from daumoi.core.database import Connection
from daumoi.organisations.registry import EVERY_KIND
from daumoi.organisations.services import touch_registry

IdentityGrant = Literal["pseudonym", "given"]


@dataclass(frozen=True)
class Agreement:
    """What one reader may see of one kind."""

    system_id: int
    kind: str
    identity: IdentityGrant

    @property
    def gives_identity(self) -> bool:
        """Tell whether the reader sees identities, personal fields and refs as sent."""
        return self.identity == "given"


@dataclass(frozen=True)
class Agreements:
    """A snapshot of the agreements in force."""

    by_reader: dict[tuple[int, str], IdentityGrant]

    def of(self, system_id: int, kind: str) -> Agreement | None:
        """Return what a system may see of a kind, or None; one for the kind itself goes before one for all."""
        for name in (kind, EVERY_KIND):
            grant = self.by_reader.get((system_id, name))
            if grant is not None:
                return Agreement(system_id, kind, grant)
        return None


def add(connection: Connection, *, system_id: int, kinds: Iterable[str], identity: IdentityGrant, at: datetime) -> None:
    """Make standing agreements; one that is in force for the same kind ends. Part of the caller's transaction."""
    for kind in sorted(set(kinds)):
        connection.execute(
            "UPDATE agreement SET valid_to = %s WHERE system_id = %s AND kind = %s AND valid_to IS NULL",
            (at, system_id, kind),
        )
        connection.execute(
            "INSERT INTO agreement (system_id, kind, identity, valid_from) VALUES (%s, %s, %s, %s)",
            (system_id, kind, identity, at),
        )
    touch_registry(connection)


def load(connection: Connection) -> Agreements:
    """Read the agreements in force."""
    rows = connection.execute("SELECT system_id, kind, identity FROM agreement WHERE valid_to IS NULL")
    return Agreements({(row[0], row[1]): row[2] for row in rows})
