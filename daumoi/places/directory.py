"""Remembers checkpoints between transactions: a hub has thousands of them, and every passage names one."""

from functools import cache
from threading import Lock

from daumoi.core.database import Connection
from daumoi.places import checkpoints
from daumoi.places.checkpoints import Place

_MOST = 100_000
"""Places remembered at most, some 30 MB; beyond, all are forgotten and learnt anew."""

Code = tuple[int, str]
"""A system's number, and the code of a checkpoint in it."""


class Directory:
    """The living checkpoints of one database, as of one version of them.

    A version is a number that moves whenever any checkpoint changes: the head of their kind. Who asks has read it in
    its own transaction, so what is remembered for that number is what it would find.
    """

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._guard = Lock()
        self._version = -1
        self._known: dict[Code, Place] = {}

    def by_codes(self, connection: Connection, wanted: set[Code], *, version: int) -> dict[Code, Place]:
        """Return at least those of the wanted checkpoints that live."""
        known = self._known_at(version)
        missing = wanted.difference(known)  # walks what is wanted; a difference of sets would walk all that is known
        if missing:
            known |= checkpoints.by_codes(connection, missing)
        return known

    def _known_at(self, version: int) -> dict[Code, Place]:
        with self._guard:
            if version > self._version or len(self._known) > _MOST:
                self._version, self._known = max(version, self._version), {}
            # Whoever looks from further back learns for itself alone.
            return self._known if version == self._version else {}


@cache
def directory(dsn: str) -> Directory:
    """Return the directory of a database; one for each process."""
    return Directory()
