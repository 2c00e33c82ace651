"""Makes the data directory of PostgreSQL, so that a kill in the middle leaves nothing half."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from daumoi.core.durable import flush
from daumoi.core.postgres.account import Account
from daumoi.core.postgres.configuration import FIRST_START_FILE, ROLE, first_start_settings
from daumoi.core.postgres.faults import StartFault
from daumoi.core.postgres.places import make_private
from daumoi.core.postgres.programs import Programs

CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""PostgreSQL's whole environment: our own holds secrets, and settings of libpq that would mislead it."""

_LEAST_FREE_BYTES = 200 * 1024**2
_INITDB_TIMEOUT_S = 600


def check(postgres_dir: Path, programs: Programs, account: Account) -> bool:
    """Tell whether the directory is made already; raises StartFault when it cannot be used."""
    try:
        major = (postgres_dir / "PG_VERSION").read_text("ascii").strip()
    except FileNotFoundError:
        if postgres_dir.is_dir() and any(postgres_dir.iterdir()):
            raise StartFault(
                f"{postgres_dir} holds files, but no database of PostgreSQL. Move them away, or let --data-dir name "
                "another directory."
            ) from None
        return False
    except OSError:
        raise StartFault(
            f"{postgres_dir} cannot be read by us. Run as the account that owns it, or let --data-dir name another one."
        ) from None
    if major != str(programs.major):
        raise StartFault(
            f"The database in {postgres_dir} was made by PostgreSQL {major}; the programs in {programs.folder} are "
            f"version {programs.major}. Let DAUMOI_POSTGRES_BIN_DIR name the folder of PostgreSQL {major}'s programs, "
            "or bring the database to the new version with pg_upgrade."
        )
    owner = postgres_dir.stat().st_uid
    if owner != account.uid:
        raise StartFault(
            f"{postgres_dir} belongs to the user id {owner}, but PostgreSQL would run as {account.name}. "
            f"Run as its owner, or give it to that account (chown -R {account.name} {postgres_dir})."
        )
    return True


def initialise(postgres_dir: Path, programs: Programs, account: Account, say: Callable[[str], None]) -> None:
    """Make the database's files beside their place, flush them, and move them there in one step. Raises StartFault."""
    if shutil.disk_usage(postgres_dir.parent).free < _LEAST_FREE_BYTES:
        raise StartFault(f"The disk of {postgres_dir.parent} is nearly full. Free at least 1 GB, or name another one.")
    say(f"Making the database in {postgres_dir}, once.")
    draft = postgres_dir.with_name(f"{postgres_dir.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    make_private(draft, account)
    if not any(_initdb(draft, programs, account, locale) for locale in (_locale(programs), ["--locale=C"])):
        shutil.rmtree(draft, ignore_errors=True)
        raise StartFault(
            f"PostgreSQL's initdb could not make the database in {postgres_dir}. Check that the disk has room and that "
            f"the account {account.name} may read {programs.folder.parent} (chmod -R a+rX {programs.folder.parent})."
        )
    _write_settings(draft, account)
    if postgres_dir.is_dir():
        postgres_dir.rmdir()
    draft.rename(postgres_dir)
    flush(postgres_dir.parent)


def _locale(programs: Programs) -> list[str]:
    """Order texts by code point and know letters by Unicode, the same on every machine."""
    if programs.major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _initdb(draft: Path, programs: Programs, account: Account, locale: list[str]) -> bool:
    try:
        done = subprocess.run(
            [
                programs.initdb,
                f"--pgdata={draft}",
                f"--username={ROLE}",
                "--encoding=UTF8",
                "--data-checksums",
                "--auth-local=peer",
                "--auth-host=reject",
                "--no-instructions",
                *locale,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            timeout=_INITDB_TIMEOUT_S,
            **account.popen_options(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _write_settings(draft: Path, account: Account) -> None:
    settings = draft / FIRST_START_FILE
    settings.write_text(first_start_settings(draft), "utf-8")
    if account.is_other:
        os.chown(settings, account.uid, account.gid)
    settings.chmod(0o600)
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"\ninclude = '{FIRST_START_FILE}'\n")
        file.flush()
        os.fsync(file.fileno())
    flush(settings)
