"""One body: lines go in, a receipt comes out. Memory does not grow with the body."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Literal

import msgspec

from daumoi.core import outages
from daumoi.core.database import UNREACHABLE, Connection
from daumoi.core.hub import Hub
from daumoi.core.ids import uuid7
from daumoi.core.outages import outage
from daumoi.core.problems import CallProblem
from daumoi.core.storage import is_low
from daumoi.intake import held_room, meters
from daumoi.intake.decoding import read_rows, unreadable_row
from daumoi.intake.held_room import HELD_ROOM
from daumoi.intake.reader import RowReader
from daumoi.intake.receipts import Receipt, note, save
from daumoi.intake.rehearsal import Rehearsal
from daumoi.intake.rows import Row
from daumoi.intake.store import Undone, store_chunk
from daumoi.intake.turns import Turns
from daumoi.kinds.faults import fault
from daumoi.kinds.kind import Kind
from daumoi.log.append import CHUNK_ROWS, Overtaken
from daumoi.organisations.quotas import Quota
from daumoi.organisations.registry import System

OnProblem = Literal["hold", "reject"]

_CHUNK_BYTES = 4 * 1024 * 1024
"""A chunk ends at this size even with few rows, so that long lines cannot fill the memory."""

_REJECT_BYTES = 64 * 1024 * 1024
_KEPT_OF_UNREADABLE = 4096
JSON_SPACE = b" \t\r\n"
"""White space as JSON has it (RFC 8259, section 2): a line of other spaces is no blank line."""


class Submission:
    """Takes the rows of one body, stores them chunk by chunk, and keeps the receipt.

    What was stored stays stored if the body breaks off. With on_problem="reject" nothing is stored before `finish`.
    A long body is stored by a thread of its own: while the database takes one chunk, the next is read, by a process of
    its own where there is one.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        system: System,
        kind: Kind,
        dry_run: bool = False,
        on_problem: OnProblem = "hold",
        way: meters.Way = "small",
        turns: Turns | None = None,
        quota: Quota | None = None,
        reader: RowReader | None = None,
    ) -> None:
        """Begin; raises CallProblem storage_low when the hub takes no records.

        With `turns`, a chunk is stored when it is the system's turn; with `quota`, its rows count for the day; with
        `reader`, full chunks are read by another process.
        """
        self._hub, self._system, self._kind = hub, system, kind
        self._turns = turns or Turns()
        self._quota = quota
        self._rehearsal = Rehearsal(hub, kind) if dry_run else None
        self._rejects = on_problem == "reject" and not dry_run
        self._reader = None if dry_run else reader
        self._beside_asked: list[Row] = []
        self._way: meters.Way = way
        self._began_at = hub.clock.now()
        self._receipt = Receipt(None if dry_run else uuid7(self._began_at), kind.name)
        self._lines: list[tuple[int, bytes]] = []
        self._unreadable: list[Row] = []
        self._bytes = 0
        self._line = 0
        self._storer: ThreadPoolExecutor | None = None
        self._storing: Future[None] | None = None
        refuse_when_low(hub)

    def add(self, lines: Sequence[bytes]) -> None:
        """Take JSON texts (lines of NDJSON, elements of an array); blank lines are counted and skipped.

        Raises CallProblem when the body may not go on; its receipt holds what was stored.
        """
        longest = self._hub.settings.line_max_bytes
        for line in lines:
            self._line += 1
            if len(line) > longest:
                self._refuse_line("line_too_long", start=line, mark=line)
            elif line.strip(JSON_SPACE):
                self._lines.append((self._line, line))
                self._bytes += len(line)
                if len(self._lines) >= CHUNK_ROWS or self._bytes >= _CHUNK_BYTES:
                    self._mind_size()

    def skip_blank(self, lines: int) -> None:
        """Count blank lines that were not handed over one by one."""
        self._line += lines

    def add_too_long(self, *, start: bytes, mark: bytes) -> None:
        """Take a line that was longer than may be kept: `start` of it, and a `mark` that stands for its content."""
        self._line += 1
        self._refuse_line("line_too_long", start=start, mark=mark)

    def finish(self) -> Receipt:
        """Store what is left and return the receipt; raises CallProblem rows_refused when the sender asked for it."""
        if self._rejects:
            self._store_or_refuse()
        else:
            self._flush(finished=True)
        self.close()
        return self._receipt

    def receipt_so_far(self) -> Receipt:
        """Return what is stored until now; chunks on their way are stored first."""
        self._store_asked()
        if self._storing is not None:
            wait([self._storing])
        return self._receipt

    def close(self) -> None:
        """Let go of what storing and rehearsing needed. Safe to call twice."""
        if self._rehearsal is not None:
            self._rehearsal.close()
        if self._reader is not None:
            self._reader.close()
        if self._storer is not None:
            self._storer.shutdown()
            self._storer = None

    def break_off(self) -> Receipt:
        """End a body that broke: store the rows that came whole, and return the receipt so far."""
        if self._rejects:
            self._take_all()
        self._flush(finished=True)
        self.close()
        return self._receipt

    def _refuse_line(self, code: str, *, start: bytes, mark: bytes) -> None:
        """Hold the present line for a fault of the line itself."""
        more = f"Limit: {self._hub.settings.line_max_bytes} bytes."
        row = unreadable_row(
            system_id=self._system.id,
            fault=fault(code, "", more),
            start=start[:_KEPT_OF_UNREADABLE],
            mark=mark,
            number=self._line,
        )
        self._unreadable.append(row)
        self._bytes += len(row.raw)
        self._mind_size()

    def _mind_size(self) -> None:
        rows = len(self._lines) + len(self._unreadable)
        limit = self._hub.settings.reject_max_rows
        if not self._rejects:
            if rows >= CHUNK_ROWS or self._bytes >= _CHUNK_BYTES:
                self._flush(finished=False)
        elif rows > limit or self._bytes > _REJECT_BYTES:
            self._take_all()
            detail = (
                f"With on_problem=reject a body has at most {limit} rows and {_REJECT_BYTES} bytes. Nothing was kept. "
                "Send it in parts, or with on_problem=hold."
            )
            raise CallProblem("body_too_large", detail)

    def _take_all(self) -> tuple[list[tuple[int, bytes]], list[Row]]:
        """Take what has come so far, unread."""
        lines, self._lines = self._lines, []
        unreadable, self._unreadable = self._unreadable, []
        self._bytes = 0
        return lines, unreadable

    def _admit(self) -> tuple[list[tuple[int, bytes]], list[Row]]:
        """Take what has come so far, and count it; raises CallProblem when it is too much for the day."""
        meters.count_received(self._way, rows=len(self._lines) + len(self._unreadable), size=self._bytes)
        lines, unreadable = self._take_all()
        many = len(lines) + len(unreadable)
        wait_s = self._quota.take(self._system, many) if self._quota is not None and many else None
        if wait_s is not None:
            raise over_quota(self._hub, self._system, wait_s, self.receipt_so_far())
        return lines, unreadable

    def _read_all(self) -> list[Row]:
        """Read what has come so far, in the order of the body; raises CallProblem when it is too much for the day."""
        lines, unreadable = self._admit()
        with meters.reading(len(lines)):
            rows = read_rows(self._hub, system_id=self._system.id, kind=self._kind, lines=lines) if lines else []
        return _in_order(rows, unreadable)

    def _flush(self, *, finished: bool) -> None:
        if self._reader is None or finished:
            self._store_asked()
            self._hand_on(self._read_all(), finished=finished)
            return
        # The reader has one chunk while the database takes the one before, and the next is cut into lines.
        lines, unreadable = self._admit()
        rows = self._take_asked()
        self._reader.ask(lines)
        self._beside_asked = unreadable
        if rows:
            self._hand_on(rows, finished=False)

    def _store_asked(self) -> None:
        """Take back the chunk that is being read, if there is one, and have it stored."""
        rows = self._take_asked()
        if rows:
            self._hand_on(rows, finished=False)

    def _take_asked(self) -> list[Row]:
        if self._reader is None or not self._reader.is_asked:
            return []
        unreadable, self._beside_asked = self._beside_asked, []
        return _in_order(self._reader.rows(), unreadable)

    def _hand_on(self, rows: list[Row], *, finished: bool) -> None:
        """Store rows (or rehearse them) once the chunk before is stored."""
        self._await_storing(more=bool(rows))
        if self._rehearsal is not None:
            self._mind_bad_rows(more=bool(rows))
            self._rehearsal.play(rows)
            self._receipt.count(rows, numbers=False)
        elif finished:
            self._store(rows, finished=True)
        elif rows:
            if self._storer is None:
                self._storer = ThreadPoolExecutor(1, "store")
            self._storing = self._storer.submit(self._store, rows, finished=False)
        # Whether more rows follow is known when they come: the next flush asks for that.
        self._mind_bad_rows(more=False)

    def _await_storing(self, *, more: bool) -> None:
        """Wait until the chunk before is stored; raises what went wrong with it. `more`: whether rows follow it."""
        storing, self._storing = self._storing, None
        if storing is not None:
            with meters.WAIT.time():
                storing.result()
            self._mind_bad_rows(more=more)

    def _mind_bad_rows(self, *, more: bool) -> None:
        if self._storing is not None:
            return
        seen, settings = self._receipt, self._hub.settings
        if seen.held > settings.bad_rows_max:
            detail = f"More than {settings.bad_rows_max} rows of this body are bad"
        elif more and seen.held == seen.received >= settings.first_bad_rows_max:
            detail = f"The first {seen.received} rows of this body are all bad"
        else:
            return
        self.close()
        # What became of a rehearsal's rows is told, but nothing of it was kept.
        detail += (
            "; the rest was not read. See what is wrong with them under receipt.problems"
            f"{'' if self._rehearsal else ' and at GET /api/v1/held'}, mend the mapping, and send all again."
        )
        raise CallProblem("too_many_bad_rows", detail, receipt=self._receipt)

    def _store(self, rows: Sequence[Row], *, finished: bool) -> None:
        refuse_when_low(self._hub, self._receipt)
        after = self._receipt

        def beside(connection: Connection) -> None:
            nonlocal after
            after = self._receipt.copy()
            after.count(rows)
            bad = after.held - self._receipt.held
            if bad and HELD_ROOM.is_full(self._hub, connection, self._system, bad=bad):
                raise held_room.refusal(self._hub, self._receipt)
            self._write(connection, after, rows, finished=finished)

        try:
            with self._turns.turn(self._system.id, self._kind.name):
                store_chunk(self._hub, self._kind, rows, beside)
        except (*UNREACHABLE, Overtaken) as error:
            detail = "The database did not answer in time. What the receipt counts is stored; send all of it again."
            raise outage(error, detail, receipt=self._receipt) from None
        self._receipt = after

    def _write(self, connection: Connection, receipt: Receipt, rows: Sequence[Row], *, finished: bool) -> None:
        assert receipt.submission_id is not None
        at = self._hub.clock.now()
        save(connection, receipt=receipt, system_id=self._system.id, kind=self._kind.number, at=at, finished=finished)
        note(connection, receipt.submission_id, rows)

    def _store_or_refuse(self) -> None:
        """Store all rows in one transaction, or none when one is bad."""
        rows = self._read_all()

        def beside(connection: Connection) -> None:
            if any(row.faults for row in rows):
                raise Undone
            self._receipt.count(rows)
            self._write(connection, self._receipt, rows, finished=True)

        refuse_when_low(self._hub)
        empty = self._receipt.copy()
        try:
            if any(row.faults for row in rows):
                # What only the database can tell is looked up too, so that the sender sees all problems at once.
                rehearsal = Rehearsal(self._hub, self._kind)
                rehearsal.play(rows)
                rehearsal.close()
                raise Undone
            store_chunk(self._hub, self._kind, rows, beside)
        except Undone:
            raise refusal(self._kind, rows) from None
        except (*UNREACHABLE, Overtaken) as error:
            self._receipt = empty
            raise outage(error, receipt=empty) from None


def _in_order(rows: list[Row], unreadable: list[Row]) -> list[Row]:
    return sorted(rows + unreadable, key=lambda row: row.number) if unreadable else rows


def refusal(kind: Kind, rows: Sequence[Row]) -> CallProblem:
    """Make the answer to rows that were refused: all of them, each with its first fault."""
    seen = Receipt(None, kind.name)
    bad = [row for row in rows if row.faults]
    for row in bad:
        row.held_id = None
    seen.count(bad)
    detail = (
        f"{len(bad)} of {len(rows)} rows are bad; nothing was stored, as on_problem=reject asks. "
        "Correct the rows under problems and send the whole body again."
    )
    return CallProblem("rows_refused", detail, extra={"problems": msgspec.to_builtins(seen.problems)})


def refuse_when_low(hub: Hub, receipt: Receipt | None = None) -> None:
    """Raise CallProblem storage_low while the disk is nearly full."""
    if is_low(hub.settings):
        raise outages.storage_low(receipt)


def over_quota(hub: Hub, system: System, wait_s: int, receipt: Receipt | None = None) -> CallProblem:
    """Make the answer to records that are more than a system may send on this day."""
    most = system.records_per_day or hub.settings.records_per_day
    detail = (
        f"Your system may send {most} records a day (UTC+7), and these are more. What was answered with 200, or stands "
        "in the receipt, is kept. Send the rest when Retry-After is over, or ask the centre for more."
    )
    return CallProblem("rate_limited", detail, receipt=receipt, headers={"Retry-After": str(wait_s)})
