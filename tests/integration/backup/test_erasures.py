"""What was erased stays erased: a restore to an earlier state repeats it before the hub answers."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from daumoi.core.hub import Hub
from daumoi.people import erasure_list
from daumoi.people.erasure_list import Entry
from daumoi.people.unerased import unerased
from tests.crash.load import REPORT
from tests.crash.reckoning import dsn_of
from tests.hubs import HubServer
from tests.integration.backup.hubs import Lived, command
from tests.integration.sending import a_report, a_system, send

DAY = datetime.timedelta(days=1)


def claims(hub: Hub) -> list[tuple[bytes, datetime.datetime]]:
    with hub.pool.connection() as connection:
        rows = connection.execute("SELECT fingerprint, created_at FROM claim ORDER BY id").fetchall()
    return [(bytes(mark), at) for mark, at in rows]


def test_only_claims_older_than_their_erasure_are_to_be_erased_again(hub: Hub) -> None:
    dov = a_system(hub)
    for number in range(3):
        subject = {"national_id": f"00108700000{number + 1}", "full_name": "Lê Thị Mẫu"}
        send(hub, dov, "citizen_report", [a_report(f"R-{number}", subject=subject)])
    (first, at), (second, _), (third, _) = claims(hub)
    listed = [Entry(at - DAY, (first, b"\0" * 16)), Entry(at + DAY, (second,)), Entry(at - DAY, (second,))]
    with hub.pool.connection() as connection:
        assert unerased(connection, listed) == [second]
        assert unerased(connection, [*listed, Entry(at + DAY, (third, first))]) == sorted([first, second, third])
        assert unerased(connection, []) == []


def _claims_of_answered(lived: Lived, target: Path) -> list[bytes]:
    """The claims of a few people whose records the back-up holds, as a restored copy knows them."""
    done = command("restore", lived.backup, "--data-dir", target)
    assert done.returncode == 0, done.stderr
    server = HubServer(target)
    server.start()
    try:
        with psycopg.connect(dsn_of(server)) as connection:
            rows = connection.execute("SELECT fingerprint FROM claim ORDER BY id LIMIT 5").fetchall()
    finally:
        server.stop()
    return [bytes(row[0]) for row in rows]


@pytest.mark.parametrize(
    "listed_in",
    [
        "the folder given",
        pytest.param("the setting", marks=pytest.mark.soak),
        pytest.param("the back-up", marks=pytest.mark.soak),
    ],
)
def test_a_restored_hub_repeats_every_erasure_before_it_answers(
    lived: Lived, target: Path, empty_target: Path, listed_in: str
) -> None:
    (empty_target / "keys").mkdir(parents=True)
    (empty_target / "keys" / "master.key").write_bytes(lived.key)
    erased = _claims_of_answered(lived, empty_target)
    folder = target.parent / f"{target.name}.erasures"
    erasure_list.append(folder, erased, datetime.datetime.now(datetime.UTC))
    backup, options, settings = lived.backup, [], {}
    if listed_in == "the folder given":
        options = ["--erasures", str(folder)]
    elif listed_in == "the setting":
        settings = {"DAUMOI_ERASURES_DIR": str(folder)}
    else:
        backup = target.parent / f"{target.name}.later"
        taken = command("backup", backup, "--data-dir", empty_target, DAUMOI_ERASURES_DIR=str(folder))
        assert taken.returncode == 0, taken.stderr
    done = command("restore", backup, "--data-dir", target, "--json", *options, **settings)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["erasures_listed"], told["claims_erased"]) == (1, len(erased))
    server = HubServer(target, **settings)
    server.start()
    try:
        with psycopg.connect(dsn_of(server)) as connection:
            row = connection.execute("SELECT count(*) FROM claim WHERE fingerprint = ANY(%s)", (erased,)).fetchone()
        assert row == (0,)
        caller = server.caller(lived.credentials)
        assert caller.head("identity_change") == len(erased)
        assert caller.head(REPORT) == told["heads"][REPORT]
    finally:
        server.stop()
    list_of_hub = folder if listed_in == "the setting" else target / "erasures"
    kept = erasure_list.entries(list_of_hub)
    assert {mark for entry in kept for mark in entry.fingerprints} == set(erased), "its next back-up knows them too"
    for made in {folder, backup} - {lived.backup}:
        shutil.rmtree(made)


def test_a_damaged_list_of_erasures_stops_the_restore(lived: Lived, target: Path) -> None:
    folder = target.parent / f"{target.name}.erasures"
    erasure_list.append(folder, [b"\1" * 16], datetime.datetime.now(datetime.UTC))
    with (folder / erasure_list.FILE_NAME).open("ab") as file:
        file.write(b"not a line of ours\n")
    done = command("restore", lived.backup, "--data-dir", target, "--erasures", folder)
    assert done.returncode == 1
    assert "an erasure could be missed" in done.stderr
    assert not (target / "postgres").exists()
    shutil.rmtree(folder)
