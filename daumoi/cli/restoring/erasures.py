"""Repeats after a restore the erasures that the restored state has not seen."""

from collections.abc import Sequence
from pathlib import Path

from daumoi.core.backup.faults import BackupFault
from daumoi.core.hub import Hub
from daumoi.intake.erasure import erase_claims
from daumoi.people import erasure_list
from daumoi.people.erasure_list import Entry
from daumoi.people.unerased import unerased

_AT_ONCE = 500
_REASON = "restored back-up: erased before"


def read(of_backup: Path, of_hub: Path, given: Path | None) -> list[Entry]:
    """Read the back-up's list, that of the hub's setting when it is there, and the one given: each erasure once.

    In order of their instants. Raises BackupFault.
    """
    if given is not None and not given.is_dir():
        raise BackupFault(f"{given} is not a folder. Let --erasures name the folder of the hub's list of erasures.")
    folders = [of_backup, of_hub, *([given] if given is not None else [])]
    try:
        return sorted({entry for folder in folders for entry in erasure_list.entries(folder)})
    except erasure_list.ListDamaged as fault:
        raise BackupFault(str(fault)) from None


def keep(folder: Path, listed: Sequence[Entry]) -> None:
    """Write the erasures into the restored hub's own list, so that its back-ups know them; those there stay."""
    there = set(erasure_list.entries(folder))
    erasure_list.write(folder, [entry for entry in listed if entry not in there])


def apply(hub: Hub, listed: Sequence[Entry]) -> int:
    """Erase the claims that the restored state still holds; returns how many there were. Safe to run again."""
    with hub.pool.connection() as connection:
        marks = unerased(connection, listed)
    if not marks:
        return 0
    return sum(
        erase_claims(hub, fingerprints=marks[first : first + _AT_ONCE], reason=_REASON)
        for first in range(0, len(marks), _AT_ONCE)
    )
