"""The archive: each closed range once, facts alone, the same file however often it is written."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log.archive import CONSUMER, archive_next
from tests.conftest import NOON
from tests.integration.sending import a_report, a_system, send

KIND = KINDS["citizen_report"]
MakeHub = Callable[..., Hub]


@pytest.fixture
def small(make_hub: MakeHub) -> Hub:
    """A hub at noon of 1 August 2021, whose archive files hold forty records."""
    return make_hub(clock=FixedClock(NOON), DAUMOI_ARCHIVE_ROWS="40")


def fill(hub: Hub, rows: int, system: str) -> None:
    report = a_report("") | {"subject": {"full_name": "Lê Thị Mẫu", "phone": "0912345678"}}
    send(hub, a_system(hub, system), KIND.name, [report | {"ref": f"riêng-{row}"} for row in range(rows)])


def archive(hub: Hub) -> list[Path]:
    """Archive all that is closed; the files in order, below the archive's folder."""
    made = []
    while (path := archive_next(hub, kind=KIND.name, number=KIND.number)) is not None:
        made.append(path.relative_to(hub.settings.data_dir / "archive"))
    return made


def move(hub: Hub, by: timedelta) -> None:
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(by)


def rows_of(hub: Hub) -> list[tuple[Any, ...]]:
    where = hub.settings.data_dir / "archive" / "**" / "*.parquet"
    with duckdb.connect() as engine:
        return engine.execute(
            f"SELECT seq, op, revision, subject_claim, body, record FROM '{where}' ORDER BY seq"
        ).fetchall()


def test_full_ranges_are_archived_at_once_and_the_rest_when_its_day_is_over(small: Hub):
    fill(small, 100, "one")
    assert [path.name for path in archive(small)] == [
        "000000000001-000000000040.parquet",
        "000000000041-000000000080.parquet",
    ]
    assert archive(small) == []
    move(small, timedelta(hours=12))
    assert [str(path) for path in archive(small)] == [
        "citizen_report/2021-08-01/000000000081-000000000100.parquet",
    ]
    assert [row[0] for row in rows_of(small)] == list(range(1, 101))


def test_a_file_holds_one_day_of_the_hubs_own_place(small: Hub):
    move(small, timedelta(hours=11, minutes=59))
    fill(small, 10, "before")
    move(small, timedelta(minutes=2))
    fill(small, 35, "after")
    assert [str(path) for path in archive(small)] == [
        "citizen_report/2021-08-01/000000000001-000000000010.parquet",
    ]
    move(small, timedelta(days=1))
    assert [str(path) for path in archive(small)] == [
        "citizen_report/2021-08-02/000000000011-000000000045.parquet",
    ]


def test_a_run_after_a_crash_writes_the_same_files_again(small: Hub):
    fill(small, 80, "one")
    folder = small.settings.data_dir / "archive"
    first = {path: (folder / path).read_bytes() for path in archive(small)}
    rows = rows_of(small)
    with small.pool.connection() as connection:
        connection.execute("DELETE FROM consumer WHERE name = %s", (CONSUMER,))
    assert archive(small) == list(first)
    assert rows_of(small) == rows
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(folder / path for path in first)


def test_what_is_archived_is_the_log_without_refs_and_personal_values(small: Hub):
    fill(small, 40, "one")
    (made,) = archive(small)
    with small.pool.connection() as connection:
        stored = connection.execute(
            "SELECT seq, revision, subject, body FROM record WHERE kind = %s ORDER BY seq", (KIND.number,)
        ).fetchall()
    assert [(seq, revision, claim, json.loads(body)) for seq, _, revision, claim, body, _ in rows_of(small)] == stored
    assert len({row[5] for row in rows_of(small)}) == 40
    with duckdb.connect() as engine:
        shown = str(
            engine.execute(f"SELECT COLUMNS(*)::VARCHAR FROM '{small.settings.data_dir / 'archive' / made}'").fetchall()
        )
    for secret in ("riêng", "Mẫu", "0912345678", "Tụ tập"):
        assert secret not in shown


def test_no_half_file_is_left_when_writing_fails_and_the_next_run_writes_it(small: Hub):
    fill(small, 40, "one")
    with small.pool.connection() as connection:
        connection.execute("ALTER TABLE record_personal RENAME TO away")
        with pytest.raises(psycopg.errors.UndefinedTable):
            archive(small)
        connection.execute("ALTER TABLE away RENAME TO record_personal")
    folder = small.settings.data_dir / "archive"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert len(archive(small)) == 1
