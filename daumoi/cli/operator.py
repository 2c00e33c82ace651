"""Who runs a command, for the audit log."""

import getpass

from daumoi.audit.actors import Actor


def actor() -> Actor:
    """Name the account of the machine that runs the command."""
    user = getpass.getuser()
    return Actor(f"cli:{user}", f"command line: {user}", "operator", "command line")
