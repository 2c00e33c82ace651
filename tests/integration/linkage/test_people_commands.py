"""`daumoi people` on a running hub: find, timeline, link; and the process in which the worker compares at night."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from daumoi.cli.processes.linking import Linking
from daumoi.cli.processes.observing import JOBS
from tests.hubs import Caller, HubServer

WHY = "truy vết ca bệnh 12"


@pytest.fixture(scope="module")
def sent(hub_server: HubServer) -> Caller:
    """Two declarations about somebody, by one system."""
    system = hub_server.new_system(send="all")
    subject: dict[str, Any] = {"full_name": "Quách Thị Lệnh", "birth_date": "1977-06-05", "phone": "0907654321"}
    rows = [
        {
            "ref": f"c-{number}",
            "occurred_at": f"2021-08-0{number}T08:00:00+07:00",
            "subject": subject,
            "data": {"form": "daily"},
        }
        for number in (1, 2)
    ]
    answer = system.send("health_declaration", *rows)
    assert answer.json()["accepted"] == 2
    return system


def ended(outcome: str) -> float:
    """How many comparisons have ended so, as the worker counts them."""
    (metric,) = JOBS.collect()
    return sum(
        sample.value
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels == {"job": "link_people", "outcome": outcome}
    )


def test_a_comparison_that_cannot_run_is_counted_as_failed(tmp_path: Path):
    before = ended("failed")
    night = Linking(tmp_path / "nothing here")
    night.start()
    assert night.wait(60)
    assert ended("failed") == before + 1


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_person_is_found_and_their_records_read(hub_server: HubServer, sent: Caller):
    asked = ["--purpose", WHY, "--name", "quach thi lenh", "--birth", "1977"]
    done = hub_server.run("people", "find", *asked)
    assert done.returncode == 0, done.stderr
    found = lines(done.stdout)
    assert len(found) == 2
    (claim,) = found[0]["claims"]
    assert claim["identity"]["full_name"] == "Quách Thị Lệnh"
    until = time.monotonic() + 10
    while True:
        done = hub_server.run("people", "timeline", "--purpose", WHY, "--person", str(found[0]["person"]))
        assert done.returncode == 0, done.stderr
        if done.stdout or time.monotonic() > until:
            break
    (record,) = lines(done.stdout)
    assert (record["kind"], record["role"]) == ("health_declaration", "subject")


def test_a_comparison_by_hand_proposes_and_the_one_of_the_night_finds_the_same(hub_server: HubServer, sent: Caller):
    done = hub_server.run("people", "link", "--memory-mib", "512")
    assert done.returncode == 0, done.stderr
    assert "the model that comes with the product" in done.stdout
    pairs = done.stdout.split("; ")[1]
    assert not pairs.startswith("0 ")
    done_before = ended("succeeded"), ended("failed")
    night = Linking(hub_server.data_dir)
    night.start()
    night.start()
    assert night.wait(60)
    assert (ended("succeeded"), ended("failed")) == (done_before[0] + 1, done_before[1])
    again = hub_server.run("people", "link", "--memory-mib", "512")
    assert again.stdout.split("; ")[1] == pairs


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--number", "001087000001", "--phone", "0907654321"], "one of them"),
        (["--name", "Quách Thị Lệnh"], "a thousand people"),
        (["--number", "12"], "Compare it with the paper"),
        (["--number", "P-1", "--system", "nobody"], "No system is called that"),
    ],
)
def test_what_cannot_be_asked_is_said(hub_server: HubServer, options: list[str], says: str):
    done = hub_server.run("people", "find", "--purpose", WHY, *options)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stdout == ""


def test_nobody_is_looked_up_without_a_purpose(hub_server: HubServer):
    done = hub_server.run("people", "find", "--purpose", " ", "--phone", "0907654321")
    assert done.returncode == 1
    assert "This purpose needs a reason" in done.stderr
