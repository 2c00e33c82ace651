"""Makes, starts and ends the cluster in `postgres/` of the data directory."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from daumoi.core.interim.account import Account, choose_account, ends_with_parent, let_pass
from daumoi.core.interim.configuration import ACCESS, DATABASE, ROLE, map_text, settings_text
from daumoi.core.interim.faults import StartFault
from daumoi.core.interim.programs import find_programs, major_version

_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # unix(7): sun_path holds 108 bytes with its end
_OLD_ONE_ENDS_S = 120
_STANDSTILL_S = 120
_STOP_S = 10
_LOG_BYTES = 20 * 1024 * 1024
_STARTING_UP = "57P03"
_STILL_HELD = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')
"""What PostgreSQL says while processes of one that was killed are not quite gone."""


class Cluster:
    """PostgreSQL of one data directory; `DIR` may hold other files."""

    def __init__(self, data_dir: Path, *, bin_dir: Path | None, os_user: str, say: Callable[[str], None]) -> None:
        """Name the directory; nothing is made or started yet. `say` gets lines for whoever waits."""
        self._dir = data_dir.absolute()
        self._data = self._dir / "postgres"
        self._bin_dir, self._os_user, self._say = bin_dir, os_user, say
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began_at = 0

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster, or None."""
        return self._process.pid if self._process else None

    def poll(self) -> int | None:
        """Return the exit code when PostgreSQL has ended, else None."""
        return self._process.poll() if self._process else None

    @property
    def log_file(self) -> Path:
        """Where PostgreSQL writes its own log."""
        return self._dir / "log" / "postgres.log"

    @property
    def dsn(self) -> str:
        """How to connect (libpq)."""
        return make_conninfo(host=str(self.socket_dir), port=5432, user=ROLE, dbname=DATABASE)

    @property
    def socket_dir(self) -> Path:
        """Where the socket is: `run/` of the data directory, or, when that path is too long, a private folder."""
        folder = self._dir / "run"
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return folder
        name = hashlib.sha256(os.fsencode(self._dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"daumoi-{os.geteuid()}-{name}"

    def is_made(self) -> bool:
        """Tell whether the directory holds a cluster."""
        return (self._data / "PG_VERSION").exists()

    def start(self) -> str:
        """Make the cluster if there is none, start it, wait until it answers; returns the connection string.

        Raises StartFault.
        """
        programs = find_programs(self._bin_dir)
        account = choose_account(self._os_user, self._say)
        self._make_folders()
        let_pass(account, programs, self._say)
        let_pass(account, self._dir, self._say)
        self._prepare_socket_dir(account)
        if not self.is_made():
            self._make(programs, account)
        self._check_version(programs)
        self._wait_for_old_one()
        self._rotate_log()
        self._launch_patiently(programs, account)
        self._make_database()
        return self.dsn

    def stop(self) -> None:
        """End PostgreSQL: quickly and cleanly, or at once when that takes too long."""
        process = self._process
        if process is None:
            return
        for number, seconds in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, _STOP_S)):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process = None

    def _make_folders(self) -> None:
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._dir / "log").mkdir(exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self._dir):
                pass
        except OSError as fault:
            raise StartFault(
                f"The data directory {self._dir} cannot be written ({fault.strerror}). Give the user that starts the "
                "hub the right to write there, or choose another with --data-dir."
            ) from None

    def _prepare_socket_dir(self, account: Account) -> None:
        folder = self.socket_dir
        folder.mkdir(exist_ok=True, mode=0o700)
        state = folder.lstat()
        if not folder.is_dir() or folder.is_symlink() or state.st_uid not in (os.geteuid(), account.uid):
            raise StartFault(f"{folder} belongs to somebody else. Remove it, or choose a shorter --data-dir.")
        account.own(folder)
        folder.chmod(0o700)

    def _make(self, programs: Path, account: Account) -> None:
        """Run initdb beside its place and rename: a kill in the middle leaves no half cluster behind."""
        self._say("making the database (first start)")
        draft = self._dir / "postgres.new"
        if draft.exists():
            shutil.rmtree(draft)
        if self._data.exists() and any(self._data.iterdir()):
            raise StartFault(f"{self._data} holds files that are no database. Move them away, or choose another --data-dir.")
        draft.mkdir(mode=0o700)
        account.own(draft)
        command = [programs / "initdb", "-D", draft, "-U", ROLE, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
        command += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        done = subprocess.run(
            command, user=account.uid, group=account.gid, extra_groups=_no_groups(account), cwd="/",
            capture_output=True, check=False, env=_environment(),
        )
        if done.returncode != 0:
            (self._dir / "log" / "initdb.log").write_bytes(done.stdout + done.stderr)
            raise StartFault(f"The database could not be made; what PostgreSQL said is in {self._dir}/log/initdb.log.")
        with (draft / "postgresql.conf").open("a") as file:
            file.write("\n# Written by daumoi at the first start.\n" + settings_text(self._dir))
        (draft / "pg_hba.conf").write_text(ACCESS)
        (draft / "pg_ident.conf").write_text(map_text(pwd.getpwuid(os.geteuid()).pw_name, account.name))
        if self._data.exists():
            self._data.rmdir()
        draft.rename(self._data)

    def _check_version(self, programs: Path) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        ours = major_version(programs)
        if found != ours:
            raise StartFault(
                f"The database in {self._data} was made by PostgreSQL {found}, the programs are version {ours}. Name "
                f"the programs of version {found} by DAUMOI_POSTGRES_BIN_DIR, or move the data with pg_upgrade."
            )

    def _wait_for_old_one(self) -> None:
        """Wait for a PostgreSQL that a killed hub left behind and that is still ending."""
        said = False
        ends = time.monotonic() + _OLD_ONE_ENDS_S
        while (pid := self._running_pid()) is not None:
            if not said:
                self._say("the database of the last run is still ending; waiting for it")
                said = True
            if time.monotonic() > ends:
                raise StartFault(
                    f"PostgreSQL (process {pid}) still runs on {self._data}. End it with `kill -INT {pid}` and start again."
                )
            time.sleep(0.1)

    def _running_pid(self) -> int | None:
        """Return the postmaster that runs on this directory now; a number that another program has got is not one."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        if os.fsencode(self._data) in command:
            return pid
        if command:
            # After kill -9 the number went to another program, which PostgreSQL would take for itself.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
        return None

    def _rotate_log(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def _launch_patiently(self, programs: Path, account: Account) -> None:
        """Launch; while processes of a killed PostgreSQL still hold its memory, try again."""
        ends = time.monotonic() + _OLD_ONE_ENDS_S
        while True:
            self._launch(programs, account)
            try:
                self._wait_until_ready()
                return
            except StartFault:
                said = self._said_by_postgres()
                if not any(text in said for text in _STILL_HELD) or time.monotonic() > ends:
                    raise
                time.sleep(0.2)

    def _launch(self, programs: Path, account: Account) -> None:
        command = [programs / "postgres", "-D", self._data, "-k", self.socket_dir]
        with self.log_file.open("ab") as log:
            self._log_began_at = log.tell()
            self._process = subprocess.Popen(
                command,
                user=account.uid,
                group=account.gid,
                extra_groups=_no_groups(account),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
                preexec_fn=ends_with_parent(signal.SIGINT),
            )

    def _wait_until_ready(self) -> None:
        """Wait as long as the start moves: recovery after a crash may take minutes, and is said."""
        said = False
        last_size, moved_at = -1, time.monotonic()
        while True:
            state = self._try()
            if state == "ready":
                return
            if self.poll() is not None:
                raise StartFault(self._why_it_ended())
            size = self.log_file.stat().st_size + _recovery_progress(self._data)
            if size != last_size:
                last_size, moved_at = size, time.monotonic()
            if state == "starting" and not said and time.monotonic() - moved_at > 1:
                self._say("the database recovers what was under way when it was last stopped; this can take minutes")
                said = True
            if time.monotonic() - moved_at > _STANDSTILL_S:
                raise StartFault(f"PostgreSQL does not answer. Its log is {self.log_file}.")
            time.sleep(0.05)

    def _try(self) -> str:
        dsn = make_conninfo(self.dsn, dbname="postgres", connect_timeout=5)
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError as error:
            return "starting" if error.sqlstate == _STARTING_UP or "starting up" in str(error) else "silent"
        return "ready"

    def _said_by_postgres(self) -> str:
        with self.log_file.open("rb") as log:
            log.seek(self._log_began_at)
            return log.read().decode("utf-8", "replace")

    def _why_it_ended(self) -> str:
        said = self._said_by_postgres()
        if "No space left" in said:
            return "The disk is full, so the database cannot start. Make room and start again; nothing accepted is lost."
        if "could not map anonymous shared memory" in said or "Cannot allocate memory" in said:
            return "There is too little memory for the database. Set DAUMOI_POSTGRES_SHARED_BUFFERS=128MB or free some."
        return f"PostgreSQL ended while starting. Its log is {self.log_file}."

    def _make_database(self) -> None:
        with psycopg.connect(make_conninfo(self.dsn, dbname="postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _no_groups(account: Account) -> list[int] | None:
    return [] if account.uid is not None else None


def _environment() -> dict[str, str]:
    """Pass nothing of ours on: variables such as PGDATA or LC_ALL would change what starts."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _recovery_progress(data: Path) -> int:
    """Return a number that grows while recovery works: the newest change of its control and data files."""
    newest = 0
    for name in ("global/pg_control", "pg_wal", "base"):
        try:
            newest = max(newest, (data / name).stat().st_mtime_ns)
        except OSError:
            continue
    return newest
