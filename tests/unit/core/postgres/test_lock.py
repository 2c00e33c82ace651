"""One hub on a directory, and the kernel lets go of the lock when its holder dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from daumoi.core.postgres import DirectoryLock, Holder

ME = Holder(pid=1, command="daumoi up", started_at="2021-08-01T05:00:00+00:00", address="http://127.0.0.1:8021")
TAKES_IT = """
import sys, time
from pathlib import Path
from daumoi.core.postgres import DirectoryLock, Holder
lock = DirectoryLock(Path(sys.argv[1]))
print(lock.take(Holder(7, "daumoi feed", "2021-08-01T05:00:00+00:00")), flush=True)
time.sleep(60)
"""


def test_a_second_taker_is_told_no_and_who_holds_it(tmp_path: Path) -> None:
    first, second = DirectoryLock(tmp_path), DirectoryLock(tmp_path)
    assert first.take(ME)
    assert not second.take(ME)
    assert second.holder() == ME
    first.release()
    assert second.holder() is None
    assert second.take(ME)
    second.release()


def test_what_a_holder_says_later_replaces_what_it_said_first(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    assert lock.take(ME)
    short = Holder(pid=1, command="x", started_at="")
    lock.describe(short)
    assert DirectoryLock(tmp_path).holder() == short
    lock.release()


def test_a_file_without_a_lock_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "hub.lock").write_text('{"pid": 1, "command": "daumoi up", "started_at": ""}')
    assert DirectoryLock(tmp_path).holder() is None


def test_nobody_holds_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert DirectoryLock(tmp_path / "missing").holder() is None


def test_a_holder_that_is_killed_holds_it_no_longer(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", TAKES_IT, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        lock = DirectoryLock(tmp_path)
        assert not lock.take(ME)
        other.kill()
    assert lock.take(ME)
    lock.release()
