"""The folder of a back-up: whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from daumoi.core.backup.draft import draft_of
from daumoi.core.backup.faults import BackupFault


def test_a_draft_gets_its_name_in_the_end_and_is_ours_alone(tmp_path: Path) -> None:
    target = tmp_path / "new" / "monday"
    with draft_of(target) as draft:
        (draft / "file").write_text("whole")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["file"]
    assert target.stat().st_mode & 0o777 == 0o700
    assert not draft.exists()


def test_a_fault_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), draft_of(tmp_path / "monday"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_and_a_full_one_never_touched(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with draft_of(tmp_path / "empty") as draft:
        (draft / "file").touch()
    with pytest.raises(BackupFault, match="not empty"), draft_of(tmp_path / "empty"):
        pass
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["file"]


def test_what_another_left_under_the_name_of_a_draft_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "monday.unfinished").mkdir()
    (tmp_path / "monday.unfinished" / "thesis.txt").write_text("the only copy")
    with pytest.raises(BackupFault, match="Move it away"), draft_of(tmp_path / "monday"):
        pass
    assert (tmp_path / "monday.unfinished" / "thesis.txt").exists()


def test_a_back_up_that_still_works_is_not_disturbed(tmp_path: Path) -> None:
    with draft_of(tmp_path / "monday") as draft:
        with pytest.raises(BackupFault, match="Another back-up"), draft_of(tmp_path / "monday"):
            pass
        (draft / "file").touch()
    assert (tmp_path / "monday" / "file").exists()
