"""Programs, places, settings and the log of our own PostgreSQL."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from daumoi.core.postgres import StartFault, configuration, places, programs
from daumoi.core.postgres.account import Account
from daumoi.core.postgres.configuration import first_start_settings, start_options
from daumoi.core.postgres.server_log import ROTATE_BYTES, ServerLog

OURSELVES = Account("ourselves", os.geteuid(), os.getegid(), is_other=False)
MIB = 1024**2


def setting(text: str, name: str) -> str:
    found = re.search(rf"^{name} = (.+)$", text, re.MULTILINE)
    assert found is not None, name
    return found[1]


def a_program(folder: Path, name: str, says: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_the_programs_of_the_wheel_are_found() -> None:
    assert programs.find(None).major >= programs.OLDEST_MAJOR


def test_programs_that_are_too_old_are_refused_with_what_to_do(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        a_program(tmp_path, name, f"{name} (PostgreSQL) 15.4 (Debian 15.4-1)")
    with pytest.raises(StartFault, match=r"PostgreSQL 15 .* too old.*DAUMOI_POSTGRES_BIN_DIR"):
        programs.find(tmp_path)


def test_a_folder_without_the_programs_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="DAUMOI_POSTGRES_BIN_DIR"):
        programs.find(tmp_path)


def test_programs_that_do_not_run_are_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_bytes(b"\x7fELF of another machine")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(StartFault, match="does not run on this machine"):
        programs.find(tmp_path)


def test_the_socket_lies_in_the_data_directory(tmp_path: Path) -> None:
    folder = Path("/srv/daumoi")
    assert places.runtime_dir(folder) == folder / "run"


def test_a_path_too_long_for_a_socket_gets_a_private_folder_of_its_own() -> None:
    long, other = (Path("/srv") / (letter * 100) for letter in "ab")
    assert len(os.fsencode(places.runtime_dir(long) / ".s.PGSQL.5432")) <= places.SOCKET_PATH_MAX_BYTES
    assert places.runtime_dir(long) == places.runtime_dir(long)
    assert places.runtime_dir(long) != places.runtime_dir(other)


def test_bytes_and_not_letters_of_a_path_are_counted() -> None:
    vietnamese = Path("/srv") / ("đầu-mối-" * 9)
    assert len(str(vietnamese)) < 80
    assert places.runtime_dir(vietnamese).parent != vietnamese


def test_a_private_folder_is_closed_again_when_somebody_opened_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    places.make_private(folder, OURSELVES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path)
    with pytest.raises(StartFault, match="Remove it"):
        places.make_private(tmp_path / "run", OURSELVES)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    os.chown(tmp_path / "run", 65534, 65534)
    with pytest.raises(StartFault, match="is not a folder of"):
        places.make_private(tmp_path / "run", OURSELVES)


def test_a_data_directory_is_closed_to_others_when_we_make_it(tmp_path: Path) -> None:
    places.make_data_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_file_in_the_place_of_the_data_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartFault, match="is a file"):
        places.make_data_dir(tmp_path / "file")


def test_first_settings_are_sized_to_the_machine_and_keep_what_was_accepted(tmp_path: Path) -> None:
    text = first_start_settings(tmp_path)
    buffers = int(setting(text, "shared_buffers").removesuffix("MB"))
    assert buffers <= 4096
    assert buffers * 4 * MIB <= configuration.memory_bytes() or buffers == 16
    assert 128 <= int(setting(text, "max_wal_size").removesuffix("MB")) <= 16 * 1024
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert setting(text, name) == "on"
    assert setting(text, "log_min_error_statement") == "panic"
    assert setting(text, "log_error_verbosity") == "terse"


def test_tests_and_small_machines_can_ask_for_small_buffers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(configuration.SHARED_BUFFERS_VARIABLE, "32MB")
    assert "shared_buffers=32MB" in start_options(tmp_path, tmp_path)
    monkeypatch.setenv(configuration.SHARED_BUFFERS_VARIABLE, "much; fsync=off")
    with pytest.raises(StartFault, match=configuration.SHARED_BUFFERS_VARIABLE):
        start_options(tmp_path, tmp_path)


def test_logins_never_follow_a_link_that_another_account_laid(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    (tmp_path / configuration.HBA_FILE).symlink_to(target)
    (tmp_path / f"{configuration.HBA_FILE}.new").symlink_to(target)
    configuration.write_logins(tmp_path, {"ada"})
    assert target.read_text() == "untouched"
    assert "peer" in (tmp_path / configuration.HBA_FILE).read_text()
    assert '"ada" daumoi' in (tmp_path / configuration.IDENT_FILE).read_text()


def test_a_large_log_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "log")
    os.close(log.open())
    with log.path.open("wb") as file:
        file.truncate(ROTATE_BYTES + 1)
    os.close(log.open())
    assert log.size() == 0
    assert log.path.with_suffix(".log.1").stat().st_size == ROTATE_BYTES + 1


def test_the_reason_is_of_this_start_and_in_our_words(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "log")
    os.close(log.open())
    log.path.write_text("FATAL:  could not map anonymous shared memory: Cannot allocate memory\n")
    assert "DAUMOI_POSTGRES_SHARED_BUFFERS" in log.reason()
    os.close(log.open())
    assert "memory" not in log.reason()
    with log.path.open("a") as file:
        file.write('FATAL:  could not write lock file "postmaster.pid": No space left on device\n')
    assert "disk is full" in log.reason()
    assert "postmaster.pid" not in log.reason()
