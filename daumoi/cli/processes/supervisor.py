"""Starts the hub's processes, starts again what dies, and ends all of them in order."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from daumoi.cli.processes.readiness import Probe
from daumoi.cli.processes.restarts import Restarts
from daumoi.core.figures import Publisher
from daumoi.core.postgres import Cluster, StartEnded, StartFault, ends_with_parent
from daumoi.core.settings import Settings

_LOOK_EVERY_S = 0.1
_PATIENCE_S = 20.0
_CALM_S = 30.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_ERRORS_BYTES = 4 * 1024 * 1024

END_S = 14.0
"""The whole end may take so long; the contract allows 15 seconds."""

_SERVER_ENDS_S = 8.0
_OTHERS_END_S = 2.5
_DATABASE_ENDS_LEAST_S = 2.0


@dataclass
class _Child:
    name: str
    arguments: list[str] = field(default_factory=list)
    inherited: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float | None = None
    pause_s: float = _FIRST_PAUSE_S


class Supervisor:
    """Server, intake process, its reader and worker; PostgreSQL too when it is our own.

    Use it from the main thread: the kernel ends the children with the thread that started them.
    """

    def __init__(
        self,
        settings: Settings,
        cluster: Cluster | None,
        *,
        listener: socket.socket,
        tls: tuple[Path, Path] | None,
        probe: Probe,
        say: Callable[[str], None],
    ) -> None:
        """Name what to run; nothing is started yet. The listener is bound and does not listen."""
        self._settings, self._cluster, self._say = settings, cluster, say
        self._listener, self._probe = listener, probe
        server = ["--fd", str(listener.fileno())]
        if tls is not None:
            server += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
        self._server = _Child("server", server, (listener.fileno(),))
        self._children = [_Child("reader"), _Child("intake"), _Child("worker"), self._server]
        self._database_again_at: float | None = None
        self._restarts = Restarts(["postgres", *(child.name for child in self._children)])
        self._figures = Publisher(settings.data_dir, "supervisor", self._restarts.registry)

    def start(self) -> None:
        """Start all children."""
        for child in self._children:
            self._launch(child)

    def watch(self, ending: threading.Event, *, on_ready: Callable[[], None]) -> None:
        """Start again what dies, until told to end; calls `on_ready` when the hub takes records for the first time."""
        begun = time.monotonic()
        announced = complained = False
        while not ending.wait(_LOOK_EVERY_S):
            self._mind()
            self._figures.write_when_due()
            if announced:
                continue
            if self._probe.is_ready():
                announced = True
                on_ready()
            elif not complained and time.monotonic() - begun > _PATIENCE_S:
                complained = True
                self._say(
                    f"daumoi is not ready yet. {self._probe.reason()} Its logs: {self._settings.data_dir / 'log'}"
                )

    def stop(self) -> None:
        """End the server first (long polls are answered, bodies get their receipt so far), PostgreSQL last."""
        begun = time.monotonic()
        # Ours too, or callers would wait in its queue for a server that does not come.
        self._listener.close()
        self._end([self._server], _SERVER_ENDS_S)
        self._end(self._children, _OTHERS_END_S)
        if self._cluster is not None:
            self._cluster.stop(max(_DATABASE_ENDS_LEAST_S, END_S - (time.monotonic() - begun)))

    def _launch(self, child: _Child) -> None:
        log = self._settings.data_dir / "log" / f"{child.name}.err"
        log.parent.mkdir(exist_ok=True, mode=0o700)
        if log.exists() and log.stat().st_size > _ERRORS_BYTES:
            log.replace(log.with_suffix(".err.1"))
        command = [sys.executable, "-m", "daumoi.cli.processes", child.name]
        command += ["--data-dir", str(self._settings.data_dir), *child.arguments]
        with log.open("ab") as errors:
            child.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=child.inherited,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
                # At once, so that a hub that was killed can be started again at the same address without waiting.
                preexec_fn=ends_with_parent(signal.SIGKILL),
            )
        child.started_at, child.start_again_at = time.monotonic(), None

    def _mind(self) -> None:
        self._mind_database()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._mind_dead(child, child.process.returncode)

    def _mind_dead(self, child: _Child, code: int) -> None:
        now = time.monotonic()
        if child.start_again_at is None:
            calm = now - child.started_at > _CALM_S
            child.pause_s = _FIRST_PAUSE_S if calm else min(child.pause_s * 2, _LONGEST_PAUSE_S)
            child.start_again_at = now + child.pause_s
            self._say(f"The {child.name} process ended ({_how(code)}); starting it again in {child.pause_s:.1f} s.")
        elif now >= child.start_again_at:
            self._restarts.count(child.name)
            self._launch(child)

    def _mind_database(self) -> None:
        """Start PostgreSQL again when it died; the other processes wait for it and connect again by themselves."""
        if self._cluster is None or self._cluster.poll() is None:
            return
        now = time.monotonic()
        if self._database_again_at is None:
            self._say(f"PostgreSQL ended ({_how(self._cluster.poll() or 0)}); starting it again.")
            self._restarts.count("postgres")
        elif now < self._database_again_at:
            return
        try:
            self._cluster.start()
            self._database_again_at = None
            self._say("PostgreSQL is up again.")
        except StartEnded:
            return
        except StartFault as fault:
            self._say(f"{fault} Trying again in {_LONGEST_PAUSE_S:.0f} s.")
            self._database_again_at = time.monotonic() + _LONGEST_PAUSE_S

    def _end(self, children: list[_Child], seconds: float) -> None:
        running = [child for child in children if child.process is not None and child.process.poll() is None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        ends = time.monotonic() + seconds
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.05, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"The {child.name} process did not end in time and was killed; nothing acknowledged is lost.")
                child.process.kill()
                child.process.wait()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
