"""One hub for all tests of back-ups: under load while it is backed up, then further on, then ended."""

from __future__ import annotations

import datetime
import itertools
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.records import a_checkpoint
from tests.crash.load import CHECKPOINT_CODE, REPORT, Load, Notes, single_record
from tests.hubs import HubServer
from tests.integration.backup.hubs import ARCHIVE_ROWS, Lived, target_with_key, write_archive

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def lived(workspace: Path, prepared: Path) -> Iterator[Lived]:
    """See `Lived`. The archive's path holds what a shell or PostgreSQL could take for something else."""
    folder = workspace / "backups"
    folder.mkdir(mode=0o755)
    wal_archive = folder / 'the day\'s "WAL" %f $HOME'
    server = HubServer(
        folder / "hub",
        prepared=prepared,
        DAUMOI_WAL_ARCHIVE_DIR=str(wal_archive),
        DAUMOI_ARCHIVE_ROWS=str(ARCHIVE_ROWS),
    )
    server.start()
    try:
        credentials = server.add_system(send="all", read="all", identity="given")
        sender = server.caller(credentials)
        sender.receipt("checkpoint", a_checkpoint({"code": CHECKPOINT_CODE}))
        notes = Notes()
        load = Load(server.base_url, sender.token, notes, "L")
        load.start()
        try:
            load.wait_for_the_middle()
            before_backup = notes.snapshot()
            done = server.run("backup", folder / "first", "--json")
            load.wait_for_the_middle()
        finally:
            load.stop()
        assert done.returncode == 0, done.stderr
        before_instant = notes.snapshot()
        time.sleep(0.2)  # transactions that were answered are older than the instant by more than a clock's step
        instant = datetime.datetime.now(datetime.UTC)
        time.sleep(0.2)
        after = [single_record(REPORT, f"after-{number}") for number in range(50)]
        sender.receipt(REPORT, *after)
        for record in after:
            notes.note_sent(REPORT, record)
        server.stop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAUMOI_WAL_ARCHIVE_DIR", str(wal_archive))
            write_archive(server.data_dir)
        yield Lived(
            server=server,
            backup=folder / "first",
            told=json.loads(done.stdout),
            wal_archive=wal_archive,
            notes=notes,
            credentials=credentials,
            answered_before_backup=before_backup,
            answered_before_instant=before_instant,
            instant=instant,
            sent_after_instant={record["ref"] for record in after},
        )
    finally:
        server.stop()


@pytest.fixture
def target(workspace: Path, lived: Lived) -> Iterator[Path]:
    """A new data directory with the hub's key in it."""
    made = target_with_key(workspace / f"restored-{next(_numbers)}", lived.key)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def empty_target(workspace: Path) -> Iterator[Path]:
    """A data directory that is not there yet."""
    made = workspace / f"restored-{next(_numbers)}"
    yield made
    shutil.rmtree(made, ignore_errors=True)
