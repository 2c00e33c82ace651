"""The feed: records of a kind by number, cut as the reader's agreement says (contract, section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.reading import Reading
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.lines import SUBJECT, Scribe
from daumoi.kinds.registry import KINDS
from daumoi.log import selectors as log
from daumoi.log.selectors import ShownRow
from daumoi.organisations.registry import Registry
from daumoi.people.selectors import claims

_READ_ROWS = 1000
LIMIT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a feed, as the audit log names it, and why. Records of people cannot be read without one."""

    by: Actor
    purpose: str = "data_sharing"
    reason: str = ""


class FeedPage(NamedTuple):
    """One page of a feed: NDJSON, where to go on, and the newest number."""

    body: bytes
    next: int
    head: int
    records: int


def page(
    hub: Hub, registry: Registry, *, agreement: Agreement, reader: Reader, kind: str, after: int, limit: int
) -> FeedPage:
    """Return the records after a number, at most `limit`; raises CallProblem gone_before.

    A page that gives something of people is one line of the audit log, on the disk before anything is read; an empty
    page is none. Raises UnknownPurpose and ReasonMissing for a reader without a good purpose.

    The head is read first: whatever is numbered up to it is committed and visible, because numbers are given
    in commit order.
    """
    with hub.pool.connection() as connection:
        number, head, oldest = _head(connection, kind)
        if after + 1 < oldest and head >= oldest - 1 and after < head:
            raise _gone(oldest)
        parts: list[bytes] = []
        at, records = after, 0
        last = min(head, after + limit)
        reading = _audit(hub, connection, agreement, reader, "feed.read", kind, at + 1, last) if at < last else None
        while at < last:
            upto = min(last, at + _READ_ROWS)
            others = _others(connection, number, at, upto)
            rows = log.shown(connection, kind=number, after=at, last=upto, personal=_personal(agreement, reading))
            if len(rows) < upto - at:
                # Numbers are dense: what is missing was dropped after the head was read.
                raise _gone(_head(connection, kind)[2])
            parts.append(_render(hub, connection, registry, agreement, reading, kind, number, rows, others))
            records += len(rows)
            at = upto
    return FeedPage(b"".join(parts), max(at, after), head, records)


def one(hub: Hub, registry: Registry, *, agreement: Agreement, reader: Reader, kind: str, seq: int) -> bytes | None:
    """Return one record as a feed shows it, or None when there is none of this number; raises as `page`. Audited so."""
    with hub.pool.connection() as connection:
        number, head, oldest = _head(connection, kind)
        if not 1 <= seq <= head:
            return None
        if seq < oldest:
            raise _gone(oldest)
        reading = _audit(hub, connection, agreement, reader, "record.read", kind, seq, seq)
        others = _others(connection, number, seq - 1, seq)
        rows = log.shown(connection, kind=number, after=seq - 1, last=seq, personal=_personal(agreement, reading))
        if not rows:
            raise _gone(_head(connection, kind)[2])
        return _render(hub, connection, registry, agreement, reading, kind, number, rows, others)


def _audit(
    hub: Hub,
    connection: Connection,
    agreement: Agreement,
    reader: Reader,
    action: str,
    kind: str,
    first: int,
    last: int,
) -> Reading | None:
    """Write who is about to read which numbers; None for records that tell of nobody as this reader sees them."""
    about = KINDS.get(kind)
    if about is not None and about.subject == "none" and not agreement.gives_identity:
        return None
    said = f"{action.partition('.')[0]}, identity {agreement.identity}"
    return audit.read(
        connection,
        at=hub.clock.now(),
        by=reader.by,
        action=action,
        subject=Subject(said, kind, first, last),
        purpose=reader.purpose,
        reason=reader.reason,
    )


def _personal(agreement: Agreement, reading: Reading | None) -> Reading | None:
    return reading if agreement.gives_identity else None


def acknowledge(hub: Hub, *, system_id: int, kind: str, seq: int) -> None:
    """Note that a reader has all up to a number; never goes back, and never beyond the head."""
    if seq <= 0:
        return
    with hub.pool.connection() as connection:
        connection.execute(
            "INSERT INTO feed_cursor (system_id, kind, seq, at)"
            " SELECT %(system)s, kind, least(%(seq)s, seq), %(at)s FROM head WHERE name = %(kind)s"
            " ON CONFLICT (system_id, kind) DO UPDATE SET seq = excluded.seq, at = excluded.at"
            " WHERE feed_cursor.seq < excluded.seq",
            {"system": system_id, "kind": kind, "seq": seq, "at": hub.clock.now()},
        )


def _head(connection: Connection, kind: str) -> tuple[int, int, int]:
    row = connection.execute("SELECT kind, seq, oldest FROM head WHERE name = %s", (kind,)).fetchone()
    if row is None:
        raise CallProblem("unknown_kind")
    return row[0], row[1], row[2]


def _gone(oldest: int) -> CallProblem:
    detail = f"Numbers below {oldest} are no longer kept. Go on with after={oldest - 1}."
    return CallProblem("gone_before", detail, headers={"Daumoi-Oldest": str(oldest)})


_People = dict[int, list[tuple[int, int]]]


def _others(connection: Connection, kind: int, after: int, last: int) -> _People:
    """Return the other people of a range of records, by number: (role, claim) in their order.

    Read before the records: what stands beside records is deleted after they were dropped, so that a record that is
    still there has its people here.
    """
    others: _People = {}
    for seq, role, _, claim in log.persons(connection, kind=kind, after=after, last=last):
        others.setdefault(seq, []).append((role, claim))
    return others


def _render(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    reading: Reading | None,
    kind: str,
    number: int,
    rows: Sequence[ShownRow],
    others: _People,
) -> bytes:
    """Write records as lines; people are looked up once for all rows. Without a reading nobody is shown."""
    wanted = {row[SUBJECT] for row in rows if row[SUBJECT] is not None}
    wanted |= {claim for people in others.values() for _, claim in people}
    views = {}
    if reading is not None:
        views = claims(connection, hub.keys, wanted, reading=reading, identity=agreement.gives_identity)
    line = Scribe(hub, registry, agreement, kind, number, views).line
    return "".join([line(row, others.get(row[0], ())) for row in rows]).encode()
