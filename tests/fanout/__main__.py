"""`python -m tests.fanout <seconds> <records a second>`: one run on a hub of its own, its figures printed."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import cpu_of
from tests.fanout.running import HOOKS, run
from tests.hubs import HubServer

if __name__ == "__main__":
    os.environ.update(HOOKS)
    seconds, pace = float(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="daumoi-fanout-") as name:
        Path(name).chmod(0o755)
        server = HubServer(Path(name) / "hub", **HOOKS)
        server.start()
        try:
            assert server.process is not None
            before = cpu_of(server.process.pid)
            found = run(server, Path(name), seconds=seconds, per_second=pace)
            used = cpu_of(server.process.pid)
            for way in found.delays:
                if found.delays[way]:
                    print(
                        way,
                        len(found.delays[way]),
                        *(f"{found.percentile(way, part):.3f}" for part in (0.5, 0.9, 0.99, 1.0)),
                    )
            print({role: round(used[role] - before[role], 1) for role in used})
            print(
                "late",
                found.late_s,
                "drained",
                found.drained_s,
                "messages",
                found.messages,
                "connections",
                found.connections,
            )
            print("accepted", found.accepted, "differing", found.differing, "disordered", found.disordered)
            wrong = [
                (key, f, found.got.get(key))
                for key, f in found.reckoned.items()
                if f.waiting or f.failed or f.delivered != found.got.get(key, (0, 0))[0]
            ]
            print(len(wrong), wrong[:6])
        finally:
            server.stop()
            print(server.said()[-3000:])
