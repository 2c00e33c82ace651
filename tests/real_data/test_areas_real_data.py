"""The compiled 63 → 34 table against the published one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from daumoi.areas.selectors import codes_of, find, successors
from daumoi.areas.unit import BEFORE

TABLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "vn_admin" / "provinces_63_to_34.csv"


@pytest.mark.skipif(not TABLE.parents[1].is_dir(), reason="shared/data is absent")
def test_every_old_province_goes_where_the_published_table_says() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        published = {
            (row["code63"], row["full_name63"], row["code34"], row["full_name34"]) for row in csv.DictReader(file)
        }
    ours = {
        (old.code, old.name, new.code, new.name)
        for code in codes_of(BEFORE)
        if (old := find(BEFORE, code)) is not None and old.level == "province"
        for new in successors(BEFORE, code)
    }
    assert len(published) == 63
    assert ours == published
