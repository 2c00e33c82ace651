"""Notices that heads have moved: a hint for those who wait, never the guarantee."""

import threading

import psycopg

from daumoi.core.database import connect

CHANNEL = "daumoi_head"
_EVERY_S = 0.02
_RETRY_S = 0.5


class Notifier:
    """Tells watchers that heads have moved: from a connection of its own, after the commit, at most every 20 ms.

    Never inside an append: NOTIFY takes one lock for the whole cluster and halved the commits.
    """

    def __init__(self, dsn: str) -> None:
        """Begin; the thread opens a connection of its own."""
        self._dsn = dsn
        self._moved = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def moved(self) -> None:
        """Say that something was committed; returns at once."""
        self._moved.set()

    def close(self) -> None:
        """Stop."""
        self._ending.set()
        self._moved.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with connect(self._dsn, "daumoi notifier") as connection:
                    while not self._ending.is_set():
                        self._moved.wait()
                        self._moved.clear()
                        connection.execute(f"NOTIFY {CHANNEL}")
                        self._ending.wait(_EVERY_S)
            except psycopg.Error:
                # A hint only: watchers look for themselves every quarter of a second.
                self._ending.wait(_RETRY_S)
