"""The pool of connections comes back soon after the database does, however long it was away."""

import contextlib
import tempfile
import time
from pathlib import Path

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from daumoi.core.database import open_pool

AWAY_S, BACK_WITHIN_S = 4.0, 2.0


def test_a_database_that_was_long_away_is_used_again_within_two_seconds(database: str) -> None:
    real = str(conninfo_to_dict(database)["host"])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        way = Path(folder) / "way"  # the folder of the socket: it leads to the database only after a while
        pool = open_pool(make_conninfo(database, host=str(way)))
        try:
            began = time.monotonic()
            while time.monotonic() - began < AWAY_S:
                with contextlib.suppress(psycopg_pool.PoolTimeout), pool.connection(timeout=0.1):
                    raise AssertionError("there is no database yet")
            way.symlink_to(real)
            back = time.monotonic()
            while True:
                with contextlib.suppress(psycopg.OperationalError), pool.connection(timeout=0.1) as connection:
                    assert connection.execute("SELECT 1").fetchone() == (1,)
                    break
                assert time.monotonic() - back < BACK_WITHIN_S
        finally:
            pool.close()
