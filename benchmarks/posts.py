"""Single posts over connections that stay open, each waiting for its answer before it sends the next."""

import asyncio
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Posted:
    """How fast single posts were answered."""

    per_second: float
    p50_ms: float
    p90_ms: float
    p99_ms: float


def post(
    base_url: str, token: str, kind: str, record: Callable[[int], bytes], *, connections: int, seconds: float
) -> Posted:
    """Post records for so long; every answer must be a 200 that accepts one record."""
    return asyncio.run(_post(base_url, token, kind, record, connections, seconds))


async def _post(
    base_url: str, token: str, kind: str, record: Callable[[int], bytes], connections: int, seconds: float
) -> Posted:
    numbers = itertools.count()
    took: list[float] = []
    address = urlsplit(base_url)
    head = (
        f"POST /api/v1/records/{kind} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: "
    ).encode()
    until = time.perf_counter() + seconds

    async def one_client() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while (began := time.perf_counter()) < until:
            body = record(next(numbers))
            writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(answer)
            assert length is not None
            said = await reader.readexactly(int(length[1]))
            assert answer.startswith(b"HTTP/1.1 200"), said
            assert b'"accepted":1' in said, said
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_client() for _ in range(connections)))
    wall = time.perf_counter() - began
    took.sort()
    p50, p90, p99 = (1000 * took[len(took) * part // 100] for part in (50, 90, 99))
    return Posted(len(took) / wall, p50, p90, p99)
