"""`daumoi doctor`: checks the installation, says what is slow now, and what to do."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import psycopg
import typer

from daumoi.accounts.selectors import has_demo_members
from daumoi.audit import figures as audit_figures
from daumoi.audit import heads as audit_heads
from daumoi.audit.verifying import verify
from daumoi.cli.address import is_loopback
from daumoi.cli.backup import LAST_BACKUP
from daumoi.cli.session import is_demo, open_hub
from daumoi.cli.speed.explaining import explain
from daumoi.cli.speed.situation import look
from daumoi.cli.up import COMMAND
from daumoi.core import facts, keyring, storage
from daumoi.core.database import CONNECT_TIMEOUT_S, OLDEST_POSTGRES, Connection
from daumoi.core.hub import Hub
from daumoi.core.migrating import pending
from daumoi.core.postgres import DirectoryLock
from daumoi.intake.sockets import PROCESSES, socket_path
from daumoi.log.appearances import APPEARANCES
from daumoi.log.selectors import consumer_lags
from daumoi.situation.counting import COUNTERS

State = Literal["ok", "warn", "fail"]
_CLOCK_MAY_DIFFER_S = 5
_LAG_MAY_BE = 100_000
_BACKUP_MAY_BE_H = 48
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    state: State
    said: str


def doctor(
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Check database, keys, disk, clock, processes, exposure and speed; exits non-zero when something fails."""
    with open_hub(data_dir, say=lambda _message: None) as hub:
        findings = list(examine(hub))
    if as_json:
        typer.echo(json.dumps([finding.__dict__ for finding in findings]))
    else:
        for finding in findings:
            typer.echo(f"{finding.state:4}  {finding.check:18} {finding.said}")
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


def examine(hub: Hub) -> Iterator[Finding]:
    """Make all checks."""
    checks: tuple[tuple[str, Callable[[Hub, Connection], tuple[State, str]]], ...] = (
        ("database", _database),
        ("durability", _durability),
        ("connection", _direct),
        ("migrations", _migrations),
        ("master key", _key),
        ("clock", _clock),
        ("lag", _lag),
        ("back-up", _backup),
        ("WAL archive", _wal_archive),
        ("demo", _demo),
        ("audit log", _audit),
    )
    with hub.pool.connection() as connection:
        for name, check in checks:
            yield Finding(name, *check(hub, connection))
    yield Finding("disk", *_disk(hub))
    yield Finding("workers", *_workers(hub))
    yield Finding("pages", *_pages())
    yield Finding("address", *_address(hub))
    for sentence in explain(look(hub, runs=_runs(hub), consumers=(COUNTERS, APPEARANCES))):
        yield Finding("speed", sentence.state, sentence.said)


def _database(_hub: Hub, connection: Connection) -> tuple[State, str]:
    version = connection.info.server_version
    if version < OLDEST_POSTGRES:
        return "fail", f"PostgreSQL {version // 10000}; {OLDEST_POSTGRES // 10000} or later is needed"
    return "ok", f"PostgreSQL {version // 10000}.{version % 10000} answers"


def _durability(hub: Hub, _connection: Connection) -> tuple[State, str]:
    # Asked by a bare connection: our own sessions switch synchronous_commit on for themselves.
    try:
        with psycopg.connect(hub.dsn, connect_timeout=CONNECT_TIMEOUT_S, application_name="daumoi doctor") as bare:
            rows: dict[str, str] = dict(
                bare.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (list(_DURABLE),)).fetchall()
            )
    except psycopg.Error:
        return "fail", "the database takes no further connection: see whether max_connections is used up"
    off = [name for name in _DURABLE if rows.get(name) in (None, "off", "local")]
    if off:
        return "fail", f"{', '.join(off)} is off: accepted records could be lost. Set it on in postgresql.conf, reload"
    return "ok", "fsync, full_page_writes and synchronous_commit are on"


def _direct(_hub: Hub, connection: Connection) -> tuple[State, str]:
    """A transaction pooler hands each transaction another backend; session settings and LISTEN are lost with it."""
    first = connection.execute("SELECT pg_backend_pid()").fetchone()
    try:
        again = connection.execute("SELECT pg_backend_pid(), current_setting('lock_timeout')").fetchone()
    except psycopg.Error:
        again = None
    if first is None or again is None or first[0] != again[0] or again[1] != "5s":
        return "fail", "a transaction pooler stands before the database: give a direct connection by DATABASE_URL"
    return "ok", "direct"


def _migrations(hub: Hub, _connection: Connection) -> tuple[State, str]:
    waiting = pending(hub.dsn)
    if waiting:
        return "fail", f"{len(waiting)} migrations wait: start the hub of this release once"
    return "ok", "all applied"


def _key(hub: Hub, connection: Connection) -> tuple[State, str]:
    try:
        keyring.check_fingerprint(connection, hub.keys)
    except keyring.KeyFault as fault:
        return "fail", str(fault)
    file = keyring.key_file(hub.settings)
    if hub.settings.master_key is None and file.stat().st_mode & 0o077:
        return "warn", f"others may read {file}: chmod 600 {file}"
    return "ok", "it is the one this database was written with; keep a copy apart from the back-ups"


def _clock(_hub: Hub, connection: Connection) -> tuple[State, str]:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    apart = abs((datetime.now(UTC) - row[0]).total_seconds())
    if apart > _CLOCK_MAY_DIFFER_S:
        return "warn", f"this machine and the database differ by {apart:.0f} s: set both by the same time servers"
    return "ok", f"{datetime.now(UTC).isoformat(timespec='seconds')}, {apart * 1000:.0f} ms from the database's"


def _lag(_hub: Hub, connection: Connection) -> tuple[State, str]:
    lags = [lag for lag in consumer_lags(connection) if lag.name != "archive"]
    worst = max((lag.lag for lag in lags), default=0)
    if worst > _LAG_MAY_BE:
        return "warn", f"the slowest is {worst} records behind: look at log/worker.log"
    return "ok", f"at most {worst} records behind"


def _backup(hub: Hub, connection: Connection) -> tuple[State, str]:
    if hub.settings.database_url:
        return "ok", "the database is not ours: its own tools back it up (docs/backup.md)"
    last = facts.read(connection, LAST_BACKUP)
    if last is None:
        return "warn", "none was made of this hub yet: daumoi backup TARGET_DIR (docs/backup.md)"
    hours = (datetime.now(UTC) - datetime.fromisoformat(last)).total_seconds() / 3600
    said = f"the last one was made {hours:.0f} h ago"
    return ("warn", f"{said}: see why the daily one did not run") if hours > _BACKUP_MAY_BE_H else ("ok", said)


def _wal_archive(hub: Hub, connection: Connection) -> tuple[State, str]:
    folder = hub.settings.wal_archive_dir
    row = connection.execute(
        "SELECT current_setting('archive_mode') <> 'off', last_archived_time,"
        " coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver"
    ).fetchone()
    assert row is not None
    is_on, archived_at, is_failing = row
    if is_failing:
        where = f" to {folder}" if folder is not None else ""
        return (
            "fail",
            f"WAL cannot be archived{where} and piles up in postgres/pg_wal: see the folder's room and rights",
        )
    if not is_on:
        if folder is not None and not hub.settings.database_url:
            return "warn", "DAUMOI_WAL_ARCHIVE_DIR is set, but the hub was started without it: start it again"
        return "ok", "off: a restore leads to the end of a back-up, not to an instant (docs/backup.md)"
    return "ok", f"last file at {archived_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if archived_at else "no file yet"


def _demo(hub: Hub, connection: Connection) -> tuple[State, str]:
    if has_demo_members(connection) and facts.read(connection, "demo") != "yes":
        return "fail", "sign-ins of a demo are here, and this hub is none: daumoi member off each of them"
    if facts.read(connection, "demo") == "yes" and is_demo(hub):
        return (
            "warn",
            "this hub is a demo, for good: its credentials lie in demo.env, and everybody may know the password of its "
            "members. Never put real records here",
        )
    return "ok", "no demo sign-ins"


def _audit(hub: Hub, connection: Connection) -> tuple[State, str]:
    """Check the chain from the last day's head on; the whole of it is checked every night."""
    now = hub.clock.now()
    seen = audit_figures.look(connection, now=now)
    if seen.verified is not None and seen.verified.faults:
        return "fail", f"{seen.verified.faults} faults were found at the last check: run `daumoi audit verify`"
    report = verify(
        connection,
        folder=audit_heads.folder_of(hub.settings.data_dir),
        key=audit_heads.public_key(hub.keys),
        now_us=audit_heads.microseconds(now),
        from_last_head=True,
    )
    broken = [fault for fault in report.faults if fault.code != "unsealed"]
    if broken:
        return "fail", f"{broken[0].said} Run `daumoi audit verify`"
    if not report.is_whole:
        return "warn", f"{seen.waiting} lines wait for their seal, {seen.lag_s:.0f} s: see log/worker.log"
    checked = f", all of it at {seen.verified.at:%Y-%m-%d %H:%M} UTC" if seen.verified is not None else ""
    return "ok", f"whole from the last signed head to line {seen.lines}{checked}; sealing is {seen.lag_s:.0f} s behind"


def _disk(hub: Hub) -> tuple[State, str]:
    free, folder = min((shutil.disk_usage(folder).free, folder) for folder in storage.folders(hub.settings))
    said = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < hub.settings.storage_low_bytes:
        return "fail", f"{said}: no records are taken. Make room"
    return ("warn", f"{said}: make room soon") if free < 5 * hub.settings.storage_low_bytes else ("ok", said)


def _pages() -> tuple[State, str]:
    if not (files("daumoi.console") / "static" / "built" / "shell.css").is_file():
        return "warn", "styles and scripts of the pages of staff are not built: make frontend"
    return "ok", "styles and scripts are built"


def _runs(hub: Hub) -> bool:
    holder = DirectoryLock(hub.settings.data_dir).holder()
    return holder is not None and holder.command == COMMAND


def _workers(hub: Hub) -> tuple[State, str]:
    if not _runs(hub):
        return "warn", "no hub runs on this directory; `daumoi up` starts it"
    for name in PROCESSES:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(socket_path(hub.settings, name)))
            except OSError:
                return "fail", f"the {name} process does not answer: look at log/{name}.log"
    with hub.pool.connection() as connection:
        names = {row[0] for row in connection.execute("SELECT application_name FROM pg_stat_activity")}
    if "daumoi consumers" not in names:
        return "fail", "the worker does not follow the log: look at log/worker.log"
    return "ok", "server, intake, reader and worker are there"


def _address(hub: Hub) -> tuple[State, str]:
    holder = DirectoryLock(hub.settings.data_dir).holder()
    url = (holder.address if holder is not None else None) or ""
    host = url.partition("://")[2].rpartition(":")[0].strip("[]")
    if not url or is_loopback(host):
        return "ok", f"{url or 'none'}: this machine alone"
    if url.startswith("https://"):
        return "ok", f"{url}: TLS"
    return (
        "warn",
        f"{url} is open to other machines and speaks plain HTTP: only the proxies in TRUSTED_PROXIES may reach it",
    )
