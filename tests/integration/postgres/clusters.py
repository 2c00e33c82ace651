"""What the tests of our own start of PostgreSQL share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daumoi.core.postgres import Cluster
from daumoi.core.postgres.programs import find

BIN_DIR = (
    Path(os.environ["DAUMOI_POSTGRES_BIN_DIR"]) if os.environ.get("DAUMOI_POSTGRES_BIN_DIR") else find(None).folder
)
OS_USER = os.environ.get("DAUMOI_POSTGRES_OS_USER", "daumoi-postgres")
REPOSITORY = Path(__file__).resolve().parents[3]


def a_cluster(data_dir: Path, said: list[str] | None = None, *, bin_dir: Path | None = BIN_DIR) -> Cluster:
    """A cluster that is not started yet."""
    say: Callable[[str], None] = (said if said is not None else []).append
    return Cluster(data_dir, bin_dir=bin_dir, os_user=OS_USER, say=say)


@contextmanager
def running(cluster: Cluster) -> Iterator[str]:
    """Start it, hand out its dsn, stop it."""
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@contextmanager
def started_by_another(data_dir: Path, *, uid: int | None = None) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A process that has started a cluster: the process, the server's process id, the dsn."""
    command = [sys.executable, "-m", "tests.integration.postgres.starter", str(data_dir)]
    command += [str(uid)] if uid is not None else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("UP "):
                    _, pid, dsn = line.rstrip("\n").split(" ", 2)
                    yield process, int(pid), dsn
                    return
            raise AssertionError("the starter ended before its cluster was up")
        finally:
            process.kill()


def is_alive(pid: int) -> bool:
    """Whether a process lives, zombies not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
