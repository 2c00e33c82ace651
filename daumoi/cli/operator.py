"""Who runs a command, for the audit log."""

import getpass

from daumoi.audit.actors import Actor
from daumoi.audit.purposes import title


def actor() -> Actor:
    """Name the account of the machine that runs the command."""
    user = getpass.getuser()
    return Actor(f"cli:{user}", f"command line: {user}", "operator", "command line")


def purpose_said(text: str, reason: str = "") -> tuple[str, str]:
    """Return a purpose and its reason: a code of the list as it is; other words are a purpose stated in words."""
    said = text.strip()
    return (said, reason) if title(said) is not None else ("stated", f"{said} {reason}".strip())
