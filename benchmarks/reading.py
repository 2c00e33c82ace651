"""Reading at its door: catching up, waiting for news, and hundreds who wait for nothing."""

import asyncio
import statistics
import threading
import time
from urllib.parse import urlsplit

from benchmarks.intake import KIND
from benchmarks.processes import cpu_of
from benchmarks.table import Table
from tests.contract.records import a_report
from tests.hubs import Caller

POLLS = 40
IDLE = 500
_IDLE_S = 15.0


def catch_up(reader: Caller, table: Table, what: str, limit: str, *, most: int = 1_000_000) -> None:
    """Take everything of one kind, page by page; lines are counted, not decoded."""
    began, after, lines = time.perf_counter(), 0, 0
    while lines < most:
        answer = reader.get(f"/api/v1/feeds/{KIND}", after=after, limit=10_000)
        assert answer.status_code == 200, answer.text
        lines += answer.content.count(b"\n")
        after = int(answer.headers["Daumoi-Next"])
        if after >= int(answer.headers["Daumoi-Head"]):
            break
    rate = lines / (time.perf_counter() - began)
    table.say(f"feed catch-up of {lines:,} records, {what}", f"{rate:,.0f} records/s", limit)


def long_polls(partner: Caller, other: Caller, table: Table) -> None:
    """From the answer of a post to the answer of a poll that waited for it."""
    delays = []
    for _ in range(POLLS):
        head, arrived = partner.head("citizen_report"), [0.0]

        def wait(after: int = head, arrived: list[float] = arrived) -> None:
            assert other.get("/api/v1/feeds/citizen_report", after=after, wait=20).content
            arrived[0] = time.perf_counter()

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        partner.receipt("citizen_report", a_report())
        answered = time.perf_counter()
        waiting.join()
        delays.append(1000 * max(0.0, arrived[0] - answered))
    figure = f"p50 {statistics.median(delays):.0f}, max {max(delays):.0f} ms"
    table.say("long poll, from the sender's answer to the reader's", figure, "50 ms")


def idle_polls(supervisor: int, reader: Caller, table: Table) -> None:
    """What it costs when hundreds wait and nothing comes."""
    idle = _cpu_during(supervisor, reader, 0)
    waiting = _cpu_during(supervisor, reader, IDLE)
    figure = f"{100 * waiting:.1f} % of a core; without them {100 * idle:.1f} %"
    table.say(f"{IDLE} long polls that wait for nothing", figure, "nothing")


def _cpu_during(supervisor: int, reader: Caller, polls: int) -> float:
    """Return the cores that the hub uses while so many polls wait."""
    return asyncio.run(_wait_idly(supervisor, reader, polls))


async def _wait_idly(supervisor: int, reader: Caller, polls: int) -> float:
    address = urlsplit(reader.base_url)
    head = reader.head("movement_declaration")
    request = (
        f"GET /api/v1/feeds/movement_declaration?after={head}&wait=60 HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {reader.token}\r\n\r\n"
    ).encode()
    writers = []
    for _ in range(polls):
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        writers.append(writer)
    await asyncio.sleep(2)
    before = sum(cpu_of(supervisor).values())
    await asyncio.sleep(_IDLE_S)
    used = sum(cpu_of(supervisor).values()) - before
    for writer in writers:
        writer.close()
    return used / _IDLE_S
