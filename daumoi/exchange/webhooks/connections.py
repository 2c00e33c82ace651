"""Connections to receivers: to a checked address, within a time, and kept open for the next message.

A kept connection leads to the address that was checked when it was made, whatever the name says by now. It is kept for
half a minute of rest and five minutes in all, so that a receiver that moves is followed.
"""

import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass

import h11

from daumoi.exchange.webhooks.addresses import Guard, Target

IDLE_S, AGE_S = 30.0, 300.0
KEPT_OF_EACH, KEPT_MAX = 64, 512
"""Connections at rest to one receiver, and to all of them."""
_HEAD_MAX_BYTES = 16 * 1024
Key = tuple[bool, str, int]


@dataclass
class Wire:
    """An open connection, and what is known of it."""

    socket: socket.socket
    http: h11.Connection
    made_at: float
    is_kept: bool = False
    """It served an earlier message: its receiver may have closed it meanwhile."""
    rested_at: float = 0.0

    def close(self) -> None:
        """End it."""
        self.socket.close()


def seconds_left(until: float) -> float:
    """Return the seconds that are left; raises TimeoutError."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class Connections:
    """Opens connections, and keeps those at rest; used by many threads."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        """Begin with none."""
        self._guard, self._tls = guard, tls
        self._lock = threading.Lock()
        self._kept: dict[Key, list[Wire]] = {}

    def kept(self, target: Target) -> Wire | None:
        """Return a connection at rest that still stands, the last one used; None where there is none."""
        while True:
            with self._lock:
                wires = self._kept.get(_key(target))
                wire = wires.pop() if wires else None
                if wires is not None and not wires:
                    del self._kept[_key(target)]
            if wire is None:
                return None
            if _stands(wire):
                return wire
            wire.close()

    def open(self, target: Target, until: float) -> Wire:
        """Resolve, check and connect; raises AddressRefused, TimeoutError, OSError."""
        addresses = self._guard.checked(target, within_s=seconds_left(until))
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX_BYTES)
        return Wire(_connect(target, addresses, self._tls, until), http, time.monotonic())

    def keep(self, target: Target, wire: Wire) -> None:
        """Take a connection back whose message was answered; it is closed where it cannot serve another."""
        now = time.monotonic()
        if not _can_serve_again(wire) or now - wire.made_at > AGE_S:
            wire.close()
            return
        wire.http.start_next_cycle()
        wire.is_kept, wire.rested_at = True, now
        with self._lock:
            wires = self._kept.setdefault(_key(target), [])
            wires.append(wire)
            dropped = wires[:-KEPT_OF_EACH]
            del wires[:-KEPT_OF_EACH]
            if sum(map(len, self._kept.values())) > KEPT_MAX:
                key = min(self._kept, key=lambda each: self._kept[each][0].rested_at)
                dropped += self._kept.pop(key)
        for each in dropped:
            each.close()

    def sweep(self) -> None:
        """Close those that have rested too long."""
        before = time.monotonic() - IDLE_S
        with self._lock:
            dropped = [wire for wires in self._kept.values() for wire in wires if wire.rested_at < before]
            self._kept = {
                key: kept
                for key, wires in self._kept.items()
                if (kept := [wire for wire in wires if wire.rested_at >= before])
            }
        for each in dropped:
            each.close()

    def drop(self, target: Target) -> None:
        """Close all that are kept to a receiver: one of them led nowhere, so the others may too."""
        with self._lock:
            dropped = self._kept.pop(_key(target), [])
        for each in dropped:
            each.close()

    def close(self) -> None:
        """Close all that are at rest."""
        with self._lock:
            wires = [wire for some in self._kept.values() for wire in some]
            self._kept.clear()
        for wire in wires:
            wire.close()


def _key(target: Target) -> Key:
    return target.is_tls, target.host, target.port


def _can_serve_again(wire: Wire) -> bool:
    """Tell whether an answer was whole and nothing came behind it, which the next message would take for its own."""
    if wire.http.our_state is not h11.DONE or wire.http.their_state is not h11.DONE:
        return False
    is_more_there = isinstance(wire.socket, ssl.SSLSocket) and wire.socket.pending() > 0
    return not is_more_there and wire.http.trailing_data == (b"", False)


def _stands(wire: Wire) -> bool:
    """Tell whether nothing has come meanwhile: what comes without a question is an end, or no HTTP."""
    now = time.monotonic()
    if now - wire.rested_at > IDLE_S or now - wire.made_at > AGE_S:
        return False
    poll = select.poll()
    poll.register(wire.socket, select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)


def _connect(target: Target, addresses: list[str], tls: ssl.SSLContext, until: float) -> socket.socket:
    """Connect to the first address that answers; only addresses that were checked, never the name."""
    failed: OSError = ConnectionRefusedError()
    for address in addresses:
        try:
            wire = socket.create_connection((address, target.port), timeout=seconds_left(until))
        except TimeoutError:
            raise
        except OSError as error:
            failed = error
            continue
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not target.is_tls:
                return wire
            wire.settimeout(seconds_left(until))
            return tls.wrap_socket(wire, server_hostname=target.host)
        except BaseException:
            wire.close()
            raise
    raise failed
