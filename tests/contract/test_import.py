"""Contract, section 6: `daumoi import`."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.contract.records import a_checkpoint, a_ref, put_at
from tests.hubs import OUTCOMES, Caller, HubServer, Record, check_equation, counts, ndjson

NOWHERE = {"scheme": "vn-2025", "code": "99999"}


@pytest.fixture(scope="module")
def gates(hub_server: HubServer) -> Caller:
    """The system whose files are imported; reads what it sends."""
    return hub_server.new_system(send="checkpoint", read="checkpoint", identity="given")


@pytest.fixture
def fresh(hub_server: HubServer) -> Caller:
    """A system that has nothing yet: a snapshot is its whole list."""
    return hub_server.new_system(send="checkpoint", read="checkpoint", identity="given")


def take_file(
    hub_server: HubServer, gates: Caller, file: Path, *options: str
) -> tuple[subprocess.CompletedProcess[str], Record]:
    """Imports a file of checkpoints; the receipt that the command prints."""
    done = hub_server.run("import", file, "--system", gates.code, "--kind", "checkpoint", *options, "--json")
    assert done.stdout.strip(), done.stderr
    printed = json.loads(done.stdout)
    receipt = printed.get("receipt", printed)
    check_equation(receipt)
    return done, receipt


def lines_of(gates: Caller, after: int) -> list[tuple[str, str, int]]:
    lines = gates.feed("checkpoint", after=after, limit=10_000).lines
    return [(line["ref"], line["op"], line["revision"]) for line in lines if line["system"] == gates.code]


@pytest.mark.parametrize("ending", ["ndjson", "json"])
def test_a_file_of_records_is_imported_with_a_receipt(
    hub_server: HubServer, gates: Caller, tmp_path: Path, ending: str
) -> None:
    rows = [a_checkpoint() for _ in range(25)]
    file = tmp_path / f"chot.{ending}"
    file.write_bytes(ndjson(rows) if ending == "ndjson" else json.dumps(rows).encode())
    head = gates.head("checkpoint")
    done, receipt = take_file(hub_server, gates, file)
    assert done.returncode == 0, done.stderr
    assert counts(receipt) == {"accepted": 25}
    assert lines_of(gates, head) == [(row["ref"], "assert", 1) for row in rows]


def test_a_file_imported_again_is_repeated(hub_server: HubServer, gates: Caller, tmp_path: Path) -> None:
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint() for _ in range(5)]))
    take_file(hub_server, gates, file)
    assert counts(take_file(hub_server, gates, file)[1]) == {"repeated": 5}


def test_held_rows_are_written_beside_the_file_for_its_owner_alone(
    hub_server: HubServer, gates: Caller, tmp_path: Path
) -> None:
    bad = a_checkpoint(area=NOWHERE)
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint(), bad, a_checkpoint()]))
    _, receipt = take_file(hub_server, gates, file)
    assert counts(receipt) == {"accepted": 2, "held": 1}
    (beside,) = [each for each in tmp_path.iterdir() if each != file]
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert bad["ref"] in beside.read_text()


def test_a_dry_run_of_a_file_stores_nothing(hub_server: HubServer, gates: Caller, tmp_path: Path) -> None:
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint(), a_checkpoint(area=NOWHERE)]))
    head, held = gates.head("checkpoint"), len(gates.held())
    _, receipt = take_file(hub_server, gates, file, "--dry-run")
    assert counts(receipt) == {"accepted": 1, "held": 1}
    assert gates.head("checkpoint") == head
    assert len(gates.held()) == held


def test_a_snapshot_withdraws_what_is_missing_and_corrects_what_changed(
    hub_server: HubServer, fresh: Caller, tmp_path: Path
) -> None:
    stays, changes, goes = a_checkpoint(), a_checkpoint(), a_checkpoint()
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([stays, changes, goes]))
    take_file(hub_server, fresh, file, "--snapshot")
    head = fresh.head("checkpoint")
    changed, comes = put_at(changes, "/data/name", "Chốt cầu Nhật Tân"), a_checkpoint()
    file.write_bytes(ndjson([stays, changed, comes]))
    _, receipt = take_file(hub_server, fresh, file, "--snapshot")
    assert {name: receipt[name] for name in OUTCOMES} == {
        "accepted": 1, "corrected": 1, "withdrawn": 1, "repeated": 1, "held": 0,
    }  # fmt: skip
    assert sorted(lines_of(fresh, head)) == sorted(
        [(changes["ref"], "correct", 2), (comes["ref"], "assert", 1), (goes["ref"], "withdraw", 2)]
    )


def test_a_snapshot_brings_back_what_it_took_away(hub_server: HubServer, fresh: Caller, tmp_path: Path) -> None:
    first, second = a_checkpoint(), a_checkpoint()
    file = tmp_path / "chot.ndjson"
    for rows in ([first, second], [first], [first, second]):
        head = fresh.head("checkpoint")
        file.write_bytes(ndjson(rows))
        take_file(hub_server, fresh, file, "--snapshot")
    assert lines_of(fresh, head) == [(second["ref"], "correct", 3)]


def test_a_snapshot_imported_again_changes_nothing(hub_server: HubServer, fresh: Caller, tmp_path: Path) -> None:
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint() for _ in range(4)]))
    take_file(hub_server, fresh, file, "--snapshot")
    head = fresh.head("checkpoint")
    assert counts(take_file(hub_server, fresh, file, "--snapshot")[1]) == {"repeated": 4}
    assert fresh.head("checkpoint") == head


def test_of_a_ref_given_twice_in_a_snapshot_the_last_row_counts(
    hub_server: HubServer, fresh: Caller, tmp_path: Path
) -> None:
    row = a_checkpoint()
    last = put_at(row, "/data/name", "Tên cuối cùng")
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([row, last]))
    head = fresh.head("checkpoint")
    take_file(hub_server, fresh, file, "--snapshot")
    lines = [line for line in fresh.feed("checkpoint", after=head).lines if line["ref"] == row["ref"]]
    highest = max(lines, key=lambda line: line["revision"])
    assert highest["data"]["name"] == "Tên cuối cùng"
    head = fresh.head("checkpoint")
    take_file(hub_server, fresh, file, "--snapshot")
    assert fresh.head("checkpoint") == head, "the same file again changes nothing"


def test_a_snapshot_never_touches_the_records_of_another_system(
    hub_server: HubServer, fresh: Caller, tmp_path: Path
) -> None:
    other = hub_server.new_system(send="all", read="all", identity="given")
    other.receipt("checkpoint", a_checkpoint())
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint()]))
    head = fresh.head("checkpoint")
    take_file(hub_server, fresh, file, "--snapshot")
    lines = fresh.feed("checkpoint", after=head).lines
    assert {line["system"] for line in lines} == {fresh.code}


def test_an_import_for_a_system_that_is_none_fails(hub_server: HubServer, tmp_path: Path) -> None:
    file = tmp_path / "chot.ndjson"
    file.write_bytes(ndjson([a_checkpoint()]))
    done = hub_server.run("import", file, "--system", "nobody", "--kind", "checkpoint", "--json")
    assert done.returncode != 0
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_import_without_right_to_send_fails(hub_server: HubServer, gates: Caller, tmp_path: Path) -> None:
    file = tmp_path / "khai.ndjson"
    file.write_bytes(ndjson([a_checkpoint()]))
    done = hub_server.run("import", file, "--system", gates.code, "--kind", "citizen_report", "--json")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


MAP = """
[source]
format = "csv"
delimiter = ";"

[[record]]
kind = "checkpoint"
ref = "{Mã chốt}"

[record.constants]
occurred_at = "2021-07-24T00:00:00+07:00"
"area.scheme" = "vn-2025"

[record.columns]
"area.code" = "Mã phường"
"data.code" = "Mã chốt"
"data.name" = "Tên chốt"
"data.type" = "Loại"
"""


def test_a_csv_file_is_imported_with_a_map(hub_server: HubServer, gates: Caller, tmp_path: Path) -> None:
    codes = [a_ref("CSV") for _ in range(3)]
    file, mapping = tmp_path / "chot.csv", tmp_path / "map.toml"
    mapping.write_text(MAP)
    lines = [f"{code};Chốt {code};road;00004" for code in codes] + [f"{a_ref('CSV')};Chốt lạ;bridge;00004"]
    file.write_text("\r\n".join(["Mã chốt;Tên chốt;Loại;Mã phường", *lines, ""]), encoding="utf-8-sig")
    head = gates.head("checkpoint")
    _, receipt = take_file(hub_server, gates, file, "--map", str(mapping))
    assert counts(receipt) == {"accepted": 3, "held": 1}
    assert lines_of(gates, head) == [(code, "assert", 1) for code in codes]


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_file_in_a_form_that_is_not_read_fails_plainly(
    hub_server: HubServer, gates: Caller, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"chot.{ending}"
    file.write_bytes(b"PK\x03\x04 or PAR1, and then nothing")
    done = hub_server.run("import", file, "--system", gates.code, "--kind", "checkpoint", "--json")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
