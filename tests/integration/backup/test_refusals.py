"""What is not a whole, right back-up for this place is refused in a sentence that says what to do."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from daumoi.core.backup import manifest as manifests
from tests.hubs import DAUMOI, REPOSITORY, environment
from tests.integration.backup.hubs import Lived, command, damaged, refused
from tests.integration.postgres.clusters import wait_until


def test_the_key_is_nowhere_in_a_back_up_and_nobody_else_may_read_it(lived: Lived) -> None:
    forms = (lived.key, base64.b64encode(lived.key).rstrip(b"="), lived.key.hex().encode())
    files = [path for path in lived.backup.rglob("*") if path.is_file()]
    assert len(files) > 500
    holding = [path for path in files if any(form in path.read_bytes() for form in forms)]
    assert holding == []
    assert not [path for path in lived.backup.rglob("*") if path.name in {"keys", "master.key", "demo.env"}]
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (lived.backup, lived.backup / "postgres")}
    assert modes == {0}


def test_a_back_up_killed_in_the_middle_is_no_back_up_and_the_next_one_takes_its_place(
    lived: Lived, target: Path
) -> None:
    folder = target.parent / f"{target.name}.killed"
    draft = folder.with_name(f"{folder.name}.unfinished")
    process = subprocess.Popen(
        [DAUMOI, "backup", folder, "--data-dir", lived.server.data_dir],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
        env=environment(),
    )
    wait_until(lambda: (draft / "postgres" / "base").is_dir())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not folder.exists()
    assert "not a whole back-up" in refused(command("restore", draft, "--data-dir", target))
    assert [path.name for path in target.iterdir()] == ["keys"]
    done = command("backup", folder, "--data-dir", lived.server.data_dir)
    assert done.returncode == 0, done.stderr
    assert not draft.exists()
    assert (folder / "manifest.json").exists()
    shutil.rmtree(folder)


def _a_table(backup: Path) -> Path:
    return max((backup / "postgres" / "base").rglob("[0-9]*"), key=lambda path: path.stat().st_size * path.is_file())


def _a_file_of_wal(backup: Path) -> Path:
    return next(path for path in sorted((backup / "postgres" / "pg_wal").iterdir()) if len(path.name) == 24)


@pytest.mark.parametrize(
    ("which", "place"),
    [
        (_a_table, None),
        pytest.param(lambda backup: backup / "postgres" / "global" / "pg_control", 20, marks=pytest.mark.soak),
        pytest.param(_a_file_of_wal, 0x40, marks=pytest.mark.soak),
        pytest.param(_a_file_of_wal, -0x40, marks=pytest.mark.soak),
        pytest.param(lambda backup: backup / "postgres" / "backup_label", 8, marks=pytest.mark.soak),
        pytest.param(lambda backup: backup / "postgres" / "backup_manifest", None, marks=pytest.mark.soak),
        (lambda backup: backup / "manifest.json", None),
    ],
    ids=["table", "control file", "WAL", "end of WAL", "label", "PostgreSQL's manifest", "our manifest"],
)
def test_one_damaged_bit_of_a_back_up_is_found(
    lived: Lived, target: Path, which: Callable[[Path], Path], place: int | None
) -> None:
    with damaged(which(lived.backup), at=place):
        said = refused(command("restore", lived.backup, "--data-dir", target))
    assert "The back-up is damaged" in said
    assert "Take another copy" in said
    if (target / "postgres").exists():
        assert "has not ended" in refused(command("feed", "citizen_report", "--data-dir", target))


@pytest.mark.soak
def test_a_missing_file_of_a_back_up_is_found(lived: Lived, target: Path) -> None:
    path = _a_table(lived.backup)
    away = path.with_name("away")
    path.rename(away)
    try:
        assert "The back-up is damaged" in refused(command("restore", lived.backup, "--data-dir", target))
    finally:
        away.rename(path)


def test_a_restore_never_goes_over_a_hub_or_into_a_folder_with_other_files(lived: Lived, target: Path) -> None:
    assert "never goes over one" in refused(command("restore", lived.backup, "--data-dir", lived.server.data_dir))
    assert (lived.server.data_dir / "postgres" / "PG_VERSION").exists()
    (target / "thesis.txt").write_text("the only copy")
    assert "thesis.txt" in refused(command("restore", lived.backup, "--data-dir", target))
    assert (target / "thesis.txt").read_text() == "the only copy"


def test_a_missing_or_wrong_key_is_said_before_anything_is_written(
    lived: Lived, target: Path, empty_target: Path
) -> None:
    said = refused(command("restore", lived.backup, "--data-dir", empty_target))
    assert "keys/master.key" in said
    assert "DAUMOI_MASTER_KEY_FILE" in said
    assert not (empty_target / "postgres").exists()
    (target / "keys" / "master.key").write_bytes(lived.key[::-1])
    assert "is not the one this back-up was written with" in refused(
        command("restore", lived.backup, "--data-dir", target)
    )
    assert not (target / "postgres").exists()
    given = base64.b64encode(lived.key).decode()
    done = command("restore", lived.backup, "--data-dir", empty_target, DAUMOI_MASTER_KEY=given)
    assert done.returncode == 0, done.stderr
    assert not (empty_target / "keys").exists()


def test_an_instant_needs_its_offset_its_wal_and_a_back_up_that_ended_before(lived: Lived, target: Path) -> None:
    def said(*options: str | Path) -> str:
        return refused(command("restore", lived.backup, "--data-dir", target, *options))

    assert "with its offset" in said("--at", "2026-03-01T02:15:00", "--wal-archive", lived.wal_archive)
    assert "with its offset" in said("--at", "yesterday", "--wal-archive", lived.wal_archive)
    assert "--wal-archive" in said("--at", lived.instant.isoformat())
    assert "ended before it" in said("--at", lived.told["begun_at"], "--wal-archive", lived.wal_archive)
    assert "still to come" in said("--at", "2199-01-01T00:00:00Z", "--wal-archive", lived.wal_archive)
    assert [path.name for path in target.iterdir()] == ["keys"]


def test_archived_wal_with_a_gap_or_an_early_end_is_never_taken_for_the_whole(lived: Lived, target: Path) -> None:
    archive = target.parent / f"{target.name}.gap"
    shutil.copytree(lived.wal_archive, archive)
    archive.chmod(0o755)
    for path in archive.iterdir():
        path.chmod(0o644)
    carried = max(path.name for path in (lived.backup / "postgres" / "pg_wal").iterdir() if len(path.name) == 24)
    needed = sorted(path for path in archive.iterdir() if len(path.name) == 24 and path.name > carried)
    assert len(needed) >= 2, "the hub has written more than one file of WAL since its back-up"
    needed[0].unlink()
    said = refused(command("restore", lived.backup, "--data-dir", target, "--wal-archive", archive))
    assert "has a gap" in said
    for path in needed[1:]:
        path.unlink()
    at = lived.instant.isoformat()
    said = refused(command("restore", lived.backup, "--data-dir", target, "--wal-archive", archive, "--at", at))
    assert "ends before that instant" in said
    shutil.rmtree(archive)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another account")
def test_an_archive_that_postgresql_may_not_read_is_said_and_not_taken_for_empty(lived: Lived, target: Path) -> None:
    archive = target.parent / f"{target.name}.closed"
    shutil.copytree(lived.wal_archive, archive)  # as root, and so of root
    archive.chmod(0o755)
    said = refused(command("restore", lived.backup, "--data-dir", target, "--wal-archive", archive))
    assert "chown -R" in said
    shutil.rmtree(archive)


def test_a_directory_whose_restore_has_not_ended_starts_no_hub_and_the_next_restore_begins_anew(
    lived: Lived, target: Path
) -> None:
    (target / "restore.unfinished").touch()
    (target / "postgres").mkdir()
    (target / "postgres" / "half").touch()
    for arguments in (("up", "--port", "0"), ("doctor",), ("system", "list")):
        assert "has not ended" in refused(command(*arguments, "--data-dir", target))
    done = command("restore", lived.backup, "--data-dir", target)
    assert done.returncode == 0, done.stderr
    assert not (target / "restore.unfinished").exists()
    assert command("system", "list", "--data-dir", target).returncode == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migrations": ["log.9999_of_tomorrow"]}, "by a later release of daumoi"),
        ({"format": 2}, "by a later release"),
        ({"postgres_major": 17}, "The back-up is of PostgreSQL 17"),
    ],
    ids=["schema", "format", "PostgreSQL"],
)
def test_a_back_up_that_this_release_does_not_know_is_refused_with_what_to_do(
    lived: Lived, target: Path, change: dict[str, object], words: str
) -> None:
    path = lived.backup / manifests.FILE_NAME
    before = path.read_bytes()
    other = msgspec.structs.replace(manifests.read(lived.backup), **change)
    path.unlink()
    try:
        manifests.write(lived.backup, other)
        assert words in refused(command("restore", lived.backup, "--data-dir", target))
    finally:
        path.unlink()
        path.write_bytes(before)


def test_a_back_up_to_an_unfit_place_or_of_no_hub_is_refused(lived: Lived, target: Path) -> None:
    hub = lived.server.data_dir
    assert "would lie in the data directory" in refused(command("backup", hub / "inside", "--data-dir", hub))
    assert "not empty" in refused(command("backup", lived.backup, "--data-dir", hub))
    assert "No hub lies in" in refused(command("backup", target / "new", "--data-dir", target))
    url = "postgresql://somebody@127.0.0.1:1/hub"
    assert "docs/backup.md" in refused(command("backup", target / "new", "--data-dir", hub, DATABASE_URL=url))
    assert not (target / "new").exists()
