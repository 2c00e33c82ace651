"""The doors of files, keys and CloudEvents at a running hub; and no file, manifest, name or header says who a person is.

Records of every kind with planted values in every personal field go to receivers by pseudonym and to receivers that are
shown nobody, as files of every format.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cloudevents.core.formats.json import JSONFormat
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.core import keyring
from daumoi.core.clock import FixedClock, SystemClock
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.exchange import lifecycle
from daumoi.exchange.files import destinations
from daumoi.exchange.files.keeping import keep_files
from daumoi.exchange.files.terms import FileTerms
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.contract import records as sample
from tests.contract.records import KINDS
from tests.hubs import Caller, HubServer, a_problem, a_receipt
from tests.integration.exchange.agreeing import agreed, terms_of
from tests.integration.privacy.planted_records import CHECKPOINT, MAKE, a_checkpoint
from tests.integration.privacy.test_planted_values import database_of
from tests.repository.planted import found_in

MODES = ("pseudonym", "none")
BATCH = "application/cloudevents-batch+json"
REPORT = "citizen_report"


@dataclasses.dataclass
class Stage:
    """A hub with a closed day, and what each receiver fetched: headers and content by name."""

    server: HubServer
    hub: Hub
    readers: dict[str, Caller]
    agreements: dict[str, int]
    listed: dict[str, list[dict[str, Any]]]
    fetched: dict[str, dict[str, tuple[str, bytes]]]


@pytest.fixture(scope="module")
def stage(workspace: Path, prepared: Path) -> Iterator[Stage]:
    server = HubServer(workspace / "files", prepared=prepared)
    server.start()
    owner = server.new_system(send="all")
    readers = {mode: server.new_system() for mode in MODES}
    settings = load({}, data_dir=server.data_dir)
    dsn = database_of(server)
    clock = FixedClock(SystemClock().now())
    hub = Hub(settings=settings, dsn=dsn, pool=open_pool(dsn), keys=keyring.load(settings), clock=clock)
    agreements = {
        mode: agreed(hub, system_of(hub, reader), terms_of(*KINDS, identity=mode)) for mode, reader in readers.items()
    }
    for mode, reader in readers.items():
        done = server.run("files", "add", reader.code, "--name", f"Tệp {mode}", "--format", "csv")
        assert done.returncode == 0, done.stderr
        add_destination(hub, system_of(hub, reader), "ndjson", by_province=True)
        add_destination(hub, system_of(hub, reader), "parquet")
        add_destination(hub, system_of(hub, reader), "ndjson", cloudevents=True)
    a_receipt(owner.send("checkpoint", a_checkpoint(code=CHECKPOINT)))
    for kind in KINDS:
        rows = [MAKE[kind]() for _ in range(3)]
        a_receipt(owner.send(kind, *rows))
        a_receipt(owner.send(kind, sample.a_withdrawal(rows[2]["ref"], 2)))
    clock.move(timedelta(days=1, hours=5))
    assert keep_files(hub) > len(MODES) * len(KINDS) * 4
    listed = {mode: reader.get("/api/v1/files", limit=1000).json()["items"] for mode, reader in readers.items()}
    fetched = {mode: fetch_all(reader, listed[mode]) for mode, reader in readers.items()}
    yield Stage(server, hub, readers, agreements, listed, fetched)
    hub.pool.close()
    server.stop()


def system_of(hub: Hub, caller: Caller) -> System:
    with hub.pool.connection() as connection:
        found = registry.load(connection).by_code(caller.code)
    assert found is not None
    return found


def add_destination(hub: Hub, system: System, form: Any, **terms: Any) -> None:
    today = (hub.clock.now() + timedelta(hours=7)).date()
    said = FileTerms(format=form, begins_on=today, **terms)
    with hub.pool.connection() as connection, connection.transaction():
        destinations.add(
            connection, receiver=system.id, name=f"{form} {terms}", kinds=["*"], terms=said, at=hub.clock.now()
        )


def fetch_all(reader: Caller, listed: list[dict[str, Any]]) -> dict[str, tuple[str, bytes]]:
    found = {}
    for each in listed:
        answer = reader.get(f"/api/v1/files/{each['name']}")
        assert answer.status_code == 200, (each, answer.text)
        assert len(answer.content) == each["bytes"]
        found[each["name"]] = (repr(dict(answer.headers)), answer.content)
    return found


def manifests_of(stage: Stage, mode: str) -> list[dict[str, Any]]:
    return [
        json.loads(content) for name, (_, content) in stage.fetched[mode].items() if name.endswith(".manifest.json")
    ]


def test_every_kind_has_files_of_every_format_with_what_was_sent(stage: Stage) -> None:
    for mode in MODES:
        given = manifests_of(stage, mode)
        assert {each["kind"] for each in given} >= set(KINDS)
        assert {each["records"] for each in given if each["kind"] == REPORT} == {4}
        assert {each["numbers"] for each in given} == {"receiver" if mode == "none" else "hub"}


def test_planted_values_are_in_no_file_manifest_name_or_header(stage: Stage) -> None:
    leaks: list[str] = []
    for mode in MODES:
        assert len(stage.fetched[mode]) == len(stage.listed[mode]) > len(KINDS) * 4
        for name, (headers, content) in stage.fetched[mode].items():
            leaks += [f"{mode} {name}" for text in (name, headers, content) if found_in(text)]
            if name.endswith(".parquet"):
                leaks += [f"{mode} {name}" for text in parquet_text(stage, name) if found_in(text)]
    assert leaks == []


def test_who_is_shown_nobody_gets_no_pseudonym_and_no_number_or_id_of_the_hub(stage: Stage) -> None:
    ids = {mode: set[str]() for mode in MODES}
    for mode in MODES:
        for name, (_, content) in stage.fetched[mode].items():
            if mode == "none":
                assert b"pseudonym" not in content.replace(b'"identity": "pseudonym"', b""), name
            if name.endswith(".ndjson"):
                for line in content.splitlines():
                    said = json.loads(line)
                    ids[mode].add(said["id"])
    assert len(ids["none"]) > len(KINDS) * 3
    assert not ids["none"] & ids["pseudonym"]


def parquet_text(stage: Stage, name: str) -> list[str]:
    path = next((stage.server.data_dir / "exports").rglob(name))
    with duckdb.connect() as engine:
        rows = engine.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet($1)", [str(path)]).fetchall()
    return [repr(row) for row in rows]


def test_manifests_are_verified_with_the_key_of_the_door(stage: Stage) -> None:
    answer = stage.readers["none"].get("/api/v1/keys")
    keys = {each["kid"]: base64.urlsafe_b64decode(each["x"] + "==") for each in answer.json()["keys"]}
    checked = 0
    for mode in MODES:
        for given in manifests_of(stage, mode):
            signature = base64.b64decode(given.pop("signature"))
            said = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            Ed25519PublicKey.from_public_bytes(keys[given["key"]]).verify(signature, said)
            for file in given["files"]:
                content = stage.fetched[mode][file["name"]][1]
                assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
                checked += 1
    assert checked >= len(MODES) * len(KINDS) * 4


def test_a_system_sees_its_own_files_alone(stage: Stage) -> None:
    mine, other = stage.readers["none"], stage.readers["pseudonym"]
    name = stage.listed["pseudonym"][0]["name"]
    assert name not in {each["name"] for each in stage.listed["none"]}
    a_problem(mine.get(f"/api/v1/files/{name}"), 404, "not_found")
    a_problem(other.get("/api/v1/files/..%2f..%2fkeys%2fmaster.key"), 404, "not_found")
    a_problem(other.get("/api/v1/files", day="2021-02-30"), 400, "bad_parameter")
    a_problem(other.get("/api/v1/files", kind="nothing"), 404, "unknown_kind")


def test_the_list_goes_on_page_by_page_and_by_kind_and_day(stage: Stage) -> None:
    reader, found, after = stage.readers["none"], list[str](), ""
    while True:
        body = reader.get("/api/v1/files", kind=REPORT, limit=2, **({"after": after} if after else {})).json()
        found += [each["name"] for each in body["items"]]
        if body["next"] is None:
            break
        after = body["next"]
    assert found == [each["name"] for each in stage.listed["none"] if each["kind"] == REPORT]
    assert reader.get("/api/v1/files", day="2021-01-01").json() == {"items": [], "next": None}


def test_a_fetched_file_is_acknowledged(stage: Stage) -> None:
    reader = stage.readers["pseudonym"]
    items = reader.get("/api/v1/files", kind=REPORT).json()["items"]
    assert all(each["fetched_at"] for each in items)
    with stage.hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT p.taken, p.delivered FROM progress p JOIN destination d ON d.id = p.destination_id"
            " WHERE d.way = 'file' AND p.kind = 3"
        ).fetchall()
    assert set(rows) == {(4, 4)}
    assert len(rows) == len(MODES) * 4


def read_event(said: dict[str, Any] | bytes) -> dict[str, Any]:
    """Read an event by the independent package, which refuses what is no CloudEvent; returns its attributes and data."""
    written = said if isinstance(said, bytes) else json.dumps(said).encode()
    event = JSONFormat().read(None, written)
    return {**event.get_attributes(), "data": event.get_data()}


def check_event(event: dict[str, Any]) -> None:
    line = event["data"]
    assert (event["specversion"], event["id"]) == ("1.0", line["id"])
    assert event["type"] == f"daumoi.record.{line['kind']}.{line['op']}"
    assert (event["source"], event["subject"]) == (f"/systems/{line['system']}", f"{line['kind']}/{line['seq']}")
    assert event["time"].timestamp() == pytest.approx(timestamp(line["received_at"]), abs=1e-5)


def timestamp(written: str) -> float:

    return datetime.fromisoformat(written).timestamp()


def test_a_feed_a_stream_and_files_give_the_same_cloudevents(stage: Stage) -> None:
    reader = stage.readers["pseudonym"]
    lines = reader.feed(REPORT).lines
    answer = reader.http.get(f"/api/v1/feeds/{REPORT}", params={"after": 0}, headers={"Accept": f"{BATCH}, */*;q=0.1"})
    assert answer.headers["Content-Type"].startswith(BATCH)
    assert answer.headers["Daumoi-Next"] == "4"
    by_feed = [read_event(each) for each in answer.json()]
    assert [each["data"] for each in by_feed] == lines
    for event in by_feed:
        check_event(event)
    assert [read_event(each) for each in streamed(reader, 4)] == by_feed
    events = [
        read_event(line)
        for given in manifests_of(stage, "pseudonym")
        if given["cloudevents"] and given["kind"] == REPORT
        for file in given["files"]
        for line in stage.fetched["pseudonym"][file["name"]][1].splitlines()
    ]
    assert events == by_feed


def streamed(reader: Caller, count: int) -> list[bytes]:
    found: list[bytes] = []
    with reader.http.stream("GET", f"/api/v1/feeds/{REPORT}/stream", params={"cloudevents": "true"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(line.removeprefix("data: ").encode())
            if len(found) == count:
                return found
    return found


def test_an_empty_page_is_an_empty_batch(stage: Stage) -> None:
    reader = stage.readers["pseudonym"]
    answer = reader.http.get(f"/api/v1/feeds/{REPORT}", params={"after": 4}, headers={"Accept": BATCH})
    assert answer.json() == []


def test_the_operator_lists_and_ends_destinations(stage: Stage) -> None:
    done = stage.server.run("files", "list", "--json")
    rows = json.loads(done.stdout)
    assert {(row["terms"]["format"], row["state"]) for row in rows} == {
        ("csv", "active"),
        ("ndjson", "active"),
        ("parquet", "active"),
    }
    refused = stage.server.run("files", "add", "nobody", "--name", "x", "--format", "csv")
    assert refused.returncode == 1
    ended = stage.server.run("files", "end", str(rows[-1]["id"]), "--reason", "Đơn vị nhận chuyển sang luồng dữ liệu")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(stage.server.run("files", "list", "--json").stdout)[-1]["state"] == "ended"


def test_a_suspended_agreement_closes_the_door_of_its_files(stage: Stage) -> None:
    with stage.hub.pool.connection() as connection, connection.transaction():
        lifecycle.suspend(
            connection,
            agreement=stage.agreements["none"],
            by="member:4",
            reason="Nghi lộ dữ liệu",
            at=stage.hub.clock.now(),
        )
    name = stage.listed["none"][0]["name"]
    a_problem(stage.readers["none"].get(f"/api/v1/files/{name}"), 403, "no_agreement")
