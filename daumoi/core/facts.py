"""Facts of the hub itself, such as that it is a demo."""

from daumoi.core.database import Connection

LAST_BACKUP = "last_backup_at"
"""When the last finished back-up ended: an instant, RFC 3339."""


def read(connection: Connection, name: str) -> str | None:
    """Return a fact, or None."""
    row = connection.execute("SELECT value FROM hub_fact WHERE name = %s", (name,)).fetchone()
    return row[0] if row else None


def write(connection: Connection, name: str, value: str) -> None:
    """Set a fact."""
    connection.execute(
        "INSERT INTO hub_fact (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def forget(connection: Connection, name: str) -> None:
    """Take a fact away; nothing happens when there is none."""
    connection.execute("DELETE FROM hub_fact WHERE name = %s", (name,))
