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
from daumoi.core.turns import Turn, turn
from daumoi.kinds.registry import KINDS
from daumoi.log.archive import CONSUMER, archive_next
from daumoi.log.entries import receipt_key
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
        connection.execute("ALTER TABLE record RENAME COLUMN body TO away")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            archive(small)
        connection.execute("ALTER TABLE record RENAME COLUMN away TO body")
    folder = small.settings.data_dir / "archive"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert len(archive(small)) == 1


def test_what_a_killed_run_left_half_written_is_gone_after_the_next(small: Hub):
    fill(small, 80, "one")
    folder = small.settings.data_dir / "archive"
    (made, _) = archive(small)
    for ending in (".draft", ".lines"):
        (folder / made).with_suffix(ending).write_bytes(b"half")
    with small.pool.connection() as connection:
        connection.execute("DELETE FROM consumer WHERE name = %s", (CONSUMER,))
    assert len(archive(small)) == 2
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".parquet"}


def test_a_file_ends_with_its_segment(make_hub: MakeHub):
    hub = make_hub(clock=FixedClock(NOON), DAUMOI_ARCHIVE_ROWS="70", DAUMOI_SEGMENT_ROWS="100")
    fill(hub, 250, "one")
    assert [path.stem for path in archive(hub)] == [
        "000000000001-000000000070",
        "000000000071-000000000100",
        "000000000101-000000000170",
        "000000000171-000000000200",
    ]


def test_one_process_archives_at_a_time(small: Hub):
    fill(small, 80, "one")
    with small.pool.connection() as connection, turn(connection, Turn.ARCHIVE, wait_s=0):
        assert archive(small) == []
    assert len(archive(small)) == 2


def test_every_value_comes_through_as_it_is_stored(small: Hub):
    """Odd refs, quotes, line ends, control characters, nothing at all, and instants before 1970."""
    rows = [
        a_report(
            "a,b\"c\\d 'đ'", data={"category": "crowd", "text": "T", "external_status": 'nói "thế"\n\t\u0001\u001f,;\\'}
        ),
        a_report("~ \u2028 𝄞", occurred_at="1969-12-31T23:59:59.123456+07:00"),
        a_report("x" * 128, location={"lat": -0.1, "lon": 179.99999, "accuracy_m": 0.5}),
        {"ref": "x" * 128, "op": "withdraw", "revision": 2},
    ] + [a_report(f"{at}", area={"scheme": "vn-2025", "code": "00004"}) for at in range(36)]
    receipt = send(small, a_system(small, "odd"), KIND.name, rows)
    assert receipt.held == 0, receipt.problems
    (made,) = archive(small)
    names = (
        "seq, system_id, revision, current, place, area_scheme, area_code, path, lat, lon, accuracy_m, schema_version"
    )
    with small.pool.connection() as connection:
        stored = connection.execute(
            f"SELECT {names}, id::text, extract(epoch FROM occurred_at) * 1000000,"
            " extract(epoch FROM received_at) * 1000000, body, ref FROM record WHERE kind = %s ORDER BY seq",
            (KIND.number,),
        ).fetchall()
    expected = [
        (*row[:-1], receipt_key(small.keys, system_id=row[1], kind=KIND.number, ref=row[-1]).hex()) for row in stored
    ]
    with duckdb.connect() as engine:
        found = engine.execute(
            f"SELECT {names}, id, epoch_us(occurred_at), epoch_us(received_at), body, record"
            f" FROM '{small.settings.data_dir / 'archive' / made}' ORDER BY seq"
        ).fetchall()
    assert [(*row[:-2], row[-2] and json.loads(row[-2]), row[-1]) for row in found] == expected


def test_spark_finds_no_type_in_a_file_that_it_cannot_read(small: Hub):
    """Apache Spark 4 refuses Parquet's UUID, and reads what is not adjusted to UTC in the session's own time zone."""
    fill(small, 40, "one")
    (made,) = archive(small)
    with duckdb.connect() as engine:
        schema = engine.execute(
            "SELECT name, type, converted_type, logical_type FROM parquet_schema($1) WHERE type IS NOT NULL",
            [str(small.settings.data_dir / "archive" / made)],
        ).fetchall()
    text, instant = ("BYTE_ARRAY", "UTF8"), ("INT64", "TIMESTAMP_MICROS")
    number, real = ("INT64", "INT_64"), ("DOUBLE", None)
    assert [(name, (physical, converted)) for name, physical, converted, _ in schema] == [
        ("seq", number),
        ("id", text),
        ("record", text),
        ("system_id", ("INT32", "INT_32")),
        ("revision", ("INT32", "INT_32")),
        ("op", text),
        ("current", ("BOOLEAN", None)),
        ("subject_claim", number),
        ("place", number),
        ("area_scheme", text),
        ("area_code", text),
        ("path", text),
        ("lat", real),
        ("lon", real),
        ("accuracy_m", real),
        ("occurred_at", instant),
        ("received_at", instant),
        ("schema_version", ("INT32", "INT_16")),
        ("body", text),
    ]
    logical = {name: shown or "" for name, _, _, shown in schema}
    assert all("isAdjustedToUTC=1" in logical[name] for name in ("occurred_at", "received_at"))
    assert not any("UUID" in shown for shown in logical.values())
