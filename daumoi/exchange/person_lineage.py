"""Everything about one person, and everywhere it went: their records within a scope, each with its deliveries.

Found by the table of appearances, a second behind the log at most. After an erasure nothing is found: which records a
person stood in is not kept (ADR 0013). The records themselves, without the person, are still followed by `lineage.py`.
"""

from typing import NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.core.hub import Hub
from daumoi.core.reading import Reading
from daumoi.exchange import lineage, reading
from daumoi.exchange.lineage import Went
from daumoi.exchange.reading import Head, Reader
from daumoi.intake.setup import numbered_kinds
from daumoi.log import appearances
from daumoi.log.appearances import Appearance, Place
from daumoi.organisations import registry
from daumoi.people.selectors import claims_of

PAGE = 50


class Followed(NamedTuple):
    """One record that names the person, and where it went."""

    record: Appearance
    kind: str
    deliveries: list[Went]


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
    reader: Reader,
    after: Place | None = None,
    limit: int = PAGE,
) -> PersonLineage:
    """Return the records of a person that lie in the scope, each with every delivery of it.

    `_reading` is the look that was written into the audit log before. A handful of statements for each record and way
    out that had it.
    """
    kinds = {number: name for name, number in numbered_kinds()}
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        found = appearances.timeline(connection, scope, claims_of(connection, person=person), after=after, limit=limit)
        heads: dict[int, Head] = {}
        followed = []
        for record in found:
            name = kinds[record.kind]
            if record.kind not in heads:
                heads[record.kind] = reading.head(connection, name)
            went = lineage.deliveries_of(
                hub, connection, known, kind=name, at=heads[record.kind], seq=record.seq, reader=reader
            )
            followed.append(Followed(record, name, went))
    last = found[-1] if len(found) == limit else None
    return PersonLineage(followed, Place(last.at, last.kind, last.seq, last.role) if last else None)
