"""`daumoi simulate` against a running demo: receipts, log and joins beside the truth."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.crash.reckoning import dsn_of
from tests.hubs import DAUMOI, HubServer

PEOPLE = 3000


@pytest.fixture(scope="module")
def demo(workspace: Path, prepared: Path) -> Iterator[HubServer]:
    server = HubServer(workspace / "demo-country", prepared=prepared, DAUMOI_DEMO_PEOPLE="0")
    server.start("--demo")
    yield server
    server.stop()


def simulate(demo: HubServer, truth: Path, *options: str) -> dict[str, Any]:
    done = demo.run("simulate", "--seed", "7", "--truth", truth, "--json", *options, seconds=600)
    assert done.returncode == 0, (done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def joined(demo: HubServer, truth: Path) -> tuple[int, int, int]:
    """People that hold records of two, pairs of claims that are one person's, and those of them that are joined."""
    of_ref = {
        (path.stem, row["kind"], row["ref"]): row["person"]
        for path in truth.glob("sim-*.ndjson")
        for row in rows(path)
        if row.get("person") is not None
    }
    with psycopg.connect(dsn_of(demo)) as connection:
        found = connection.execute(
            "SELECT s.code, h.name, r.ref, c.id, c.person FROM record r JOIN head h USING (kind)"
            " JOIN system s ON s.id = r.system_id JOIN claim c ON c.id = r.subject WHERE s.code LIKE 'sim-%'"
        ).fetchall()
    true_of: dict[int, set[int]] = defaultdict(set)
    claims_of: dict[int, dict[int, int]] = defaultdict(dict)
    for code, kind, ref, claim, person in found:
        true = of_ref[(code, kind, ref)]
        true_of[person].add(true)
        claims_of[true][claim] = person
    pairs = same = 0
    for claims in claims_of.values():
        people = list(claims.values())
        pairs += len(people) * (len(people) - 1) // 2
        same += sum(people[i] == people[j] for i in range(len(people)) for j in range(i))
    return sum(len(several) > 1 for several in true_of.values()), pairs, same


def checked(demo: HubServer, truth: Path, *, agrees: bool = True) -> dict[str, Any]:
    done = demo.run("simulate", "--check", "--truth", truth, "--json", seconds=600)
    assert done.returncode == (0 if agrees else 1), (done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["agrees"] is agrees
    return found


def check(demo: HubServer, truth: Path, people: int) -> None:
    told = simulate(demo, truth, "--people", str(people))
    expected = json.loads((truth / "summary.json").read_text())
    assert expected["people"] == people
    names = ("received", "accepted", "repeated", "held")
    for system, kinds in expected["expected"].items():
        for kind, counts in kinds.items():
            assert {name: told["systems"][system][kind][name] for name in names} == {
                name: counts.get(name, 0) for name in names
            }
    with psycopg.connect(dsn_of(demo)) as connection:
        stored = dict(
            connection.execute(
                "SELECT h.name, count(*) FROM record r JOIN head h USING (kind) JOIN system s ON s.id = r.system_id"
                " WHERE s.code LIKE 'sim-%' GROUP BY 1"
            ).fetchall()
        )
    accepted: dict[str, int] = defaultdict(int)
    for kinds in expected["expected"].values():
        for kind, counts in kinds.items():
            accepted[kind] += counts.get("accepted", 0)
    assert stored == accepted
    false_joins, pairs, same = joined(demo, truth)
    compared = checked(demo, truth)
    assert (compared["false_joins"], compared["pairs"], compared["pairs_joined"]) == (false_joins, pairs, same)
    assert sum(line["true"] for line in compared["lines"]) == sum(stored.values())
    assert compared["others"] == 0
    print(
        f"{people} people: {told['records']} records at {told['records'] / told['seconds']:.0f}/s,"
        f" {same} of {pairs} pairs of claims of one person joined ({same / pairs:.1%}), {false_joins} false joins"
    )
    assert false_joins == 0
    assert same / pairs > 0.5


def test_a_country_sent_into_an_empty_hub_is_stored_as_its_truth_says_and_nobody_is_joined_wrongly(
    demo: HubServer, tmp_path: Path
) -> None:
    check(demo, tmp_path, PEOPLE)
    again = simulate(demo, tmp_path / "again", "--people", str(PEOPLE))
    assert all(kinds["accepted"] == 0 for system in again["systems"].values() for kinds in system.values())
    assert (tmp_path / "again" / "people.ndjson").read_bytes() == (tmp_path / "people.ndjson").read_bytes()


def test_a_truth_that_is_not_the_hubs_is_told_apart_row_by_row(demo: HubServer, tmp_path: Path) -> None:
    simulate(demo, tmp_path, "--people", "600", "--seed", "9")
    good = checked(demo, tmp_path)
    file = tmp_path / "sim-noi-cong-cong.ndjson"
    told = rows(file)
    passages = [row for row in told if row["kind"] == "checkpoint_passage" and row["held"] is None]
    # One row is not known to the hub, one was to be held, one is not in the truth, and who went is another.
    passages[0]["ref"] += "-other"
    passages[1]["held"] = "bad_date"
    told.remove(passages[2])
    # A workplace gives its own number of a person each time, by which nearly all it says of them is joined.
    going = [row for row in passages[3:] if "-W" in row["place"] and row["ref"].endswith("-1")]
    for row in going:
        row["person"] = -row["person"]
    file.write_text("".join(json.dumps(row) + "\n" for row in told), "utf-8")
    bad = checked(demo, tmp_path, agrees=False)
    [line] = [each for each in bad["lines"] if each["true"] != each["stored"]]
    assert (line["system"], line["kind"]) == ("sim-noi-cong-cong", "checkpoint_passage")
    assert (line["true"], line["stored"], line["faulty_stored"]) == (len(passages) - 2, len(passages) - 3, 1)
    assert bad["others"] == good["others"] + 2
    assert good["false_joins"] == 0
    assert 0.9 * len(going) < bad["false_joins"] <= len(going)
    shown = demo.run("simulate", "--check", "--truth", tmp_path)
    assert shown.returncode == 1
    assert "do not agree" in shown.stderr


def test_ctrl_c_ends_it_after_the_present_bodies_and_the_truth_holds_what_was_sent(
    demo: HubServer, tmp_path: Path
) -> None:
    command = [DAUMOI, "simulate", "--seed", "8", "--people", "20000", "--activity", "2", "--rate", "2000"]
    process = subprocess.Popen(
        [*command, "--truth", tmp_path, "--data-dir", demo.data_dir],
        env=demo.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    file, until = tmp_path / "sim-noi-cong-cong.ndjson", time.monotonic() + 60
    while not (file.exists() and file.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    found = checked(demo, tmp_path)
    assert 0 < sum(line["stored"] for line in found["lines"]) < 15_000


def test_a_check_without_a_truth_says_what_to_do(demo: HubServer, tmp_path: Path) -> None:
    done = demo.run("simulate", "--check", "--truth", tmp_path)
    assert done.returncode == 1
    assert "no whole truth" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.soak
def test_a_hundred_thousand_people_of_a_day(workspace: Path, tmp_path: Path) -> None:
    server = HubServer(workspace / "demo-large", DAUMOI_DEMO_PEOPLE="0")
    server.start("--demo")
    try:
        check(server, tmp_path, 100_000)
    finally:
        server.stop()


def test_a_hub_that_is_no_demo_takes_no_made_up_people(hub_server: HubServer) -> None:
    done = hub_server.run("simulate", "--people", "5")
    assert done.returncode == 1
    assert "no demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_running_hub_it_says_what_to_do(tmp_path: Path, hub_server: HubServer) -> None:
    stopped = HubServer(tmp_path / "nothing")
    done = stopped.run("simulate", "--people", "5")
    assert done.returncode == 1
    assert "No hub runs" in done.stderr
