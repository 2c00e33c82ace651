"""`daumoi up`: the whole hub in one."""

import ipaddress
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli import demo as demo_hub
from daumoi.cli.processes.supervisor import Supervisor
from daumoi.cli.session import (
    Lock,
    Stopped,
    check_outside_database,
    cluster_of,
    held_by,
    load_settings,
    make_data_dir,
    make_hub,
    prepare,
)
from daumoi.core.interim import Cluster, StartFault
from daumoi.core.settings import Settings
from daumoi.intake.setup import prepare_log

DEFAULT_PORT = 8021


def up(
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept; may hold other files.")] = Path("var"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = DEFAULT_PORT,
    demo: Annotated[bool, typer.Option("--demo", help="Begin with made-up data; on an empty hub only.")] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM), for addresses beyond this machine.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
) -> None:
    """Start the whole hub: PostgreSQL, server, intake and worker. Ctrl-C ends it."""
    settings = load_settings(data_dir)
    check_address(host, settings, tls_cert, tls_key)
    make_data_dir(settings)
    lock = Lock(settings.data_dir, "daumoi up")
    if not lock.take():
        raise Stopped(f"{held_by(lock)} End it first, or choose another with --data-dir.")
    ending = _ending_on_signals()
    try:
        check_port(host, port)
        _run(settings, lock, ending, host=host, port=port, demo=demo, tls=(tls_cert, tls_key))
    finally:
        lock.release()


def _run(
    settings: Settings,
    lock: Lock,
    ending: threading.Event,
    *,
    host: str,
    port: int,
    demo: bool,
    tls: tuple[Path | None, Path | None],
) -> None:
    cluster: Cluster | None = None
    if settings.database_url:
        check_outside_database(settings.database_url)
        dsn = settings.database_url
    else:
        cluster = cluster_of(settings, _say)
        try:
            dsn = cluster.start()
        except StartFault as fault:
            cluster.stop()
            raise Stopped(str(fault)) from None
    supervisor = Supervisor(settings, cluster, host=host, port=port, tls=tls, say=_say)
    try:
        keys = prepare(settings, dsn, _say)
        hub = make_hub(settings, dsn, keys, name="daumoi up", pool_size=2)
        try:
            prepare_log(hub)
            lines = demo_hub.begin(hub) if demo else demo_hub.sign_ins(hub)
        finally:
            hub.pool.close()
        if cluster is not None:
            lock.tell(dsn=dsn, url=supervisor.url)
        supervisor.start()
        if supervisor.wait_until_ready(ending):
            for line in lines:
                _say(line)
            _say(f"daumoi is ready: {supervisor.url}  (Ctrl-C ends it)")
        supervisor.watch(ending)
    finally:
        supervisor.stop()
        if cluster is not None:
            cluster.stop()
    _say("daumoi has ended; everything accepted is kept")


def _say(message: str) -> None:
    typer.echo(message)


def _ending_on_signals() -> threading.Event:
    ending = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ending.set())
    return ending


def check_address(host: str, settings: Settings, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Refuse an address beyond this machine without TLS or a trusted proxy (design, section 7); raises Stopped."""
    if (tls_cert is None) != (tls_key is None):
        raise Stopped("--tls-cert and --tls-key belong together: give both.")
    for path in (tls_cert, tls_key):
        if path is not None and not os.access(path, os.R_OK):
            raise Stopped(f"{path} cannot be read. Give the path of a PEM file that this user may read.")
    if is_loopback(host) or tls_cert is not None or settings.trusted_proxies:
        return
    raise Stopped(
        f"{host} can be reached from other machines, and passwords and personal data would cross the network in clear. "
        "Give --tls-cert and --tls-key, or name the proxy that ends TLS by TRUSTED_PROXIES, or listen on 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_port(host: str, port: int) -> None:
    """See to it that the port is free before anything is started; raises Stopped."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise Stopped(
                f"Port {port} of {host} cannot be used ({fault.strerror}). Choose another with --port, or end what uses it."
            ) from None
