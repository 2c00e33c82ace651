"""Runs one process of the hub: `python -m daumoi.cli.processes server|intake|worker`."""

import argparse
import gc
from importlib import import_module
from pathlib import Path

from daumoi.cli.processes.logs import configure
from daumoi.cli.session import cluster_of, hub_of, load_settings
from daumoi.core import keyring
from daumoi.intake import pipe


_YOUNG_OBJECTS = 50_000


def calm_collector() -> None:
    """Let the collector of reference cycles look rarely: rows make many objects and no cycles.

    With Python's own first threshold of 700 it took a seventh of the time of reading rows.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


def main() -> None:
    """Open the hub for this process and run it until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("process", choices=["server", "intake", "worker"])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--fd", type=int, help="the bound socket that the server is to listen on")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    asked = parser.parse_args()
    settings = load_settings(asked.data_dir)
    configure(settings, asked.process)
    dsn = settings.database_url or cluster_of(settings, lambda _message: None).dsn
    with hub_of(settings, dsn, keyring.load(settings), name=f"daumoi {asked.process}", pool_size=16) as hub:
        calm_collector()
        # Each process loads only what it runs: the intake process holds no web framework.
        if asked.process == "server":
            server = import_module("daumoi.cli.processes.server")
            server.run(hub, fd=asked.fd, tls_cert=asked.tls_cert, tls_key=asked.tls_key)
        elif asked.process == "intake":
            pipe.serve(hub, pipe.socket_path(settings))
        else:
            import_module("daumoi.cli.processes.worker").run(hub)


if __name__ == "__main__":
    main()
