"""Bare connections to a hub, for clients that no library would make."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.hubs import NDJSON, Caller, HubServer

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@contextlib.contextmanager
def wire(server: HubServer, *, read_buffer_bytes: int | None = None) -> Iterator[socket.socket]:
    """A connection; a small buffer for what is read makes the other end feel that nobody reads."""
    parts = urlsplit(server.base_url)
    with socket.socket() as connection:
        connection.settimeout(30)
        if read_buffer_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_buffer_bytes)
        connection.connect((parts.hostname or "", parts.port or 0))
        yield connection


def get(path: str, caller: Caller | None = None) -> bytes:
    """A whole GET."""
    token = f"Authorization: Bearer {caller.token}\r\n" if caller else ""
    return f"GET {path} HTTP/1.1\r\nHost: hub\r\n{token}\r\n".encode()


def post_head(caller: Caller, kind: str, *framing: str, content_type: str = NDJSON) -> bytes:
    """The head of a POST of records."""
    lines = (
        f"POST /api/v1/records/{kind} HTTP/1.1", "Host: hub", f"Authorization: Bearer {caller.token}",
        f"Content-Type: {content_type}", *framing,
    )  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """The status and the JSON body of the next answer; what comes behind it is left for the next one."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _some(connection, 1)
    length = _LENGTH.search(head)
    assert length is not None, head
    body = b""
    while len(body) < int(length[1]):
        body += _some(connection, int(length[1]) - len(body))
    return int(head.split()[1]), json.loads(body)


def _some(connection: socket.socket, most: int) -> bytes:
    piece = connection.recv(most)
    assert piece, "the hub closed the connection without an answer"
    return piece


def is_closed(connection: socket.socket, *, seconds: float) -> float:
    """Waits until the other end has closed, throwing away what it says; returns how long that took."""
    begun = time.monotonic()
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            assert time.monotonic() - begun < seconds, "the hub keeps talking"
    except ConnectionError:
        pass
    except TimeoutError:
        raise AssertionError(f"the connection was still open after {seconds} s") from None
    return time.monotonic() - begun


def drip(connection: socket.socket, content: bytes, *, pause_s: float, seconds: float) -> float:
    """Sends byte by byte until the other end has had enough; returns how long it bore it."""
    begun = time.monotonic()
    connection.settimeout(pause_s)
    for at in range(len(content)):
        assert time.monotonic() - begun < seconds, f"the hub bore it for {seconds} s"
        try:
            connection.sendall(content[at : at + 1])
            if not connection.recv(65536):
                return time.monotonic() - begun
            return time.monotonic() - begun
        except TimeoutError:
            continue
        except ConnectionError:
            return time.monotonic() - begun
    raise AssertionError("all was taken")
