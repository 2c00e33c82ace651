"""`daumoi restore`: a back-up into an empty directory, to its newest state or to an instant, read back and made fit.

The hub that comes out answers nobody before the erasures were applied: a mark lies in the directory until then, and
every command refuses a directory that has it.
"""

import dataclasses
import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from daumoi.audit import heads as audit_heads
from daumoi.cli.backup import ARCHIVE, AUDIT, ERASURES
from daumoi.cli.progress import Steps, steps
from daumoi.cli.restoring import checks, database, erasures
from daumoi.cli.session import Say, a_holder, held_by, load_settings
from daumoi.cli.stopped import Stopped
from daumoi.core.backup import manifest as manifests
from daumoi.core.backup import unfinished
from daumoi.core.backup.copying import copy_tree, forget
from daumoi.core.backup.faults import BackupFault
from daumoi.core.backup.manifest import Manifest
from daumoi.core.postgres import DirectoryLock, StartFault, account, base_backup, places, programs, wal_archive
from daumoi.core.postgres.recovery import Recovery
from daumoi.core.settings import Settings
from daumoi.people.erasure_list import Entry


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is restored, where to, and how far."""

    settings: Settings
    backup: Path
    manifest: Manifest
    programs: programs.Programs
    recovery: Recovery
    erasures: list[Entry]


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP_DIR", help="A folder that `daumoi backup` made.")],
    data_dir: Annotated[Path, typer.Option(help="The new data directory; empty, or with keys/ alone.")],
    at: Annotated[str | None, typer.Option(help="How far, such as 2026-03-01T02:15:00+07:00; needs the WAL.")] = None,
    wal_archive_dir: Annotated[
        Path | None, typer.Option("--wal-archive", help="The folder that the WAL was archived into.")
    ] = None,
    erasures_dir: Annotated[
        Path | None, typer.Option("--erasures", help="The folder with the running hub's list of erasures.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Restore a back-up into an empty directory, never over a hub; verify it, and repeat the erasures made since."""
    say: Say = _say_nothing if as_json else _say
    begun = time.monotonic()
    # Nothing of the restore itself is archived: a rehearsal would spoil the archive of the hub that runs.
    settings = dataclasses.replace(load_settings(data_dir), wal_archive_dir=None)
    try:
        plan = _plan(settings, backup.absolute(), _instant(at), wal_archive_dir, erasures_dir)
        with _holding(settings):
            outcome = _run(plan, say, quiet=as_json)
    except (BackupFault, StartFault) as fault:
        raise Stopped(str(fault)) from None
    except psycopg.Error:
        raise Stopped(
            f"The restored database went away. Look into {settings.data_dir / 'log' / 'postgres.log'}, and run the "
            "same command again."
        ) from None
    except OSError as fault:
        raise Stopped(
            f"{fault.filename or settings.data_dir} cannot be read or written ({fault.strerror}). Mend that, and run "
            "the same command again; it begins anew."
        ) from None
    _tell(plan, outcome, seconds=time.monotonic() - begun, as_json=as_json)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Stopped("--at must be an instant with its offset, such as 2026-03-01T02:15:00+07:00.")
    return at


def _plan(
    settings: Settings, backup: Path, at: datetime | None, wal_archive_dir: Path | None, erasures_dir: Path | None
) -> Plan:
    """Check everything that can be checked before the first byte is written; raises BackupFault, StartFault."""
    checks.check_target(settings)
    manifest = manifests.read(backup)
    checks.check_release(manifest)
    found = programs.find(settings.postgres_bin_dir)
    checks.check_postgres(manifest, found)
    checks.check_key(settings, manifest)
    checks.check_instant(manifest, at, wal_archive_dir)
    checks.check_room(settings, manifest)
    archived = wal_archive_dir.absolute() if wal_archive_dir is not None else None
    listed = erasures.read(backup / ERASURES, settings.erasures_folder, erasures_dir)
    return Plan(settings, backup, manifest, found, Recovery(archived, at), listed)


@contextmanager
def _holding(settings: Settings) -> Iterator[None]:
    places.make_data_dir(settings.data_dir)
    lock = DirectoryLock(settings.data_dir)
    if not lock.take(a_holder("daumoi restore")):
        raise BackupFault(f"{held_by(lock)} Name another directory.")
    try:
        # Asked again: somebody may have begun a hub here since.
        checks.check_target(settings)
        yield
    finally:
        lock.release()


def _run(plan: Plan, say: Say, *, quiet: bool) -> database.Outcome:
    if checks.remove_unfinished(plan.settings.data_dir):
        say("Removed what a restore that had not ended left here.")
    unfinished.mark(plan.settings.data_dir)
    with steps(quiet=quiet) as shown:
        _copy(plan, say, shown)
    recovered = database.recover(plan.settings, plan.manifest, plan.recovery, say)
    with steps(quiet=quiet) as shown:
        outcome = database.finish(
            plan.settings, plan.manifest, recovered, plan.erasures, audit_heads.folder_of(plan.backup), say, shown
        )
    unfinished.clear(plan.settings.data_dir)
    return outcome


def _copy(plan: Plan, say: Say, shown: Steps) -> None:
    """Copy the back-up into the directory, and check the copies against its checksums."""
    data_dir, manifest = plan.settings.data_dir, plan.manifest
    owner = account.choose(plan.settings.postgres_os_user, say)
    if plan.recovery.wal_archive is not None:
        wal_archive.check_readable(plan.recovery.wal_archive, owner, say)
    moved = shown.counting("copying", manifest.size_bytes())
    for part in (manifests.POSTGRES, ARCHIVE):
        whose = (owner.uid, owner.gid) if part == manifests.POSTGRES else None
        copy_tree(plan.backup / part, data_dir / part, moved, owner=whose)
    ours = {name: noted for name, noted in manifest.files.items() if not name.startswith((f"{ERASURES}/", f"{AUDIT}/"))}
    manifests.check_files(
        data_dir,
        msgspec.structs.replace(manifest, files=ours),
        shown.counting("reading back", sum(each.bytes for each in ours.values())),
    )
    report = shown.begin("checking the database")
    forget(data_dir / manifests.POSTGRES)
    base_backup.verify(plan.programs, data_dir / manifests.POSTGRES)
    report(1, 1)


def _tell(plan: Plan, outcome: database.Outcome, *, seconds: float, as_json: bool) -> None:
    newest = outcome.newest_commit.astimezone(UTC).isoformat() if outcome.newest_commit is not None else None
    if as_json:
        shown = {
            "data_dir": str(plan.settings.data_dir),
            "backup": str(plan.backup),
            "newest_commit": newest,
            "heads": {each.kind: each.head for each in outcome.kinds},
            "records": {each.kind: each.records for each in outcome.kinds},
            "receipts": outcome.receipts,
            "archive_files_removed": outcome.archive.removed,
            "archive_numbers_to_write": outcome.archive.to_write,
            "erasures_listed": outcome.erasures_listed,
            "claims_erased": outcome.claims_erased,
            "audit_line": outcome.audit.last,
            "audit_faults": [fault.said for fault in outcome.audit.faults],
            "seconds": round(seconds, 1),
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    typer.echo(f"Restored into {plan.settings.data_dir} in {seconds:.0f} s; its newest commit is of {newest or '?'}.")
    table = Table("Kind", "Newest number", "Oldest kept", "Records read back", box=SIMPLE)
    for each in outcome.kinds:
        table.add_row(each.kind, f"{each.head:,}", f"{each.oldest:,}", f"{each.records:,}")
    Console().print(table)
    typer.echo(f"Every number is there once; {outcome.receipts:,} receipts for as many numbers.")
    typer.echo(
        f"Erasures known: {outcome.erasures_listed:,}; claims erased again: {outcome.claims_erased:,}. Archive: "
        f"{outcome.archive.removed:,} files removed, {outcome.archive.to_write:,} numbers to be written again."
    )
    if outcome.audit.is_whole:
        typer.echo(f"The audit log is whole up to line {outcome.audit.last:,}; the restore is the line behind it.")
    else:
        typer.echo(
            f"The audit log is NOT whole: {outcome.audit.faults[0].said} Run `daumoi audit verify` (docs/backup.md)."
        )
    typer.echo(f"Next: daumoi up --data-dir {shlex.quote(str(plan.settings.data_dir))}")
    typer.echo(
        "Then make a back-up, and archive WAL into a new folder: a new history begins here. Readers who have seen "
        "higher numbers than those above must read again from there."
    )


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _say_nothing(_message: str) -> None:
    """Keep standard output and error to the answer alone."""
