"""The hundred receivers as one process: `python -m … <plan> <result>`; ends when its standard input does.

Takes webhooks at a socket, polls and streams feeds, and notes of every record how long it took from the hub's
acceptance to here. The result is one line of figures a receiver and kind, and all delays.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec


class Line(msgspec.Struct):
    """What is looked at of a record."""

    seq: int
    received_at: datetime


class Message(msgspec.Struct):
    """What is looked at of a message."""

    kind: str
    timestamp: datetime
    records: int
    data: list[Line] = []


_MESSAGE = msgspec.json.Decoder(Message).decode
_LINE = msgspec.json.Decoder(Line).decode


class Noted:
    """What came, by receiver and kind: how many records, how many distinct numbers, and the delays in seconds."""

    def __init__(self) -> None:
        self.records: dict[tuple[int, str], int] = defaultdict(int)
        self.numbers: dict[tuple[int, str], set[int]] = defaultdict(set)
        self.disordered = 0
        self.last: dict[tuple[int, str], int] = {}
        self.messages: set[str] = set()
        self.delays: dict[str, array[float]] = {way: array("f") for way in ("webhook", "poll", "stream")}

    def lines(self, place: int, kind: str, lines: list[Line], way: str) -> None:
        now, key, delays = time.time(), (place, kind), self.delays[way]
        self.records[key] += len(lines)
        numbers = self.numbers[key]
        for line in lines:
            numbers.add(line.seq)
            self.disordered += line.seq <= self.last.get(key, 0)
            self.last[key] = line.seq
            delays.append(now - line.received_at.timestamp())

    def thin(self, place: int, message: Message) -> None:
        """Numbers alone came: how many records they are is believed, and the delay counts from the taking out."""
        self.records[place, message.kind] += message.records

    def written(self) -> dict[str, Any]:
        keys = sorted(self.records)
        return {
            "figures": [[*key, self.records[key], len(self.numbers[key])] for key in keys],
            "disordered": self.disordered,
            "messages": len(self.messages),
            "delays": {way: sorted(delays) for way, delays in self.delays.items()},
        }


class Webhooks:
    """A small HTTP/1.1 server: takes a body, answers 204, keeps the connection."""

    def __init__(self, noted: Noted) -> None:
        self._noted = noted
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(named["content-length"]))
                self._take(int(head[0].split(" ")[1].rpartition("/")[2]), named["webhook-id"], body)
                closes = named.get("connection", "").lower() == "close"
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
                if closes:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    def _take(self, place: int, message_id: str, body: bytes) -> None:
        if message_id in self._noted.messages:
            return
        self._noted.messages.add(message_id)
        message = _MESSAGE(body)
        if message.data:
            self._noted.lines(place, message.kind, message.data, "webhook")
        else:
            self._noted.thin(place, message)


class Feed:
    """One receiver's feed of one kind."""

    def __init__(self, noted: Noted, plan: dict[str, Any], receiver: dict[str, Any], kind: str) -> None:
        self._noted, self._plan, self._receiver, self._kind = noted, plan, receiver, kind
        self.after = 0

    async def _ask(
        self, path: str, more: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, dict[str, str]]:
        reader, writer = await asyncio.open_connection(self._plan["host"], self._plan["port"])
        await self._request(writer, path, more)
        return reader, writer, await self._head(reader)

    async def _request(self, writer: asyncio.StreamWriter, path: str, more: str = "") -> None:
        token = self._receiver["token"]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n{more}\r\n".encode())
        await writer.drain()

    async def _head(self, reader: asyncio.StreamReader) -> dict[str, str]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        assert " 200 " in head[0], head
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}

    def _took(self, lines: list[bytes], way: str) -> None:
        self._noted.lines(self._receiver["place"], self._kind, [_LINE(line) for line in lines], way)

    async def poll(self) -> None:
        """Ask, wait, take, ask again; each question says what is there."""
        reader, writer = await asyncio.open_connection(self._plan["host"], self._plan["port"], limit=2**24)
        while True:
            await self._request(writer, f"/api/v1/feeds/{self._kind}?after={self.after}&limit=5000&wait=20")
            named = await self._head(reader)
            body = await self._body(reader, named)
            if body:
                self._took(body.splitlines(), "poll")
            self.after = int(named["daumoi-next"])

    async def _body(self, reader: asyncio.StreamReader, named: dict[str, str]) -> bytes:
        if "content-length" in named:
            return await reader.readexactly(int(named["content-length"]))
        found = bytearray()
        async for piece in _chunks(reader):
            found += piece
        return bytes(found)

    async def stream(self) -> None:
        """Take events as they come."""
        reader, writer, named = await self._ask(f"/api/v1/feeds/{self._kind}/stream")
        assert named.get("transfer-encoding") == "chunked"
        kept = b""
        async for piece in _chunks(reader):
            *events, kept = (kept + piece).split(b"\n\n")
            lines = []
            for event in events:
                for said in event.split(b"\n"):
                    if said.startswith(b"data: "):
                        lines.append(said[6:])
                    elif said.startswith(b"id: "):
                        self.after = int(said[4:])
            if lines:
                self._took(lines, "stream")
        writer.close()

    async def acknowledge(self) -> None:
        """Say what is there; another question is the only way to."""
        _, writer, _ = await self._ask(f"/api/v1/feeds/{self._kind}?after={self.after}&limit=1")
        writer.close()


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int(await reader.readline(), 16):
        piece = await reader.readexactly(size)
        await reader.readexactly(2)
        yield piece
    await reader.readexactly(2)


async def main(plan_path: Path, result: Path) -> None:
    """Receive until standard input ends."""
    plan = json.loads(plan_path.read_text("utf-8"))
    noted = Noted()
    webhooks = Webhooks(noted)
    server = await asyncio.start_server(webhooks.serve, "127.0.0.1", plan["listen"], backlog=512)
    feeds = [(Feed(noted, plan, each, kind), each["way"]) for each in plan["feeds"] for kind in plan["kinds"]]
    running = [asyncio.create_task(feed.poll() if way == "poll" else feed.stream()) for feed, way in feeds]
    loop = asyncio.get_running_loop()
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    print("ready", flush=True)
    await asyncio.wait([ended, *running], return_when=asyncio.FIRST_COMPLETED)
    broken = [task.exception() for task in running if task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for feed, _ in feeds:
        await feed.acknowledge()
    server.close()
    said = noted.written() | {"broken": [repr(each) for each in broken], "connections": webhooks.connections}
    await loop.run_in_executor(None, result.write_text, json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
