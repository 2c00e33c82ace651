"""Seals entries into the chain. One sealer works at a time; any number may try.

An entry is sealed when it is seen, not when its number's turn has come: numbers of entries are given before commit, and
one that commits late would be passed over by anybody who follows them. The move of entries to lines, the end of the
chain and the signatures are one transaction, so that a kill leaves all of it or nothing.
"""

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import structlog

from daumoi.audit import heads, lines, meters
from daumoi.audit.heads import Head
from daumoi.core.database import Connection
from daumoi.core.hub import Hub

SEAL_EVERY_S = 1.0
_AT_ONCE = 5000
_log = structlog.get_logger("daumoi.audit")

_LOOK = """
SELECT EXISTS (SELECT FROM audit_entry), c.number,
       (extract(epoch FROM c.sealed_at) * 1000000)::bigint, (SELECT max(h.day) FROM audit_head h WHERE h.kind = 'day')
FROM audit_chain c
"""
_LOCK = """
SELECT number, encode(hash, 'hex'), (extract(epoch FROM sealed_at) * 1000000)::bigint, encode(signature, 'hex')
FROM audit_chain FOR UPDATE SKIP LOCKED
"""
_LAST = "SELECT number, encode(hash, 'hex') FROM audit_line ORDER BY number DESC LIMIT 1"
_MOVE = """
INSERT INTO audit_line (number, sealed_at, at, entry, form, actor, actor_label, role, action, subject, kind, first_seq,
                        last_seq, people, claims, purpose, reason, origin, session, request, grant_id, hash)
SELECT s.number, %(sealed_at)s, e.at, e.id, e.form, e.actor, e.actor_label, e.role, e.action, e.subject, e.kind,
       e.first_seq, e.last_seq, e.people, e.claims, e.purpose, e.reason, e.origin, e.session, e.request, e.grant_id,
       s.hash
FROM unnest(%(entries)s::bigint[], %(numbers)s::bigint[], %(hashes)s::bytea[]) AS s (entry, number, hash)
JOIN audit_entry e ON e.id = s.entry ORDER BY s.number
"""
_END = "UPDATE audit_chain SET number = %s, hash = %s, sealed_at = %s, signature = %s"


class ChainBroken(Exception):
    """The audit chain does not end as it was sealed: nothing is sealed onto it. See docs/runbooks/AuditBroken.md."""

    def __init__(self, what: str) -> None:
        """Say what was found."""
        super().__init__(f"{what} {self.__doc__}")


def day_of(us: int) -> date:
    """Return the day (UTC+7) of an instant in microseconds."""
    return date(1970, 1, 1) + timedelta(days=lines.day_number(us))


def seal(hub: Hub) -> int:
    """Seal what waits, sign the head of a day that is over, and write the files; returns how many lines were sealed.

    Safe to call at any time, by several, and to be killed anywhere. Raises ChainBroken.
    """
    sealed = 0
    while True:
        done = _seal_some(hub)
        sealed += done or 0
        if done is None or done < _AT_ONCE:
            return sealed


def _seal_some(hub: Hub) -> int | None:
    """Seal a number of entries in one transaction; None when there is nothing to do, or another does it."""
    now_us = heads.microseconds(hub.clock.now())
    folder = heads.folder_of(hub.settings.data_dir)
    with hub.pool.connection() as connection:
        look = connection.execute(_LOOK).fetchone()
        assert look is not None
        is_waiting, number, sealed_us, signed_day = look
        day_is_over = bool(number) and lines.day_number(sealed_us) < lines.day_number(now_us)
        if not is_waiting and not (day_is_over and signed_day != day_of(sealed_us)):
            return None
        with connection.transaction():
            before = lock_end(connection, hub, folder)
            if before is None:
                return None
            entries = lines.waiting(connection, most=_AT_ONCE)
            signed = _sign_day(hub, connection, before, now_us)
            now = _move(hub, connection, before, entries, now_us) if entries else before
    meters.SEALED.inc(len(entries))
    _write(folder, signed, now)
    return len(entries)


def lock_end(connection: Connection, hub: Hub, folder: Path, *, may_be_cut: bool = False) -> Head | None:
    """Lock the end of the chain and check it; None when another holds it. Raises ChainBroken.

    `may_be_cut`: the file beside may be ahead, as it is after a restore.
    """
    row = connection.execute(_LOCK).fetchone()
    if row is None:
        return None
    head = Head("now", day_of(row[2]), row[0], row[1], row[2], signature=row[3])
    last = connection.execute(_LAST).fetchone() or (0, lines.NOTHING.hex())
    if head.number and not head.is_signed_by(heads.public_key(hub.keys)):
        raise ChainBroken(f"The end of the chain (line {head.number}) is not signed by this hub's key.")
    if (head.number, head.hash) != tuple(last):
        raise ChainBroken(f"The chain was sealed up to line {head.number}, and the table ends with line {last[0]}.")
    if not may_be_cut:
        _compare_with_file(hub, folder, head)
    return head


def _compare_with_file(hub: Hub, folder: Path, head: Head) -> None:
    try:
        there = heads.read(folder / heads.NOW)
    except heads.HeadUnreadable as fault:
        raise ChainBroken(str(fault)) from None
    if there is None and head.number == 0:
        # Before the first line: from now on the file may never be missing.
        heads.write(folder, head.signed(heads.signing_key(hub.keys)))
        return
    if there is None:
        raise ChainBroken(f"{folder / heads.NOW} is missing, and the chain has {head.number} lines.")
    if there.number > head.number:
        raise ChainBroken(
            f"{folder / heads.NOW} says that the chain had {there.number} lines; the table ends with {head.number}."
        )
    if there.number == head.number and there.hash != head.hash:
        raise ChainBroken(f"{folder / heads.NOW} names another line {head.number} than the table.")


def _sign_day(hub: Hub, connection: Connection, before: Head, now_us: int) -> list[Head]:
    """Sign the head of the day that the chain ends in, when that day is over and nobody has."""
    known = connection.execute(
        "SELECT FROM audit_head WHERE kind = 'day' AND day = %s", (day_of(before.at_us),)
    ).fetchone()
    if not before.number or lines.day_number(before.at_us) >= lines.day_number(now_us) or known is not None:
        return []
    head = Head("day", day_of(before.at_us), before.number, before.hash, now_us).signed(heads.signing_key(hub.keys))
    heads.store(connection, head)
    return [head]


def _move(hub: Hub, connection: Connection, before: Head, entries: list[tuple[int, bytes]], now_us: int) -> Head:
    """Turn entries into lines, and step the end of the chain. `sealed_at` never goes back."""
    sealed_us = max(now_us, before.at_us)
    hash_, hashes = bytes.fromhex(before.hash), []
    for number, (_, rest) in enumerate(entries, start=before.number + 1):
        hash_ = lines.link(hash_, b"%d\t%d\t%b" % (number, sealed_us, rest))
        hashes.append(hash_)
    ids = [entry for entry, _ in entries]
    last = before.number + len(entries)
    values = {
        "sealed_at": heads.instant(sealed_us),
        "entries": ids,
        "numbers": list(range(before.number + 1, last + 1)),
        "hashes": hashes,
    }
    moved = connection.execute(_MOVE, values).rowcount
    gone = connection.execute("DELETE FROM audit_entry WHERE id = ANY(%s)", (ids,)).rowcount
    if not moved == gone == len(entries):
        raise ChainBroken(f"{len(entries)} entries were to be sealed, {moved} were moved and {gone} removed.")
    now = Head("now", day_of(sealed_us), last, hash_.hex(), sealed_us).signed(heads.signing_key(hub.keys))
    step_end(connection, now)
    return now


def step_end(connection: Connection, head: Head) -> None:
    """Write a signed end of the chain; part of the transaction that locked it."""
    values = (head.number, bytes.fromhex(head.hash), heads.instant(head.at_us), bytes.fromhex(head.signature))
    connection.execute(_END, values)


def _write(folder: Path, signed: list[Head], now: Head) -> None:
    """Write the files after the commit. What a kill or a full disk leaves out here, `mend_files` writes."""
    with suppress(OSError):
        for head in signed:
            heads.write(folder, head)
        heads.write_now(folder, now)
        return
    _log.warning("signed heads of the audit log could not be written", folder=str(folder))


def mend_files(hub: Hub) -> None:
    """Write the newest signed head of a day into its file when a kill had left that out; at the start of a sealer."""
    folder = heads.folder_of(hub.settings.data_dir)
    with hub.pool.connection() as connection:
        of_days = [head for head in heads.stored(connection) if head.kind == "day"]
    newest = of_days[-1] if of_days else None
    if newest and newest.is_signed_by(heads.public_key(hub.keys)) and not (folder / newest.file_name).exists():
        _write_one(folder, newest, hub)


def _write_one(folder: Path, head: Head, hub: Hub) -> None:
    with suppress(OSError):
        heads.write(folder, head.signed(heads.signing_key(hub.keys)))
