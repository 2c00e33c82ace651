"""All organisations, systems and clients as one snapshot in memory: the hot path reads no table for them."""

from dataclasses import dataclass

from daumoi.core.database import Connection

EVERY_KIND = "*"


@dataclass(frozen=True)
class System:
    """A partner's system."""

    id: int
    code: str
    name: str
    organisation: str
    send: frozenset[str]
    suspended: bool
    calls_per_second: int | None = None
    """None: as many as the settings allow every system. So with the records of a day."""
    records_per_day: int | None = None

    def may_send(self, kind: str) -> bool:
        """Tell whether the system has the right to send a kind."""
        return EVERY_KIND in self.send or kind in self.send


@dataclass(frozen=True)
class Client:
    """The credentials one system signs in with."""

    client_id: str
    secret_hash: bytes
    system: System
    suspended: bool


@dataclass(frozen=True)
class Registry:
    """A snapshot of who there is, and the version it was read at."""

    version: int
    systems: dict[int, System]
    clients: dict[str, Client]

    def client(self, client_id: str) -> Client | None:
        """Return a client by its id."""
        return self.clients.get(client_id)

    def system(self, system_id: int) -> System | None:
        """Return a system by its number."""
        return self.systems.get(system_id)

    def by_code(self, code: str) -> System | None:
        """Return a system by its code."""
        return next((system for system in self.systems.values() if system.code == code), None)


def version(connection: Connection) -> int:
    """Read the version of what processes keep in memory."""
    row = connection.execute("SELECT version FROM registry_version").fetchone()
    return int(row[0]) if row else 0


def load(connection: Connection) -> Registry:
    """Read the snapshot; the version is read first, so that a change in between is seen at the next look.

    Clients are read before systems: one that is registered in between has no client yet, and never the other way round.
    """
    read_at = version(connection)
    clients = connection.execute(
        "SELECT client_id, secret_hash, system_id, suspended_at IS NOT NULL FROM client"
    ).fetchall()
    systems = {
        row[0]: System(row[0], row[1], row[2], row[3], frozenset(row[4]), *row[5:])
        for row in connection.execute(
            "SELECT s.id, s.code, s.name, o.code, s.send, s.suspended_at IS NOT NULL, s.calls_per_second,"
            " s.records_per_day"
            " FROM system s JOIN organisation o ON o.id = s.organisation_id"
        )
    }
    by_id = {row[0]: Client(row[0], bytes(row[1]), systems[row[2]], row[3]) for row in clients}
    return Registry(read_at, systems, by_id)
