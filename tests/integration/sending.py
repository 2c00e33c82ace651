"""Short ways to send rows through the real intake in tests of single rooms."""

import json
from collections.abc import Iterable
from typing import Any

from daumoi.audit.actors import Actor
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.exchange import agreements, feeds, lifecycle
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.reading import Reader
from daumoi.exchange.terms import IdentityMode, Terms
from daumoi.intake.receipts import Receipt
from daumoi.intake.setup import prepare_log
from daumoi.intake.submissions import Submission
from daumoi.kinds.registry import KINDS
from daumoi.log.appearances import APPEARANCES, note_appearances
from daumoi.log.consumers import advance, behind
from daumoi.organisations import registry, services
from daumoi.organisations.registry import System

Record = dict[str, Any]
TESTER = Actor("test", "A test")
READER = Reader(TESTER)


def a_system(hub: Hub, code: str = "dov", *, read: str | None = None, identity: IdentityMode = "given") -> System:
    """Register a system that may send everything; `read` makes it a standing agreement."""
    prepare_log(hub)
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        services.add_system(connection, code=code, name=code, organisation=None, send=["*"], at=at)
        found = registry.load(connection).by_code(code)
        assert found is not None
        if read:
            lifecycle.stand(connection, system_id=found.id, kinds=[read], identity=identity, at=at)
    return found


def an_agreement(system: System, kind: str, identity: IdentityMode = "pseudonym") -> Agreement:
    """What a reader may see of a kind, as if the hub read for itself: it stands in no table, and no account is kept."""
    return Agreement(system.id, kind, Terms(kinds=(kind,), identity=identity, purpose="data_sharing"))


def read_up_to(hub: Hub, system: System, kind: str, seq: int) -> None:
    """Read a kind from its beginning by the agreement in force, and say that all up to a number is there."""
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        today = hub.clock.now().astimezone(VIET_NAM_TIME).date()
        agreement = agreements.load(connection).of(system.id, kind, on=today)
    assert agreement is not None
    feeds.page(hub, known, agreement=agreement, reader=READER, after=0, limit=seq)
    feeds.acknowledge(hub, agreement=agreement, seq=seq)


def note_where_people_stand(hub: Hub) -> None:
    """Let the consumer that keeps appearances catch up, as the worker does."""
    with hub.pool.connection() as connection:
        while kinds := behind(connection, APPEARANCES):
            for kind in kinds:
                at = hub.clock.now()
                advance(connection, name=APPEARANCES, kind=kind, at=at, most=1000, work=note_appearances)


def send(hub: Hub, system: System, kind: str, rows: Iterable[Record | bytes], **options: Any) -> Receipt:
    """Send rows as one body and return its receipt."""
    submission = Submission(hub, system=system, kind=KINDS[kind], **options)
    for row in rows:
        submission.add([row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()])
    return submission.finish()


def a_report(ref: str, **changes: Any) -> Record:
    """An anonymous citizen's report."""
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "data": {"category": "crowd", "text": "Tụ tập đông người"},
    } | changes


def a_passage(ref: str, national_id: str = "001087000001", **changes: Any) -> Record:
    """A passage of the example checkpoint."""
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {"national_id": national_id},
        "data": {"checkpoint": "EXAMPLE-1", "direction": "in", "method": "manual", "decision": "allowed"},
    } | changes
