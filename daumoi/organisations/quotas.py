"""How many records a system has sent today, and how many it may; a day is a calendar day of Viet Nam (UTC+7).

Each process counts in memory and writes down once a second what is new; it reads the sums of all processes back in
the same breath. So a restart forgets nothing, a call costs no statement, and a system may run over its quota by what
it sends to several processes within a second. Of a process that is killed, the count of its last second is lost, in
the sender's favour.
"""

import math
import threading
from datetime import UTC, date, datetime, time, timedelta

import psycopg
import structlog

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.organisations.registry import System

WRITE_EVERY_S = 1.0
_KEPT = timedelta(days=31)
_log = structlog.get_logger("daumoi.organisations")


class Quota:
    """The count of one process. Safe to use from several threads."""

    def __init__(self, hub: Hub) -> None:
        """Begin without knowing what was sent today; the first write reads it."""
        self._hub = hub
        self._guard = threading.Lock()
        self._day, self._ends = _day_of(hub.clock.now())
        self._swept_on: date | None = None
        self._known: dict[int, int] = {}
        self._new: dict[tuple[date, int], int] = {}
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read what was sent today, and write down what is new from now on; does not wait for the database."""
        self._thread = threading.Thread(target=self._run, name="quota", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write down what is left."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def take(self, system: System, records: int) -> int | None:
        """Count records of a system; returns None, or how many seconds to wait when they are more than it may send.

        Records that are refused are not counted. About 1 µs.
        """
        most = system.records_per_day or self._hub.settings.records_per_day
        now = self._hub.clock.now()
        with self._guard:
            if now >= self._ends:
                self._day, self._ends = _day_of(now)
                self._known = {}
            key = (self._day, system.id)
            new = self._new.get(key, 0) + records
            if self._known.get(system.id, 0) + new > most:
                return max(1, math.ceil((self._ends - now).total_seconds()))
            self._new[key] = new
        if not self._wake.is_set():
            self._wake.set()
        return None

    def write(self) -> None:
        """Add what is new to the stored sums, and read those of today back. A database that is away is waited for."""
        with self._guard:
            adding, day = dict(self._new), self._day
        try:
            with self._hub.pool.connection() as connection, connection.transaction():
                sums = _write(connection, adding, day)
                if self._swept_on != day:
                    connection.execute("DELETE FROM records_sent WHERE day < %s", (day - _KEPT,))
                    self._swept_on = day
        except psycopg.Error as error:
            _log.warning("the records of the day could not be written down", reason=sqlstate_of(error))
            return
        with self._guard:
            for key, records in adding.items():
                self._new[key] -= records
                if not self._new[key]:
                    del self._new[key]
            if day == self._day:
                self._known = sums

    def _run(self) -> None:
        self.write()
        while not self._ending.is_set():
            self._wake.wait()
            self._ending.wait(WRITE_EVERY_S)
            self._wake.clear()
            self.write()


def _day_of(now: datetime) -> tuple[date, datetime]:
    """Return the day in Viet Nam, and the instant it ends."""
    day = now.astimezone(VIET_NAM_TIME).date()
    return day, datetime.combine(day + timedelta(days=1), time(), VIET_NAM_TIME).astimezone(UTC)


def _write(connection: Connection, adding: dict[tuple[date, int], int], day: date) -> dict[int, int]:
    # A count that a power cut may take back is not worth a flush of the disk each second.
    connection.execute("SET LOCAL synchronous_commit = off")
    for (sent_on, system_id), records in sorted(adding.items()):
        connection.execute(
            "INSERT INTO records_sent AS s (day, system_id, records) VALUES (%s, %s, %s)"
            " ON CONFLICT (day, system_id) DO UPDATE SET records = s.records + excluded.records",
            (sent_on, system_id, records),
        )
    found = connection.execute("SELECT system_id, records FROM records_sent WHERE day = %s", (day,))
    return dict(found.fetchall())
