"""Everything about one person, and everywhere it went: their records within a scope, each with its deliveries.

Found by the table of appearances, a second behind the log at most. After an erasure nothing is found: which records a
person stood in is not kept (ADR 0013). The records themselves, without the person, are still followed by `lineage.py`.
"""

from typing import NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.hub import Hub
from daumoi.core.reading import Reading
from daumoi.exchange import reading
from daumoi.exchange.handovers import Handover, Handovers
from daumoi.intake.setup import numbered_kinds
from daumoi.log import appearances
from daumoi.log import selectors as log
from daumoi.log.appearances import Appearance, Behind, Place
from daumoi.organisations import registry
from daumoi.people.selectors import claims_of

PAGE = 50


class Followed(NamedTuple):
    """One record that names the person, and where it went."""

    record: Appearance
    kind: str
    handovers: list[Handover]


class PersonLineage(NamedTuple):
    """A page, newest first; `next` is where the following one goes on."""

    records: list[Followed]
    next: Place | None


def of_person(
    scope: Scope,
    _reading: Reading,
    hub: Hub,
    *,
    person: int,
    after: Place | Behind | None = None,
    limit: int = PAGE,
) -> PersonLineage:
    """Return the records of a person that lie in the scope, each with every handing over of it.

    `_reading` is the look that was written into the audit log before; `after` is where the last page ended, Behind when
    its instant is not at hand. Four statements a kind, and what corrections and withdrawals need (`handovers.py`).
    """
    kinds = {number: name for name, number in numbered_kinds()}
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        claims = claims_of(connection, person=person)
        if isinstance(after, Behind):
            after = appearances.place_of(connection, scope, claims, after)
        found = appearances.timeline(connection, scope, claims, after=after, limit=limit)
        numbers: dict[int, set[int]] = {}
        for record in found:
            numbers.setdefault(record.kind, set()).add(record.seq)
        handed: dict[tuple[int, int], list[Handover]] = {}
        for kind, some in sorted(numbers.items()):
            at = reading.head(connection, kinds[kind])
            rows = log.shown_of(connection, kind=kind, numbers=sorted(some))
            handovers = Handovers(hub, connection, known, rows, kind=kinds[kind], at=at)
            for row in rows:
                handed[kind, row[0]] = [handovers.handover(held) for held in handovers.held(row[0])]
    followed = [Followed(record, kinds[record.kind], handed.get((record.kind, record.seq), [])) for record in found]
    last = found[-1] if len(found) == limit else None
    return PersonLineage(followed, Place(last.at, last.kind, last.seq, last.role) if last else None)
