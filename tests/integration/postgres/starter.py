"""Starts a cluster and waits, for tests that kill the starter: `python -m tests.integration.postgres.starter DIR UID`.

With a UID (it may be left out) it first becomes that user, as somebody who is not root would start it.
"""

import os
import sys
import time
from pathlib import Path

from daumoi.core.postgres import Cluster
from tests.integration.postgres.clusters import BIN_DIR, OS_USER


def main() -> None:
    """Print one line a message, then the dsn and the server's process id."""
    if len(sys.argv) > 2:
        "".encode("ascii")  # loads what the other user may not be able to read: the interpreter can lie below /root
        os.setgroups([])
        os.setgid(int(sys.argv[2]))
        os.setuid(int(sys.argv[2]))
    cluster = Cluster(Path(sys.argv[1]), bin_dir=BIN_DIR, os_user=OS_USER, say=lambda line: print(line, flush=True))
    dsn = cluster.start()
    print(f"UP {cluster.pid} {dsn}", flush=True)
    time.sleep(120)


if __name__ == "__main__":
    main()
