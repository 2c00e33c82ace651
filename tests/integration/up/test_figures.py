"""The page of figures of a running hub: stages of all processes, nobody's name; and what doctor says of it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.contract.records import a_checkpoint, a_report
from tests.crash.victims import find, wait_for
from tests.hubs import ANYONE, DAUMOI, END_SECONDS, REPOSITORY, Caller, HubServer, ndjson
from tests.repository.test_alerts import RUNBOOKS, metrics, rules

FAMILY = re.compile(r"^# TYPE (daumoi_\w+) (\w+)$", re.MULTILINE)


def page(server: HubServer) -> str:
    return ANYONE.get(f"{server.base_url}/metrics").text


def figure(server: HubServer, name: str, **labels: str) -> float:
    """The sum of the figures of one name that have all these labels."""
    total = 0.0
    for line in page(server).splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")).items():
            total += float(found[2])
    return total


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to be so in time"
        time.sleep(0.2)


def test_every_figure_of_the_page_is_described_and_every_described_one_is_there(hub_server: HubServer) -> None:
    wait_until(lambda: "daumoi_held_rows_open" in page(hub_server))
    assert dict(FAMILY.findall(page(hub_server))) == metrics()


def test_the_four_processes_tell_their_figures(hub_server: HubServer) -> None:
    for process in ("server", "intake", "reader", "worker", "supervisor"):
        wait_until(lambda name=process: figure(hub_server, "daumoi_process_up", process=name) == 1)  # type: ignore[misc]
    assert figure(hub_server, "daumoi_process_resident_memory_bytes", process="intake") > 10_000_000
    assert figure(hub_server, "daumoi_ready", check="intake") == 1


def test_rows_are_counted_by_the_way_they_came(hub_server: HubServer, dov: Caller) -> None:
    def received(way: str) -> float:
        return figure(hub_server, "daumoi_intake_received_rows_total", way=way)

    single, small, bulk = received("single"), received("small"), received("bulk")
    dov.receipt("checkpoint", a_checkpoint())
    dov.receipt("checkpoint", a_checkpoint(), a_checkpoint())
    assert received("single") == single + 1
    assert received("small") == small + 2
    large = ndjson([a_report() for _ in range(1500)])
    assert len(large) > 262_144
    assert dov.post_body("citizen_report", large).status_code == 200
    # Intake writes its figures every two seconds.
    wait_until(lambda: received("bulk") >= bulk + 1500)
    for stage in ("look", "hold", "append", "receipt", "commit"):
        assert figure(hub_server, "daumoi_intake_stage_seconds_count", process="intake", stage=stage) >= 2, stage
    assert figure(hub_server, "daumoi_intake_settled_rows_total", process="intake", kind="citizen_report") >= 1500
    # Full chunks of a long body are read by the reader.
    wait_until(lambda: figure(hub_server, "daumoi_intake_read_rows_total", process="reader") >= 1000)


def test_held_rows_are_counted_by_their_code(hub_server: HubServer, dov: Caller) -> None:
    before = figure(hub_server, "daumoi_intake_held_rows_total", kind="citizen_report", code="missing_field")
    report = a_report()
    del report["occurred_at"]
    dov.one_problem("citizen_report", report)
    after = figure(hub_server, "daumoi_intake_held_rows_total", kind="citizen_report", code="missing_field")
    assert after == before + 1


def test_problems_and_pages_of_feeds_are_counted(hub_server: HubServer, dov: Caller) -> None:
    refused = figure(hub_server, "daumoi_problems_total", code="unknown_kind")
    given = figure(hub_server, "daumoi_feed_records_total", kind="checkpoint")
    dov.receipt("checkpoint", a_checkpoint())
    head = dov.head("checkpoint")
    dov.feed("checkpoint", after=head - 1)
    assert dov.get("/api/v1/feeds/nothing").status_code == 404
    assert figure(hub_server, "daumoi_problems_total", code="unknown_kind") == refused + 1
    assert figure(hub_server, "daumoi_feed_records_total", kind="checkpoint") == given + 2


def test_the_database_and_its_readers_are_looked_up_by_the_worker(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("checkpoint", a_checkpoint())
    wait_until(lambda: figure(hub_server, "daumoi_database_size_bytes") > 1_000_000)
    text = page(hub_server)
    for kind in ("checkpoint", "identity_change"):
        assert f'daumoi_consumer_lag_records{{consumer="counters",kind="{kind}",process="worker"}}' in text
    assert figure(hub_server, "daumoi_database_connections") >= 4
    assert "daumoi_archive_overdue_seconds{" in text


def test_no_figure_and_no_file_of_figures_names_a_system(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("checkpoint", a_checkpoint())
    time.sleep(2.5)
    files = [path.read_text() for path in (hub_server.data_dir / "figures").glob("*.json")]
    assert len(files) >= 4
    for text in (page(hub_server), *files):
        assert dov.code not in text
        assert dov.client_id not in text


def test_doctor_says_in_a_sentence_what_the_last_minute_was_like(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("checkpoint", a_checkpoint())
    began = time.monotonic()
    done = hub_server.run("doctor", "--json")
    # Five seconds on an idle machine; the tests share theirs.
    assert time.monotonic() - began < 15
    said = [finding["said"] for finding in json.loads(done.stdout) if finding["check"] == "speed"]
    assert re.search(r"rows a second in the last [0-9]+ s .*to the database and back, .* to flush the disk$", said[-1])


def test_the_shell_lines_of_the_runbooks_work_as_printed(hub_server: HubServer) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", (RUNBOOKS / "README.md").read_text("utf-8"), re.DOTALL)
    there = block.replace("/srv/daumoi", str(hub_server.data_dir)).replace("http://127.0.0.1:8021", hub_server.base_url)
    assert there != block
    script = f'{there}\nfigures process_up && sql "SELECT count(*) FROM head" && hub system list >/dev/null'
    environ = {**hub_server.environ, "PATH": f"{DAUMOI.parent}:{hub_server.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=REPOSITORY,
        env=environ,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert 'daumoi_process_up{process="server"} 1.0' in done.stdout
    assert "(1 row)" in done.stdout


def statements() -> list[str]:
    """What the runbooks ask of the database, without the lines that need a number filled in."""
    texts = [(RUNBOOKS / f"{name}.md").read_text("utf-8") for name in rules()]
    found = {statement for text in texts for statement in re.findall(r'sql "([^"]+)"', text)}
    return sorted(one for one in found if not re.search(r"<[a-z]+>", one))


@pytest.mark.parametrize("statement", statements())
def test_what_the_runbooks_ask_of_the_database_can_be_asked(fresh_database: str, statement: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def up(workspace: Path, prepared: Path) -> Iterator[HubServer]:
    """A hub of its own, whose processes may be killed."""
    server = HubServer(workspace / "figures", prepared=prepared)
    server.start()
    yield server
    assert server.stop() < END_SECONDS


def test_a_process_that_is_killed_is_counted_as_started_again(up: HubServer) -> None:
    assert up.process is not None
    worker = find(up.process.pid, up.data_dir, "worker")  # type: ignore[arg-type]
    assert worker is not None
    wait_until(lambda: figure(up, "daumoi_process_up", process="supervisor") == 1)
    assert figure(up, "daumoi_restarts_total") == 0
    worker.kill()
    wait_for(up.process.pid, up.data_dir, "worker", other_than=worker)  # type: ignore[arg-type]
    wait_until(lambda: figure(up, "daumoi_restarts_total", child="worker") == 1)
    assert figure(up, "daumoi_restarts_total", child="server") == 0


def test_the_answer_stays_when_the_database_is_gone(up: HubServer) -> None:
    assert up.process is not None
    database = find(up.process.pid, up.data_dir, "database")
    assert database is not None
    wait_until(lambda: figure(up, "daumoi_process_up", process="supervisor") == 1)
    database.kill()
    assert httpx.get(f"{up.base_url}/metrics", timeout=10).status_code == 200
    wait_until(lambda: figure(up, "daumoi_restarts_total", child="postgres") == 1)
