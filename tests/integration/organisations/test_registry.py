"""The register is read whole while systems are registered: whoever reads it is never handed a part of one."""

from __future__ import annotations

from typing import Any, cast

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.organisations import registry
from tests.integration.sending import a_system


class Interrupted:
    """A connection behind each of whose statements somebody registers a further system."""

    def __init__(self, hub: Hub, connection: Connection) -> None:
        self._hub, self._connection, self.registered = hub, connection, 0

    def execute(self, statement: str) -> Any:
        answer = self._connection.execute(statement.encode())
        self.registered += 1
        a_system(self._hub, f"meanwhile-{self.registered}")
        return answer


def test_systems_that_are_registered_while_it_is_read_are_seen_by_the_next_look(hub: Hub) -> None:
    a_system(hub, "before")
    with hub.pool.connection() as connection:
        interrupted = Interrupted(hub, connection)
        found = registry.load(cast(Connection, interrupted))
        assert interrupted.registered == 3
        assert found.by_code("before") is not None
        assert found.version < registry.version(connection)
        assert len(registry.load(connection).clients) == 4
