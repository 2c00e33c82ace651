"""Repeats after a restore the erasures that the restored state may not have seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from daumoi.core.backup.faults import BackupFault
from daumoi.core.hub import Hub
from daumoi.people import erasure_list
from daumoi.people.erasure_list import Entry

_AT_ONCE = 500


@dataclass(frozen=True)
class Listed:
    """The erasures known, from all lists, each once, in order of their instants."""

    entries: list[Entry]

    @property
    def fingerprints(self) -> list[bytes]:
        """Those of all claims, each once."""
        return list(dict.fromkeys(one for entry in self.entries for one in entry.fingerprints))


def read(of_backup: Path, of_hub: Path, given: Path | None) -> Listed:
    """Read the back-up's list, that of the hub's setting when it is there, and the one given; raises BackupFault."""
    if given is not None and not given.is_dir():
        raise BackupFault(f"{given} is not a folder. Let --erasures name the folder of the hub's list of erasures.")
    try:
        folders = [of_backup, of_hub, *([given] if given is not None else [])]
        found = {entry for folder in folders for entry in erasure_list.entries(folder)}
    except erasure_list.ListDamaged as fault:
        raise BackupFault(str(fault)) from None
    return Listed(sorted(found))


def keep(folder: Path, listed: Listed) -> None:
    """Write the erasures into the restored hub's own list, so that its back-ups know them; those there stay."""
    there = set(erasure_list.entries(folder))
    erasure_list.write(folder, [entry for entry in listed.entries if entry not in there])


def _service() -> Any:
    return import_module("daumoi.intake.erasure")


def apply(hub: Hub, fingerprints: Sequence[bytes]) -> int:
    """Erase the claims that the restored state still holds; returns how many there were. Safe to run again."""
    erased = 0
    for first in range(0, len(fingerprints), _AT_ONCE):
        erased += _service().erase_claims(hub, fingerprints=fingerprints[first : first + _AT_ONCE], reason="restore")
    return erased
