"""A restore to an earlier state: lines are gone that were signed, and the log says why, or says that they were cut."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daumoi.audit import heads
from daumoi.audit.restoring import record_restore
from daumoi.audit.sealing import ChainBroken, seal
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from tests.integration.audit.writing import ADA, codes, found, verified, write

REASON = "Đĩa hỏng, phục hồi từ bản sao lưu"


def live(hub: Hub, *, days: int) -> None:
    assert isinstance(hub.clock, FixedClock)
    for _ in range(days):
        write(hub, 5)
        seal(hub)
        hub.clock.move(timedelta(days=1))


def end_of(hub: Hub) -> tuple[Any, ...]:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT number, hash, sealed_at, signature FROM audit_chain").fetchone()
    assert row is not None
    return row


def go_back(hub: Hub, end: tuple[Any, ...]) -> None:
    """Leave the tables as a restore of the database's files leaves them."""
    with hub.pool.connection() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM audit_line WHERE number > %s", (end[0],))
        connection.execute("DELETE FROM audit_head WHERE number > %s OR at > %s", (end[0], end[2]))
        connection.execute("UPDATE audit_chain SET number = %s, hash = %s, sealed_at = %s, signature = %s", end)


@pytest.fixture
def gone_back(hub_at_noon: Hub) -> Hub:
    """A hub of four days, five lines each, that was restored to the end of the second."""
    live(hub_at_noon, days=2)
    end = end_of(hub_at_noon)
    live(hub_at_noon, days=2)
    go_back(hub_at_noon, end)
    return hub_at_noon


def test_a_restore_that_is_signed_explains_the_heads_of_what_it_gave_up(gone_back: Hub) -> None:
    assert "tail_cut" in codes(gone_back)
    write(gone_back)
    with pytest.raises(ChainBroken, match="says that the chain had 20 lines"):
        seal(gone_back)
    made = record_restore(gone_back, by=ADA, reason=REASON)
    assert (made.number, made.gave_up) == (10, 20)
    assert seal(gone_back) == 2
    report = verified(gone_back)
    assert report.faults == []
    assert report.notes == [
        "The hub was restored at 2021-08-05 05:00 UTC, to line 10; lines 11 to 20 of before are given up."
    ]
    live(gone_back, days=3)
    seal(gone_back)
    assert verified(gone_back).faults == []
    with gone_back.pool.connection() as connection:
        said = connection.execute("SELECT subject, reason FROM audit_line WHERE action = 'hub.restore'").fetchall()
    assert said == [("restore to line 10, lines up to 20 given up", REASON)]


def test_a_tail_cut_after_a_restore_is_still_found(gone_back: Hub) -> None:
    record_restore(gone_back, by=ADA, reason=REASON)
    live(gone_back, days=2)
    assert ("tail_cut", 15) in found(gone_back, "DELETE FROM audit_line WHERE number > 14")
    end = end_of(gone_back)
    live(gone_back, days=1)
    go_back(gone_back, end)
    assert ("tail_cut", end[0] + 1) in found(gone_back)


def test_without_the_signed_head_of_the_restore_the_tail_was_cut(gone_back: Hub) -> None:
    record_restore(gone_back, by=ADA, reason=REASON)
    seal(gone_back)
    assert {"head_misplaced", "head_missing"} <= codes(gone_back, "DELETE FROM audit_head WHERE kind = 'restore'")


def test_into_a_new_directory_the_heads_of_the_back_up_are_taken_over(gone_back: Hub, tmp_path: Path) -> None:
    folder = heads.folder_of(gone_back.settings.data_dir)
    of_backup = tmp_path / "backup"
    shutil.move(folder, of_backup)
    made = record_restore(gone_back, by=ADA, reason=REASON, beside=[of_backup])
    assert made.gave_up == 20
    assert seal(gone_back) == 1
    assert verified(gone_back).faults == []
    names = {path.name for path in heads.files(folder)}
    assert {"2021-08-01.json", heads.NOW, made.file_name} <= names
    assert "2021-08-03.json" not in names


def test_the_same_state_may_be_restored_twice(gone_back: Hub) -> None:
    end = end_of(gone_back)
    record_restore(gone_back, by=ADA, reason=REASON)
    live(gone_back, days=1)
    go_back(gone_back, end)
    assert "tail_cut" in codes(gone_back)
    assert record_restore(gone_back, by=ADA, reason=REASON).gave_up == 20
    seal(gone_back)
    assert verified(gone_back).faults == []
