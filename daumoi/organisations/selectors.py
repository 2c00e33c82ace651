"""Reads organisations: who there is to give and to receive."""

from typing import NamedTuple

from daumoi.core.database import Connection


class Organisation(NamedTuple):
    """An organisation with systems of its own."""

    id: int
    code: str
    name: str


def organisations(connection: Connection) -> list[Organisation]:
    """Return all organisations by name; they are few."""
    return [
        Organisation(*row) for row in connection.execute("SELECT id, code, name FROM organisation ORDER BY name, id")
    ]
