"""`daumoi backup`: a physical back-up of the hub while it runs, read back before it counts."""

import json
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from daumoi import __version__
from daumoi.audit import heads as audit_heads
from daumoi.cli.progress import Steps, steps
from daumoi.cli.session import Say, lend_database, load_settings, make_data_dir
from daumoi.cli.stopped import Stopped
from daumoi.core import facts, keyring
from daumoi.core.backup import manifest as manifests
from daumoi.core.backup.copying import FileSum, copy_file, files_of, forget, read_back, size_of
from daumoi.core.backup.draft import SUFFIX, draft_of
from daumoi.core.backup.faults import BackupFault
from daumoi.core.backup.manifest import Manifest
from daumoi.core.database import Connection, connect
from daumoi.core.durable import flush
from daumoi.core.migrating import applied
from daumoi.core.postgres import StartFault, base_backup, programs
from daumoi.core.settings import Settings
from daumoi.log import selectors
from daumoi.people import erasure_list

ARCHIVE, ERASURES, AUDIT = "archive", "erasures", "audit"
LAST_BACKUP = facts.LAST_BACKUP
"""The fact that says when the last back-up of this hub was made."""

_MARGIN_BYTES = 512 * 1024**2
"""Room for what is written while the back-up runs."""


@dataclass(frozen=True)
class _Before:
    """What the database says before the back-up begins."""

    key_fingerprint: str
    heads: dict[str, int]
    migrations: list[str]
    postgres: str
    postgres_major: int
    system_identifier: str
    wal_segment_bytes: int
    database_bytes: int


def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET_DIR", help="The back-up's folder; not there yet.")],
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Back up the whole hub, running or not: database with its log, archive, list of erasures. Never the key."""
    say: Say = _say_nothing if as_json else _say
    settings = load_settings(data_dir)
    folder = target.absolute()
    _check(settings, folder)
    begun = time.monotonic()
    try:
        with lend_database(settings, say) as dsn:
            with steps(quiet=as_json) as shown, draft_of(folder) as draft:
                made = _make(settings, dsn, draft, shown)
            with connect(dsn, "daumoi backup") as connection:
                facts.write(connection, LAST_BACKUP, made.ended_at.isoformat())
    except (BackupFault, StartFault) as fault:
        raise Stopped(f"{fault} No back-up was made.") from None
    except psycopg.Error:
        raise Stopped("The database went away. No back-up was made: see to it that the hub runs, try again.") from None
    except OSError as fault:
        raise Stopped(f"{folder}{SUFFIX} could not be written ({fault.strerror}). No back-up was made.") from None
    seconds = time.monotonic() - begun
    if as_json:
        _tell_as_json(folder, made, seconds)
    else:
        _tell(folder, made, seconds, archived=settings.wal_archive_dir is not None)


def _check(settings: Settings, target: Path) -> None:
    """Refuse what cannot be backed up, or not to there, before anything is started."""
    if settings.database_url:
        raise Stopped(
            "DATABASE_URL names a PostgreSQL that is not ours: back it up with its own tools (pgBackRest, or "
            "pg_basebackup with archived WAL), and copy archive/ and erasures/ of the data directory beside it. "
            "docs/backup.md says how."
        )
    if not (settings.data_dir / "postgres" / "PG_VERSION").exists():
        raise Stopped(f"No hub lies in {settings.data_dir}. Let --data-dir name the hub's data directory.")
    make_data_dir(settings)
    if target.resolve().is_relative_to(settings.data_dir.resolve()):
        raise Stopped("The back-up would lie in the data directory and be lost with it. Name a folder elsewhere.")


def _make(settings: Settings, dsn: str, draft: Path, shown: Steps) -> Manifest:
    """Fill the draft and read it back; raises StartFault, BackupFault, OSError, psycopg.Error."""
    found = programs.find(settings.postgres_bin_dir)
    begun_at = _now()
    with connect(dsn, "daumoi backup") as connection:
        before = _look(connection)
    _check_room(settings, draft, before)
    base = draft / manifests.POSTGRES
    report = shown.begin("database", before.database_bytes)
    base_backup.take(found, dsn, base, report)
    report(1, 1)
    ended_at = _now()
    # After the database: what its state says is archived lies in these files, and every erasure in it is listed.
    sums = _copy_archive(settings.data_dir / ARCHIVE, draft / ARCHIVE, shown)
    sums |= _copy_erasures(settings.erasures_folder, draft / ERASURES)
    sums |= _copy_audit_heads(settings.data_dir, draft)
    # PostgreSQL's manifest lists neither itself nor the WAL.
    for path in (draft / manifests.POSTGRES_MANIFEST, *files_of(base / "pg_wal")):
        sums[str(path.relative_to(draft))] = read_back(path, lambda _bytes: None)
    where = base_backup.describe(base)
    made = Manifest(
        daumoi=__version__,
        postgres=before.postgres,
        postgres_major=before.postgres_major,
        system_identifier=before.system_identifier,
        key_fingerprint=before.key_fingerprint,
        begun_at=begun_at,
        ended_at=ended_at,
        timeline=where.timeline,
        start_lsn=where.start_lsn,
        end_lsn=where.end_lsn,
        first_wal=where.first_wal,
        wal_segment_bytes=before.wal_segment_bytes,
        heads=before.heads,
        migrations=before.migrations,
        files=sums,
        postgres_bytes=size_of(base),
    )
    verify(draft, made, found, shown)
    manifests.write(draft, made)
    return made


def verify(folder: Path, manifest: Manifest, found: programs.Programs, shown: Steps) -> None:
    """Read a back-up back, every file against its checksum; raises BackupFault or StartFault."""
    manifests.check_files(
        folder, manifest, shown.counting("reading back", sum(each.bytes for each in manifest.files.values()))
    )
    forget(folder / manifests.POSTGRES)
    report = shown.begin("checking the database")
    base_backup.verify(found, folder / manifests.POSTGRES)
    report(1, 1)


def _look(connection: Connection) -> _Before:
    migrations = [f"{room}.{name}" for room, name in applied(connection)]
    fingerprint = keyring.noted(connection) if migrations else None
    if fingerprint is None:
        raise BackupFault("No hub has worked in this data directory yet: there is nothing to back up.")
    row = connection.execute(
        "SELECT current_setting('server_version'), (SELECT system_identifier FROM pg_control_system()),"
        " (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'),"
        " (SELECT sum(pg_database_size(oid))::bigint FROM pg_database)"
    ).fetchone()
    assert row is not None
    return _Before(
        key_fingerprint=fingerprint,
        heads={figure.kind: figure.last_seq for figure in selectors.heads(connection)},
        migrations=migrations,
        postgres=row[0],
        postgres_major=connection.info.server_version // 10000,
        system_identifier=str(row[1]),
        wal_segment_bytes=row[2],
        database_bytes=row[3],
    )


def _check_room(settings: Settings, draft: Path, before: _Before) -> None:
    archive = settings.data_dir / ARCHIVE
    needed = before.database_bytes + (size_of(archive) if archive.is_dir() else 0) + _MARGIN_BYTES
    free = shutil.disk_usage(draft).free
    if free < needed:
        raise BackupFault(
            f"The disk of {draft.parent} has {free // 2**20} MB free, and this back-up needs {needed // 2**20} MB. "
            "Make room, or name a folder on another disk."
        )


def _copy_archive(source: Path, target: Path, shown: Steps) -> dict[str, FileSum]:
    """Copy the finished files of the archive; one that is replaced or dropped meanwhile is left to its successor."""
    target.mkdir(mode=0o700)
    if not source.is_dir():
        return {}
    paths = [path for path in files_of(source) if path.suffix == ".parquet"]
    moved = shown.counting(ARCHIVE, sum(path.stat().st_size for path in paths if path.exists()))
    sums: dict[str, FileSum] = {}
    for path in paths:
        inside = path.relative_to(source)
        copy = target / inside
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            sums[f"{ARCHIVE}/{inside}"] = copy_file(path, copy, moved)
        except FileNotFoundError:
            continue
        flush(copy.parent)
    return sums


def _copy_erasures(source: Path, target: Path) -> dict[str, FileSum]:
    """Copy the list of erasures as far as its lines are whole."""
    target.mkdir(mode=0o700)
    try:
        erasure_list.write(target, erasure_list.entries(source))
    except erasure_list.ListDamaged as fault:
        raise BackupFault(str(fault)) from None
    copy = target / erasure_list.FILE_NAME
    if not copy.exists():
        return {}
    return {f"{ERASURES}/{erasure_list.FILE_NAME}": read_back(copy, lambda _bytes: None)}


def _copy_audit_heads(data_dir: Path, draft: Path) -> dict[str, FileSum]:
    """Copy the signed heads of the audit log: what a restored chain is compared with."""
    target = audit_heads.folder_of(draft)
    target.mkdir(mode=0o700, parents=True)
    sums = {}
    for path in audit_heads.files(audit_heads.folder_of(data_dir)):
        copy = target / path.name
        sums[str(copy.relative_to(draft))] = copy_file(path, copy, lambda _bytes: None)
    flush(target)
    return sums


def _tell_as_json(folder: Path, made: Manifest, seconds: float) -> None:
    shown: dict[str, Any] = {
        "backup": str(folder),
        "begun_at": made.begun_at.isoformat(),
        "ended_at": made.ended_at.isoformat(),
        "seconds": round(seconds, 1),
        "bytes": made.size_bytes(),
        "heads": made.heads,
        "archive_files": sum(name.startswith(f"{ARCHIVE}/") for name in made.files),
        "first_wal": made.first_wal,
        "key_fingerprint": made.key_fingerprint,
    }
    typer.echo(json.dumps(shown, ensure_ascii=False))


def _tell(folder: Path, made: Manifest, seconds: float, *, archived: bool) -> None:
    records = sum(made.heads.values())
    typer.echo(
        f"{folder} is whole and was read back: {made.size_bytes() / 2**20:,.0f} MB, {records:,} numbers given before "
        f"it began, in {seconds:.0f} s."
    )
    typer.echo("The master key is not in it: keep keys/master.key apart, nothing opens the back-up without it.")
    if archived:
        typer.echo(
            f"With the archived WAL it leads to any instant from {made.ended_at:%Y-%m-%dT%H:%M:%SZ} on; it needs the "
            f"files from {made.first_wal} on, older ones are for older back-ups."
        )
    else:
        typer.echo("It leads to its own end alone: WAL is not archived (DAUMOI_WAL_ARCHIVE_DIR, docs/backup.md).")


def _now() -> datetime:
    return datetime.now(UTC)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _say_nothing(_message: str) -> None:
    """Keep standard output and error to the answer alone."""
