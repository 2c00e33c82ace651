"""Reads rows in a process of its own, so that reading and storing a long body share no interpreter lock.

A row takes 13 µs to read and 10 to store; in one process the two took turns and PostgreSQL waited for both. So the
intake process hands the lines of a chunk to the reader over a Unix socket and gets the rows back, packed by position
(1 µs to pack, 2 to unpack). The reader knows keys, kinds and areas and has nothing to do with the database.

A connection belongs to one body. Frames (`frames.py`) hold MessagePack; each question has one answer, and no second
question is asked before it.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from daumoi.core.hub import Hub
from daumoi.intake import meters
from daumoi.intake.decoding import read_rows
from daumoi.intake.frames import LENGTH, exactly, framed
from daumoi.intake.rows import Row
from daumoi.intake.sockets import listening
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import KINDS

_ANSWER_S = 60.0
"""A chunk is read within tenths of a second; who takes a minute has died or hangs, and the chunk is read here."""
_LOOK_EVERY_S = 0.5
_log = structlog.get_logger("daumoi.intake")

Lines = Sequence[tuple[int, bytes]]
"""JSON texts, each with its number in the body."""


class _Question(msgspec.Struct, array_like=True):
    system_id: int
    kind: str
    numbers: list[int]
    texts: list[bytes]


_PACK = msgspec.msgpack.Encoder().encode
# Made before any thread runs (see daumoi/kinds/decoding.py).
_READ_QUESTION = msgspec.msgpack.Decoder(_Question).decode
_READ_ROWS = msgspec.msgpack.Decoder(list[Row]).decode


class RowReader:
    """The intake process's end: the lines of one body go out, chunk by chunk, and come back as rows.

    When no reader answers, the chunk is read here: slower, and otherwise the same.
    """

    def __init__(self, hub: Hub, socket_path: Path, *, system_id: int, kind: Kind) -> None:
        """Name whose body it is; the reader is called with the first question."""
        self._hub, self._path = hub, socket_path
        self._system_id, self._kind = system_id, kind
        self._socket: socket.socket | None = None
        self._asked: Lines | None = None

    @property
    def is_asked(self) -> bool:
        """Tell whether a chunk is out."""
        return self._asked is not None

    def ask(self, lines: Lines) -> None:
        """Hand out a chunk; the one before must have been taken back."""
        assert self._asked is None
        self._asked = lines
        question = _PACK(
            _Question(self._system_id, self._kind.name, [n for n, _ in lines], [text for _, text in lines])
        )
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.settimeout(_ANSWER_S)
                self._socket.connect(str(self._path))
            self._socket.sendall(framed(question))
        except OSError:
            self.close()

    def rows(self) -> list[Row]:
        """Take the chunk back as rows, in the order of its lines."""
        assert self._asked is not None
        lines, self._asked = self._asked, None
        rows = self._answer()
        if rows is None:
            meters.READ_HERE.inc()
            with meters.reading(len(lines)):
                return read_rows(self._hub, system_id=self._system_id, kind=self._kind, lines=lines)
        for row, (_, text) in zip(rows, lines, strict=True):
            row.raw = text
        return rows

    def close(self) -> None:
        """Let go of the reader. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self) -> list[Row] | None:
        if self._socket is None:
            return None
        try:
            frame = _frame(self._socket)
        except OSError:
            frame = None
        if frame is None:
            self.close()
            return None
        with meters.stage("unpack"):
            return _READ_ROWS(frame)


def _frame(connection: socket.socket) -> bytes | None:
    """Read one frame; None when the other end is gone."""
    head = exactly(connection, LENGTH.size)
    return None if head is None else exactly(connection, LENGTH.unpack(head)[0])


class ReaderServer:
    """The reader's end: one thread a body."""

    def __init__(self, hub: Hub, socket_path: Path) -> None:
        """Take the socket; a file left by a killed process is replaced."""
        self._hub, self._path = hub, socket_path
        self._ending = threading.Event()
        self._socket = listening(socket_path)
        self._socket.settimeout(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Read no more. May be called from a signal handler: who waits for an answer reads for itself."""
        self._ending.set()

    def serve(self) -> None:
        """Answer until `stop` is called."""
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve_body, args=(connection,), daemon=True).start()
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _serve_body(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(None)
                while (frame := _frame(connection)) is not None:
                    answer = self._read(_READ_QUESTION(frame))
                    connection.sendall(framed(answer))
        except OSError:
            return  # the body ended while its chunk was read
        except Exception as error:
            # The other end sees the connection close and reads the chunk itself.
            _log.error("chunk not read", reason=type(error).__name__)

    def _read(self, asked: _Question) -> bytes:
        lines = list(zip(asked.numbers, asked.texts, strict=True))
        with meters.reading(len(lines)):
            rows = read_rows(self._hub, system_id=asked.system_id, kind=KINDS[asked.kind], lines=lines)
        for row in rows:
            row.raw = b""  # who asked has it
        return _PACK(rows)


def serve(hub: Hub, socket_path: Path) -> None:
    """Run the reader until SIGTERM or SIGINT."""
    server = ReaderServer(hub, socket_path)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: server.stop())
    server.serve()
