"""What the hub's own staff see of a destination of files: its days, and each file with its hash. No file is opened.

Hashes stand in the manifest alone, which lies beside the files and tells of nobody; one without a good signature of
this hub is not believed.
"""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange.files import exports
from daumoi.exchange.files.manifest import is_signed_by, public_key
from daumoi.people.destroying import epoch

PAGE = 50
_SQL = statements("daumoi.exchange", "watching")
Key = tuple[date, int, int]
"""Day, kind and part."""


class Part(NamedTuple):
    """A part of a day of one kind; most days have one."""

    id: int
    kind: str
    number: int
    """Of the kind."""
    day: date
    part: int
    ends_day: bool
    state: str
    """`taken`: to be written; `made`: lies ready, or was fetched; `removed`: kept no more."""
    records: int
    withheld: int
    """Taken out, and not in the files: when they were written the agreement gave them no more, or they were gone."""
    agreement: int | None
    version: int | None
    taken_at: datetime
    made_at: datetime | None
    fetched_at: datetime | None
    files: int
    bytes: int
    fetched: int
    """How many of the files were fetched."""
    is_written_anew: bool
    """Whether it lies ready by an agreement, or with people, of before: the next run writes it again."""


class FileShown(NamedTuple):
    """One file of a part. The last three stand in the manifest; None where that is not there."""

    name: str
    is_manifest: bool
    bytes: int
    records: int
    fetched_at: datetime | None
    sha256: str | None = None
    province: str | None = None
    withdrawals: int | None = None


class NotFetched(NamedTuple):
    """Days with records that lie ready: how many, the oldest, and when it was written."""

    parts: int
    oldest: date | None
    made_at: datetime | None


def parts(
    connection: Connection, *, destination: int, before: Key | None = None, most: int = PAGE
) -> tuple[list[Part], Key | None]:
    """Return parts of days, newest first, and before which key the next page begins; None at its end."""
    found = _parts(connection, destination, before=before, most=most + 1)
    last = found[most - 1] if len(found) > most else None
    return found[:most], (last.day, last.number, last.part) if last else None


def part(connection: Connection, *, destination: int, number: int) -> Part | None:
    """Return one part of a day, or None."""
    found = _parts(connection, destination, most=1, export=number)
    return found[0] if found else None


def _parts(
    connection: Connection, destination: int, *, most: int, before: Key | None = None, export: int | None = None
) -> list[Part]:
    day, kind, number = before or (None, None, None)
    values = {"destination": destination, "epoch": epoch(connection), "day": day, "kind": kind, "part": number}
    return [Part(*row) for row in connection.execute(_SQL["parts"], values | {"export": export, "most": most})]


def not_fetched(connection: Connection, *, destination: int) -> NotFetched:
    """Say what waits to be fetched."""
    row = connection.execute(_SQL["not_fetched"], (destination,)).fetchone()
    assert row is not None
    return NotFetched(*row)


def files(hub: Hub, connection: Connection, of: Part, *, destination: int) -> list[FileShown]:
    """Return the files of a part by name, its manifest last."""
    found = [FileShown(*row) for row in connection.execute(_SQL["files"], (of.id,))]
    said = _said(hub, of, destination, next((each.name for each in found if each.is_manifest), None))
    return [
        each._replace(sha256=entry.sha256, province=entry.province, withdrawals=entry.withdrawals)
        if (entry := said.get(each.name))
        else each
        for each in found
    ]


class _Entry(msgspec.Struct):
    name: str
    sha256: str
    province: str | None
    withdrawals: int


class _Manifest(msgspec.Struct):
    files: list[_Entry]


_READ = msgspec.json.Decoder(_Manifest).decode


def _said(hub: Hub, of: Part, destination: int, name: str | None) -> dict[str, _Entry]:
    """Return what the manifest says of each file; nothing where it is gone, or not as this hub signed it."""
    if name is None or of.state != "made":
        return {}
    folder = exports.folder_of(hub) / exports.place_in(
        destination=destination, kind=of.number, day=of.day, part=of.part
    )
    try:
        written = (folder / name).read_bytes()
    except OSError:
        return {}
    if not is_signed_by(written, public_key(hub.keys)):
        return {}
    return {entry.name: entry for entry in _READ(written).files}
