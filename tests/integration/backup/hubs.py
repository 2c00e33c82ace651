"""What the tests of back-ups share: commands, damage, and a hub that lived through a day of them."""

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daumoi.cli.processes.worker import archive_closed
from daumoi.cli.session import open_hub
from tests.crash.load import Notes
from tests.hubs import DAUMOI, REPOSITORY, HubServer, environment

ARCHIVE_ROWS = 200


@dataclasses.dataclass
class Lived:
    """A hub that was backed up under load, took more records, and has ended; its WAL was archived."""

    server: HubServer
    backup: Path
    told: dict[str, Any]
    """What `daumoi backup --json` said."""
    wal_archive: Path
    notes: Notes
    credentials: dict[str, str]
    answered_before_backup: dict[str, set[str]]
    answered_before_instant: dict[str, set[str]]
    instant: datetime.datetime
    sent_after_instant: set[str]

    @property
    def key(self) -> bytes:
        return (self.server.data_dir / "keys" / "master.key").read_bytes()


def command(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a `daumoi` command."""
    return subprocess.run(
        [DAUMOI, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        cwd=REPOSITORY,
        env=environment(**settings),
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said that must have failed with a sentence, and printed nothing as its answer."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def target_with_key(folder: Path, key: bytes) -> Path:
    """A new data directory that holds its key alone, as an operator prepares it."""
    (folder / "keys").mkdir(mode=0o700, parents=True)
    (folder / "keys" / "master.key").write_bytes(key)
    (folder / "keys" / "master.key").chmod(0o600)
    return folder


@contextmanager
def damaged(path: Path, *, at: int | None = None) -> Iterator[None]:
    """One bit of a file is turned over, and turned back at the end."""
    size = path.stat().st_size
    place = size // 2 if at is None else at % size
    _turn(path, place)
    try:
        yield
    finally:
        _turn(path, place)


def _turn(path: Path, place: int) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        byte = os.pread(handle, 1, place)
        os.pwrite(handle, bytes([byte[0] ^ 1]), place)
    finally:
        os.close(handle)


def write_archive(data_dir: Path) -> None:
    """What the worker does once a minute."""
    with open_hub(data_dir, say=lambda _said: None) as hub:
        archive_closed(dataclasses.replace(hub, settings=dataclasses.replace(hub.settings, archive_rows=ARCHIVE_ROWS)))
