"""Lets PostgreSQL's own account through to its files when we run as root: one entry for one user, never a chmod."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from daumoi.core.postgres import access_list
from daumoi.core.postgres.account import Account
from daumoi.core.postgres.faults import StartFault

_FIRST_CLOSED = 'for folder; do test -x "$folder" || { printf %s "$folder"; exit 0; }; done'


def open_to(target: Path, account: Account, say: Callable[[str], None]) -> None:
    """Make sure that an account can pass every folder above `target`, and `target` itself.

    Raises StartFault when a folder stays closed; says which folders were opened to the account.
    """
    if not account.is_other:
        return
    way = [*reversed(target.parents), target]
    closed = _first_closed(way, account)
    while closed is not None:
        try:
            access_list.let_pass(closed, account.uid)
        except OSError:
            raise _stays_closed(closed, account) from None
        still = _first_closed(way, account)
        if still == closed:
            raise _stays_closed(closed, account)
        say(f"The account {account.name} may now pass through {closed}, to the database below it and to nothing else.")
        closed = still


def _first_closed(way: list[Path], account: Account) -> Path | None:
    """Ask the kernel, as that account: mode bits, access lists and security modules all have their say."""
    asked = subprocess.run(
        ["/bin/sh", "-c", _FIRST_CLOSED, "sh", *way],
        capture_output=True,
        check=True,
        timeout=30,
        cwd="/",
        env={},
        **account.popen_options(),
    )
    found = asked.stdout.decode("utf-8", "surrogateescape")
    return Path(found) if found else None


def _stays_closed(folder: Path, account: Account) -> StartFault:
    return StartFault(
        f"PostgreSQL runs as the account {account.name}, which cannot pass {folder}, and this could not be allowed to "
        f"it alone. Put the hub and its data where that account can pass (such as /srv/daumoi), open that folder "
        f"(chmod o+x {folder}), or run daumoi as an ordinary user."
    )


def check_runs(programs: list[Path], account: Account) -> None:
    """Make sure that an account can run programs, their libraries included; raises StartFault with what opens them."""
    for program in programs:
        try:
            asked = subprocess.run(
                [program, "--version"],
                capture_output=True,
                check=False,
                timeout=30,
                cwd="/",
                env={},
                **account.popen_options(),
            )
            runs = asked.returncode == 0
        except OSError:
            runs = False
        if not runs:
            raise StartFault(
                f"The account {account.name} may not run {program}, or not read its libraries. "
                f"Let it: chmod -R a+rX {program.parent.parent} {program.parent.parent.parent}*"
            )
