"""Where exports and their files stand: rows, places on the disk, names.

A name is made from what the file holds: destination, kind, day, part, province, version of the agreement and range of
numbers, in the receiver's own numbers where it has such. It tells nothing of who sent, and nothing of anybody.
"""

from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from daumoi.core.hub import Hub

FOLDER = "exports"


class Export(NamedTuple):
    """A part of a day of one kind, taken out for one destination."""

    id: int
    destination: int
    kind: int
    day: date
    part: int
    ends_day: bool
    first: int
    last: int
    first_own: int
    last_own: int
    state: str
    taken_at: datetime
    agreement: int | None
    version: int | None
    epoch: int | None


def folder_of(hub: Hub) -> Path:
    """Return where the hub keeps the files it made for receivers."""
    return hub.settings.data_dir / FOLDER


def place_in(*, destination: int, kind: int, day: date, part: int) -> Path:
    """Return where the files of one part of a day lie in that folder."""
    return Path(f"{destination:06d}", f"{kind:03d}", f"{day}.{part}")


def place_of(hub: Hub, *, destination: int, kind: int, day: date, part: int) -> Path:
    """Return the folder of the files of one part of a day; made with rights for the hub alone."""
    folder = folder_of(hub)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in place_in(destination=destination, kind=kind, day=day, part=part).parts:
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def stem(export: Export, kind: str, *, version: int, first: int, last: int) -> str:
    """Return how the names of a part's files begin, and its manifest's."""
    span = f"{first:012d}-{last:012d}" if last >= first else "empty"
    return f"d{export.destination}_{kind}_{export.day}_p{export.part}_v{version}_{span}"
