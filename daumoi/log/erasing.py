"""Cuts the numbers of claims out of the log: the only rewrite a record ever sees (design, section 7).

There is no index from claims to records, because it would slow every append: the records are passed over in steps by
number, each a short transaction of the caller's, some 50 ms, that locks only the records it changes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.log.identity_change import KIND_NUMBER

_SQL = statements("daumoi.log", "erasing")
PAGE = 20_000
"""Numbers of one step."""


class Page(NamedTuple):
    """A range of numbers of a kind; both ends belong to it."""

    kind: int
    first: int
    last: int


class Named(NamedTuple):
    """A record that names a claim."""

    kind: int
    seq: int
    system_id: int


def pages(connection: Connection, done: dict[int, int]) -> Iterator[Page]:
    """Return the steps of a pass over all records above the numbers done, up to the heads of now."""
    for kind, oldest, head in connection.execute(_SQL["heads"], (KIND_NUMBER,)).fetchall():
        for first in range(max(oldest, done.get(kind, 0) + 1), head + 1, PAGE):
            yield Page(kind, first, min(head, first + PAGE - 1))


def naming(connection: Connection, claims: Sequence[int]) -> list[Named]:
    """Return the records that name one of these claims, in whatever role: a pass over all."""
    return [
        Named(page.kind, *row)
        for page in pages(connection, {})
        for row in connection.execute(_SQL["naming"], page._asdict() | {"claims": list(claims)})
    ]


def kept_naming(connection: Connection, claims: Sequence[int]) -> list[tuple[int, int]]:
    """Return (kind, seq) of the records on hold that name one of these claims."""
    rows = connection.execute(_SQL["kept_naming"], {"claims": list(claims)})
    return [(kind, seq) for kind, seq in rows]


def cut(connection: Connection, page: Page, claims: Sequence[int]) -> tuple[int, list[tuple[int, str]]]:
    """Cut claims out of one step: subjects become null, other people and the sealed personal values go.

    Returns how many records there were, and their (system, ref). Part of the caller's transaction. The personal values
    of a record go when anybody it names is erased: one seal holds them all, and a note may name any of them.
    """
    values = page._asdict() | {"claims": list(claims)}
    seqs = {row[0] for row in connection.execute(_SQL["cut_subjects"], values)}
    seqs |= {row[0] for row in connection.execute(_SQL["cut_persons"], values)}
    if not seqs:
        return 0, []
    at = {"kind": page.kind, "seqs": sorted(seqs)}
    connection.execute(_SQL["cut_personal"], at)
    return len(seqs), [(system, ref) for system, ref in connection.execute(_SQL["refs"], at)]


def cut_kept(connection: Connection, claims: Sequence[int]) -> int:
    """Cut claims out of the records on hold; returns how many there were. Part of the caller's transaction."""
    values = {"claims": list(claims)}
    found = {(kind, seq) for kind, seq in connection.execute(_SQL["cut_kept_persons"], values)}
    found |= {(kind, seq) for kind, seq in connection.execute(_SQL["cut_kept_subjects"], values)}
    kinds, seqs = [kind for kind, _ in found], [seq for _, seq in found]
    connection.execute(_SQL["cut_kept_personal"], {"kinds": kinds, "seqs": seqs})
    return len(found)
