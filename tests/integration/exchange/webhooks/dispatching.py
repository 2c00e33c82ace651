"""A process that dispatches until it is killed: `python -m … <conninfo> <master key in hex> <data directory>`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from daumoi.core.clock import SystemClock
from daumoi.core.crypto import Keys
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.exchange.webhooks.dispatcher import Dispatcher
from tests.integration.exchange.webhooks.receiving import ALLOWED

if __name__ == "__main__":
    dsn, master, folder = sys.argv[1:]
    keys = Keys.from_master(bytes.fromhex(master))
    settings = load(ALLOWED, data_dir=Path(folder))
    Dispatcher(Hub(settings, dsn, open_pool(dsn), keys, SystemClock())).run(threading.Event())
