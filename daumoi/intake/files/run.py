"""Sends a file through intake, kind by kind, and writes what was held beside it. Safe to stop and to run again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import UUID

import psycopg

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.intake.files.held_file import HeldFile
from daumoi.intake.files.passes import FilePlan, Sent, Tally
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.snapshot import Snapshot
from daumoi.intake.receipts import Receipt
from daumoi.intake.selectors import submission_problems
from daumoi.intake.submissions import Submission
from daumoi.kinds.kind import Kind
from daumoi.organisations.registry import System

_TELL_EVERY_ROWS = 200


class Watch(Protocol):
    """Who looks on: is told how far it is, and may ask to stop."""

    def began(self, kind: Kind) -> None:
        """A pass over the file for one kind begins."""

    def advanced(self, *, position: int, records: int) -> None:
        """Say the place in the file, in bytes, and the records of this kind sent until now."""

    def ended(self, *, records: int) -> None:
        """Say that all of the file was sent for this kind."""

    def wants_stop(self) -> bool:
        """Tell whether to stop after this row."""


@dataclass
class Outcome:
    """What became of a file."""

    receipts: list[Receipt] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    source_lines: dict[tuple[str, int], int] = field(default_factory=dict)
    """Line of the file for the kind and row of each problem that a receipt shows."""
    notes: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    """What the mapping found wrong with the row of each of those problems."""
    nameless: int = 0
    """Rows of a snapshot that do not say which record they are: because of them nothing was withdrawn."""
    stopped: bool = False
    failure: str = ""
    held_file: Path | None = None
    held_file_failure: str = ""

    @property
    def held(self) -> int:
        """Rows held, of all kinds."""
        return sum(receipt.held for receipt in self.receipts)


@dataclass(frozen=True)
class Job:
    """A file, its plan, and how it is sent."""

    hub: Hub
    system: System
    path: Path
    plan: FilePlan
    dry_run: bool = False
    snapshot: bool = False
    """The file is the whole list: what is missing is withdrawn, what changed gets the next revision."""

    @contextmanager
    def lines(self, kind: Kind, tally: Tally | None = None) -> Iterator[tuple[Iterator[Sent], BinaryIO]]:
        """Read the file once for one kind; gives the lines, and the stream they come from."""
        with self.path.open("rb") as stream:
            yield self.plan.lines(kind, stream, tally), stream


def run_import(job: Job, watch: Watch) -> Outcome:
    """Send the file; what was stored stays stored however it ends. Raises FileRefused for an empty snapshot."""
    outcome = Outcome()
    snapshots: dict[str, Snapshot] = {}
    for kind in job.plan.kinds:
        watch.began(kind)
        if job.snapshot:
            with job.lines(kind) as (lines, _):
                snapshots[kind.name] = Snapshot(job.hub, system=job.system, kind=kind, lines=lines)
            outcome.nameless += snapshots[kind.name].nameless
        tally = Tally()
        receipt, failure = _send(job, kind, tally, watch, snapshots.get(kind.name))
        same = outcome.tally.left_out_as_same + tally.left_out_as_same
        if kind is job.plan.kinds[0]:
            outcome.tally = tally
        outcome.tally.left_out_as_same = same
        if receipt is not None:
            outcome.receipts.append(receipt)
        outcome.failure = failure
        outcome.stopped = watch.wants_stop()
        if failure or outcome.stopped:
            break
    _explain(job, outcome, snapshots)
    return outcome


def _send(job: Job, kind: Kind, tally: Tally, watch: Watch, snapshot: Snapshot | None) -> tuple[Receipt | None, str]:
    """Send all lines of one kind; returns the receipt, and why it ended early."""
    submission: Submission | None = None
    try:
        submission = Submission(job.hub, system=job.system, kind=kind, dry_run=job.dry_run, way="import")
        with job.lines(kind, tally) as (lines, stream):
            if snapshot is not None:
                lines = snapshot.revised(snapshot.kept(lines))
            _send_lines(submission, lines, stream, tally, watch)
            if snapshot is not None and not watch.wants_stop():
                for withdrawal in snapshot.withdrawals():
                    submission.add([withdrawal.body])
            return submission.finish(), ""
    except CallProblem as problem:
        so_far = submission.receipt_so_far() if submission is not None else None
        return problem.receipt or so_far, problem.detail
    except FileRefused as refused:
        # A file that is damaged further down: the rows before it are good and are kept.
        try:
            return submission.break_off() if submission is not None else None, str(refused)
        except CallProblem as problem:
            return problem.receipt, f"{refused} {problem.detail}"
    finally:
        if submission is not None:
            submission.close()


def _send_lines(submission: Submission, lines: Iterator[Sent], stream: BinaryIO, tally: Tally, watch: Watch) -> None:
    count = 0
    size = os.fstat(stream.fileno()).st_size
    for count, sent in enumerate(lines, start=1):
        _add(submission, sent)
        if count % _TELL_EVERY_ROWS == 0:
            watch.advanced(position=_position(stream, size, tally), records=count)
        if watch.wants_stop():
            return
    watch.ended(records=count)


def _position(stream: BinaryIO, size: int, tally: Tally) -> int:
    if tally.share is not None:
        return int(tally.share * size)
    # A reader closes its stream when it has read ahead to the end.
    return size if stream.closed else stream.tell()


def _add(submission: Submission, sent: Sent) -> None:
    if sent.too_long_mark:
        submission.add_too_long(start=sent.body, mark=sent.too_long_mark)
    else:
        submission.add([sent.body])


def _explain(job: Job, outcome: Outcome, snapshots: dict[str, Snapshot]) -> None:
    """Write the held rows beside the file, and find the lines of the problems that are shown.

    The rows are made from the file once more, so that memory does not grow with the number of held rows.
    """
    target = job.path.with_name(f"{job.path.name}.held.ndjson")
    try:
        with HeldFile(target) as beside:
            for receipt in (each for each in outcome.receipts if each.held):
                kind = next(kind for kind in job.plan.kinds if kind.name == receipt.kind)
                shown = {problem.row for problem in receipt.problems}
                problems = _shown(receipt) if job.dry_run else _all_problems(job, receipt.submission_id)
                for problem, sent in _with_source(job, kind, problems, snapshots.get(kind.name)):
                    if problem["row"] in shown:
                        outcome.source_lines[(kind.name, problem["row"])] = sent.source_line
                        outcome.notes[(kind.name, problem["row"])] = sent.notes
                    if not job.dry_run:
                        beside.write(kind.name, problem, sent)
            if not job.dry_run:
                outcome.held_file = beside.keep(ended=not (outcome.stopped or outcome.failure))
    except OSError as fault:
        outcome.held_file_failure = f"{target} cannot be written ({fault.strerror}); the rows are held by the hub."
    except psycopg.Error:
        outcome.held_file_failure = f"{target} was not written: the database did not answer. The hub holds the rows."


def _shown(receipt: Receipt) -> Iterator[dict[str, Any]]:
    return ({"row": problem.row} for problem in receipt.problems)


def _all_problems(job: Job, submission_id: UUID | None) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while submission_id is not None and after is not None:
        page = submission_problems(job.hub, system=job.system, submission_id=submission_id, after_row=after)
        if page is None:
            return
        yield from page["problems"]
        after = page["next"]


def _with_source(
    job: Job, kind: Kind, problems: Iterator[dict[str, Any]], snapshot: Snapshot | None
) -> Iterator[tuple[dict[str, Any], Sent]]:
    problem = next(problems, None)
    if problem is None:
        return
    with job.lines(kind) as (lines, _):
        for number, sent in enumerate(snapshot.kept(lines) if snapshot else lines, start=1):
            if number == problem["row"]:
                yield problem, sent
                problem = next(problems, None)
                if problem is None:
                    return
