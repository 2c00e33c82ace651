"""Lets the audit log of a restored hub go on from where it ends, and checks it."""

from pathlib import Path

from daumoi.audit import figures, heads
from daumoi.audit.heads import HeadUnreadable
from daumoi.audit.restoring import record_restore
from daumoi.audit.sealing import ChainBroken, seal
from daumoi.audit.verifying import Report, verify
from daumoi.cli.operator import actor
from daumoi.core.backup.manifest import Manifest
from daumoi.core.hub import Hub


def settle(hub: Hub, manifest: Manifest, of_backup: Path) -> Report:
    """Write that the hub was restored, seal it, and verify the whole chain against the heads of the back-up.

    A chain that is not whole stops no restore, since the hub is needed; the report says what was found, and so will
    `daumoi doctor` and the alert.
    """
    reason = f"back-up of {manifest.ended_at:%Y-%m-%dT%H:%M:%SZ}"
    broken = ""
    try:
        record_restore(hub, by=actor(), reason=reason, beside=[of_backup])
        seal(hub)
    except (ChainBroken, HeadUnreadable) as fault:
        broken = str(fault)
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        report = verify(
            connection,
            folder=heads.folder_of(hub.settings.data_dir),
            key=heads.public_key(hub.keys),
            now_us=heads.microseconds(now),
        )
        if broken and report.is_whole:
            report.add("restore_unsigned", broken)
        figures.note_verified(connection, report, at=now)
    return report
