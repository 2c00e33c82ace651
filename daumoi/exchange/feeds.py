"""The feed: records of a kind by number, cut as the reader's agreement says (contract, section 5)."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange.agreements import Agreement
from daumoi.kinds.privacy import put_back
from daumoi.log import selectors as log
from daumoi.log.entries import Op, Role, personal_context, receipt_key
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import RecordRow
from daumoi.organisations.registry import Registry
from daumoi.people.selectors import ClaimView, claims, pseudonym

_READ_ROWS = 1000
_ENCODE = msgspec.json.Encoder().encode
LIMIT_MAX = 10_000


class FeedPage(NamedTuple):
    """One page of a feed: NDJSON, where to go on, and the newest number."""

    body: bytes
    next: int
    head: int
    records: int


def page(hub: Hub, registry: Registry, *, agreement: Agreement, kind: str, after: int, limit: int) -> FeedPage:
    """Return the records after a number, at most `limit`; raises CallProblem gone_before.

    The head is read first: whatever is numbered up to it is committed and visible, because numbers are given
    in commit order.
    """
    with hub.pool.connection() as connection:
        number, head, oldest = _head(connection, kind)
        if after + 1 < oldest and head >= oldest - 1 and after < head:
            raise _gone(oldest)
        lines: list[bytes] = []
        at = after
        last = min(head, after + limit)
        while at < last:
            upto = min(last, at + _READ_ROWS)
            rows = log.records(connection, kind=number, after=at, last=upto)
            if len(rows) < upto - at:
                # Numbers are dense: what is missing was dropped after the head was read.
                raise _gone(_head(connection, kind)[2])
            lines += _render(hub, connection, registry, agreement, kind, number, rows, at, upto)
            at = upto
    return FeedPage(b"".join(lines), max(at, after), head, len(lines))


def one(hub: Hub, registry: Registry, *, agreement: Agreement, kind: str, seq: int) -> bytes | None:
    """Return one record as a feed shows it, or None when there is none of this number; raises gone_before."""
    with hub.pool.connection() as connection:
        number, head, oldest = _head(connection, kind)
        if not 1 <= seq <= head:
            return None
        if seq < oldest:
            raise _gone(oldest)
        rows = log.records(connection, kind=number, after=seq - 1, last=seq)
        if not rows:
            raise _gone(_head(connection, kind)[2])
        lines = _render(hub, connection, registry, agreement, kind, number, rows, seq - 1, seq)
    return lines[0]


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


def _render(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    agreement: Agreement,
    kind: str,
    number: int,
    rows: Sequence[RecordRow],
    after: int,
    last: int,
) -> list[bytes]:
    """Write records as lines; people are looked up once for all rows."""
    others: dict[int, list[tuple[int, int, int]]] = {}
    for seq, role, position, claim in log.persons(connection, kind=number, after=after, last=last):
        others.setdefault(seq, []).append((role, position, claim))
    wanted = {row.subject for row in rows if row.subject is not None}
    wanted |= {claim for people in others.values() for _, _, claim in people}
    views = claims(connection, hub.keys, wanted, identity=agreement.gives_identity)
    scribe = _Scribe(hub, registry, agreement, kind, number, views)
    return [scribe.line(row, others.get(row.seq, ())) for row in rows]


class _Scribe:
    """Writes the lines of one page for one reader."""

    def __init__(
        self,
        hub: Hub,
        registry: Registry,
        agreement: Agreement,
        kind: str,
        number: int,
        views: Mapping[int, ClaimView],
    ) -> None:
        self._hub, self._registry, self._agreement = hub, registry, agreement
        self._kind, self._number, self._views = kind, number, views

    def line(self, row: RecordRow, others: Sequence[tuple[int, int, int]]) -> bytes:
        system = self._registry.system(row.system_id)
        shown: dict[str, Any] = {
            "kind": self._kind,
            "seq": row.seq,
            "id": row.id,
            "op": Op(row.op).word,
            "current": row.current,
            "system": system.code if system else None,
            "ref": self._ref(row),
            "revision": row.revision,
            "occurred_at": _instant(row.occurred_at),
            "received_at": _instant(row.received_at),
        }
        if row.op != Op.WITHDRAW:
            self._add_content(shown, row, others)
        return bytes(_ENCODE(shown)) + b"\n"

    def _ref(self, row: RecordRow) -> str:
        """Give the ref as sent to its sender and where identity is given; else a stable stand-in for this reader."""
        mine = row.system_id == self._agreement.system_id
        if mine or self._agreement.gives_identity or self._kind == IDENTITY_CHANGE:
            return row.ref
        said = b"%d|%d|%d|%s" % (self._agreement.system_id, row.system_id, self._number, row.ref.encode())
        return "~" + base64.urlsafe_b64encode(self._hub.keys.index("ref", said)).decode().rstrip("=")

    def _add_content(self, shown: dict[str, Any], row: RecordRow, others: Sequence[tuple[int, int, int]]) -> None:
        shown["area"] = {"scheme": row.area_scheme, "code": row.area_code} if row.area_code else None
        if row.lat is not None:
            shown["location"] = {"lat": row.lat, "lon": row.lon}
            if row.accuracy_m is not None:
                shown["location"]["accuracy_m"] = row.accuracy_m
        if row.subject is not None:
            shown["subject"] = self._person(row.subject)
        data = msgspec.json.decode(row.body) if row.body else {}
        if row.personal is not None and self._agreement.gives_identity:
            key = receipt_key(self._hub.keys, system_id=row.system_id, kind=self._number, ref=row.ref)
            sealed = self._hub.keys.open(bytes(row.personal), personal_context(key, row.revision))
            put_back(data, msgspec.json.decode(sealed))
        for role, _, claim in others:
            if role == Role.DECLARANT:
                shown["declarant"] = self._person(claim)
            else:
                shown.setdefault("companions", []).append(self._person(claim))
        self._fill_companions(shown, data)
        if self._kind == IDENTITY_CHANGE:
            data = self._identity_change(data)
        shown["data"] = data

    def _fill_companions(self, shown: dict[str, Any], data: dict[str, Any]) -> None:
        """Set identities as sent into the data where the agreement gives them; else take the field out."""
        if "companions" not in data:
            return
        if self._agreement.gives_identity:
            data["companions"] = [companion["identity"] for companion in shown.get("companions", ())]
        else:
            del data["companions"]

    def _person(self, claim: int) -> dict[str, Any]:
        view = self._views[claim]
        shown: dict[str, Any] = {
            "pseudonym": pseudonym(self._hub.keys, reader=self._agreement.system_id, person=view.person)
        }
        if view.identity is not None:
            shown["identity"] = msgspec.Raw(view.identity)
        return shown

    def _identity_change(self, data: dict[str, Any]) -> dict[str, Any]:
        """Show which of the reader's own pseudonyms became which."""
        reader = self._agreement.system_id
        return {
            "reason": data["reason"],
            "from": pseudonym(self._hub.keys, reader=reader, person=data["from"]) if data["from"] else None,
            "to": pseudonym(self._hub.keys, reader=reader, person=data["to"]) if data["to"] else None,
            "claim": self._hub.keys.index("claim-name", b"%d|%d" % (reader, data["claim"])).hex(),
        }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
