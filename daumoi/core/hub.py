"""What every service of a running hub is handed: settings, database, keys and clock."""

from collections.abc import Callable
from dataclasses import dataclass

from psycopg_pool import ConnectionPool

from daumoi.core.clock import Clock
from daumoi.core.crypto import Keys
from daumoi.core.database import Connection
from daumoi.core.settings import Settings


@dataclass(frozen=True)
class Hub:
    """One process's view of the hub."""

    settings: Settings
    dsn: str
    pool: ConnectionPool[Connection]
    keys: Keys
    clock: Clock
    committed: Callable[[], None] = lambda: None
    """Called after each commit that appended records; says so to those who wait (see daumoi.log.notices)."""
