"""Records in the chain that the database was restored, so that heads of what was given up are no fault.

Lines sealed after the restored state are not in it, and the signed heads beside the database may be of them. A restore
is a head of its own, signed: the line it began from, and the highest number known of the history before it. Files of
heads beyond that line go into `before-restore-…/`; without a restore's head they say that the tail was cut.
"""

from collections.abc import Sequence
from pathlib import Path

from daumoi.audit import heads, lines, services
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.heads import Head
from daumoi.audit.sealing import ChainBroken, day_of, lock_end, step_end
from daumoi.core.hub import Hub


def record_restore(hub: Hub, *, by: Actor, reason: str, beside: Sequence[Path] = ()) -> Head:
    """Sign where the restored chain ends, put the files of heads in order, and write the line that says so.

    `beside`: folders with copies of heads, newer than those of the data directory perhaps; they are taken over. Returns
    the head of the restore. Safe to run again. Raises ChainBroken when the chain's own end is not true, OSError,
    HeadUnreadable.
    """
    folder = heads.folder_of(hub.settings.data_dir)
    key, public = heads.signing_key(hub.keys), heads.public_key(hub.keys)
    found = [head for place in (folder, *beside) for path in heads.files(place) if (head := heads.read(path))]
    known = [head for head in found if head.is_signed_by(public)]
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        end = lock_end(connection, hub, folder, may_be_cut=True)
        if end is None:
            raise ChainBroken("Another process is sealing.")
        gave_up = max((max(head.number, head.gave_up) for head in known), default=0)
        at_us = heads.microseconds(at)
        made = Head("restore", day_of(at_us), end.number, end.hash, at_us, max(gave_up, end.number)).signed(key)
        for head in known:
            # A restore after the state that is restored now: its head is true still, and explains files beside.
            if head.kind == "restore" and head.number <= end.number:
                heads.store(connection, head)
        heads.store(connection, made)
        if end.number:
            step_end(connection, end.signed(key))
        said = f"restore to line {end.number}" + (f", lines up to {gave_up} given up" if gave_up > end.number else "")
        services.write(
            connection,
            at=at,
            by=by,
            action="hub.restore",
            subject=Subject(said),
            purpose="administration",
            reason=reason,
        )
        in_table = heads.stored(connection)
    _put_in_order(folder, known, in_table, end, made, hub)
    return made


def _put_in_order(
    folder: Path, known: Sequence[Head], in_table: Sequence[Head], end: Head, made: Head, hub: Hub
) -> None:
    """Write what the table has into files, and set aside what lies beyond the restored end."""
    key, public = heads.signing_key(hub.keys), heads.public_key(hub.keys)
    aside = folder / f"before-restore-{made.number:012}-{made.at_us}"
    for head in known:
        if head.number > end.number:
            heads.write(aside, head)
            path = folder / head.file_name
            there = heads.read(path)
            if there is not None and there.number > end.number:
                path.unlink()
    for head in in_table:
        if head.is_signed_by(public):
            heads.write(folder, head.signed(key))
    if end.number == 0:
        end = Head("now", day_of(0), 0, lines.NOTHING.hex(), 0)
    heads.write(folder, end.signed(key))
