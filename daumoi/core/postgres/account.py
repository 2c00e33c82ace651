"""The account of this machine that PostgreSQL runs as. PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daumoi.core.postgres.faults import StartFault


@dataclass(frozen=True)
class Account:
    """Who PostgreSQL runs as, and whether that is somebody else than we are."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def popen_options(self) -> dict[str, Any]:
        """Return the options of `subprocess` that start a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}


def our_own_name() -> str:
    """Return the name of the account this process runs as; raises StartFault when the machine knows none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StartFault(
            f"The user id {os.geteuid()} has no account on this machine, and PostgreSQL needs one. "
            "Run as an account that /etc/passwd knows, or set DATABASE_URL to a PostgreSQL that runs elsewhere."
        ) from None


def choose(os_user: str, say: Callable[[str], None]) -> Account:
    """Choose the account: our own, or as root `os_user`, which is made when missing. Raises StartFault."""
    if os.geteuid() != 0:
        name = our_own_name()
        return Account(name, os.geteuid(), os.getegid(), is_other=False)
    entry = _look_up(os_user) or _make(os_user, say)
    if entry.pw_uid == 0:
        raise StartFault("PostgreSQL does not run as root. Let DAUMOI_POSTGRES_OS_USER name another account.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_other=True)


def _look_up(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make(name: str, say: Callable[[str], None]) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        nobody_logs_in = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        # A second start may be making it at this moment: what counts is that it is there afterwards.
        subprocess.run([useradd, "--system", *nobody_logs_in, name], capture_output=True, check=False, timeout=60)
    made = _look_up(name)
    if made is None:
        raise StartFault(
            f"PostgreSQL does not run as root, and the account {name} could not be made. "
            f"Make it (useradd --system {name}), let DAUMOI_POSTGRES_OS_USER name another one, "
            "or run daumoi as an ordinary user."
        )
    say(f"Made the system account {name}: PostgreSQL runs as it, because it refuses to run as root.")
    return made
