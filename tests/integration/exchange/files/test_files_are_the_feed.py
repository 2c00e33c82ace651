"""What lies in the files of closed days is what the feed of the same receiver gives, whatever its agreement says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange.files.columns import INSTANT, columns, values
from daumoi.exchange.files.keeping import keep_files
from daumoi.exchange.files.terms import FORMATS
from daumoi.exchange.files.writers import cell
from tests.integration.exchange.agreeing import agreed, amended, page, terms_of
from tests.integration.exchange.files.filing import (
    DAY,
    MORNING,
    close_day,
    fetch,
    files_for,
    manifests,
    names,
    rows_of_csv,
    rows_of_parquet,
)
from tests.integration.exchange.test_what_is_given import Row, some_areas, suspend, write_records
from tests.integration.exchange.worlds import Party, a_world, check_that_all_is_there, fault_of, reckoned, taken_under
from tests.integration.sending import a_passage, a_report, a_system, send

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


def fetched_lines(hub: Hub, party: Party) -> dict[str, list[dict[str, Any]]]:
    """The lines of all files that the door gives now, by name; it refuses the others because of their agreement."""
    found = {}
    for each in names(hub, party.system):
        if each["is_manifest"]:
            continue
        try:
            content = fetch(hub, party.system, each["name"])
        except CallProblem as refused:
            assert refused.code in ("no_agreement", "not_ready"), refused.code
            continue
        found[each["name"]] = [json.loads(line) for line in content.splitlines()]
    return found


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 40))])
def test_no_change_between_taking_and_fetching_gives_what_the_version_of_the_moment_does_not(
    make_hub: Callable[..., Hub], seed: int
) -> None:
    hub = make_hub(clock=FixedClock(MORNING))
    world = a_world(hub, seed, delays_s=(0, 0, 100_000))
    chance = world.chance
    parties = [world.a_party(number) for number in range(3)]
    made = [files_for(hub, party.system, kinds=["citizen_report"], by_province=True) for party in parties]
    got = [dict[int, dict[str, Any]]() for _ in parties]

    def fetch_all() -> None:
        for party, lines in zip(parties, got, strict=True):
            asked = None if party.suspended else (party.within, party.terms)
            for name, given in fetched_lines(hub, party).items():
                assert [fault for line in given if (fault := fault_of(world, party, line, asked=asked))] == [], name
                lines.update({line["seq"]: line for line in given})

    for _ in range(4):
        for _ in range(chance.choice([1, 3])):
            world.write()
        close_day(hub)
        for _ in range(2):
            world.change(chance.choice(parties))
            if chance.random() < 0.5:
                fetch_all()
            keep_files(hub)
            if chance.random() < 0.5:
                fetch_all()
    for party in parties:
        if party.suspended:
            party.suspended = False
            suspend(hub, party.agreement, on=False)
    for _ in range(3):
        close_day(hub)
        fetch_all()
    assert sum(map(len, got)) > 4
    for party, lines, destination in zip(parties, got, made, strict=True):
        figures = reckoned(hub, party.system, destination)
        assert figures.delivered <= len(lines), "what was fetched before it was written anew came too"
        if party.identity != "none":
            check_that_all_is_there(world, party, lines.values(), taken_under=taken_under(hub, destination))


def test_files_that_nobody_fetched_wait_for_a_delay_agreed_since(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(clock=FixedClock(MORNING))
    sender, receiver = a_system(hub, "dov"), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of("citizen_report"))
    files_for(hub, receiver, kinds=["citizen_report"])
    send(hub, sender, "citizen_report", [a_report("r-1")])
    close_day(hub)
    amended(hub, agreement, terms_of("citizen_report", delay_s=2 * 86_400))
    for _ in range(2):
        keep_files(hub)
        (file,) = [each for each in names(hub, receiver, kind="citizen_report") if not each["is_manifest"]]
        with pytest.raises(CallProblem, match="not_ready"):
            fetch(hub, receiver, file["name"])
        hub.clock.move(timedelta(hours=20))  # type: ignore[attr-defined]
    hub.clock.move(timedelta(hours=20))  # type: ignore[attr-defined]
    keep_files(hub)
    (file,) = [each for each in names(hub, receiver, kind="citizen_report", day=DAY) if not each["is_manifest"]]
    assert len(fetch(hub, receiver, file["name"]).splitlines()) == 1
