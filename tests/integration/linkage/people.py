"""People for linkage tests, and officers who may see a part of the country."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from daumoi.accounts.scope import EVERYWHERE
from daumoi.audit.actors import Actor
from daumoi.core.hub import Hub
from daumoi.intake.setup import numbered_kinds
from daumoi.linkage.reading import Look
from daumoi.organisations.registry import System
from tests.integration.sending import note_where_people_stand, send

ALL = EVERYWHERE
ADA, BEN = Actor("ada", "Ada"), Actor("ben", "Ben")
HA_NOI, HAI_PHONG = "00004", "11407"
"""Wards of today in two provinces."""


@dataclass
class Cast:
    """A hub, its systems, and numbers that no other test uses."""

    hub: Hub
    dov: System
    hotline: System
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def look(self) -> Look:
        return Look(Actor("member:1", "Ada"), "contact_tracing", self.hub.clock)

    def national_id(self) -> str:
        return f"001087{next(self.numbers):06d}"

    def declare(self, subject: dict[str, Any], *, area: str = HA_NOI, system: System | None = None, **more: Any) -> int:
        """Send a declaration about somebody; returns the claim it names."""
        row = {
            "ref": f"d-{next(self.numbers)}",
            "occurred_at": "2021-08-01T08:00:00+07:00",
            "subject": subject,
            "area": {"scheme": "vn-2025", "code": area},
            "data": {"form": "daily"},
        } | more
        assert send(self.hub, system or self.dov, "health_declaration", [row]).accepted == 1
        with self.hub.pool.connection() as connection:
            found = connection.execute("SELECT subject FROM record WHERE ref = %s", (row["ref"],)).fetchone()
        assert found is not None
        return int(found[0])

    def declare_many(self, subjects: Sequence[dict[str, Any]]) -> None:
        """Send declarations about many in one body."""
        rows = [
            {
                "ref": f"d-{next(self.numbers)}",
                "occurred_at": "2021-08-01T08:00:00+07:00",
                "subject": subject,
                "area": {"scheme": "vn-2025", "code": HA_NOI},
                "data": {"form": "daily"},
            }
            for subject in subjects
        ]
        assert send(self.hub, self.dov, "health_declaration", rows).accepted == len(rows)

    def person(self, claim: int) -> int:
        with self.hub.pool.connection() as connection:
            found = connection.execute("SELECT person FROM claim WHERE id = %s", (claim,)).fetchone()
        assert found is not None
        return int(found[0])

    def follow(self) -> None:
        """Let the consumer that keeps appearances catch up, as the worker does."""
        note_where_people_stand(self.hub)

    def audit(self) -> list[tuple[str, str, list[int], str]]:
        with self.hub.pool.connection() as connection:
            return connection.execute(
                "SELECT actor_label, action, people, purpose FROM audit_entry ORDER BY id"
            ).fetchall()


KINDS = dict(numbered_kinds())
