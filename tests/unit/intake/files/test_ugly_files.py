"""What import understands of ugly files, or why it refuses them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from daumoi.core.clock import SystemClock
from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.passes import FilePlan, plan_file
from daumoi.intake.files.reading.formats import recognise
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.validation import examine
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import KINDS
from tests.unit.intake.files.ugly import Ugly, cases

KIND = KINDS["citizen_report"]
MAP = """
[source]
time_zone = "Asia/Ho_Chi_Minh"
{source}
[[record]]
kind = "citizen_report"
ref = {ref}
[record.constants]
data.category = "crowd"
[record.columns]
{columns}
"""
COLUMNS = 'ref = "{Mã}"\noccurred_at = { column = "Ngày giờ", format = "%d/%m/%Y %H:%M" }\ndata.text = "Nội dung"'


def plan_of(ugly: Ugly, path: Path) -> tuple[FilePlan, list[str]]:
    first, _, columns = (ugly.columns or COLUMNS).partition("\n")
    mapping = load_mapping(MAP.format(source=ugly.source, ref=first.removeprefix("ref = "), columns=columns).encode())
    with path.open("rb") as stream:
        found = recognise(stream, path.suffix, mapping.source)
    plan = plan_file(
        format=found.format, encoding=found.encoding, mapping=mapping, kind=None, hash_ref=bytes, line_max_bytes=1 << 20
    )
    with path.open("rb") as stream:
        plan.check(stream)
    return plan, [*found.remarks, *plan.remarks]


def is_good(line: bytes) -> bool:
    decoded = decode(KIND, line)
    return (
        decoded.record is not None
        and not decoded.faults
        and not examine(KIND, decoded.record, SystemClock().now()).faults
    )


def all_cases() -> list[Ugly]:
    with tempfile.TemporaryDirectory() as folder:
        return cases(Path(folder))


CASES = all_cases()


@pytest.mark.parametrize("ugly", CASES, ids=lambda ugly: ugly.name)
def test_an_ugly_file_is_understood_or_refused_with_a_reason(ugly: Ugly, tmp_path: Path) -> None:
    path = tmp_path / ugly.name
    path.write_bytes(ugly.content)
    if ugly.refused:
        with pytest.raises(FileRefused, match=ugly.refused):
            plan_of(ugly, path)
        return
    plan, said = plan_of(ugly, path)
    assert ugly.says in " ".join(said)
    with path.open("rb") as stream:
        lines = [sent.body for sent in plan.lines(KIND, stream)]
    good = [json.loads(line) for line in lines if is_good(line)]
    assert [(row["ref"], row["occurred_at"], row["data"]["text"]) for row in good] == ugly.good
    assert len(lines) - len(good) == ugly.bad


def test_there_are_at_least_25_ugly_files_with_names_of_their_own() -> None:
    names = {ugly.name for ugly in CASES}
    assert len(names) == len(CASES) >= 25
