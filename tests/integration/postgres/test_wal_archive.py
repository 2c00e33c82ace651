"""The command that archives WAL: whole files alone, never over another, through whatever path an operator has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from daumoi.core.postgres import Cluster, StartFault, wal_archive
from daumoi.core.postgres.account import Account
from tests.integration.postgres.clusters import BIN_DIR, OS_USER, running, wait_until

NAME = "000000010000000000000001"
SELF = Account("us", os.geteuid(), os.getegid(), is_other=False)
ODD = ["plain", "with space", "it's", 'a "quote"', "100 % %p %f", "$HOME `id` ;&|", "-n", "Dữ liệu", "*?[a]", "a\nb"]


def run(command: str, folder: Path, *, name: str = NAME, path: str) -> int:
    """Runs a command as PostgreSQL does: it fills in %p, %f and %%, and hands the line to a shell."""
    line = command.replace("%%", "\0").replace("%p", path).replace("%f", name).replace("\0", "%")
    return subprocess.run(["/bin/sh", "-c", line], cwd=folder, capture_output=True, check=False).returncode


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database's folder with one file of WAL, the end of which is unused."""
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / NAME).write_bytes(os.urandom(64 * 1024) + bytes(1024 * 1024))
    return tmp_path


@pytest.mark.parametrize("odd", ODD)
def test_a_file_goes_into_any_folder_and_comes_back_the_same(source: Path, odd: str) -> None:
    folder = source / odd
    folder.mkdir()
    original = source / "pg_wal" / NAME
    assert run(wal_archive.archive_command(folder), source, path=f"pg_wal/{NAME}") == 0
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert (folder / NAME).read_bytes() == original.read_bytes()
    assert (folder / NAME).stat().st_blocks * 512 < original.stat().st_size, "unused ends take no room"
    assert run(wal_archive.restore_command(folder), source, path="pg_wal/RECOVERYXLOG") == 0
    assert (source / "pg_wal" / "RECOVERYXLOG").read_bytes() == original.read_bytes()


def test_the_same_file_again_is_right_and_another_is_never_overwritten(source: Path) -> None:
    folder = source / "archive"
    folder.mkdir()
    command = wal_archive.archive_command(folder)
    assert run(command, source, path=f"pg_wal/{NAME}") == 0
    assert run(command, source, path=f"pg_wal/{NAME}") == 0
    kept = (folder / NAME).read_bytes()
    (source / "pg_wal" / NAME).write_bytes(b"another hub's")
    assert run(command, source, path=f"pg_wal/{NAME}") != 0
    assert (folder / NAME).read_bytes() == kept
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_half_a_file_of_a_killed_command_is_no_file_and_goes_with_the_next(source: Path) -> None:
    folder = source / "archive"
    folder.mkdir()
    (folder / f"{NAME}.4711.draft").write_bytes(b"half")
    assert run(wal_archive.archive_command(folder), source, path=f"pg_wal/{NAME}") == 0
    assert [path.name for path in folder.iterdir()] == [NAME]


@pytest.mark.parametrize("missing", ["folder", "file"])
def test_what_cannot_be_archived_is_a_failure(source: Path, missing: str) -> None:
    folder = source / "archive"
    if missing == "file":
        folder.mkdir()
        (source / "pg_wal" / NAME).unlink()
    assert run(wal_archive.archive_command(folder), source, path=f"pg_wal/{NAME}") != 0
    assert not (folder / NAME).exists()


def test_a_file_that_is_not_archived_is_not_restored(source: Path) -> None:
    assert run(wal_archive.restore_command(source), source, path="pg_wal/RECOVERYXLOG") != 0


def test_an_archive_takes_the_wal_of_one_history_only(tmp_path: Path) -> None:
    first, second, folder = tmp_path / "one", tmp_path / "two", tmp_path / "archive"
    first.mkdir()
    second.mkdir()
    wal_archive.prepare(folder, first, SELF, lambda _said: None)
    wal_archive.prepare(folder, first, SELF, lambda _said: None)
    with pytest.raises(StartFault, match="another hub's"):
        wal_archive.prepare(folder, second, SELF, lambda _said: None)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / NAME).touch()
    with pytest.raises(StartFault, match="another hub's"):
        wal_archive.prepare(tmp_path / "foreign", second, SELF, lambda _said: None)


@pytest.mark.parametrize(
    ("lsn", "after"),
    [
        ("0/1000028", ["000000010000000000000002", "0000000100000000000000FF", "000000010000000100000000"]),
        ("0/2000000", ["000000010000000000000002", "0000000100000000000000FF", "000000010000000100000000"]),
        ("0/2000028", ["0000000100000000000000FF", "000000010000000100000000"]),
        ("0/FFFFFFFF", ["000000010000000100000000"]),
        ("1/28", []),
    ],
)
def test_the_files_behind_a_place_are_told_in_order(tmp_path: Path, lsn: str, after: list[str]) -> None:
    for name in (NAME, "000000010000000000000002", "0000000100000000000000FF", "000000010000000100000000"):
        (tmp_path / name).touch()
    (tmp_path / "000000020000000900000000").touch()
    (tmp_path / f"{NAME}.00000028.backup").touch()
    assert wal_archive.segments_after(tmp_path, timeline=1, lsn=lsn, segment_bytes=16 * 1024**2) == after


def test_a_running_database_archives_every_finished_file(folder: Path) -> None:
    archive = folder / "a 'WAL' archive"
    cluster = Cluster(folder / "hub", bin_dir=BIN_DIR, os_user=OS_USER, say=lambda _said: None, wal_archive=archive)
    with running(cluster) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (value int)")
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        wait_until(lambda: (archive / row[0]).exists())
    assert archive.stat().st_mode & 0o777 == 0o700
