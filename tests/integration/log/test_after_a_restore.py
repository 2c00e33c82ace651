"""After a restore the log is counted by reading it, and the archive's files and cursor are brought together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log.archive import CONSUMER, archive_next
from daumoi.log.archive_alignment import align
from daumoi.log.reckoning import reckon
from tests.conftest import NOON
from tests.integration.sending import a_report, a_system, send

KIND = KINDS["citizen_report"]


@pytest.fixture
def filled(make_hub: Callable[..., Hub]) -> Hub:
    """A hub with a hundred reports, of which eighty are archived in two files."""
    hub = make_hub(clock=FixedClock(NOON), DAUMOI_ARCHIVE_ROWS="40")
    send(hub, a_system(hub), KIND.name, [a_report(f"R-{row}") for row in range(100)])
    while archive_next(hub, kind=KIND.name, number=KIND.number) is not None:
        continue
    return hub


def execute(hub: Hub, sql: str) -> None:
    with hub.pool.connection() as connection:
        connection.execute(sql.encode())


def faults(hub: Hub) -> list[str]:
    with hub.pool.connection() as connection:
        return reckon(connection, lambda _records: None).faults()


def files(hub: Hub) -> list[Path]:
    return sorted((hub.settings.data_dir / "archive").rglob("*.parquet"))


def cursor(hub: Hub) -> int:
    with hub.pool.connection() as connection:
        row = connection.execute(
            "SELECT seq FROM consumer WHERE name = %s AND kind = %s", (CONSUMER, KIND.number)
        ).fetchone()
    assert row is not None
    return int(row[0])


def aligned(hub: Hub) -> tuple[int, int]:
    """Files removed, and numbers to be written again."""
    with hub.pool.connection() as connection:
        return align(connection, hub.settings.data_dir / "archive")[:2]


def subjects(hub: Hub) -> list[int | None]:
    """The claims that the archive names, in order of the records."""
    listed = [str(path) for path in files(hub)]
    return [
        row[0] for row in duckdb.execute("SELECT subject_claim FROM read_parquet(?) ORDER BY seq", [listed]).fetchall()
    ]


def test_a_whole_log_has_no_faults_and_each_number_is_read(filled: Hub) -> None:
    read: list[int] = []
    with filled.pool.connection() as connection:
        found = reckon(connection, read.append)
    assert found.faults() == []
    assert sum(read) == found.receipts == found.numbers_given == 100


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM record WHERE seq = 50", "citizen_report: 99 of the numbers 1 to 100 are there, 0 beyond."),
        ("UPDATE head SET seq = 99 WHERE name = 'citizen_report'", "citizen_report: 99 of the numbers 1 to 99 are"),
        ("UPDATE head SET oldest = 2 WHERE name = 'citizen_report'", "citizen_report: 99 of the numbers 2 to 100 are"),
        ("DELETE FROM receipt WHERE seq = 7", "There are 99 receipts for 100 numbers."),
    ],
)
def test_a_log_with_a_hole_is_told(filled: Hub, damage: str, words: str) -> None:
    execute(filled, damage)
    assert any(fault.startswith(words) for fault in faults(filled)), faults(filled)


def test_files_and_cursor_of_one_moment_are_left_alone(filled: Hub) -> None:
    before = files(filled)
    assert len(before) == 2
    assert aligned(filled) == (0, 0)
    assert (files(filled), cursor(filled)) == (before, 80)


def test_a_state_older_than_its_files_loses_the_files_that_new_records_would_contradict(filled: Hub) -> None:
    execute(filled, "UPDATE consumer SET seq = 40 WHERE name = 'archive'")
    assert aligned(filled) == (1, 0)
    assert [path.name for path in files(filled)] == ["000000000001-000000000040.parquet"]


def test_a_state_newer_than_its_files_has_the_missing_ones_written_again(filled: Hub) -> None:
    before = files(filled)
    before[0].unlink()
    assert aligned(filled) == (1, 80)
    assert cursor(filled) == 0
    while archive_next(filled, kind=KIND.name, number=KIND.number) is not None:
        continue
    assert (files(filled), cursor(filled)) == (before, 80)


def test_files_that_retention_removed_go_again_when_an_older_archive_came_back(filled: Hub) -> None:
    execute(filled, "INSERT INTO archive_removal (kind, first_seq, last_seq, removed) VALUES (3, 1, 40, true)")
    execute(filled, "UPDATE head SET oldest = 41 WHERE name = 'citizen_report'")
    assert aligned(filled) == (1, 0)
    assert [path.stem for path in files(filled)] == ["000000000041-000000000080"]
    assert cursor(filled) == 80


def test_who_was_erased_is_cut_out_of_an_older_archive_that_came_back(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(clock=FixedClock(NOON), DAUMOI_ARCHIVE_ROWS="40")
    people = [{"national_id": f"00108700000{person}"} for person in range(4)]
    rows = [a_report(f"R-{row}", subject=people[row % 4]) for row in range(80)]
    send(hub, a_system(hub), KIND.name, rows)
    while archive_next(hub, kind=KIND.name, number=KIND.number) is not None:
        continue
    before = subjects(hub)
    erased = before[1]
    assert before.count(erased) == 20
    execute(hub, f"UPDATE record SET subject = NULL WHERE subject = {erased}")
    execute(hub, f"DELETE FROM claim WHERE id = {erased}")
    with hub.pool.connection() as connection:
        assert align(connection, hub.settings.data_dir / "archive") == (0, 0, 2)
    assert subjects(hub) == [None if claim == erased else claim for claim in before]
    with hub.pool.connection() as connection:
        assert align(connection, hub.settings.data_dir / "archive").cut == 0
