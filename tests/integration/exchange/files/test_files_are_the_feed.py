"""What lies in the files of closed days is what the feed of the same receiver gives, whatever its agreement says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange.files.columns import INSTANT, columns, values
from daumoi.exchange.files.terms import FORMATS
from daumoi.exchange.files.writers import cell
from tests.integration.exchange.agreeing import agreed, amended, page, terms_of
from tests.integration.exchange.files.filing import (
    MORNING,
    close_day,
    fetch,
    files_for,
    manifests,
    rows_of_csv,
    rows_of_parquet,
)
from tests.integration.exchange.test_what_is_given import Row, some_areas, write_records
from tests.integration.sending import a_passage, a_system, send

KINDS = ("citizen_report", "checkpoint_passage")


def feed_body(hub: Hub, receiver: Any, kind: str, after: int) -> tuple[bytes, int]:
    """All that the feed gives behind a number, and where it ends."""
    found = b""
    while True:
        got = page(hub, receiver, kind, after=after, limit=50)
        found += got.body
        after = got.next
        if got.next >= got.head and not got.records:
            return found, after


def some_terms(chance: random.Random, areas: Any, identity: str) -> Any:
    """Terms with some areas, fields and coordinates, or without."""
    more: dict[str, Any] = {"location": chance.random() < 0.5}
    if chance.random() < 0.5:
        more["fields"] = {"citizen_report": ("category", "text"), "checkpoint_passage": ("direction", "decision")}
    return terms_of(*KINDS, identity=identity, areas=chance.sample(areas, chance.choice([0, 2, 4])), **more)


@pytest.mark.parametrize("seed", range(3))
def test_files_of_all_formats_hold_what_the_feed_gives(make_hub: Callable[..., Hub], seed: int) -> None:
    """Day by day: the files as fetched, and the feed as read at that time, under an agreement that changes daily."""
    chance = random.Random(seed)
    hub = make_hub(clock=FixedClock(MORNING))
    systems = {code: a_system(hub, code) for code in ("dov", "cora")}
    identity = ["none", "pseudonym", "given"][seed % 3]
    pool, rows = some_areas(chance), list[Row]()
    receivers = {form: a_system(hub, form) for form in FORMATS}
    terms = some_terms(chance, pool, identity)
    agreements = [agreed(hub, receiver, terms) for receiver in receivers.values()]
    for form, receiver in receivers.items():
        files_for(hub, receiver, form, by_province=seed != 1)
    after = {(form, kind): 0 for form in FORMATS for kind in KINDS}
    given = 0
    for day in range(1, 3):
        for _ in range(chance.choice([0, 3])):
            write_records(hub, chance, systems, pool, rows)
            send(hub, systems["dov"], "checkpoint_passage", [a_passage(f"p-{day}-{len(rows)}")])
        close_day(hub)
        for (form, kind), before in after.items():
            body, after[form, kind] = feed_body(hub, receivers[form], kind, before)
            lines = body.splitlines(keepends=True)
            compare(hub, receivers[form], form, kind, terms, lines, day=date(2021, 8, day))
            given += len(lines)
        terms = some_terms(chance, pool, identity)
        for agreement in agreements:
            amended(hub, agreement, terms)
    assert given or len(rows) == 0


def compare(hub: Hub, receiver: Any, form: str, kind: str, terms: Any, lines: list[bytes], *, day: date) -> None:
    """The files of a day together hold these lines: byte for byte as NDJSON, value by value otherwise."""
    (manifest,) = manifests(hub, receiver, kind, day=day)
    assert (manifest["part"], manifest["ends_day"], manifest["records"]) == (1, True, len(lines))
    contents = [(file["name"], fetch(hub, receiver, file["name"])) for file in manifest["files"]]
    wanted = columns(kind, terms)
    said = [values(json.loads(line), wanted) for line in lines]
    if form == "ndjson":
        found = [line for _, content in contents for line in content.splitlines(keepends=True)]
        assert sorted(found, key=lambda line: json.loads(line)["seq"]) == lines
    elif form == "csv":
        rows = [row for _, content in contents for row in rows_of_csv(content)]
        rows.sort(key=lambda row: int(row["seq"]))
        assert [list(row.values()) for row in rows] == [[str(cell(value)) for value in each] for each in said]
    else:
        tables = [rows_of_parquet(hub, name) for name, _ in contents]
        assert {tuple(types.items()) for types, _ in tables} == {tuple((each.name, each.type) for each in wanted)}
        rows_found = sorted((row for _, rows in tables for row in rows), key=lambda row: row["seq"])
        assert [list(row.values()) for row in rows_found] == [
            [in_microseconds(value) if each.type == INSTANT else value for value, each in zip(one, wanted, strict=True)]
            for one in said
        ]


def in_microseconds(written: str | None) -> int | None:
    """Microseconds since 1970 of an instant as a line writes it."""
    return None if written is None else round(datetime.fromisoformat(written).timestamp() * 1_000_000)
