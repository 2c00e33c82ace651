"""What a receiver sees of its files: which there are, and their contents. Fetching one acknowledges what it holds."""

import os
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple

from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange import ledger
from daumoi.exchange.agreements import held_firm
from daumoi.exchange.files import exports
from daumoi.exchange.files.exports import Export
from daumoi.organisations.registry import System
from daumoi.people.destroying import epoch

_SQL = statements("daumoi.exchange", "files")
LISTED_MAX = 1000
_AGAIN_S = 60
"""The worker makes files once a minute."""


class FilePage(NamedTuple):
    """Files in the order of their names, and the name to go on behind, or None when these are all."""

    files: list[dict[str, Any]]
    next: str | None


def page(
    hub: Hub, *, system: System, kind: str | None, day: date | None, after: str = "", limit: int = LISTED_MAX
) -> FilePage:
    """List the files that were made for a system, those of one kind or day alone where asked."""
    values = {"receiver": system.id, "kind": kind, "day": day, "after": after, "limit": limit + 1}
    with hub.pool.connection() as connection:
        rows = connection.execute(_SQL["of_receiver"], values).fetchall()
    found = [
        {
            "name": name,
            "kind": of,
            "day": on.isoformat(),
            "part": part,
            "ends_day": ends_day,
            "is_manifest": is_manifest,
            "bytes": size,
            "records": records,
            "made_at": made_at,
            "fetched_at": fetched_at,
        }
        for name, of, on, part, ends_day, is_manifest, size, records, made_at, fetched_at in rows[:limit]
    ]
    return FilePage(found, found[-1]["name"] if len(rows) > limit else None)


class Opened(NamedTuple):
    """A file that may be given, open for reading; of which kind, how long it is, by which agreement and version."""

    content: IO[bytes]
    kind: str
    bytes: int
    is_manifest: bool
    under: tuple[int, int]


def open_file(hub: Hub, *, system: System, name: str, by: Actor) -> Opened:
    """Return a system's own file; a line of the audit log is on the disk when this returns.

    Raises CallProblem not_found; no_agreement, also where the agreement has changed since the file was fetched;
    not_ready while a file is written anew because agreement or people have changed, or because it was lost.
    """
    with hub.pool.connection() as connection:
        with connection.transaction():
            row = connection.execute(_SQL["of_name"], {"receiver": system.id, "name": name}).fetchone()
            if row is None:
                raise CallProblem("not_found", "There is no file of this name for your system, or it is kept no more.")
            number, kind, is_manifest, size, _ = row
            now = hub.clock.now()
            agreement = held_firm(connection, system_id=system.id, kind=kind, now=now)
            held = connection.execute(_SQL["hold"], (number,)).fetchone()
            export = Export(*held[:-1]) if held else None
            if export is None or held is None or export.state != "made":
                raise _later()
            is_fetched = held[-1] is not None
            if (export.agreement, export.version) != (agreement.id, agreement.version):
                if is_fetched:
                    raise CallProblem("no_agreement", "The agreement has changed since this file was fetched.")
                raise _later()
            if export.epoch is not None and export.epoch != epoch(connection):
                raise _later()
            content = _opened(_path(hub, export, name), size)
            if content is not None:
                said = f"manifest of export {number}" if is_manifest else f"file of export {number}"
                audit.write(
                    connection,
                    at=now,
                    by=by,
                    action="file.fetch",
                    subject=Subject(said, kind, export.first, export.last),
                    purpose="data_sharing",
                )
                return Opened(content, kind, size, is_manifest, (agreement.id, agreement.version))
        connection.execute(_SQL["make_again"], (number,))
    raise _later()


def _path(hub: Hub, export: Export, name: str) -> Path:
    place = exports.place_of(hub, destination=export.destination, kind=export.kind, day=export.day, part=export.part)
    return place / name


def _opened(path: Path, size: int) -> IO[bytes] | None:
    try:
        content = path.open("rb")
    except FileNotFoundError:
        return None
    if os.fstat(content.fileno()).st_size != size:
        content.close()
        return None
    return content


def _later() -> CallProblem:
    detail = "The file is being written anew. Ask again after Retry-After; its name may be another then: list again."
    return CallProblem("not_ready", detail, headers={"Retry-After": str(_AGAIN_S)})


def acknowledge(hub: Hub, *, name: str) -> None:
    """Note that a file was fetched; what lies before the first unfetched one counts as delivered."""
    now = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        row = connection.execute(_SQL["file_fetched"], {"name": name, "at": now}).fetchone()
        if row is None:
            return
        done = connection.execute(_SQL["export_fetched"], {"export": row[0], "at": now}).fetchone()
        if done is not None:
            _deliver(hub, connection, destination=done[0], kind=done[1])


def _deliver(hub: Hub, connection: Connection, *, destination: int, kind: int) -> None:
    upto = connection.execute(_SQL["fetched_up_to"], {"destination": destination, "kind": kind}).fetchone()
    if upto is None:
        return
    now = hub.clock.now()
    ledger.delivered(connection, destination=destination, kind=kind, seq=upto[0], now=now)
    if upto[1]:
        ledger.delivered_own(connection, destination=destination, kind=kind, own=upto[1], now=now)
