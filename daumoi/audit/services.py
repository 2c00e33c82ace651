"""Writes the audit log."""

from datetime import datetime

from daumoi.core.database import Connection


def note(connection: Connection, *, at: datetime, actor: str, action: str, subject: str, purpose: str) -> None:
    """Write who looked at what and why, before it is shown; `subject` names kinds and numbers, never a person."""
    connection.execute(
        "INSERT INTO audit_entry (at, actor, action, subject, purpose) VALUES (%s, %s, %s, %s, %s)",
        (at, actor, action, subject, purpose),
    )
