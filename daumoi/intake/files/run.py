"""Sends a file through intake, kind by kind, and writes what was held beside it. Safe to stop and to run again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import UUID

import psycopg

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.intake.files.held_file import HeldFile
from daumoi.intake.files.passes import FilePlan, Sent, Tally
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
    stopped: bool = False
    failure: str = ""
    held_file: Path | None = None
    held_file_failure: str = ""

    @property
    def held(self) -> int:
        """Rows held, of all kinds."""
        return sum(receipt.held for receipt in self.receipts)


def run_import(hub: Hub, *, system: System, path: Path, plan: FilePlan, dry_run: bool, watch: Watch) -> Outcome:
    """Send the file; what was stored stays stored however it ends."""
    outcome = Outcome()
    for kind in plan.kinds:
        watch.began(kind)
        tally = Tally()
        receipt, failure = _send(hub, system, path, plan, kind, tally, dry_run=dry_run, watch=watch)
        same = outcome.tally.left_out_as_same + tally.left_out_as_same
        if kind is plan.kinds[0]:
            outcome.tally = tally
        outcome.tally.left_out_as_same = same
        if receipt is not None:
            outcome.receipts.append(receipt)
        outcome.failure = failure
        outcome.stopped = watch.wants_stop()
        if failure or outcome.stopped:
            break
    _explain(hub, system, path, plan, outcome, dry_run=dry_run)
    return outcome


def _send(
    hub: Hub, system: System, path: Path, plan: FilePlan, kind: Kind, tally: Tally, *, dry_run: bool, watch: Watch
) -> tuple[Receipt | None, str]:
    """Send all lines of one kind; returns the receipt, and why it ended early."""
    submission: Submission | None = None
    try:
        submission = Submission(hub, system=system, kind=kind, dry_run=dry_run)
        with path.open("rb") as stream:
            _send_lines(submission, plan.lines(kind, stream, tally), stream, watch)
            return submission.finish(), ""
    except CallProblem as problem:
        so_far = submission.receipt_so_far() if submission is not None else None
        return problem.receipt or so_far, problem.detail
    finally:
        if submission is not None:
            submission.close()


def _send_lines(submission: Submission, lines: Iterator[Sent], stream: BinaryIO, watch: Watch) -> None:
    count = 0
    for count, sent in enumerate(lines, start=1):
        _add(submission, sent)
        if count % _TELL_EVERY_ROWS == 0:
            watch.advanced(position=stream.tell(), records=count)
        if watch.wants_stop():
            return
    watch.ended(records=count)


def _add(submission: Submission, sent: Sent) -> None:
    if sent.too_long_mark:
        submission.add_too_long(start=sent.body, mark=sent.too_long_mark)
    else:
        submission.add(sent.body)


def _explain(hub: Hub, system: System, path: Path, plan: FilePlan, outcome: Outcome, *, dry_run: bool) -> None:
    """Write the held rows beside the file, and find the lines of the problems that are shown.

    The rows are made from the file once more, so that memory does not grow with the number of held rows.
    """
    target = path.with_name(f"{path.name}.held.ndjson")
    try:
        with HeldFile(target) as beside:
            for receipt in (each for each in outcome.receipts if each.held):
                kind = next(kind for kind in plan.kinds if kind.name == receipt.kind)
                shown = {problem.row for problem in receipt.problems}
                problems = _shown(receipt) if dry_run else _all_problems(hub, system, receipt.submission_id)
                for problem, sent in _with_source(path, plan, kind, problems):
                    if problem["row"] in shown:
                        outcome.source_lines[(kind.name, problem["row"])] = sent.source_line
                    if not dry_run:
                        beside.write(kind.name, problem, sent)
            if not dry_run:
                outcome.held_file = beside.keep(ended=not (outcome.stopped or outcome.failure))
    except OSError as fault:
        outcome.held_file_failure = f"{target} cannot be written ({fault.strerror}); the rows are held by the hub."
    except psycopg.Error:
        outcome.held_file_failure = f"{target} was not written: the database did not answer. The hub holds the rows."


def _shown(receipt: Receipt) -> Iterator[dict[str, Any]]:
    return ({"row": problem.row} for problem in receipt.problems)


def _all_problems(hub: Hub, system: System, submission_id: UUID | None) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while submission_id is not None and after is not None:
        page = submission_problems(hub, system=system, submission_id=submission_id, after_row=after)
        if page is None:
            return
        yield from page["problems"]
        after = page["next"]


def _with_source(
    path: Path, plan: FilePlan, kind: Kind, problems: Iterator[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], Sent]]:
    problem = next(problems, None)
    if problem is None:
        return
    with path.open("rb") as stream:
        for number, sent in enumerate(plan.lines(kind, stream), start=1):
            if number == problem["row"]:
                yield problem, sent
                problem = next(problems, None)
                if problem is None:
                    return
