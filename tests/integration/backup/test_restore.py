"""A hub backed up under load comes back: to the end of the back-up, to an instant, to the end of the archived WAL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.crash.load import REPORT, SINGLE_KINDS
from tests.crash.reckoning import Reader, check_tables, dsn_of, read_all, send_everything_again
from tests.hubs import Caller, HubServer
from tests.integration.backup.hubs import ARCHIVE_ROWS, Lived, command, write_archive
from tests.integration.postgres.clusters import wait_until


def restored(lived: Lived, target: Path, *options: str | Path, **settings: str) -> dict[str, Any]:
    done = command("restore", lived.backup, "--data-dir", target, "--json", *options, **settings)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def read_everything(lived: Lived, caller: Caller) -> dict[str, Reader]:
    """Every feed from its first number to its head, without a hole, no ref twice, no record half."""
    readers = {kind: Reader(kind) for kind in SINGLE_KINDS}
    for kind, reader in readers.items():
        reader.read_on(caller, lived.notes.sent[kind])
    return readers


def test_a_hub_backed_up_under_load_is_there_again_with_every_record_answered_before(
    lived: Lived, target: Path
) -> None:
    told = restored(lived, target)
    assert told["audit_faults"] == []
    assert told["receipts"] == sum(told["heads"].values()) == sum(told["records"].values())
    assert all(told["heads"][kind] >= head for kind, head in lived.told["heads"].items())
    server = HubServer(target)
    server.start()
    try:
        caller = server.caller(lived.credentials)
        readers = read_everything(lived, caller)
        for kind, answered in lived.answered_before_backup.items():
            assert answered, "the load had answers before the back-up began"
            assert answered <= readers[kind].seen.keys()
        assert not lived.sent_after_instant & readers[REPORT].seen.keys()
        check_tables(server)
        send_everything_again(caller, lived.notes, readers)
        check_tables(server)
        audited = json.loads(server.run("audit", "verify", "--json").stdout)
    finally:
        server.stop()
    # The reads above are sealed behind the restore, or wait for it.
    assert (audited["whole"], audited["last"] + audited["waiting"] > told["audit_line"]) == (True, True), audited
    assert "The hub was restored at" in audited["notes"][0]


def test_a_restore_to_an_instant_has_what_was_answered_before_and_nothing_sent_after(
    lived: Lived, target: Path
) -> None:
    told = restored(lived, target, "--at", lived.instant.isoformat(), "--wal-archive", lived.wal_archive)
    assert told["newest_commit"] <= lived.instant.isoformat()
    assert told["audit_faults"] == []
    server = HubServer(target)
    server.start()
    try:
        readers = read_everything(lived, server.caller(lived.credentials))
        for kind, answered in lived.answered_before_instant.items():
            assert answered <= readers[kind].seen.keys()
        assert not lived.sent_after_instant & readers[REPORT].seen.keys()
        check_tables(server)
    finally:
        server.stop()


def findings(server: HubServer) -> dict[str, str]:
    """What `daumoi doctor` finds, by check."""
    done = server.run("doctor", "--json")
    return {finding["check"]: finding["state"] for finding in json.loads(done.stdout)}


def test_a_restore_with_the_archived_wal_has_all_and_the_worker_writes_the_missing_archive_files_again(
    lived: Lived, target: Path
) -> None:
    told = restored(lived, target, "--wal-archive", lived.wal_archive)
    assert told["archive_numbers_to_write"] > 0, "the state is newer than the files of the back-up"
    was = {path.relative_to(lived.server.data_dir) for path in (lived.server.data_dir / "archive").rglob("*.parquet")}
    wal = target.parent / f"{target.name}.wal"
    server = HubServer(target, DAUMOI_ARCHIVE_ROWS=str(ARCHIVE_ROWS), DAUMOI_WAL_ARCHIVE_DIR=str(wal))
    server.start()
    try:
        readers = read_all(server.caller(lived.credentials), lived.notes)
        assert lived.sent_after_instant <= readers[REPORT].seen.keys()
        check_tables(server)
        assert findings(server)["back-up"] == "warn", "the restored hub was not backed up yet"
        second = server.run("backup", target.parent / f"{target.name}.second", "--json")
        assert second.returncode == 0, second.stderr
        assert findings(server).items() >= {"back-up": "ok", "WAL archive": "ok"}.items()
        away = wal.rename(wal.with_name("away.wal"))
        with psycopg.connect(dsn_of(server), autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(false, 'test', 'something to archive'), pg_switch_wal()")
        wait_until(lambda: findings(server)["WAL archive"] == "fail", seconds=60)
        away.rename(wal)
        wait_until(lambda: findings(server)["WAL archive"] == "ok", seconds=120)
    finally:
        server.stop()
    write_archive(target)
    assert {path.relative_to(target) for path in (target / "archive").rglob("*.parquet")} >= was


@pytest.mark.soak
def test_a_hub_that_does_not_run_is_backed_up_too_and_its_restored_copy_says_the_same(
    lived: Lived, target: Path
) -> None:
    folder = target.parent / f"{target.name}.at-rest"
    done = command("backup", folder, "--data-dir", lived.server.data_dir)
    assert done.returncode == 0, done.stderr
    assert "is whole and was read back" in done.stdout
    before = command("feed", REPORT, "--data-dir", lived.server.data_dir)
    assert command("restore", folder, "--data-dir", target).returncode == 0
    assert len(list((target / "archive").rglob("*.parquet"))) > 2
    after = command("feed", REPORT, "--data-dir", target)
    assert before.returncode == after.returncode == 0
    assert before.stdout.count("\n") > len(lived.sent_after_instant)
    assert before.stdout == after.stdout
