"""Erasing a person leaves no identifier anywhere: database, archive, logs; whatever the moment it is stopped at."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from daumoi.cli.app import COMMANDS, made_of
from daumoi.cli.processes.worker import erase_begun
from daumoi.core.clock import FixedClock
from daumoi.core.crypto import MASTER_KEY_BYTES, Keys, SealBroken
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy
from daumoi.exchange import feeds
from daumoi.intake import erasure
from daumoi.intake.erasure import (
    NobodyToErase,
    Step,
    UnderHold,
    erase_claim,
    erase_claims,
    erase_person,
    finish_erasures,
    preview,
)
from daumoi.log import archive, holds
from daumoi.log.archive_files import files_of
from daumoi.log.retention import apply
from daumoi.log.retention_rules import Rule
from daumoi.organisations import registry
from daumoi.people import destroying, erasure_list
from tests.conftest import NOON
from tests.hubs import as_url
from tests.integration.privacy.erasing import (
    NEIGHBOUR,
    PERSON,
    World,
    a_declaration,
    build,
    decoded,
    left_in_archive,
    left_in_database,
    person_of,
    records_of_others,
)
from tests.integration.sending import READER, TESTER, an_agreement, send
from tests.repository.planted import found_in

SMALL = {"DAUMOI_SEGMENT_ROWS": "100", "DAUMOI_ARCHIVE_ROWS": "5"}


@pytest.fixture
def world(make_hub: Callable[..., Hub]) -> World:
    """A hub at noon of 1 August 2021 in which one person stands in every role."""
    return build(make_hub(clock=FixedClock(NOON), **SMALL))


def with_key(hub: Hub, master: bytes) -> Hub:
    """The hub with a key that a command finds in the data directory."""
    keys = hub.settings.data_dir / "keys"
    keys.mkdir(mode=0o700)
    (keys / "master.key").write_bytes(master)
    return replace(hub, keys=Keys.from_master(master))


def page(world: World, kind: str, identity: Any = "given") -> list[dict[str, Any]]:
    with world.hub.pool.connection() as connection:
        known = registry.load(connection)
    agreement = an_agreement(world.hotline, kind, identity)
    return decoded(feeds.page(world.hub, known, agreement=agreement, reader=READER, after=0, limit=1000).body)


def numbers(world: World, query: str) -> list[int]:
    with world.hub.pool.connection() as connection:
        return [row[0] for row in connection.execute(query)]


def assert_nothing_is_left(world: World) -> None:
    assert left_in_database(world) == []
    assert left_in_archive(world) == []
    assert numbers(world, "SELECT count(*) FROM erasure_claim") == [0]
    assert numbers(world, "SELECT id FROM erasure WHERE finished_at IS NULL") == []
    dangling = (
        "SELECT subject FROM record WHERE subject IS NOT NULL AND subject NOT IN (SELECT id FROM claim)"
        " UNION ALL SELECT claim FROM record_person WHERE claim NOT IN (SELECT id FROM claim)"
    )
    assert numbers(world, dangling) == []


def test_the_search_finds_what_is_there_before_an_erasure(world: World):
    """The search of the other tests is worth something: before, it finds every place."""
    left = left_in_database(world)
    for place in ("claim:", "claim_index:", "strong_identifier:", "sealed in claim", "sealed in held"):
        assert any(found.startswith(place) for found in left), place
    assert any(found.startswith("sealed in personal") for found in left)
    assert left_in_archive(world)


def test_an_erased_person_is_nowhere_and_other_peoples_records_are_untouched(world: World):
    before = records_of_others(world)
    files = {file.path for file in files_of(world.hub.settings.data_dir / "archive")}
    assert erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021") == 2
    assert_nothing_is_left(world)
    assert records_of_others(world) == before
    assert {file.path for file in files_of(world.hub.settings.data_dir / "archive")} == files
    assert numbers(world, "SELECT count(*) FROM held") == [1], "the neighbour's row waits on"
    assert numbers(world, "SELECT records FROM erasure") == [5]


def test_feeds_give_the_records_without_the_person(world: World):
    erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    declarations = page(world, "health_declaration")
    assert [("subject" in line, line["ref"]) for line in declarations if line["system"] == "dov"] == [
        (False, "p-1"),
        (True, "n-1"),
        (False, "p-1"),
        (True, "n-2"),
    ]
    assert [line["data"] for line in declarations if line["ref"] == "p-1"] == [{"form": "daily"}] * 3
    (journey,) = page(world, "movement_declaration")
    assert [person["full_name"] for person in journey["data"]["companions"]] == [NEIGHBOUR["full_name"]]
    reports = {line["ref"]: line for line in page(world, "citizen_report")}
    assert "declarant" not in reports["r-1"]
    assert reports["r-1"]["subject"]["identity"]["full_name"] == NEIGHBOUR["full_name"]


def test_each_claim_is_an_entry_of_the_log_that_readers_follow(world: World):
    pseudonym = page(world, "health_declaration", "pseudonym")[0]["subject"]["pseudonym"]
    erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    changes = [line["data"] for line in page(world, "identity_change", "pseudonym")]
    assert [(change["reason"], change["from"], change["to"]) for change in changes] == [
        ("erasure", pseudonym, None)
    ] * 2


def test_feeds_go_on_between_the_destruction_and_the_last_cut(world: World, monkeypatch: pytest.MonkeyPatch):
    stop_at(monkeypatch, Step.RECORDS)
    with pytest.raises(Killed):
        erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    assert numbers(world, f"SELECT count(*) FROM record WHERE subject = ANY(ARRAY{world.claims})") == [3]
    assert "subject" not in page(world, "health_declaration")[0]


def test_erasing_one_claim_leaves_the_persons_others(world: World):
    one, other = world.claims
    assert erase_claim(world.hub, claim=one, reason="Nhầm người") == 1
    assert numbers(world, f"SELECT id FROM claim WHERE id = ANY(ARRAY{world.claims})") == [other]
    assert numbers(world, f"SELECT count(*) FROM record WHERE subject = {other}") == [1]
    assert numbers(world, f"SELECT person FROM claim WHERE id = {other}") == numbers(
        world, f"SELECT id FROM person WHERE id IN (SELECT person FROM claim WHERE id = {other})"
    )
    with pytest.raises(NobodyToErase):
        erase_claim(world.hub, claim=one, reason="Nhầm người")
    with pytest.raises(NobodyToErase):
        erase_person(world.hub, person=999_999, reason="Nhầm người")


def test_an_erasure_that_cannot_be_finished_holds_up_no_other(world: World):
    one, other = world.claims
    with world.hub.pool.connection() as connection:
        connection.execute(
            "UPDATE claim SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE id = %s", (one,)
        )
    for claim in (one, other):
        with pytest.raises(SealBroken):
            erase_claim(world.hub, claim=claim, reason="Yêu cầu 12/2021")
    assert numbers(world, f"SELECT id FROM claim WHERE id = ANY(ARRAY{world.claims})") == [one]
    assert len(numbers(world, "SELECT id FROM erasure WHERE finished_at IS NULL")) == 1


def test_a_person_who_comes_again_is_somebody_new(world: World):
    before = person_of(world)
    erase_person(world.hub, person=before, reason="Yêu cầu 12/2021")
    receipt = send(world.hub, world.dov, "health_declaration", [a_declaration("p-9", PERSON)])
    assert receipt.accepted == 1
    (again,) = numbers(world, "SELECT person FROM claim ORDER BY id DESC LIMIT 1")
    assert again != before
    receipt = send(world.hub, world.dov, "health_declaration", [a_declaration("p-1", NEIGHBOUR)])
    assert receipt.held == 1, "the receipts of the erased records are kept: the ref is taken"


def test_the_erasure_is_written_to_the_list_outside_of_the_database_first(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    with world.hub.pool.connection() as connection:
        marks = {mark for _, _, mark in destroying.existing(connection, world.claims)}
    stop_at(monkeypatch, Step.HELD)
    with pytest.raises(Killed):
        erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    (entry,) = erasure_list.entries(world.hub.settings.erasures_folder)
    assert set(entry.fingerprints) == marks


def test_who_came_again_and_is_erased_again_is_listed_again(world: World):
    assert isinstance(world.hub.clock, FixedClock)
    for again in range(2):
        world.hub.clock.move(datetime.timedelta(days=1))
        send(world.hub, world.dov, "health_declaration", [a_declaration(f"again-{again}", PERSON)])
        named = f"SELECT c.person FROM claim c JOIN record r ON r.subject = c.id WHERE r.ref = 'again-{again}'"
        (person,) = numbers(world, named)
        world.hub.clock.move(datetime.timedelta(days=1))
        erase_person(world.hub, person=person, reason="Yêu cầu 12/2021")
    first, second = erasure_list.entries(world.hub.settings.erasures_folder)
    assert set(first.fingerprints) > set(second.fingerprints)
    assert second.at - first.at == datetime.timedelta(days=2)


def test_fingerprints_of_the_list_erase_in_a_restored_hub_and_again_change_nothing(world: World):
    with world.hub.pool.connection() as connection:
        marks = [mark for _, _, mark in destroying.existing(connection, world.claims)]
    assert erase_claims(world.hub, fingerprints=[*marks, b"\x00" * 16], reason="restore") == 2
    assert_nothing_is_left(world)
    assert erase_claims(world.hub, fingerprints=marks, reason="restore") == 0
    assert len(erasure_list.entries(world.hub.settings.erasures_folder)) == 1


def test_the_list_knows_a_claim_by_the_fingerprint_it_had_before_it_was_set_apart(world: World):
    with world.hub.pool.connection() as connection:
        before = {mark for _, _, mark in destroying.existing(connection, world.claims)}
        with connection.transaction():
            destroying.set_apart(connection, world.hub.keys, world.claims)
    erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    (entry,) = erasure_list.entries(world.hub.settings.erasures_folder)
    assert before < set(entry.fingerprints)


def test_the_epoch_moves_with_the_destruction(world: World):
    with world.hub.pool.connection() as connection:
        before = destroying.epoch(connection)
        erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
        assert destroying.epoch(connection) > before


def test_a_preview_counts_and_changes_nothing(world: World):
    left = left_in_database(world)
    found = preview(world.hub, person=person_of(world))
    assert found.claims == world.claims
    assert sum(found.records.values()) == 5
    assert (found.kept, found.under_hold) == (0, False)
    assert left_in_database(world) == left


def test_a_person_under_a_legal_hold_is_not_erased_until_it_is_released(world: World):
    scopes = [
        {"person": person_of(world)},
        {"claim": world.claims[1]},
        {"kind": 1},
        {"kind": 1, "first_seq": 5},
        {"system_id": world.hotline.id},
    ]
    at = world.hub.clock.now()
    with world.hub.pool.connection() as connection:
        for scope in scopes:
            hold = holds.place(connection, reason="Vụ án", legal_basis="Điều 88", at=at, **scope)
            assert preview(world.hub, person=person_of(world)).under_hold, scope
            with pytest.raises(UnderHold):
                erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
            holds.release(connection, hold=hold, at=at)
        holds.place(connection, reason="Vụ án", legal_basis="Điều 88", at=at, kind=1, first_seq=6)
    assert numbers(world, "SELECT count(*) FROM erasure") == [0]
    erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    assert_nothing_is_left(world)


def test_records_on_hold_are_cut_when_a_listed_erasure_is_repeated(world: World):
    with world.hub.pool.connection() as connection:
        holds.place(connection, reason="Vụ án", legal_basis="Điều 88", at=world.hub.clock.now(), kind=3)
        marks = [mark for _, _, mark in destroying.existing(connection, world.claims)]
    send(world.hub, world.dov, "citizen_report", [{"ref": "r-1", "op": "withdraw", "revision": 9}])
    fill = [a_report_of(at) for at in range(80)]
    send(world.hub, world.hotline, "citizen_report", fill)
    assert isinstance(world.hub.clock, FixedClock)
    world.hub.clock.move(datetime.timedelta(days=40))
    rule = Rule("r", ("*",), 30, "Luật", datetime.date(2021, 1, 1))
    assert len(apply(world.hub, rules=[rule], actor=TESTER).dropped) == 1
    assert numbers(world, "SELECT count(*) FROM record_on_hold") == [100]
    assert erase_claims(world.hub, fingerprints=marks, reason="restore") == 2
    assert_nothing_is_left(world)
    assert numbers(world, "SELECT count(*) FROM record_on_hold") == [100]


def a_report_of(at: int) -> dict[str, Any]:
    return {
        "ref": f"more-{at}",
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "data": {"category": "crowd", "text": "Đông người"},
    }


class Killed(BaseException):
    """Stands for the end of the process."""


def stop_at(monkeypatch: pytest.MonkeyPatch, step: Step, *, done: bool = False) -> None:
    real = erasure._DO[step]

    def cut(*arguments: Any) -> None:
        if done:
            real(*arguments)
        raise Killed

    monkeypatch.setitem(erasure._DO, step, cut)


@pytest.mark.parametrize("step", Step, ids=lambda step: step.name.lower())
def test_an_erasure_stopped_at_any_step_is_finished_by_the_worker(
    world: World, monkeypatch: pytest.MonkeyPatch, step: Step
):
    before = records_of_others(world)
    with monkeypatch.context() as patch:
        # The step is done and not yet noted as done: it is done again.
        stop_at(patch, step, done=True)
        with pytest.raises(Killed):
            erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    erase_begun(world.hub)
    assert_nothing_is_left(world)
    assert records_of_others(world) == before
    assert len(page(world, "identity_change")) == 2, "each claim is one entry"
    assert finish_erasures(world.hub) == 0


def test_a_command_killed_again_and_again_is_finished_by_the_next(make_hub: Callable[..., Hub]):
    hub = with_key(make_hub(clock=FixedClock(NOON), **SMALL), os.urandom(MASTER_KEY_BYTES))
    world = build(hub)
    command = [sys.executable, "-m", "daumoi", "erase", "--reason", "Yêu cầu 12", "--data-dir", hub.settings.data_dir]
    environment = os.environ | {"DATABASE_URL": as_url(hub.dsn)} | SMALL
    printed = ""
    for begun, (claim, wait_s) in enumerate(zip(world.claims, (0.02, 0.1), strict=True), start=1):
        with subprocess.Popen(
            [*command, "--claim", str(claim)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            until = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < until:
                if numbers(world, "SELECT count(*) FROM erasure") == [begun]:
                    time.sleep(wait_s)
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.005)
            printed += process.communicate()[0].decode()
    assert numbers(world, "SELECT count(*) FROM erasure") == [2]
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(Busy):  # the database has not noticed yet that the process is gone
            finish_erasures(hub)
            break
    assert_nothing_is_left(world)
    assert found_in(printed) == []


def test_records_that_come_and_are_archived_while_a_person_is_erased_name_no_erased_claim(world: World):
    failures: list[BaseException] = []
    ending = threading.Event()
    sent = [0]

    def keep_sending(at: int) -> None:
        try:
            while not ending.is_set():
                rows = [a_declaration(f"w{at}-{sent[0]}-{row}", PERSON) for row in range(5)]
                sent[0] += 1
                assert send(world.hub, world.dov, "health_declaration", rows).accepted == 5
        except BaseException as error:
            failures.append(error)

    def keep_archiving() -> None:
        try:
            while not ending.is_set():
                archive.archive_next(world.hub, kind="health_declaration", number=1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=keep_sending, args=(at,)) for at in range(2)]
    threads.append(threading.Thread(target=keep_archiving))
    for thread in threads:
        thread.start()
    for _ in range(5):
        time.sleep(0.1)
        for person in numbers(
            world, "SELECT DISTINCT c.person FROM claim c JOIN record r ON r.subject = c.id WHERE r.ref LIKE 'w%'"
        ):
            erase_person(world.hub, person=person, reason="Yêu cầu 12/2021")
    ending.set()
    for thread in threads:
        thread.join()
    assert failures == []
    named = numbers(
        world, "SELECT count(*) FROM record WHERE subject IS NOT NULL AND subject NOT IN (SELECT id FROM claim)"
    )
    assert named == [0]
    seqs = numbers(world, "SELECT seq FROM record WHERE kind = 1 ORDER BY 1")
    assert seqs == list(range(1, len(seqs) + 1))
    with duckdb.connect() as engine:
        where = archive.folder_of(world.hub) / "health_declaration" / "*" / "*.parquet"
        archived = engine.execute(f"SELECT seq, subject_claim FROM '{where}' ORDER BY seq").fetchall()
    assert [seq for seq, _ in archived] == list(range(1, len(archived) + 1))
    assert {claim for _, claim in archived} - {None} <= set(numbers(world, "SELECT id FROM claim"))


def test_the_log_files_of_the_commands_say_nothing_of_the_person(world: World, tmp_path: Path):
    erase_person(world.hub, person=person_of(world), reason="Yêu cầu 12/2021")
    texts = [path.read_bytes() for path in world.hub.settings.data_dir.rglob("*") if path.is_file()]
    assert texts
    assert [found_in(text) for text in texts if found_in(text)] == []


def test_the_command_says_what_it_would_touch_and_erases(make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch):
    master = os.urandom(MASTER_KEY_BYTES)
    world = build(with_key(make_hub(clock=FixedClock(NOON), **SMALL), master))
    monkeypatch.setenv("DATABASE_URL", as_url(world.hub.dsn))
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        place = ("--data-dir", str(world.hub.settings.data_dir), "--reason", "Yêu cầu 12/2021")
        return CliRunner().invoke(made_of(COMMANDS), ["erase", *place, *arguments])

    person = str(person_of(world))
    assert run().exit_code == run("--claim", "1", "--person", "1").exit_code == 1
    assert run("--person", "999999").exit_code == 1
    shown = run("--person", person, "--dry-run")
    assert "would erase 2 claims of 1 people" in shown.stdout, shown.output
    assert "3 health_declaration" in shown.stdout
    assert numbers(world, "SELECT count(*) FROM erasure") == [0]
    done = run("--person", person)
    assert (done.exit_code, done.stdout) == (0, "2 claims erased\n"), done.output
    assert_nothing_is_left(world)
    assert found_in(shown.output + done.output) == []
