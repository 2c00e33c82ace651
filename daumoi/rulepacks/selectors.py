"""Reads rule packs: versions, the one in force, a pack on a day, the history of a version."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.rulepacks.at import PackOnDay
from daumoi.rulepacks.pack import Pack
from daumoi.rulepacks.reading import read_back

_SQL = statements("daumoi.rulepacks", "versions")


class NoSuchPack(Exception):
    """No rule pack of this code is in force. `daumoi rules list` shows those there are."""


class NoSuchVersion(Exception):
    """The pack has no version of this number. `daumoi rules list` shows those there are."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a pack: what became of it, by whom, when."""

    pack: str
    version: int
    based_on: int | None
    bundled: bool
    status: str
    drafted_by: str
    drafted_at: datetime
    proposed_by: str | None
    proposed_at: datetime | None
    activated_by: str | None
    activated_at: datetime | None
    ended_at: datetime | None
    title_en: str
    title_vi: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a version."""

    step: str
    actor: str
    at: datetime
    remark: str


@lru_cache(maxsize=16)
def _read_back(content: str) -> Pack:
    """Read a pack that was written: a page asks for the same one again and again, and reading takes milliseconds."""
    return read_back(json.loads(content))


def versions(connection: Connection, pack: str | None = None) -> list[Version]:
    """Return the versions of one pack, or of all, in order."""
    return [Version(*row) for row in connection.execute(_SQL["versions"], {"pack": pack})]


def version(connection: Connection, pack: str, number: int) -> Version:
    """Return one version; raises NoSuchVersion."""
    for found in versions(connection, pack):
        if found.version == number:
            return found
    raise NoSuchVersion(NoSuchVersion.__doc__)


def content(connection: Connection, pack: str, number: int) -> Pack:
    """Return what a version says; raises NoSuchVersion."""
    row = connection.execute(_SQL["content"], (pack, number)).fetchone()
    if row is None:
        raise NoSuchVersion(NoSuchVersion.__doc__)
    return _read_back(row[0])


def active(connection: Connection, pack: str, *, known_at: datetime | None = None) -> Pack:
    """Return the pack by its active version, or by the one that was active at an instant; raises NoSuchPack."""
    row = connection.execute(_SQL["active"], {"pack": pack, "at": known_at}).fetchone()
    if row is None:
        raise NoSuchPack(NoSuchPack.__doc__)
    return _read_back(row[1])


def leading(connection: Connection) -> Pack | None:
    """Return the pack in force that the hub knows longest, for pages that are of no one disease; None without any."""
    row = connection.execute(_SQL["leading"]).fetchone()
    return None if row is None else _read_back(row[0])


def active_number(connection: Connection, pack: str) -> int | None:
    """Return the number of the active version, or None."""
    row = connection.execute(_SQL["active"], {"pack": pack, "at": None}).fetchone()
    return None if row is None else int(row[0])


def steps(connection: Connection, pack: str, number: int) -> list[Step]:
    """Return every step of a version, oldest first."""
    return [Step(*row) for row in connection.execute(_SQL["steps"], (pack, number))]


def at(pack: Pack, on: date | datetime) -> PackOnDay:
    """Return a pack as it stands on a day, or on the day that an instant was where its rules are in force."""
    return PackOnDay(pack, pack.day_of(on) if isinstance(on, datetime) else on)
