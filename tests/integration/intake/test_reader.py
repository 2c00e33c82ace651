"""The reader of rows gives what reading in place gives, and a body goes on when it dies."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daumoi.core.hub import Hub
from daumoi.intake.decoding import read_rows
from daumoi.intake.reader import ReaderServer, RowReader
from daumoi.intake.rows import Row
from daumoi.intake.submissions import Submission
from daumoi.kinds.registry import KINDS
from daumoi.log.entries import personal_context
from tests.contract.bad_rows import BAD_ROWS
from tests.contract.records import (
    a_checkpoint,
    a_declaration,
    a_movement,
    a_passage,
    a_report,
    the_bytes,
)
from tests.integration.sending import a_system

GOOD = {
    "health_declaration": [a_declaration({"note": "ở nhà"}), a_declaration(declarant={"full_name": "Lê Thị Mẫu"})],
    "movement_declaration": [a_movement({"companions": [{"full_name": "Bé Na", "birth_date": "2019"}]})],
    "citizen_report": [a_report(), a_report(op="withdraw", revision=2)],
    "checkpoint": [a_checkpoint({"opened_on": "2021-07-01", "closed_on": "2021-09-30"})],
    "checkpoint_passage": [a_passage("G1"), a_passage("G2", {"vehicle_plate": "29A-123.45"})],
}


@contextmanager
def a_reader(hub: Hub) -> Iterator[tuple[Path, ReaderServer]]:
    """A reader that listens on a socket of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run" / "reader.sock"
        server = ReaderServer(hub, path)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield path, server
        finally:
            server.stop()
            thread.join()


def comparable(hub: Hub, row: Row) -> Row:
    """Sealed values differ each time they are sealed: compare what is inside."""
    if row.entry is not None and row.entry.personal is not None:
        context = personal_context(row.entry.key, row.entry.revision)
        row.entry.personal = hub.keys.open(row.entry.personal, context)
    return row


@pytest.mark.parametrize("name", GOOD)
def test_rows_read_by_the_reader_are_those_read_in_place(hub_at_noon: Hub, name: str) -> None:
    texts = [the_bytes(row) for row in GOOD[name]]
    texts += [
        each.row if isinstance(each.row, bytes) else the_bytes(each.row) for each in BAD_ROWS if each.kind == name
    ]
    lines = list(enumerate(texts, start=7))
    with a_reader(hub_at_noon) as (path, _):
        reader = RowReader(hub_at_noon, path, system_id=5, kind=KINDS[name])
        reader.ask(lines)
        there = reader.rows()
        reader.close()
    here = read_rows(hub_at_noon, system_id=5, kind=KINDS[name], lines=lines)
    assert sum(row.is_good for row in here) >= len(GOOD[name])
    assert [comparable(hub_at_noon, row) for row in there] == [comparable(hub_at_noon, row) for row in here]


def test_without_a_reader_the_chunk_is_read_in_place(hub_at_noon: Hub, tmp_path: Path) -> None:
    reader = RowReader(hub_at_noon, tmp_path / "nobody.sock", system_id=5, kind=KINDS["citizen_report"])
    reader.ask([(1, the_bytes(a_report(ref="r-1")))])
    (row,) = reader.rows()
    assert row.is_good and row.ref == "r-1"


def test_a_body_is_stored_whole_when_the_reader_ends_in_the_middle(hub: Hub) -> None:
    system = a_system(hub)
    kind = KINDS["citizen_report"]
    lines = [the_bytes(a_report(ref=f"r-{number}")) for number in range(5_500)]
    with a_reader(hub) as (path, server):
        reader = RowReader(hub, path, system_id=system.id, kind=kind)
        submission = Submission(hub, system=system, kind=kind, way="bulk", reader=reader)
        submission.add(lines[:2_700])
        server.stop()
        assert reader._socket is not None
        reader._socket.shutdown(2)  # as the kernel does for a process that was killed
        submission.add(lines[2_700:])
        receipt = submission.finish()
    assert (receipt.received, receipt.accepted, receipt.first_seq, receipt.last_seq) == (5_500, 5_500, 1, 5_500)


def test_problems_of_a_body_read_elsewhere_name_its_lines(hub: Hub) -> None:
    system = a_system(hub)
    kind = KINDS["citizen_report"]
    lines = [the_bytes(a_report(ref=f"r-{number}")) for number in range(2_500)]
    lines[3], lines[999], lines[1_000], lines[2_400] = b"nonsense", b"", b"x" * 2_000_000, b"{}"
    with a_reader(hub) as (path, _):
        reader = RowReader(hub, path, system_id=system.id, kind=kind)
        submission = Submission(hub, system=system, kind=kind, way="bulk", reader=reader)
        submission.add(lines)
        receipt = submission.finish()
    assert (receipt.received, receipt.accepted, receipt.held) == (2_499, 2_496, 3)
    assert [problem.row for problem in receipt.problems] == [4, 1_001, 2_401]
