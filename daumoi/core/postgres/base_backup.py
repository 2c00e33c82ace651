"""Physical base back-ups by PostgreSQL's own programs: taken from a running server, checked file by file."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL
from typing import IO, NamedTuple

import msgspec
import psycopg

from daumoi.core.postgres.child import ends_with_parent
from daumoi.core.postgres.faults import StartFault
from daumoi.core.postgres.initialising import CLEAN_ENVIRONMENT
from daumoi.core.postgres.programs import Programs

_LOOK_EVERY_S = 0.25
_SAID_BYTES = 16 * 1024
_REASONS = (
    (r"checksum verification failed|checksum error", "pages of the database are damaged: check the disk at once"),
    (r"No space left|Disk quota", "the disk of the back-up is full: make room"),
    (
        r"no pg_hba\.conf entry for replication",
        "the hub that runs was started by an earlier release: end it, start it with this one, and try again",
    ),
    (r"wal_level|max_wal_senders|max_replication_slots", "wal_level must be replica and max_wal_senders 2 or more"),
    (r"Permission denied", "the folder of the back-up may not be written: check its rights"),
    (r"terminat|server closed|could not connect|Connection refused|shutting down", "the database went away: try again"),
)
_NAMED_FILE = re.compile(r'"([^"\n]{1,300})"')


class BaseBackup(NamedTuple):
    """Where a base back-up lies in the WAL."""

    timeline: int
    start_lsn: str
    end_lsn: str
    first_wal: str


class _Range(msgspec.Struct):
    timeline: int = msgspec.field(name="Timeline")
    start: str = msgspec.field(name="Start-LSN")
    end: str = msgspec.field(name="End-LSN")


class _Listing(msgspec.Struct):
    ranges: list[_Range] = msgspec.field(name="WAL-Ranges")


def take(programs: Programs, dsn: str, target: Path, progress: Callable[[int, int], None]) -> None:
    """Take a base back-up of the running server into `target`, with all the WAL it needs; the files are flushed.

    Every file is listed with its SHA-256 in `backup_manifest`; the server checks each page as it reads it. `progress`
    is called with the bytes done and the bytes of the whole. Raises StartFault; what is in `target` is then of no use.
    """
    command: list[str | Path] = [
        programs.tool("pg_basebackup"),
        f"--dbname={dsn}",
        f"--pgdata={target}",
        "--format=plain",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--label=daumoi",
        "--no-password",
        "--no-clean",
        "--progress",
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            start_new_session=True,
            preexec_fn=ends_with_parent(SIGKILL),
        )
        try:
            _watch(process, dsn, progress)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            raise StartFault(f"The base back-up failed: {_reason(said)}.")


def _watch(process: subprocess.Popen[bytes], dsn: str, progress: Callable[[int, int], None]) -> None:
    """Wait for the end; the figures come from the server, which knows how far it is."""
    connection: psycopg.Connection[tuple[int, int]] | None = None
    try:
        while process.poll() is None:
            try:
                if connection is None:
                    connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
                row = connection.execute(
                    "SELECT backup_streamed, coalesce(backup_total, 0) FROM pg_stat_progress_basebackup"
                    " ORDER BY pid DESC LIMIT 1"
                ).fetchone()
                if row is not None and row[0] is not None:
                    progress(row[0], row[1])
            except psycopg.Error:
                # Figures only; whether the back-up succeeds is the program's word.
                connection = None
            time.sleep(_LOOK_EVERY_S)
    finally:
        if connection is not None:
            connection.close()


def verify(programs: Programs, folder: Path) -> None:
    """Check every file of a base back-up against its manifest, and that its WAL can be read; raises StartFault."""
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [programs.tool("pg_verifybackup"), "--quiet", "--exit-on-error", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            check=False,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            preexec_fn=ends_with_parent(SIGKILL),
        )
        if done.returncode != 0:
            found = _NAMED_FILE.search(_tail(said))
            at = f" at {folder / found[1]}" if found else ""
            raise StartFault(
                f"The back-up is damaged{at}: it is not as it was written. Take another copy of this back-up, or an "
                "earlier one."
            )


def describe(folder: Path) -> BaseBackup:
    """Tell where a base back-up lies in the WAL, by its own files; raises StartFault when they do not tell it."""
    try:
        ranges = msgspec.json.decode((folder / "backup_manifest").read_bytes(), type=_Listing).ranges
        label = (folder / "backup_label").read_text("utf-8", "replace")
        first = re.search(r"^START WAL LOCATION: .* \(file ([0-9A-F]{24})\)", label, re.MULTILINE)
        if first is None or not ranges:
            raise ValueError
    except (OSError, ValueError, msgspec.MsgspecError):
        raise StartFault(f"{folder} does not tell where its WAL begins and ends. Make the back-up again.") from None
    return BaseBackup(ranges[-1].timeline, ranges[0].start, ranges[-1].end, first[1])


def _tail(said: IO[bytes]) -> str:
    size = said.seek(0, 2)
    said.seek(max(0, size - _SAID_BYTES))
    return said.read().decode("utf-8", "replace")


def _reason(said: IO[bytes]) -> str:
    text = _tail(said)
    for pattern, words in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return words
    return "PostgreSQL's pg_basebackup could not end it. Look into log/postgres.log of the data directory"
