"""The nightly comparison of people, in a process of its own: the worker neither imports nor pays for it."""

import subprocess
import sys
import threading
from pathlib import Path

import structlog

from daumoi.cli.processes.observing import measured
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy

_END_S = 5.0
_log = structlog.get_logger("daumoi.linking")


def run(hub: Hub) -> None:
    """Compare once; what the process of that name does."""
    from daumoi.linkage.comparing.job import compare_people

    try:
        done = compare_people(hub)
    except Busy:
        _log.info("people are being compared already")
        return
    _log.info("people compared", rows=done.rows, pairs=done.pairs, dropped=done.dropped, trained=done.trained)


class Linking:
    """Starts that process, waits for it in a thread, and ends it with the worker."""

    def __init__(self, data_dir: Path) -> None:
        """Start nothing yet; the process finds the hub by its data directory and the environment."""
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start a comparison, unless one is running. Does not wait: other jobs of the schedule may not wait for it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="linking", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for a comparison that runs; tells whether it has ended."""
        if self._thread is not None:
            self._thread.join(timeout=seconds)
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        """End a comparison that runs: what it wrote stays, the next one writes it again."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        self.wait(_END_S)

    def _run(self) -> None:
        command = [sys.executable, "-m", "daumoi.cli.processes", "linking", "--data-dir", str(self._data_dir)]
        try:
            with measured("link_people"):
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
                if status := self._process.wait():
                    raise ComparisonFailed(status)
        except (ComparisonFailed, OSError) as failed:
            _log.warning("people were not compared", reason=type(failed).__name__, status=str(failed))


class ComparisonFailed(Exception):
    """The process that compares people ended with a fault; its log says why."""
