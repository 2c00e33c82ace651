"""Whose chunk is stored next, when several bodies are under way: systems in turn, whatever number of bodies each has.

All appends of a kind meet at its head, one after the other. Chunks that queue there in the database stand before a
single post that comes later, and every one is a session that takes the processor from others: eight bodies at once
made a single post of another client wait for a second. So they queue here, and the database sees few of them.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

PLACES = 2
"""Chunks that may be in the database at a time."""
OF_A_KIND = 1
"""Chunks of one kind that may be in the database at a time: the head lets only one through anyway."""


class _Ticket:
    __slots__ = ("called", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.called = threading.Event()


class Turns:
    """Gives the places in the database to systems in turn."""

    def __init__(self, places: int = PLACES, of_a_kind: int = OF_A_KIND) -> None:
        """Begin with all places free."""
        self._places, self._of_a_kind = places, of_a_kind
        self._guard = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._waiting: OrderedDict[int, deque[_Ticket]] = OrderedDict()

    @contextmanager
    def turn(self, system_id: int, kind: str) -> Iterator[None]:
        """Wait for the system's turn, and hold a place while its chunk is stored."""
        ticket = _Ticket(kind)
        with self._guard:
            self._waiting.setdefault(system_id, deque()).append(ticket)
            self._call()
        ticket.called.wait()
        try:
            yield
        finally:
            with self._guard:
                self._taken[kind] -= 1
                self._call()

    def _call(self) -> None:
        """Call those whose turn it is, as long as there are places; who is called goes to the end of the round."""
        while self._taken.total() < self._places:
            found = self._next()
            if found is None:
                return
            system_id, ticket = found
            queue = self._waiting[system_id]
            queue.remove(ticket)
            if queue:
                self._waiting.move_to_end(system_id)
            else:
                del self._waiting[system_id]
            self._taken[ticket.kind] += 1
            ticket.called.set()

    def _next(self) -> tuple[int, _Ticket] | None:
        for system_id, queue in self._waiting.items():
            for ticket in queue:
                if self._taken[ticket.kind] < self._of_a_kind:
                    return system_id, ticket
        return None
