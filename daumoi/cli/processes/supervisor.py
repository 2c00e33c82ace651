"""Starts the hub's processes, starts again what dies, and ends all of them in order."""

import http.client
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daumoi.core.interim import Cluster, StartFault
from daumoi.core.interim.account import ends_with_parent
from daumoi.core.settings import Settings

_READY_S = 60.0
_LOOK_EVERY_S = 0.1
_SERVER_ENDS_S = 9.0
_OTHERS_END_S = 3.0
_CALM_S = 30.0
_LONGEST_PAUSE_S = 5.0


@dataclass
class _Child:
    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause_s: float = 0.2


class Supervisor:
    """Server, intake process and worker; PostgreSQL too when it is our own."""

    def __init__(
        self,
        settings: Settings,
        cluster: Cluster | None,
        *,
        host: str,
        port: int,
        tls: tuple[Path | None, Path | None],
        say: Callable[[str], None],
    ) -> None:
        """Name what to run; nothing is started yet."""
        self._settings, self._cluster, self._say = settings, cluster, say
        self._host, self._port, self._tls = host, port, tls
        address = ["--host", host, "--port", str(port)]
        if tls[0] is not None and tls[1] is not None:
            address += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
        self._children = [_Child("intake", []), _Child("worker", []), _Child("server", address)]

    @property
    def url(self) -> str:
        """The address people and partners use."""
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls[0] else 'http'}://{shown}:{self._port}"

    def start(self) -> None:
        """Start all children."""
        for child in self._children:
            self._launch(child)

    def wait_until_ready(self, ending: threading.Event) -> bool:
        """Wait until the hub answers that it takes records; False when it is told to end first, or does not come up."""
        ends = time.monotonic() + _READY_S
        while not ending.is_set():
            if self._is_ready():
                return True
            self._mind()
            if time.monotonic() > ends:
                self._say(f"the hub does not become ready; what its processes say is in {self._settings.data_dir}/log")
                return False
            ending.wait(_LOOK_EVERY_S)
        return False

    def watch(self, ending: threading.Event) -> None:
        """Start again what dies, until told to end."""
        while not ending.wait(_LOOK_EVERY_S):
            self._mind()

    def stop(self) -> None:
        """End the server first (long polls are answered, bodies get their receipt so far), then the others."""
        server = [child for child in self._children if child.name == "server"]
        self._end(server, _SERVER_ENDS_S)
        self._end([child for child in self._children if child.name != "server"], _OTHERS_END_S)

    def _launch(self, child: _Child) -> None:
        log = self._settings.data_dir / "log" / f"{child.name}.err"
        log.parent.mkdir(exist_ok=True, mode=0o700)
        command = [sys.executable, "-m", "daumoi.cli.processes", child.name]
        command += ["--data-dir", str(self._settings.data_dir), *child.arguments]
        with log.open("ab") as errors:
            child.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
                preexec_fn=ends_with_parent(signal.SIGTERM),
            )
        child.started_at, child.start_again_at = time.monotonic(), 0.0

    def _mind(self) -> None:
        self._mind_database()
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            now = time.monotonic()
            if not child.start_again_at:
                calm = now - child.started_at > _CALM_S
                child.pause_s = 0.2 if calm else min(child.pause_s * 2, _LONGEST_PAUSE_S)
                child.start_again_at = now + child.pause_s
                self._say(f"the {child.name} process ended (code {child.process.returncode}); starting it again")
            elif now >= child.start_again_at:
                self._launch(child)

    def _mind_database(self) -> None:
        if self._cluster is None or self._cluster.poll() is None:
            return
        self._say(f"PostgreSQL ended (code {self._cluster.poll()}); starting it again")
        try:
            self._cluster.start()
        except StartFault as fault:
            self._say(str(fault))
            time.sleep(1)

    def _is_ready(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        connection: http.client.HTTPConnection
        if self._tls[0] is not None:
            # Asked of ourselves on this machine; whether others trust the certificate is not what is tested.
            connection = http.client.HTTPSConnection(
                host, self._port, timeout=2, context=ssl._create_unverified_context()  # noqa: S323
            )
        else:
            connection = http.client.HTTPConnection(host, self._port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _end(self, children: list[_Child], seconds: float) -> None:
        running = [child.process for child in children if child.process is not None and child.process.poll() is None]
        for process in running:
            process.terminate()
        ends = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(0.05, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
