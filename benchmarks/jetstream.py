"""The peer: NATS JetStream's file store that flushes every write, on the same machine and disk, with the same bodies.

It keeps bytes in order and does nothing else: no checking, no people, no second look for the same record.
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats

from benchmarks.mix import Mix
from benchmarks.table import Table
from tests.hubs import free_port

_PROGRAM = Path(sys.executable).parent / "nats-server"
_SECONDS = 5.0
_IN_FLIGHT = 1000
_BULK = 20_000


@contextmanager
def peer(folder: Path) -> Iterator[tuple[str, int]]:
    """Lend a server that flushes every write: its address and its process."""
    port = free_port()
    config = folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder / "store"}", sync_interval: always }}\n'
    )
    command = [str(_PROGRAM), "-c", str(config), "-l", str(folder / "nats.log")]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port)
            yield f"nats://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def measure(table: Table) -> None:
    """Publish at several numbers of publishers that wait for their acknowledgement, and with many in flight."""
    lines = list(Mix(_BULK).lines())
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-nats-") as name, peer(Path(name)) as (address, _):
        asyncio.run(_publish(address, lines, table))


async def _publish(address: str, lines: list[bytes], table: Table) -> None:
    client = await nats.connect(address)
    stream = client.jetstream(publish_async_max_pending=_IN_FLIGHT)
    await stream.add_stream(name="bench", subjects=["bench"])
    for publishers in (1, 64):
        until, done = time.perf_counter() + _SECONDS, 0

        async def one(until: float = until) -> int:
            sent = 0
            while time.perf_counter() < until:
                await stream.publish("bench", lines[sent % len(lines)])
                sent += 1
            return sent

        began = time.perf_counter()
        done = sum(await asyncio.gather(*(one() for _ in range(publishers))))
        rate = done / (time.perf_counter() - began)
        table.say(f"peer: JetStream, sync always, {publishers} waiting publishers", f"{rate:,.0f}/s")
    began = time.perf_counter()
    for line in lines:
        await stream.publish_async("bench", line)
    await stream.publish_async_completed()
    rate = len(lines) / (time.perf_counter() - began)
    table.say(f"peer: JetStream, sync always, {_IN_FLIGHT:,} in flight", f"{rate:,.0f} records/s")
    await client.close()
