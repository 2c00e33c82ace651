"""Destroys the claims that no record names any more after a drop: an identifier does not outlive its records.

There is no index from claims to records, because it would slow every append. So the claims of what is dropped are put
in doubt first; then one pass over the records that are left takes those out that are still named. A claim that a
record names while this runs is never lost: what is left in doubt is first set apart, so that no new record can find
it, then the records that came meanwhile are looked at, and only then is it destroyed.
"""

from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.log.holds import holds
from daumoi.log.segments import Segment
from daumoi.people import destroying

_SQL = statements("daumoi.log", "unnamed")
_PAGE = 20_000
"""Numbers that one statement looks at: some 50 ms."""
_STEP = 2000
"""Claims that one transaction sets apart or destroys."""


def doubt(connection: Connection, segment: Segment) -> None:
    """Put the claims that a segment's records name in doubt, in steps; done before the segment is dropped."""
    for first in range(segment.first_seq, segment.last_seq + 1, _PAGE):
        last = min(segment.last_seq, first + _PAGE - 1)
        connection.execute(_SQL["doubt_range"], {"kind": segment.kind, "first": first, "last": last})


def destroy_unnamed(connection: Connection, keys: Keys) -> int:
    """Destroy the claims in doubt that nothing names; returns how many. Safe to run again after it was stopped.

    One process at a time, by the turn of retention. Raises NotQuiet; what was set apart then waits for the next run.
    """
    waiting = connection.execute(_SQL["any_in_doubt"]).fetchone()
    if not (waiting and waiting[0]):
        return 0
    seen = _look(connection, {})
    _set_apart(connection, keys)
    destroying.until_quiet(connection)
    _look(connection, seen)
    count = 0
    while True:
        with connection.transaction():
            claims = [row[0] for row in connection.execute(_SQL["to_destroy"], (_STEP,))]
            if not claims:
                return count
            gone = destroying.destroy(connection, claims)
            destroying.forget_people(connection, sorted({person for _, person in gone}))
            connection.execute(_SQL["settled"], (claims,))
        count += len(gone)


def _look(connection: Connection, seen: dict[int, int]) -> dict[int, int]:
    """Take out of doubt what records above the numbers seen name; returns the numbers seen now, by kind."""
    heads = connection.execute(_SQL["heads"]).fetchall()
    for kind, oldest, head in heads:
        for first in range(max(oldest, seen.get(kind, 0) + 1), head + 1, _PAGE):
            page = {"kind": kind, "first": first, "last": min(head, first + _PAGE - 1)}
            connection.execute(_SQL["named_as_subject"], page)
            connection.execute(_SQL["named_beside"], page)
    connection.execute(_SQL["named_on_hold"])
    return {kind: head for kind, _, head in heads}


def _set_apart(connection: Connection, keys: Keys) -> None:
    """Set apart what is in doubt, except what a hold names: that stays in doubt until the hold is released."""
    while True:
        with connection.transaction():
            named = sorted({claim for hold in holds(connection) for claim in hold.claims or ()})
            claims = [row[0] for row in connection.execute(_SQL["to_set_apart"], (named, _STEP))]
            if not claims:
                return
            destroying.set_apart(connection, keys, claims)
            connection.execute(_SQL["mark_set_apart"], (claims,))
