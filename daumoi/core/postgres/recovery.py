"""What PostgreSQL is told to recover from a base back-up: to the end of the log it finds, or to an instant."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daumoi.core.postgres.wal_archive import restore_command

SIGNAL_FILE = "recovery.signal"
LEFT_OVERS = ("backup_label.old", "backup_manifest", "tablespace_map.old", SIGNAL_FILE)
"""What a recovery leaves in the database's folder."""

TARGET_NOT_REACHED = r"recovery ended before configured recovery target was reached"
_FORK = re.compile(r"^(\d+)\t([0-9A-F]+/[0-9A-F]+)\t", re.MULTILINE)


@dataclass(frozen=True)
class Recovery:
    """How far to recover, and from where."""

    wal_archive: Path | None = None
    """Where archived files of the log lie; None takes those of the back-up alone."""
    at: datetime | None = None
    """Nothing committed after this instant comes back; None recovers all."""

    def options(self) -> dict[str, str]:
        """Return PostgreSQL's settings of the start that recovers; nothing of them stays in its files."""
        options = {
            "restore_command": restore_command(self.wal_archive) if self.wal_archive is not None else "exit 1",
            # The back-up's own history: never one that another restore, or a rehearsal, began from it.
            "recovery_target_timeline": "current",
            "recovery_target_action": "promote",
            # No connection before the recovery has ended: a state on the way is nobody's answer.
            "hot_standby": "off",
            "archive_mode": "off",
        }
        if self.at is not None:
            options["recovery_target_time"] = f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
            options["recovery_target_inclusive"] = "on"
        return options


def fork_of(postgres_dir: Path, timeline: int) -> str | None:
    """Return where in the log the history that followed a timeline left it; None when none did."""
    for path in (postgres_dir / "pg_wal").glob("*.history"):
        for number, lsn in _FORK.findall(path.read_text("utf-8", "replace")):
            if int(number) == timeline:
                return str(lsn)
    return None
