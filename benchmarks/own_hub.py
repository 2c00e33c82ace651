"""A hub on a database of its own, in this process, for benchmarks that need no socket; and how many records it gets."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.migrating import migrate
from daumoi.core.postgres import Cluster
from daumoi.core.settings import load
from daumoi.intake.setup import prepare_log

RECORDS, QUICK = 5_000_000, 200_000


def records_asked_for(name: str, says: str | None) -> int:
    """Read `--quick` and `--records` from the command line."""
    options = argparse.ArgumentParser(prog=name, description=says)
    options.add_argument("--quick", action="store_true", help=f"{QUICK:,} records instead of {RECORDS:,}")
    options.add_argument("--records", type=int, help="as many records")
    given = options.parse_args()
    return given.records or (QUICK if given.quick else RECORDS)


@contextmanager
def own_hub(at: datetime) -> Iterator[Hub]:
    """Lend an empty hub whose clock stands at an instant; it is gone with its database at the end."""
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        bin_dir = os.environ.get("DAUMOI_POSTGRES_BIN_DIR")
        cluster = Cluster(
            folder / "data",
            bin_dir=Path(bin_dir) if bin_dir else None,
            os_user=os.environ.get("DAUMOI_POSTGRES_OS_USER", "daumoi-postgres"),
            say=lambda _said: None,
        )
        dsn = cluster.start()
        try:
            migrate(dsn)
            with open_pool(dsn) as pool:
                hub = Hub(load({}, data_dir=folder), dsn, pool, Keys.from_master(os.urandom(32)), FixedClock(at))
                prepare_log(hub)
                yield hub
        finally:
            cluster.stop()
