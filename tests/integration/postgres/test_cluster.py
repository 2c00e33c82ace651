"""Our own start of PostgreSQL: first start, restart, kills, and folders of all sorts."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from daumoi.core.postgres import Cluster, StartEnded, StartFault
from tests.integration.postgres.clusters import (
    BIN_DIR,
    OS_USER,
    a_cluster,
    is_alive,
    running,
    started_by_another,
    wait_until,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another account")


def write(dsn: str, value: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (value,))


def kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY 1")]


def shown(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_first_start_makes_a_durable_database_that_only_a_socket_reaches(folder: Path) -> None:
    with running(a_cluster(folder / "hub")) as dsn:
        with psycopg.connect(dsn) as connection:
            assert connection.info.dbname == "daumoi"
            assert connection.info.user == "daumoi"
            assert connection.info.password == ""
        settings = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses", "jit")
        assert [shown(dsn, name) for name in settings] == ["on", "on", "on", "on", "", "off"]
        assert shown(dsn, "server_encoding") == "UTF8"
        assert shown(dsn, "wal_compression") == "pglz"
    assert stat.S_IMODE((folder / "hub" / "postgres").stat().st_mode) == 0o700
    assert not (folder / "hub" / "postgres" / "postmaster.pid").exists()


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    with running(a_cluster(folder / "hub")) as dsn:
        write(dsn, 1)
    with running(a_cluster(folder / "hub")) as dsn:
        assert kept(dsn) == [1]


def test_the_folder_may_hold_other_files(folder: Path) -> None:
    (folder / "notes.txt").write_text("ours")
    with running(a_cluster(folder)):
        pass
    assert (folder / "notes.txt").read_text() == "ours"


def test_files_that_are_no_database_are_left_alone_and_said(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "thesis.txt").write_text("the only copy")
    with pytest.raises(StartFault, match="Move them away"):
        a_cluster(folder).start()
    assert (folder / "postgres" / "thesis.txt").read_text() == "the only copy"


def test_a_first_start_killed_in_the_middle_leaves_nothing_half(folder: Path) -> None:
    half = folder / "postgres.unfinished"
    half.mkdir(mode=0o700)
    (half / "PG_VERSION").write_text("18\n")
    (folder / "postgres").mkdir()
    with running(a_cluster(folder)) as dsn:
        write(dsn, 1)
    assert not half.exists()


def test_a_kill_of_the_starter_ends_postgresql_and_keeps_what_was_committed(folder: Path) -> None:
    with started_by_another(folder) as (starter, pid, dsn):
        write(dsn, 1)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()
        wait_until(lambda: not is_alive(pid))
    with running(a_cluster(folder)) as dsn:
        assert kept(dsn) == [1]


def test_a_start_while_the_killed_ones_database_still_ends_waits_for_it(folder: Path) -> None:
    """A stopped process cannot end: so the old server is still there when the new start looks."""
    said: list[str] = []
    with started_by_another(folder) as (starter, pid, dsn):
        write(dsn, 1)
        os.kill(pid, signal.SIGSTOP)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()
        cluster = a_cluster(folder, said)
        waker = _after(1.0, lambda: os.kill(pid, signal.SIGCONT))
        with running(cluster) as dsn:
            assert kept(dsn) == [1]
        waker.join()
    assert any("still ending" in line for line in said), said


def _after(seconds: float, act: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_a_killed_server_recovers_and_another_start_brings_it_back(folder: Path) -> None:
    cluster = a_cluster(folder)
    with running(cluster) as dsn:
        write(dsn, 1)
        assert cluster.pid is not None
        os.kill(cluster.pid, signal.SIGKILL)
        wait_until(lambda: cluster.poll() is not None)
        assert cluster.poll() == -signal.SIGKILL
        dsn = cluster.start()
        assert kept(dsn) == [1]
        write(dsn, 2)
        assert kept(dsn) == [1, 2]


def test_a_dead_process_number_that_went_to_another_program_stops_nobody(folder: Path) -> None:
    with running(a_cluster(folder)) as dsn:
        write(dsn, 1)
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n0\n5432\n\n\n\nready\n")
    if os.geteuid() == 0:
        shutil.chown(folder / "postgres" / "postmaster.pid", OS_USER)
    with running(a_cluster(folder)) as dsn:
        assert kept(dsn) == [1]


def test_a_living_server_of_somebody_else_is_not_disturbed(folder: Path) -> None:
    with started_by_another(folder) as (_, pid, dsn):
        write(dsn, 1)
        with pytest.raises(StartFault, match=f"kill -INT {pid}"):
            a_cluster(folder).start()
        assert kept(dsn) == [1]


def test_a_start_that_is_told_to_end_gives_up_at_once(folder: Path) -> None:
    with running(a_cluster(folder)):
        pass
    cluster = Cluster(folder, bin_dir=BIN_DIR, os_user=OS_USER, say=lambda _line: None, is_ending=lambda: True)
    with pytest.raises(StartEnded):
        cluster.start()
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_a_path_too_long_for_a_socket_works_all_the_same(folder: Path) -> None:
    deep = folder / ("x" * 90) / "hub"
    cluster = a_cluster(deep)
    with running(cluster) as dsn:
        write(dsn, 1)
        assert kept(dsn) == [1]
        runtime = cluster.runtime_dir
        assert deep not in runtime.parents
        assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
    shutil.rmtree(runtime)


def test_a_directory_that_moved_still_starts(folder: Path) -> None:
    with running(a_cluster(folder / "before")) as dsn:
        write(dsn, 1)
    (folder / "before").rename(folder / "after đây")
    with running(a_cluster(folder / "after đây")) as dsn:
        assert kept(dsn) == [1]


def test_a_database_of_another_version_is_not_touched_and_the_way_out_is_said(folder: Path) -> None:
    with running(a_cluster(folder)):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFault, match=r"made by PostgreSQL 17.*pg_upgrade"):
        a_cluster(folder).start()


def test_damaged_files_are_said_in_our_words(folder: Path) -> None:
    with running(a_cluster(folder)):
        pass
    (folder / "postgres" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(StartFault, match=r"damaged|log") as caught:
        a_cluster(folder).start()
    assert "PANIC" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_no_statement_and_no_value_reaches_the_servers_log(folder: Path) -> None:
    with running(a_cluster(folder)) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (national_id text PRIMARY KEY, year int)")
        connection.execute("INSERT INTO person VALUES ('079203001234', 2003)")
        for statement in (
            "INSERT INTO person VALUES ('079203001234', 2003)",
            "SELECT '079203001234x'::int",
            "SELEC 079203001234",
            "DO $$ BEGIN RAISE WARNING '079203001234'; END $$",
        ):
            try:
                connection.execute(statement.encode())
            except psycopg.Error:
                continue
    assert "079203001234" not in (folder / "log" / "postgres.log").read_text()


def test_the_server_gets_none_of_our_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAUMOI_MASTER_KEY", "the-secret-of-the-hub")
    monkeypatch.setenv("PGDATA", "/nowhere")
    cluster = a_cluster(folder)
    with running(cluster):
        environ = Path(f"/proc/{cluster.pid}/environ").read_bytes()
    assert b"the-secret-of-the-hub" not in environ
    assert b"PGDATA=/nowhere" not in environ


@as_root
def test_as_root_data_and_programs_below_a_closed_folder_are_reached_without_opening_it(folder: Path) -> None:
    """As in /root with 0700: one account may pass, its mode says no more to anybody else."""
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    programs = _copy_programs(closed / "venv")
    (closed / "venv").chmod(0o700)
    said: list[str] = []
    with running(a_cluster(closed / "hub", said, bin_dir=programs)) as dsn:
        write(dsn, 1)
        assert kept(dsn) == [1]
    for opened in (closed, closed / "venv", closed / "hub"):
        assert any(str(opened) in line and OS_USER in line for line in said), said
        assert stat.S_IMODE(opened.stat().st_mode) & 0o707 == 0o700
        assert not _may(65534, opened), "nobody else passes"
    said.clear()
    with running(a_cluster(closed / "hub", said, bin_dir=programs)):
        pass
    assert said == [], "a second start has nothing to open and nothing to say"


def _copy_programs(to: Path) -> Path:
    """Copy PostgreSQL as the wheel lays it out: its libraries lie beside the package."""
    package = BIN_DIR.parent.parent
    shutil.copytree(BIN_DIR.parent, to / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / "pginstall" / "bin"


def _may(uid: int, folder: Path) -> bool:
    return (
        subprocess.run(["/bin/ls", folder], user=uid, group=uid, extra_groups=[], capture_output=True).returncode == 0
    )


@as_root
def test_programs_that_the_account_may_not_read_are_said_with_the_command_that_opens_them(folder: Path) -> None:
    programs = _copy_programs(folder / "venv")
    for name in ("postgres", "initdb"):
        (programs / name).chmod(0o700)
    with pytest.raises(StartFault, match=r"chmod -R a\+rX"):
        a_cluster(folder / "hub", bin_dir=programs).start()


@as_root
def test_as_root_postgresql_runs_as_its_own_account_and_owns_its_files_alone(folder: Path) -> None:
    cluster = a_cluster(folder / "hub")
    with running(cluster):
        owner = Path(f"/proc/{cluster.pid}").stat().st_uid
    assert owner != 0
    assert (folder / "hub" / "postgres").stat().st_uid == owner
    assert (folder / "hub").stat().st_uid == 0


@as_root
def test_an_ordinary_user_starts_it_too_and_no_other_account_gets_in(folder: Path) -> None:
    """It runs as that user; root may log in as well, another account may not."""
    hub = folder / "hub"
    hub.mkdir(mode=0o755)
    shutil.chown(hub, 65534, 65534)
    with started_by_another(hub, uid=65534) as (starter, pid, dsn):
        assert Path(f"/proc/{pid}").stat().st_uid == 65534
        write(dsn, 1)
        assert kept(dsn) == [1]
        (hub / "run").chmod(0o755)
        assert not _logs_in(dsn, uid=1)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()
        wait_until(lambda: not is_alive(pid))
    with pytest.raises(StartFault, match="Run as its owner"):
        a_cluster(hub).start()


def _logs_in(dsn: str, *, uid: int) -> bool:
    """Whether another account is let in, asked with the programs' own client."""
    command = [str(BIN_DIR / "psql"), "--no-psqlrc", "-c", "SELECT 1", dsn]
    done = subprocess.run(command, user=uid, group=uid, extra_groups=[], capture_output=True, cwd="/", env={})
    assert b"could not connect" not in done.stderr or b"peer" in done.stderr.lower(), done.stderr
    return done.returncode == 0


def test_recovery_is_waited_for_and_said(folder: Path) -> None:
    """Kills the whole server while much of its log is not yet in its tables."""
    said: list[str] = []
    cluster = a_cluster(folder, said)
    with running(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE much AS SELECT n, repeat('x', 200) AS text FROM generate_series(1, 300000) n"
            )
        assert cluster.pid is not None
        os.kill(cluster.pid, signal.SIGKILL)
        wait_until(lambda: cluster.poll() is not None)
        begun = time.monotonic()
        dsn = cluster.start()
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SELECT count(*) FROM much").fetchone()
        assert row == (300000,)
    took = time.monotonic() - begun
    assert took < 5 or any("recovers from an abrupt end" in line for line in said), said
