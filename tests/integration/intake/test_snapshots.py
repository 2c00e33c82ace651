"""Whole lists: what is withdrawn, and above all what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from daumoi.core.hub import Hub
from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.passes import plan_file
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.run import Job, Outcome, run_import
from daumoi.intake.files.snapshot import with_revision
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import KINDS
from daumoi.organisations.registry import System
from tests.integration.sending import a_report, a_system, send
from tests.unit.intake.files.ugly import sheet, spoiled

KIND = KINDS["citizen_report"]


class Onlooker:
    """Looks on, and stops after some rows when asked to."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.left = stop_after

    def began(self, kind: Kind) -> None:
        """Nothing to show."""

    def advanced(self, *, position: int, records: int) -> None:
        """Nothing to show."""

    def ended(self, *, records: int) -> None:
        """Nothing to show."""

    def wants_stop(self) -> bool:
        if self.left is not None:
            self.left -= 1
        return self.left is not None and self.left < 0


def take(hub: Hub, system: System, folder: Path, rows: list[Any], **options: Any) -> Outcome:
    file = folder / "list.ndjson"
    file.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    plan = plan_file(format="ndjson", mapping=None, kind=KIND, hash_ref=bytes, line_max_bytes=1 << 20)
    stop_after = options.pop("stop_after", None)
    return run_import(Job(hub, system, file, plan, snapshot=True, **options), Onlooker(stop_after))


def counts(outcome: Outcome) -> dict[str, int]:
    (receipt,) = outcome.receipts
    names = ("accepted", "corrected", "withdrawn", "repeated", "held")
    return {name: getattr(receipt, name) for name in names if getattr(receipt, name)}


def log(hub: Hub) -> list[tuple[str, int, int]]:
    with hub.pool.connection() as connection:
        return connection.execute("SELECT ref, revision, op FROM record WHERE kind = 3 ORDER BY seq").fetchall()


def test_a_list_corrects_withdraws_and_brings_back(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    one, two, three = (a_report(ref) for ref in "abc")
    changed = a_report("b", data={"category": "price", "text": "Khác"})
    assert counts(take(hub, system, tmp_path, [one, two])) == {"accepted": 2}
    assert counts(take(hub, system, tmp_path, [changed, three])) == {"accepted": 1, "corrected": 1, "withdrawn": 1}
    assert counts(take(hub, system, tmp_path, [one, changed])) == {"corrected": 1, "withdrawn": 1, "repeated": 1}
    assert log(hub) == [
        ("a", 1, 1), ("b", 1, 1), ("b", 2, 2), ("c", 1, 1), ("a", 2, 3), ("a", 3, 2), ("c", 2, 3),
    ]  # fmt: skip


def test_revisions_that_the_file_brings_are_not_looked_at(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    rows = [a_report("a", revision=7), a_report("b")]
    assert counts(take(hub, system, tmp_path, rows)) == {"accepted": 2}
    assert counts(take(hub, system, tmp_path, rows)) == {"repeated": 2}
    assert log(hub) == [("a", 1, 1), ("b", 1, 1)]


def test_a_record_sent_otherwise_at_a_higher_revision_is_followed(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    send(hub, system, KIND.name, [a_report("a", revision=5)])
    assert counts(take(hub, system, tmp_path, [a_report("a")])) == {"repeated": 1}
    assert counts(take(hub, system, tmp_path, [a_report("a", occurred_at="2021-08-02T08:00:00+07:00")])) == {
        "corrected": 1
    }
    assert log(hub)[-1] == ("a", 6, 2)


def test_a_row_that_is_held_keeps_its_record_standing(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    take(hub, system, tmp_path, [a_report("a"), a_report("b")])
    outcome = take(hub, system, tmp_path, [a_report("a", occurred_at="hôm qua")])
    assert counts(outcome) == {"withdrawn": 1, "held": 1}
    assert log(hub)[-1] == ("b", 2, 3)
    assert outcome.held_file is not None
    assert json.loads(outcome.held_file.read_bytes())["record"]["ref"] == "a"


@pytest.mark.parametrize("row", [b"{broken", b'{"occurred_at": "2021"}', b'["a"]', b'{"ref": 7}', b"\xff\xfe"])
def test_nothing_is_withdrawn_while_a_row_does_not_say_which_record_it_is(hub: Hub, tmp_path: Path, row: bytes):
    system = a_system(hub)
    take(hub, system, tmp_path, [a_report("a"), a_report("b")])
    outcome = take(hub, system, tmp_path, [a_report("a"), row])
    assert counts(outcome) == {"repeated": 1, "held": 1}
    assert outcome.nameless == 1


def test_nothing_is_withdrawn_by_an_import_that_was_stopped(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    rows = [a_report(ref) for ref in "abcdef"]
    take(hub, system, tmp_path, rows)
    outcome = take(hub, system, tmp_path, rows[:3], stop_after=1)
    assert outcome.stopped
    assert "withdrawn" not in counts(outcome)


@pytest.mark.parametrize("rows", [[b""], [b"", b"{broken"]])
def test_a_list_without_a_record_is_refused_and_withdraws_nothing(hub: Hub, tmp_path: Path, rows: list[bytes]):
    system = a_system(hub)
    take(hub, system, tmp_path, [a_report("a")])
    with pytest.raises(FileRefused, match="Nothing was done"):
        take(hub, system, tmp_path, rows)
    assert log(hub) == [("a", 1, 1)]


def test_a_dry_run_of_a_list_counts_and_changes_nothing(hub: Hub, tmp_path: Path):
    system = a_system(hub)
    take(hub, system, tmp_path, [a_report("a"), a_report("b")])
    rows = [a_report("a", occurred_at="2021-08-02T08:00:00+07:00"), a_report("c")]
    before = log(hub)
    played = counts(take(hub, system, tmp_path, rows, dry_run=True))
    assert log(hub) == before
    assert played == counts(take(hub, system, tmp_path, rows)) == {"accepted": 1, "corrected": 1, "withdrawn": 1}


def test_lists_of_two_systems_do_not_meet(hub: Hub, tmp_path: Path):
    one, two = a_system(hub), a_system(hub, "other")
    take(hub, one, tmp_path, [a_report("a")])
    assert counts(take(hub, two, tmp_path, [a_report("b")])) == {"accepted": 1}


def test_a_list_longer_than_a_page_is_compared_whole(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("daumoi.intake.files.snapshot._PAGE", 7)
    system = a_system(hub)
    rows = [a_report(f"r{number}") for number in range(100)]
    take(hub, system, tmp_path, rows)
    assert counts(take(hub, system, tmp_path, rows[::2])) == {"withdrawn": 50, "repeated": 50}
    assert counts(take(hub, system, tmp_path, rows)) == {"corrected": 50, "repeated": 50}


def test_a_revision_is_written_into_a_row_and_other_faults_stay():
    assert with_revision(b' { "ref": "a"}', 3) == b'{"revision":3, "ref": "a"}'
    assert with_revision(b'{"ref":"a","revision":1}', 3) == b'{"ref":"a","revision":3}'
    twice = b'{"ref":"a","revision":1,"revision":2}'
    assert with_revision(twice, 3) == twice


NUMBERED = """
[source]
time_zone = "Asia/Ho_Chi_Minh"
[[record]]
kind = "citizen_report"
ref = "{n}"
[record.constants]
occurred_at = "2021-08-01T08:00:00+07:00"
data.category = "crowd"
[record.columns]
data.text = "text"
"""


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_workbook_that_is_damaged_further_down_keeps_its_good_rows_and_withdraws_nothing(
    hub: Hub, tmp_path: Path, snapshot: bool
):
    system = a_system(hub)
    send(hub, system, KIND.name, [a_report("9")])
    content = sheet([["n", "text"], *[[number, f"dòng {number}"] for number in range(1, 6)]])
    file = tmp_path / "x.xlsx"
    file.write_bytes(spoiled(content, b"<v>4</v>", b"<v>4x</v>"))
    plan = plan_file(
        format="xlsx", mapping=load_mapping(NUMBERED.encode()), kind=None, hash_ref=bytes, line_max_bytes=1 << 20
    )
    job = Job(hub, system, file, plan, snapshot=snapshot)
    if snapshot:
        with pytest.raises(FileRefused, match="damaged"):
            run_import(job, Onlooker())
        assert [ref for ref, _, _ in log(hub)] == ["9"]
    else:
        outcome = run_import(job, Onlooker())
        assert "damaged" in outcome.failure
        assert counts(outcome) == {"accepted": 3}
        assert [ref for ref, _, _ in log(hub)] == ["9", "1", "2", "3"]
