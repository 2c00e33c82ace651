"""One PostgreSQL of our own: made, started, watched, stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from daumoi.core.postgres import account as accounts
from daumoi.core.postgres import (
    configuration,
    initialising,
    passage,
    places,
    predecessor,
    programs,
    readiness,
    recovery,
    wal_archive,
)
from daumoi.core.postgres.account import Account
from daumoi.core.postgres.child import ends_with_parent
from daumoi.core.postgres.faults import StartFault
from daumoi.core.postgres.programs import Programs
from daumoi.core.postgres.recovery import Recovery
from daumoi.core.postgres.server_log import ServerLog

STOP_S = 10.0
"""A fast shutdown may take so long; then the server is stopped at once, and its next start recovers."""

_ORPHANS = r"pre-existing shared memory block|lock file .* already exists"
_ORPHANS_END_S = 30.0
_AGAIN_AFTER_S = 0.5


class Cluster:
    """PostgreSQL in `postgres` of a data directory, as a child that ends with this process even after `kill -9`.

    Start it from a thread that lives as long as the process (the kernel ends it with the thread). Only accounts of
    this machine reach it, by a Unix socket: the one that started it, and root.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None,
        os_user: str,
        say: Callable[[str], None],
        is_ending: Callable[[], bool] = lambda: False,
        wal_archive: Path | None = None,
        recovery: Recovery | None = None,
    ) -> None:
        """Name the places.

        bin_dir: the folder of PostgreSQL's programs; None takes the wheel's. os_user: whom PostgreSQL runs as when we
        are root, made when missing. say: called with one line for a person whenever something takes time or is done.
        is_ending: asked while a start waits; true gives the start up (StartEnded). wal_archive: where
        finished files of the log are archived; None archives none. recovery: the start ends a restore of the base
        back-up that lies there, and what comes up is its new, ordinary state.
        """
        self.data_dir = Path(os.path.abspath(data_dir))  # noqa: PTH100 - symbolic links stay, as the reader wrote them
        self._bin_dir = bin_dir
        self._os_user = os_user
        self._say = say
        self._is_ending = is_ending
        self._wal_archive = wal_archive
        self._recovery = recovery
        self._log = ServerLog(self.data_dir / "log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def postgres_dir(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.data_dir / "postgres"

    @property
    def runtime_dir(self) -> Path:
        """The folder of the sockets."""
        return places.runtime_dir(self.data_dir)

    @property
    def dsn(self) -> str:
        """How to reach the database: libpq conninfo, without a secret."""
        return self._conninfo(configuration.DATABASE)

    @property
    def pid(self) -> int | None:
        """The server's process id; None before the start and after the end."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def poll(self) -> int | None:
        """Return None while the server runs (or was never started), else its exit code."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> str:
        """Make the database when it is missing, start the server, wait until it takes connections; returns the dsn.

        Safe to call again after the server died. Raises StartFault.
        """
        found = programs.find(self._bin_dir)
        account = accounts.choose(self._os_user, self._say)
        self._prepare_ways(found, account)
        is_made = initialising.check(self.postgres_dir, found, account)
        self._prepare_runtime_dir(account)
        if not is_made:
            initialising.initialise(self.postgres_dir, found, account, self._say)
        predecessor.wait_for_end(self.postgres_dir, say=self._say, is_ending=self._is_ending)
        configuration.write_logins(self.postgres_dir, {accounts.our_own_name(), "root"})
        if self._wal_archive is not None:
            wal_archive.prepare(self._wal_archive, self.postgres_dir, account, self._say)
        self._run(found, account)
        self._make_database()
        return self.dsn

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Stop the server: sessions are ended, everything is flushed. Safe to call when it does not run."""
        if self._process is None:
            return
        for how, seconds in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, 6.0), (signal.SIGKILL, 6.0)):
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            break
        self._process = None

    def _prepare_ways(self, found: Programs, account: Account) -> None:
        places.make_data_dir(self.data_dir)
        passage.open_to(self.data_dir, account, self._say)
        passage.open_to(found.folder, account, self._say)
        passage.check_runs([found.postgres, found.initdb], account)

    def _prepare_runtime_dir(self, account: Account) -> None:
        runtime = self.runtime_dir
        passage.open_to(runtime.parent, account, self._say)
        places.make_private(runtime, account)

    def _run(self, found: Programs, account: Account) -> None:
        """Start the server; orphans of a killed one are waited for."""
        begun = time.monotonic()
        while True:
            self._spawn(found, account)
            assert self._process is not None
            try:
                up = readiness.wait(
                    self._conninfo("postgres"),
                    pid=self._process.pid,
                    poll=self._process.poll,
                    log=self._log,
                    say=self._say,
                    is_ending=self._is_ending,
                    restoring=self._recovery is not None,
                )
            except BaseException:
                self.stop()
                raise
            if up:
                return
            # Its exit code stays readable by `poll` until the next attempt.
            if not self._log.says(_ORPHANS) or time.monotonic() - begun > _ORPHANS_END_S:
                raise self._ended()
            self._say("Sessions of a PostgreSQL that was killed are still ending; waiting for them.")
            time.sleep(_AGAIN_AFTER_S)

    def _ended(self) -> StartFault:
        if self._recovery is not None and self._log.says(recovery.TARGET_NOT_REACHED):
            return StartFault(
                "The archived WAL ends before that instant, or nothing was committed after it. Give an "
                "earlier instant, or restore the newest state without --at."
            )
        return StartFault(f"PostgreSQL ended while it was starting: {self._log.reason()}.")

    def _spawn(self, found: Programs, account: Account) -> None:
        more = wal_archive.archive_options(self._wal_archive) if self._wal_archive is not None else {}
        if self._recovery is not None:
            more |= self._recovery.options()
        options = configuration.start_options(self.postgres_dir, self.runtime_dir, more)
        log = self._log.open()
        try:
            self._process = subprocess.Popen(
                [found.postgres, "-D", self.postgres_dir, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=initialising.CLEAN_ENVIRONMENT,
                # Not in the terminal's group: Ctrl-C is for the supervisor, which stops this last.
                start_new_session=True,
                preexec_fn=ends_with_parent(signal.SIGINT),
                **account.popen_options(),
            )
        finally:
            os.close(log)

    def _make_database(self) -> None:
        """Make the hub's database when it is missing: a kill may have come between the first start and this."""
        try:
            with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
                known = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (configuration.DATABASE,)
                ).fetchone()
                if known is None:
                    connection.execute(f"CREATE DATABASE {configuration.DATABASE}")
        except psycopg.Error:
            self.stop()
            raise StartFault(
                f"PostgreSQL runs, but the hub's database in it could not be reached or made. Its log: {self._log.path}"
            ) from None

    def _conninfo(self, database: str) -> str:
        return make_conninfo(
            host=str(self.runtime_dir),
            port=configuration.PORT,
            user=configuration.ROLE,
            dbname=database,
            connect_timeout=10,
            application_name="daumoi",
        )
