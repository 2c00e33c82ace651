"""Group commit: single records that arrive together are stored in one transaction, each with its own receipt.

A group holds one kind. If it fails, its records are tried again one by one, and only the guilty one gets the
error. A client that went away changes nothing: its record is stored like the others.
"""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import psycopg
import structlog

from daumoi.core.database import UNREACHABLE, Connection, sqlstate_of
from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7
from daumoi.core.outages import outage
from daumoi.core.problems import CallProblem
from daumoi.intake import held_room, meters
from daumoi.intake.decoding import read_row
from daumoi.intake.held_room import HELD_ROOM
from daumoi.intake.receipts import Receipt, note, save_all
from daumoi.intake.rows import Row
from daumoi.intake.store import store_chunk
from daumoi.intake.submissions import refuse_when_low
from daumoi.kinds.kind import Kind
from daumoi.log.append import CHUNK_ROWS, Overtaken
from daumoi.organisations.registry import System

_log = structlog.get_logger("daumoi.intake")


@dataclass(slots=True, eq=False)
class _Waiting:
    system: System
    row: Row
    receipt: Receipt
    done: "Future[Receipt]" = field(default_factory=Future)
    queued_at: float = field(default_factory=time.perf_counter)


class _NoRoom(Exception):
    """Some records of a group are bad, and their systems have no room for held rows."""

    def __init__(self, waiting: list[_Waiting]) -> None:
        self.waiting = waiting
        super().__init__()


class GroupCommit:
    """One thread a kind gathers what waits and stores it."""

    def __init__(self, hub: Hub) -> None:
        """Begin with no threads; each starts with the first record of its kind."""
        self._hub = hub
        self._queues: dict[str, queue.SimpleQueue[_Waiting | None]] = {}
        self._threads: list[threading.Thread] = []
        self._guard = threading.Lock()

    def submit(self, system: System, kind: Kind, line: bytes) -> "Future[Receipt]":
        """Decode one record and queue it; the future gives its receipt once it is durable.

        Raises CallProblem storage_low and too_many_bad_rows at once.
        """
        refuse_when_low(self._hub)
        row = read_row(self._hub, system_id=system.id, kind=kind, line=line, number=1)
        if row.faults and HELD_ROOM.is_known_full(self._hub, system):
            raise held_room.refusal(self._hub)
        waiting = _Waiting(system, row, Receipt(uuid7(self._hub.clock.now()), kind.name))
        meters.count_received("single", rows=1, size=len(line))
        self._queue_of(kind).put(waiting)
        return waiting.done

    def close(self) -> None:
        """Store what waits, then end the threads."""
        with self._guard:
            for waiting in self._queues.values():
                waiting.put(None)
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=10)

    def _queue_of(self, kind: Kind) -> "queue.SimpleQueue[_Waiting | None]":
        found = self._queues.get(kind.name)
        if found is None:
            with self._guard:
                found = self._queues.get(kind.name)
                if found is None:
                    found = self._queues[kind.name] = queue.SimpleQueue()
                    meters.GROUP_QUEUE.labels(kind.name).set_function(found.qsize)
                    thread = threading.Thread(
                        target=self._run, args=(kind, found), name=f"commit-{kind.name}", daemon=True
                    )
                    self._threads.append(thread)
                    thread.start()
        return found

    def _run(self, kind: Kind, waiting: "queue.SimpleQueue[_Waiting | None]") -> None:
        ending = False
        while not ending:
            first = waiting.get()
            if first is None:
                return
            group = [first]
            while len(group) < CHUNK_ROWS and not waiting.empty():
                following = waiting.get()
                if following is None:
                    ending = True
                    break
                group.append(following)
            meters.GROUP.observe(len(group))
            meters.GROUP_WAIT.observe(time.perf_counter() - first.queued_at)
            self._store(kind, group)

    def _store(self, kind: Kind, group: Sequence[_Waiting]) -> None:
        try:
            self._commit(kind, group)
        except _NoRoom as no_room:
            left = [one for one in group if one not in no_room.waiting]
            self._fail(no_room.waiting, held_room.refusal(self._hub), "too many held")
            for one in left:  # what this try gave them is rolled back
                one.row.decision = one.row.seq = one.row.held_id = None
            if left:
                self._store(kind, left)
        except Overtaken as error:
            self._fail(group, outage(error), "overtaken")
        except UNREACHABLE as error:
            self._fail(group, outage(error), sqlstate_of(error))
        except psycopg.Error as error:
            if len(group) == 1:
                self._fail(group, CallProblem("internal_error"), sqlstate_of(error))
            for one in group if len(group) > 1 else ():
                self._store(kind, [one])
        except Exception as error:
            # A thread that died would leave every later record of its kind waiting for ever.
            if len(group) == 1:
                self._fail(group, CallProblem("internal_error"), type(error).__name__)
            for one in group if len(group) > 1 else ():
                self._store(kind, [one])

    def _commit(self, kind: Kind, group: Sequence[_Waiting]) -> None:
        receipts: list[Receipt] = []

        def beside(connection: Connection) -> None:
            receipts.clear()
            full = [one for one in group if one.row.faults and self._is_full(connection, one.system)]
            if full:
                raise _NoRoom(full)
            for one in group:
                receipt = one.receipt.copy()
                receipt.count([one.row])
                receipts.append(receipt)
            rows = [(receipt, one.row.system_id, kind.number) for receipt, one in zip(receipts, group, strict=True)]
            save_all(connection, rows, at=self._hub.clock.now(), finished=True)
            for receipt, one in zip(receipts, group, strict=True):
                if (one.row.faults or one.row.warnings) and receipt.submission_id:
                    note(connection, receipt.submission_id, [one.row])

        store_chunk(self._hub, kind, [one.row for one in group], beside)
        for receipt, one in zip(receipts, group, strict=True):
            if one.done.set_running_or_notify_cancel():
                one.done.set_result(receipt)

    def _is_full(self, connection: Connection, system: System) -> bool:
        return HELD_ROOM.is_full(self._hub, connection, system, bad=1)

    def _fail(self, group: Sequence[_Waiting], problem: CallProblem, reason: str) -> None:
        _log.error("single record not stored", reason=reason, records=len(group))
        for one in group:
            if one.done.set_running_or_notify_cancel():
                one.done.set_exception(problem)
