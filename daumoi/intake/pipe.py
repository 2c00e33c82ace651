"""The way of large bodies: the server hands raw bytes to the intake process over a Unix socket, piece by piece.

One decoding thread in the server would take two thirds of its small requests; so bodies over 256 KiB, and all
compressed ones, are decoded and stored in a process of their own. The socket's buffer is the bound: when intake is
behind, the server stops reading from its client.

A connection carries one body, in frames (`frames.py`). The first is the head (JSON); then come pieces; a length of 0
ends the body, BROKEN says that the sender went away, and STOPPING that the server goes down. The answer is one frame of
JSON: a receipt or a problem.
"""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import structlog

from daumoi.core.database import UNREACHABLE
from daumoi.core.hub import Hub
from daumoi.core.outages import outage
from daumoi.core.problems import CallProblem
from daumoi.intake import meters
from daumoi.intake.bodies import BodyBroken, ContentType, Encoding, HubStopping, take
from daumoi.intake.frames import LENGTH, exactly, framed
from daumoi.intake.reader import RowReader
from daumoi.intake.receipts import Receipt
from daumoi.intake.sockets import WAITING_CONNECTIONS, listening
from daumoi.intake.submissions import OnProblem, Submission
from daumoi.intake.turns import Turns
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry
from daumoi.organisations.quotas import Quota

BROKEN, STOPPING = 0xFFFFFFFF, 0xFFFFFFFE
_PIECE_BYTES = 64 * 1024
BODIES_AT_ONCE = WAITING_CONNECTIONS
_LOOK_EVERY_S = 0.5
_log = structlog.get_logger("daumoi.intake")


class BodyHead(msgspec.Struct):
    """What the intake process must know of a body before its first byte."""

    system_id: int
    kind: str
    content_type: ContentType
    encoding: Encoding = None
    dry_run: bool = False
    on_problem: OnProblem = "hold"


class _Problem(msgspec.Struct):
    code: str
    detail: str
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}


class _Answer(msgspec.Struct):
    receipt: Receipt | None = None
    problem: _Problem | None = None


def _refused(problem: CallProblem) -> _Answer:
    said = _Problem(problem.code, problem.detail, problem.extra, problem.headers)
    return _Answer(receipt=problem.receipt, problem=said)


# Made before any thread runs (see daumoi/kinds/decoding.py).
_READ_HEAD = msgspec.json.Decoder(BodyHead).decode
_READ_ANSWER = msgspec.json.Decoder(_Answer).decode


class SenderGone(Exception):
    """The pieces of a body ended before its end, because its sender went away."""


async def send(socket_path: Path, head: BodyHead, pieces: AsyncIterator[bytes]) -> Receipt:
    """Hand a body to the intake process and return its receipt; the iterator may raise SenderGone and HubStopping.

    Raises CallProblem: what intake answered, or not_ready when it cannot be reached.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket_path))
    except OSError:
        raise CallProblem("not_ready", headers={"Retry-After": "2"}) from None
    try:
        answering = asyncio.ensure_future(_read_frame(reader))
        await _write_body(writer, head, pieces, answering)
        return _unpack(await answering)
    except (OSError, asyncio.IncompleteReadError):
        detail = "The body was not stored to its end. Send all of it again: what was stored is not stored twice."
        raise CallProblem("not_ready", detail, headers={"Retry-After": "2"}) from None
    finally:
        writer.close()


async def _write_body(
    writer: asyncio.StreamWriter, head: BodyHead, pieces: AsyncIterator[bytes], answering: "asyncio.Future[bytes]"
) -> None:
    """Write the frames; stops early when intake has already answered (a limit, a damaged encoding)."""
    try:
        _write_frame(writer, msgspec.json.encode(head))
        async for piece in pieces:
            for start in range(0, len(piece), _PIECE_BYTES):
                _write_frame(writer, piece[start : start + _PIECE_BYTES])
            await writer.drain()
            if answering.done():
                return
        await _end(writer, 0)
    except SenderGone:
        await _end(writer, BROKEN)
    except HubStopping:
        await _end(writer, STOPPING)
    except ConnectionError:
        # Intake closed its end after answering; the answer decides.
        return


async def _end(writer: asyncio.StreamWriter, how: int) -> None:
    with contextlib.suppress(ConnectionError):
        _write(writer, LENGTH.pack(how))
        await writer.drain()


def _write_frame(writer: asyncio.StreamWriter, payload: bytes) -> None:
    if payload:
        _write(writer, framed(payload))


def _write(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Write, or say that the other end is gone as every event loop should: uvloop raises a RuntimeError."""
    if writer.is_closing():
        raise ConnectionResetError
    writer.write(content)


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    return await reader.readexactly(length)


def _unpack(frame: bytes) -> Receipt:
    answer = _READ_ANSWER(frame)
    if answer.problem is not None:
        said = answer.problem
        raise CallProblem(said.code, said.detail, receipt=answer.receipt, extra=said.extra, headers=said.headers)
    assert answer.receipt is not None
    return answer.receipt


class IntakeServer:
    """The intake process's end: one thread a body, a bounded number of bodies."""

    def __init__(self, hub: Hub, socket_path: Path, *, reader_path: Path) -> None:
        """Take the socket; a file left by a killed process is replaced. The reader of rows listens at `reader_path`."""
        self._hub = hub
        self._path, self._reader_path = socket_path, reader_path
        self._ending = threading.Event()
        self._places = threading.Semaphore(BODIES_AT_ONCE)
        self._turns = Turns()
        self._quota = Quota(hub)
        self._threads: set[threading.Thread] = set()
        self._registry: registry.Registry | None = None
        self._socket = listening(socket_path)
        self._socket.settimeout(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Take no more bodies; those under way get their receipt so far. May be called from a signal handler."""
        self._ending.set()

    def serve(self) -> None:
        """Take bodies until `stop` is called."""
        self._quota.start()
        while not self._ending.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            work = self._answer if self._places.acquire(blocking=False) else self._turn_away
            thread = threading.Thread(target=work, args=(connection,), daemon=True)
            self._threads.add(thread)
            thread.start()
        self._socket.close()
        self._path.unlink(missing_ok=True)
        for thread in list(self._threads):
            thread.join(timeout=8)
        self._quota.close()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(_LOOK_EVERY_S)
                head = self._frame(connection)
                if head is None:
                    return  # somebody looked whether we are there
                answer = self._take(connection, head)
                payload = msgspec.json.encode(answer)
                connection.settimeout(30)
                connection.sendall(framed(payload))
                self._drain(connection)
        except HubStopping:
            return  # before the head: nothing was stored, and the sender sees the connection end
        except OSError:
            _log.warning("a body's sender was gone before its receipt")
        finally:
            self._places.release()
            self._threads.discard(threading.current_thread())

    def _turn_away(self, connection: socket.socket) -> None:
        """Answer a body for which there is no place; to let it wait would let everybody wait who comes after it."""
        detail = "As many bulk bodies are under way as the hub takes at a time. Nothing was stored; send it again."
        payload = msgspec.json.encode(_refused(CallProblem("not_ready", detail, headers={"Retry-After": "2"})))
        try:
            with connection:
                connection.settimeout(1)
                connection.sendall(framed(payload))
                self._drain(connection)
        except OSError:
            return
        finally:
            self._threads.discard(threading.current_thread())

    def _drain(self, connection: socket.socket) -> None:
        """Read what is still on its way, so that closing does not throw the answer away."""
        connection.settimeout(1)
        try:
            while connection.recv(_PIECE_BYTES):
                if self._ending.is_set():
                    return
        except OSError:
            return

    def _take(self, connection: socket.socket, first: bytes) -> _Answer:
        try:
            head = _READ_HEAD(first)
            system, kind = self._system(head.system_id), KINDS[head.kind]
            submission = Submission(
                self._hub,
                system=system,
                kind=kind,
                dry_run=head.dry_run,
                on_problem=head.on_problem,
                way="bulk",
                turns=self._turns,
                quota=self._quota,
                reader=RowReader(self._hub, self._reader_path, system_id=system.id, kind=kind),
            )
            with meters.BODIES.track_inprogress():
                receipt = take(
                    submission,
                    self._pieces(connection),
                    settings=self._hub.settings,
                    content_type=head.content_type,
                    encoding=head.encoding,
                )
            return _Answer(receipt=receipt)
        except CallProblem as problem:
            return _refused(problem)
        except OSError:
            raise
        except UNREACHABLE as error:
            return _refused(outage(error, "The database did not answer. Send all of it again."))
        except Exception as error:
            _log.error("body not stored", reason=type(error).__name__)
            return _Answer(problem=_Problem("internal_error", "The hub failed. Send all of it again."))

    def _system(self, system_id: int) -> registry.System:
        with self._hub.pool.connection() as connection:
            if self._registry is None or registry.version(connection) != self._registry.version:
                self._registry = registry.load(connection)
        found = self._registry.system(system_id)
        if found is None or found.suspended:
            raise CallProblem("unauthorized")
        return found

    def _pieces(self, connection: socket.socket) -> Iterator[bytes]:
        while True:
            self._keep_on()
            piece = self._frame(connection)
            if piece is None:
                raise BodyBroken("The body ended before its end.")
            if not piece:
                return
            yield piece

    def _frame(self, connection: socket.socket) -> bytes | None:
        """Read one frame; empty at the end of the body, None when it broke off."""
        (length,) = LENGTH.unpack(exactly(connection, LENGTH.size, self._keep_on) or LENGTH.pack(BROKEN))
        if length == STOPPING:
            raise HubStopping
        return None if length == BROKEN else exactly(connection, length, self._keep_on)

    def _keep_on(self) -> None:
        if self._ending.is_set():
            raise HubStopping


def serve(hub: Hub, socket_path: Path, *, reader_path: Path) -> None:
    """Run the intake process until SIGTERM or SIGINT."""
    server = IntakeServer(hub, socket_path, reader_path=reader_path)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: server.stop())
    server.serve()
