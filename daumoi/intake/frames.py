"""Frames of the sockets between the processes of intake: a length (4 bytes, big-endian) and so many bytes."""

import socket
import struct
from collections.abc import Callable

LENGTH = struct.Struct(">I")


def _no_patience() -> None:
    raise TimeoutError("the other end says nothing")


def framed(payload: bytes) -> bytes:
    """Return a frame."""
    return LENGTH.pack(len(payload)) + payload


def exactly(connection: socket.socket, count: int, on_silence: Callable[[], None] = _no_patience) -> bytes | None:
    """Read so many bytes; None when the other end is gone.

    Each time nothing comes within the socket's timeout `on_silence` is called: it raises, or the wait goes on.
    """
    whole = bytearray(count)
    view, got = memoryview(whole), 0
    while got < count:
        try:
            part = connection.recv_into(view[got:])
        except TimeoutError:
            on_silence()
            continue
        if not part:
            return None
        got += part
    return bytes(whole)
