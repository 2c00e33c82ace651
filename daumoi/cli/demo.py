"""A hub to try things on: marked for good, with a system to sign in with and a few made-up records."""

import json
import shlex
import threading
from datetime import datetime, timedelta
from pathlib import Path

from daumoi.cli import demo_members
from daumoi.cli.session import is_demo
from daumoi.cli.simulate import Credentials
from daumoi.cli.stopped import Stopped
from daumoi.cli.system import register
from daumoi.core import facts
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.core.settings import Settings
from daumoi.intake.submissions import Submission
from daumoi.kinds.registry import ALL
from daumoi.organisations import registry
from daumoi.simulation.country import Country
from daumoi.simulation.places import System
from daumoi.simulation.run import play

CODE = "demo"
_FILE = "demo.env"


def credentials_file(hub: Hub) -> Path:
    """Return where the demo's credentials are kept, for a shell to read."""
    return hub.settings.data_dir / _FILE


def begin(hub: Hub) -> list[str]:
    """Make an empty hub a demo, or resume one that is; returns what to say. Raises Stopped on a hub in use."""
    if not is_demo(hub):
        if not is_empty(hub):
            raise Stopped(
                "--demo works on an empty hub only, and this one is in use. Choose another --data-dir for the demo."
            )
        with hub.pool.connection() as connection:
            facts.write(connection, "demo", "yes")
        made = register(
            hub, code=CODE, name="Hệ thống thử nghiệm", organisation=None, send=["*"], read=["*"], identity="given"
        )
        file = credentials_file(hub)
        file.touch(mode=0o600)
        file.write_text(
            f"DAUMOI_CLIENT_ID={shlex.quote(made.client_id)}\nDAUMOI_CLIENT_SECRET={shlex.quote(made.client_secret)}\n"
        )
    _send_examples(hub)
    demo_members.ensure(hub)
    return sign_ins(hub)


GROWTH_PER_S = 4.0
_SEED = 0
"""A country of the demo's own: `daumoi simulate` begins at seed 1."""


def grow(url: str, credentials: Credentials, settings: Settings, ending: threading.Event) -> None:
    """Let a small made-up country live through yesterday, a few records a second, until it is over or the hub ends."""
    day = datetime.now(VIET_NAM_TIME).date() - timedelta(days=1)
    play(
        Country(_SEED, settings.demo_people, day, 1),
        url=url,
        credentials=credentials,
        truth=settings.data_dir / "simulation-demo",
        rate_per_s=GROWTH_PER_S,
        watch=_Silent(ending),
    )


class _Silent:
    """Looks on without a word."""

    def __init__(self, ending: threading.Event) -> None:
        self._ending = ending

    def sent(self, system: System, records: int) -> None:
        """Say nothing: the page shows it."""

    def wants_stop(self) -> bool:
        """Tell whether the hub ends."""
        return self._ending.is_set()


def is_empty(hub: Hub) -> bool:
    """Tell whether nobody has been registered at this hub yet."""
    with hub.pool.connection() as connection:
        return not registry.load(connection).systems


def sign_ins(hub: Hub) -> list[str]:
    """Return what to say of a demo's sign-ins; nothing for a hub that is none."""
    file = credentials_file(hub)
    if not is_demo(hub) or not file.exists():
        return []
    return [
        f"This is a demo. Credentials of its system `{CODE}` are in {file}:",
        *file.read_text().splitlines(),
        *demo_members.said(hub),
    ]


def _send_examples(hub: Hub) -> None:
    """Send the example of each kind; sent again at the next start, they are `repeated`."""
    with hub.pool.connection() as connection:
        system = registry.load(connection).by_code(CODE)
    if system is None:
        return
    for kind in ALL:
        submission = Submission(hub, system=system, kind=kind)
        submission.add([json.dumps(kind.example, ensure_ascii=False).encode()])
        submission.finish()
