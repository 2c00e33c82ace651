"""A hundred receivers at a thousand records a second, beside JetStream with as many consumers of the same subjects.

`python -m benchmarks.fanout`: ten minutes; `--quick`: one; the peer always one. Each consumer of the peer takes one
subject, as a province does here; the peer cuts no fields, knows no people, keeps no account and signs nothing.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path

import nats

from benchmarks.jetstream import peer
from benchmarks.mix import Mix
from benchmarks.processes import cpu_of, of_hub
from benchmarks.table import Table
from tests.fanout.cast import RECEIVERS
from tests.fanout.running import HOOKS, run
from tests.hubs import HubServer

PER_SECOND = 1000
SECONDS, QUICK_SECONDS = 600.0, 60.0
_EVERY_S = 0.1
_WHOLE = 5
"""Consumers of the peer that take all subjects: ours have five whole-country receivers or as much."""


def ours(table: Table, seconds: float) -> None:
    """Run the hundred receivers against a hub."""
    os.environ.update(HOOKS)
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = HubServer(folder / "hub", **HOOKS)
        server.start()
        try:
            assert server.process is not None
            before = cpu_of(server.process.pid)
            found = run(server, folder, seconds=seconds, per_second=PER_SECOND)
            used = cpu_of(server.process.pid)
            peak = max(process.peak_mib for process in of_hub(server.process.pid) if process.role == "worker")
        finally:
            server.stop()
    table.say(f"{RECEIVERS} receivers, {PER_SECOND}/s: records given", f"{found.given / seconds:,.0f}/s")
    for way, delays in found.delays.items():
        p50, p99 = found.percentile(way, 0.5), found.percentile(way, 0.99)
        figure = f"p50 {1000 * p50:,.0f}, p99 {1000 * p99:,.0f}, most {1000 * delays[-1]:,.0f} ms"
        table.say(f"  from acceptance to the receiver, by {way}", figure)
    cores = {role: (used[role] - before[role]) / seconds for role in ("server", "worker", "database")}
    table.say("  processor", ", ".join(f"{role} {cores[role]:.2f}" for role in cores) + " cores")
    table.say("  webhooks: messages, connections", f"{found.messages:,}, {found.connections:,}; worker {peak:.0f} MiB")
    table.say("  receivers and kinds whose day does not add up", f"{len(found.wrong)} of {len(found.reckoned)}", "0")


def peers(table: Table, seconds: float) -> None:
    """Publish at the same pace into JetStream, with as many consumers."""
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-nats-") as name, peer(Path(name)) as (address, process):
        delays = asyncio.run(_fan_out(address, seconds))
        cores = sum(each.cpu_s for each in of_hub(process)) / seconds
    delays.sort()
    figure = f"p50 {1000 * delays[len(delays) // 2]:,.1f}, p99 {1000 * delays[int(0.99 * len(delays))]:,.1f} ms"
    table.say(f"peer: JetStream, sync always, {RECEIVERS} consumers, {PER_SECOND}/s", figure)
    table.say("  messages given, processor of the server", f"{len(delays) / seconds:,.0f}/s, {cores:.2f} cores")


async def _fan_out(address: str, seconds: float) -> list[float]:
    publisher, client = await nats.connect(address), await nats.connect(address)
    stream = publisher.jetstream(publish_async_max_pending=PER_SECOND)
    await stream.add_stream(name="bench", subjects=["bench.*"])
    delays: list[float] = []

    async def take(message: nats.aio.msg.Msg) -> None:
        delays.append(time.time() - float(message.data[:20]))
        await message.ack()

    subjects = [f"bench.{number}" for number in range(RECEIVERS - _WHOLE)]
    for number, subject in enumerate([*subjects, *["bench.*"] * _WHOLE]):
        await client.jetstream().subscribe(subject, durable=f"c{number}", cb=take, manual_ack=True)
    lines, choose = list(Mix(10_000).lines()), random.Random(2021)
    begins = time.monotonic()
    for turn in range(round(seconds / _EVERY_S)):
        await asyncio.sleep(max(0.0, begins + turn * _EVERY_S - time.monotonic()))
        for _ in range(round(PER_SECOND * _EVERY_S)):
            body = f"{time.time():020.6f}".encode() + choose.choice(lines)
            await stream.publish_async(choose.choice(subjects), body)
        await stream.publish_async_completed()
    await asyncio.sleep(2)
    await publisher.close()
    await client.close()
    return delays


def main() -> None:
    """Measure both and print them."""
    options = argparse.ArgumentParser(prog="benchmarks.fanout", description=__doc__)
    options.add_argument("--quick", action="store_true", help="a minute instead of ten")
    seconds = QUICK_SECONDS if options.parse_args().quick else SECONDS
    table = Table()
    ours(table, seconds)
    peers(table, QUICK_SECONDS)
    table.print_all()


if __name__ == "__main__":
    main()
