"""Destinations of files: who gets files of which kinds, in which form."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange import ledger
from daumoi.exchange.files.terms import FilesFault, FileTerms, check, parse, written
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

_SQL = statements("daumoi.exchange", "files")
NAME_MAX = 200


class NoSuchDestination(Exception):
    """No destination of files has this number, or it has ended. `daumoi files list` shows those there are."""


class Destination(NamedTuple):
    """One way out by files."""

    id: int
    receiver: int
    name: str
    kinds: tuple[str, ...]
    terms: FileTerms

    def wants(self, kind: str) -> bool:
        """Tell whether files of a kind are made. Changes of people go along wherever the agreement gives them."""
        return EVERY_KIND in self.kinds or kind in self.kinds or kind == IDENTITY_CHANGE


def add(
    connection: Connection, *, receiver: int, name: str, kinds: Iterable[str], terms: FileTerms, at: datetime
) -> int:
    """Add a destination of files; returns its number. Part of the caller's transaction, which writes the audit log.

    `kinds` are names, or '*' for every kind that an agreement gives. Raises FilesFault.
    """
    check(terms)
    wanted = sorted(set(kinds))
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise FilesFault(f"The name has 1 to {NAME_MAX} characters.")
    if not wanted:
        raise FilesFault("Name at least one kind, or * for every kind.")
    if unknown := [kind for kind in wanted if kind not in {*KINDS, IDENTITY_CHANGE, EVERY_KIND}]:
        raise FilesFault(f"No kind is called {', '.join(unknown)}. Kinds: {', '.join(KINDS)}, or *.")
    row = connection.execute(
        _SQL["add"],
        {"receiver": receiver, "name": name.strip(), "kinds": wanted, "settings": written(terms), "at": at},
    ).fetchone()
    if row is None:
        raise FilesFault("The receiver has files of this name already. Choose another name, or end those.")
    return int(row[0])


def end(connection: Connection, *, destination: int, reason: str, at: datetime) -> None:
    """Make no more files for a destination; raises NoSuchDestination. Its account stays, and its files go with time."""
    values = {"destination": destination, "reason": reason, "at": at}
    if connection.execute(_SQL["end"], values).fetchone() is None:
        raise NoSuchDestination(NoSuchDestination.__doc__)
    ledger.give_up_all(connection, destination=destination, at=at)


def active(connection: Connection) -> list[Destination]:
    """Return the destinations that files are made for."""
    return [_read(row) for row in connection.execute(_SQL["destinations"])]


def of(connection: Connection, destination: int) -> Destination:
    """Return one destination, ended or not; raises NoSuchDestination."""
    row = connection.execute(_SQL["destination"], (destination,)).fetchone()
    if row is None:
        raise NoSuchDestination(NoSuchDestination.__doc__)
    return _read(row)


def _read(row: tuple[int, int, str, list[str], str]) -> Destination:
    return Destination(row[0], row[1], row[2], tuple(row[3]), parse(row[4]))


class Listed(NamedTuple):
    """A destination with its receiver's code and its state, for the operator."""

    id: int
    system: str
    name: str
    kinds: tuple[str, ...]
    terms: FileTerms
    state: str


def listed(connection: Connection) -> list[Listed]:
    """Return all destinations of files, those that have ended too."""
    return [
        Listed(row[0], row[1], row[2], tuple(row[3]), parse(row[4]), row[5])
        for row in connection.execute(_SQL["listed"])
    ]
