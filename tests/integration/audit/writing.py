"""Audit logs of tests: entries written, sealed, and verified."""

from __future__ import annotations

from collections.abc import Sequence

from daumoi.audit import heads, services
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.verifying import Report, verify
from daumoi.core.hub import Hub

ADA = Actor("member:ada", "Nguyễn Thị Ada", "national_officer", "10.1.2.3", "session-1", "request-1")
BEN = Actor("member:ben", "Trần Văn Ben", "province_admin")


def write(
    hub: Hub, lines: int = 1, *, by: Actor = ADA, people: Sequence[int] = (7,), action: str = "person.find"
) -> None:
    """Write lines, each in a transaction of its own."""
    with hub.pool.connection() as connection:
        for _ in range(lines):
            services.read(
                connection,
                at=hub.clock.now(),
                by=by,
                action=action,
                subject=Subject("person by phone", people=people),
                purpose="contact_tracing",
            )


def verified(hub: Hub, *statements: str, from_last_head: bool = False) -> Report:
    """Verify the chain after somebody with all rights in the database has done something to it; it is rolled back."""
    with hub.pool.connection() as connection, connection.transaction(force_rollback=True):
        # What triggers guard, somebody with all rights can switch off.
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]
        return verify(
            connection,
            folder=heads.folder_of(hub.settings.data_dir),
            key=heads.public_key(hub.keys),
            now_us=heads.microseconds(hub.clock.now()),
            from_last_head=from_last_head,
        )


def found(hub: Hub, *statements: str) -> list[tuple[str, int | None]]:
    """The code and the line of each fault that verifying finds."""
    return [(fault.code, fault.number) for fault in verified(hub, *statements).faults]


def codes(hub: Hub, *statements: str) -> set[str]:
    """The codes of what verifying finds."""
    return {code for code, _ in found(hub, *statements)}
