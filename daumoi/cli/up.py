"""`daumoi up`: the whole hub in one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli import address, demo_members
from daumoi.cli import demo as demo_hub
from daumoi.cli.processes.readiness import Probe
from daumoi.cli.processes.supervisor import Supervisor
from daumoi.cli.session import (
    a_holder,
    check_outside_database,
    cluster_of,
    held_by,
    hub_of,
    is_demo,
    load_settings,
    make_data_dir,
    prepare,
)
from daumoi.cli.simulate import Credentials, credentials_of
from daumoi.cli.stopped import Stopped
from daumoi.core.postgres import Cluster, DirectoryLock, StartEnded, StartFault
from daumoi.core.settings import Settings
from daumoi.intake.setup import prepare_log

DEFAULT_PORT = 8021
COMMAND = "daumoi up"


def up(
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept; may hold other files.")] = Path("var"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = DEFAULT_PORT,
    demo: Annotated[bool, typer.Option("--demo", help="Begin with made-up data; on an empty hub only.")] = False,
    demo_if_empty: Annotated[bool, typer.Option("--demo-if-empty", hidden=True)] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM), for addresses beyond this machine.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
) -> None:
    """Start the whole hub: PostgreSQL, server, intake and worker. Ctrl-C ends it."""
    ending = _ending_on_signals()
    settings = load_settings(data_dir)
    address.check_exposure(host, settings, tls_cert, tls_key)
    make_data_dir(settings)
    tls = (tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None
    try:
        with _holding(settings) as lock, address.bind(host, port) as listener, _database(settings, ending) as database:
            bound_port = listener.getsockname()[1]
            url = address.url_of(host, bound_port, tls=tls is not None)
            lines, credentials = _prepare(settings, database, demo=demo, demo_if_empty=demo_if_empty)
            lock.describe(a_holder(COMMAND, address=url, dsn=None if database.cluster is None else database.dsn))
            supervisor = Supervisor(
                settings,
                database.cluster,
                listener=listener,
                tls=tls,
                probe=Probe(host, bound_port, tls=tls is not None),
                say=_say,
            )
            lines.append(f"daumoi is ready: {url}  (Ctrl-C ends it)")
            _supervise(supervisor, ending, lines, _Growth(url, credentials, settings, ending))
    except StartEnded:
        _say("daumoi was ended while it was starting.")
        return
    except StartFault as fault:
        raise Stopped(str(fault)) from None
    _say("daumoi has ended; everything accepted is kept.")


@dataclass(frozen=True)
class _Database:
    dsn: str
    cluster: Cluster | None
    """None for a database given by DATABASE_URL."""


@contextmanager
def _holding(settings: Settings) -> Iterator[DirectoryLock]:
    """Hold the data directory; raises Stopped when another hub or command does."""
    lock = DirectoryLock(settings.data_dir)
    if not lock.take(a_holder(COMMAND)):
        raise Stopped(f"{held_by(lock)} End it first, or choose another with --data-dir.")
    try:
        yield lock
    finally:
        lock.release()


@contextmanager
def _database(settings: Settings, ending: threading.Event) -> Iterator[_Database]:
    if settings.database_url:
        check_outside_database(settings.database_url)
        yield _Database(settings.database_url, None)
        return
    cluster = cluster_of(settings, _say, ending.is_set)
    try:
        yield _Database(cluster.start(), cluster)
    finally:
        cluster.stop()


class _Growth:
    """What goes on in a demo beside the hub: a small made-up country sends its day. Nothing in a hub that is none."""

    def __init__(self, url: str, credentials: Credentials | None, settings: Settings, ending: threading.Event) -> None:
        wanted = credentials is not None and settings.demo_people > 0 and url.startswith("http://")
        arguments = (url, credentials, settings, ending)
        self._thread = threading.Thread(target=demo_hub.grow, args=arguments, daemon=True) if wanted else None

    def start(self) -> None:
        """Begin; the hub takes records."""
        if self._thread is not None:
            self._thread.start()

    def end(self) -> None:
        """Wait for the present bodies, shortly."""
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=2)


def _prepare(
    settings: Settings, database: _Database, *, demo: bool, demo_if_empty: bool
) -> tuple[list[str], Credentials | None]:
    """Bring schema, keys and log up to this release; returns what to say of demo sign-ins, and who sends in a demo."""
    keys = prepare(settings, database.dsn, _say)
    with hub_of(settings, database.dsn, keys, name=COMMAND, pool_size=2) as hub:
        prepare_log(hub)
        if demo or (demo_if_empty and demo_hub.is_empty(hub)):
            return demo_hub.begin(hub), credentials_of(hub)
        demo_members.ensure(hub)
        return demo_hub.sign_ins(hub), credentials_of(hub) if is_demo(hub) else None


def _supervise(supervisor: Supervisor, ending: threading.Event, lines: list[str], growth: _Growth) -> None:
    def say_ready() -> None:
        for line in lines:
            _say(line)
        growth.start()

    try:
        if not ending.is_set():
            supervisor.start()
            supervisor.watch(ending, on_ready=say_ready)
    finally:
        _say("Ending: callers who wait get their answer first.")
        growth.end()
        supervisor.stop()


def _say(message: str) -> None:
    typer.echo(message)


def _ending_on_signals() -> threading.Event:
    ending = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ending.set())
    return ending
