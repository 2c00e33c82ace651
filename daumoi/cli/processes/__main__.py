"""Runs one process of the hub: `python -m daumoi.cli.processes server|intake|reader|worker|linking`."""

import argparse
import gc
import os
import sys
from importlib import import_module
from pathlib import Path

from daumoi.cli.processes.logs import configure
from daumoi.cli.session import cluster_of, hub_of, load_settings
from daumoi.core import keyring
from daumoi.core.figures import published, published_alone
from daumoi.intake import pipe, reader
from daumoi.intake.sockets import socket_path

_YOUNG_OBJECTS = 50_000
_TURN_S = 0.0003
_WORKER_NICE = 10


def tune_interpreter() -> None:
    """Set what suits a process that reads rows in one thread and talks to the database in another.

    The collector of cycles looks rarely: rows make many objects and no cycles, and with Python's first threshold of 700
    it took a seventh of the time of reading. Threads take turns every 0.3 ms: with Python's 5 ms the thread that
    stores waits so long after each of its twenty statements that the database stands idle half of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    sys.setswitchinterval(_TURN_S)


def main() -> None:
    """Open the hub for this process and run it until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("process", choices=["server", "intake", "reader", "worker", "linking"])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--fd", type=int, help="the bound socket that the server is to listen on")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    asked = parser.parse_args()
    settings = load_settings(asked.data_dir)
    configure(settings, asked.process)
    dsn = settings.database_url or cluster_of(settings, lambda _message: None).dsn
    # The comparison comes and goes: figures of one that has ended are no process that is silent.
    publish = published_alone if asked.process == "linking" else published
    with (
        hub_of(settings, dsn, keyring.load(settings), name=f"daumoi {asked.process}", pool_size=16) as hub,
        publish(settings.data_dir, asked.process),
    ):
        tune_interpreter()
        # Each process loads only what it runs: the intake process holds no web framework.
        if asked.process == "server":
            server = import_module("daumoi.cli.processes.server")
            server.run(hub, fd=asked.fd, tls_cert=asked.tls_cert, tls_key=asked.tls_key)
        elif asked.process == "intake":
            pipe.serve(hub, socket_path(settings, "intake"), reader_path=socket_path(settings, "reader"))
        elif asked.process == "reader":
            reader.serve(hub, socket_path(settings, "reader"))
        elif asked.process == "linking":
            os.nice(_WORKER_NICE)
            import_module("daumoi.cli.processes.linking").run(hub)
        else:
            # The archive can wait, records can not: on two busy cores intake goes first.
            os.nice(_WORKER_NICE)
            import_module("daumoi.cli.processes.worker").run(hub)


if __name__ == "__main__":
    main()
