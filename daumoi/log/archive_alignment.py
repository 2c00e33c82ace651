"""Brings the files of the archive and its cursor together again, after a restore brought each from another moment."""

import re
from pathlib import Path
from typing import NamedTuple

from daumoi.core.arrays import Numbers
from daumoi.core.database import Connection
from daumoi.log import archive_files
from daumoi.log.archive import CONSUMER

_RANGE = re.compile(r"(\d{12,})-(\d{12,})\.parquet")


class Aligned(NamedTuple):
    """What was done."""

    removed: int
    """Files of numbers that the log has not given, or not archived, in this state of it."""
    to_write: int
    """Numbers whose files are missing; the worker writes them again from the log."""
    cut: int
    """Files in which somebody stood who is erased in this state of the log."""


def align(connection: Connection, folder: Path) -> Aligned:
    """Remove the files beyond the cursor of each kind, and set a cursor back to where the files have a gap.

    The log may be younger than the files too: what retention has removed since goes again, and so do the claims of who
    was erased. For a hub that does not run. Raises OSError when a file cannot be removed.
    """
    removed = _remove_again(connection, folder)
    to_write = 0
    rows = connection.execute(
        "SELECT h.kind, h.name, h.oldest, coalesce(c.seq, 0) FROM head h"
        " LEFT JOIN consumer c ON c.kind = h.kind AND c.name = %s ORDER BY h.kind",
        (CONSUMER,),
    ).fetchall()
    for kind, name, oldest, cursor in rows:
        covered = oldest - 1
        for first, last, path in sorted(_files(folder / name)):
            if last > cursor or first > covered + 1:
                path.unlink()
                removed += 1
            else:
                covered = max(covered, last)
        if covered < cursor:
            to_write += cursor - covered
            connection.execute(
                "UPDATE consumer SET seq = %s WHERE name = %s AND kind = %s AND seq > %s",
                (covered, CONSUMER, kind, covered),
            )
    return Aligned(removed, to_write, _cut_again(connection, folder))


def _remove_again(connection: Connection, folder: Path) -> int:
    rows = connection.execute(
        "SELECT h.name, r.first_seq, r.last_seq FROM archive_removal r JOIN head h USING (kind)"
    ).fetchall()
    return sum(len(archive_files.remove_range(folder, kind=kind, first=first, last=last)) for kind, first, last in rows)


def _cut_again(connection: Connection, folder: Path) -> int:
    cut: set[Path] = set()
    for claims in archive_files.claims_in(folder):
        gone = connection.execute(
            "SELECT n FROM unnest(%s::bigint[]) n WHERE NOT EXISTS (SELECT FROM claim c WHERE c.id = n)",
            (Numbers(claims),),
        ).fetchall()
        if gone:
            cut.update(archive_files.without_claims(folder, [row[0] for row in gone]))
    return len(cut)


def _files(folder: Path) -> list[tuple[int, int, Path]]:
    found = []
    for path in folder.glob("*/*.parquet"):
        named = _RANGE.fullmatch(path.name)
        if named is not None:
            found.append((int(named[1]), int(named[2]), path))
    return found
