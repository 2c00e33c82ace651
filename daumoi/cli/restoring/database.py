"""The database of a restore: recovered from the copied files, then opened as a hub's, read back and made fit."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from daumoi.audit.verifying import Report
from daumoi.cli.backup import ARCHIVE, LAST_BACKUP
from daumoi.cli.progress import Steps
from daumoi.cli.restoring import audit, erasures
from daumoi.cli.session import Say, cluster_of, hub_of, prepare
from daumoi.core import facts
from daumoi.core.backup.faults import BackupFault
from daumoi.core.backup.manifest import Manifest
from daumoi.core.database import CONNECT_TIMEOUT_S, Connection
from daumoi.core.postgres import Cluster, account
from daumoi.core.postgres.recovery import LEFT_OVERS, SIGNAL_FILE, Recovery, fork_of
from daumoi.core.postgres.wal_archive import HISTORY_FILE, segments_after
from daumoi.core.settings import Settings
from daumoi.intake.setup import prepare_log
from daumoi.log.archive_alignment import Aligned, align
from daumoi.log.reckoning import KindCount, reckon
from daumoi.people.erasure_list import Entry


@dataclass(frozen=True)
class Outcome:
    """What came back."""

    kinds: list[KindCount]
    receipts: int
    newest_commit: datetime | None
    """The last commit that was played from the log; None when there was none."""
    archive: Aligned
    erasures_listed: int
    claims_erased: int
    audit: Report
    """Whether the restored audit log is whole."""


def recover(settings: Settings, manifest: Manifest, recovery: Recovery, say: Say) -> datetime | None:
    """Let PostgreSQL play the log over the copied files; returns the instant of the last commit played.

    Raises StartFault; BackupFault when the log has a gap, so that what lies behind it would be missing unnoticed.
    """
    cluster = Cluster(
        settings.data_dir,
        bin_dir=settings.postgres_bin_dir,
        os_user=settings.postgres_os_user,
        say=say,
        recovery=recovery,
    )
    _ask_for_recovery(cluster.postgres_dir, settings, say)
    try:
        dsn = cluster.start()
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            row = connection.execute("SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp()").fetchone()
        assert row is not None
        if row[0]:
            raise BackupFault("PostgreSQL answers, but its recovery has not ended. Run the same command again.")
        _check_no_gap(cluster.postgres_dir, manifest, recovery)
    finally:
        cluster.stop()
    for name in LEFT_OVERS:
        (cluster.postgres_dir / name).unlink(missing_ok=True)
    newest: datetime | None = row[1]
    return newest


def _ask_for_recovery(postgres_dir: Path, settings: Settings, say: Say) -> None:
    """Put the file there that asks for a recovery; a restored database begins a history of its own."""
    (postgres_dir / HISTORY_FILE).unlink(missing_ok=True)
    owner = account.choose(settings.postgres_os_user, say)
    handle = os.open(postgres_dir / SIGNAL_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if owner.is_other:
            os.fchown(handle, owner.uid, owner.gid)
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_no_gap(postgres_dir: Path, manifest: Manifest, recovery: Recovery) -> None:
    if recovery.wal_archive is None or recovery.at is not None:
        return
    fork = fork_of(postgres_dir, manifest.timeline)
    if fork is None:
        raise BackupFault("PostgreSQL did not say where its recovery ended. Run the same command again.")
    behind = segments_after(
        recovery.wal_archive, timeline=manifest.timeline, lsn=fork, segment_bytes=manifest.wal_segment_bytes
    )
    if behind:
        raise BackupFault(
            f"The archived WAL has a gap or is damaged before {behind[0]}: {len(behind)} files behind it could not be "
            "played. Bring the missing file back, or restore a later back-up; to be content with the state before the "
            "gap, move the files behind it away."
        )


def finish(
    settings: Settings,
    manifest: Manifest,
    newest: datetime | None,
    listed: Sequence[Entry],
    audit_heads: Path,
    say: Say,
    shown: Steps,
) -> Outcome:
    """Open the recovered database as a hub's, read it back, and repeat the erasures; raises BackupFault, Stopped."""
    cluster = cluster_of(settings, say)
    try:
        dsn = cluster.start()
        keys = prepare(settings, dsn, say)
        with psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            read = _read_back(connection, manifest, shown)
            aligned = align(connection, settings.data_dir / ARCHIVE)
            # What archived WAL leads on from a back-up has ended: `doctor` asks for a new one.
            facts.forget(connection, LAST_BACKUP)
        erasures.keep(settings.erasures_folder, listed)
        with hub_of(settings, dsn, keys, name="daumoi restore", pool_size=2) as hub:
            prepare_log(hub)
            erased = erasures.apply(hub, listed)
            audited = audit.settle(hub, manifest, audit_heads)
    finally:
        cluster.stop()
    return Outcome(read[0], read[1], newest, aligned, len(listed), erased, audited)


def _read_back(connection: Connection, manifest: Manifest, shown: Steps) -> tuple[list[KindCount], int]:
    counted = shown.counting("reading the log", sum(manifest.heads.values()))
    found = reckon(connection, counted)
    faults = found.faults()
    heads = {each.kind: each.head for each in found.kinds}
    faults += [
        f"{kind}: its newest number is {heads.get(kind, 0)}, and the back-up began at {head}."
        for kind, head in manifest.heads.items()
        if heads.get(kind, 0) < head
    ]
    if faults:
        raise BackupFault(
            "The restored log is not whole, so no hub starts from it. "
            + " ".join(faults)
            + " Take another copy of this back-up, or an earlier one, and keep this directory for who looks into it."
        )
    return found.kinds, found.receipts
